//! `weixin app-token`

use serde_json::json;
use weixin::clock::{Clock, SystemClock};

use crate::{
    args::AppToken,
    error::CliError,
    output::{Output, table},
};

pub(super) async fn run(args: AppToken, output: Output) -> Result<(), CliError> {
    let mut tokens = args.app.app_tokens(args.kind)?;
    if args.legacy {
        tokens = tokens.legacy_endpoint();
    }
    let token = tokens.get().await?;
    let left = token.expires_at().duration_since(SystemClock.now());
    let seconds = left.unwrap_or_default().as_secs();
    let text = || {
        table(&[
            ("expires in", format!("{seconds} s")),
            ("token", "hidden; --json prints it".to_owned()),
        ])
    };
    let json = json!({
        "access_token": token.access_token().expose(),
        "expires_in": seconds,
    });
    output.result(text, &json)
}
