//! `weixin check`

use serde_json::json;
use weixin::tokens::{Bearer, TokenStatus};

use crate::{args::Check, error::CliError, message::message, output::Output};

pub(super) async fn run(args: Check, output: Output) -> Result<(), CliError> {
    let (access_token, openid) = args.token.user_token()?;
    let bearer = Bearer {
        access_token: &access_token,
        openid: &openid,
    };
    let status = args.token.client()?.check(bearer).await?;
    if let TokenStatus::Invalid(error) = status {
        return Err(weixin::Error::from(error).into());
    }
    output.result(
        || message("access_token 有效", "the access token is valid"),
        &json!({ "valid": true }),
    )
}
