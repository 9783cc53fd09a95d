//! `weixin app-token`

use serde_json::json;
use weixin::clock::{Clock, SystemClock};

use crate::{
    args::AppToken,
    error::CliError,
    output::{Output, hidden, seconds, table},
};

pub(super) async fn run(args: AppToken, output: Output) -> Result<(), CliError> {
    let mut tokens = args.app.app_tokens(args.kind)?;
    if args.legacy {
        tokens = tokens.legacy_endpoint();
    }
    let token = tokens.get().await?;
    let left = token.expires_at().duration_since(SystemClock.now());
    let left = left.unwrap_or_default();
    let text = || {
        table(&[
            (["有效期", "expires in"], seconds(left)),
            (["access_token", "token"], hidden()),
        ])
    };
    let json = json!({
        "access_token": token.access_token().expose(),
        "expires_in": left.as_secs(),
    });
    output.result(text, &json)
}
