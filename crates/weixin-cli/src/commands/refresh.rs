//! `weixin refresh`

use super::exchange;
use crate::{args::Refresh, failure::Failure, output::Output};

pub(super) async fn run(args: Refresh, output: Output) -> Result<(), Failure> {
    let refresh_token = args.token.read()?.refresh_token.ok_or_else(|| {
        Failure::Usage("no refresh token: give --token FILE or set WEIXIN_REFRESH_TOKEN".to_owned())
    })?;
    let token = args
        .app
        .client_without_secret()?
        .refresh(&refresh_token)
        .await?;
    exchange::print(&token, output);
    Ok(())
}
