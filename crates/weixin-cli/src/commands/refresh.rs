//! `weixin refresh`

use super::exchange;
use crate::{args::Refresh, error::CliError, output::Output};

pub(super) async fn run(args: Refresh, output: Output) -> Result<(), CliError> {
    let refresh_token = args.token.refresh_token()?;
    let token = args.app.website()?.refresh(&refresh_token).await?;
    exchange::print(&token, output)
}
