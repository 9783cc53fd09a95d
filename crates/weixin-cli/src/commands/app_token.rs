//! `weixin app-token`

use serde_json::json;
use weixin::{AppTokens, Clock, MemoryStore, SystemClock};

use crate::{
    args::AppToken,
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(args: AppToken, output: Output) -> Result<(), Failure> {
    let client = args.app.client_of(args.kind.into())?;
    let tokens = AppTokens::new(client, MemoryStore::new());
    let tokens = if args.older { tokens.classic() } else { tokens };
    let token = tokens.get().await?;
    let left = token.ends().duration_since(SystemClock.now());
    let seconds = left.unwrap_or_default().as_secs();
    let text = || {
        table(&[
            ("lives for", format!("{seconds} s")),
            ("token", "hidden; --json prints it".to_owned()),
        ])
    };
    let json = json!({
        "access_token": token.access_token().expose(),
        "expires_in": seconds,
    });
    output.result(text, &json);
    Ok(())
}
