//! `weixin exchange`

use serde_json::json;
use weixin::{Code, Token};

use crate::{
    args::Exchange,
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(args: Exchange, output: Output) -> Result<(), Failure> {
    let code = Code::new(args.code).map_err(|error| Failure::Usage(error.to_string()))?;
    let token = args.app.client()?.exchange(code).await?;
    print(&token, output);
    Ok(())
}

/// People see everything but the tokens, programs see all.
pub(super) fn print(token: &Token, output: Output) {
    let text = || {
        let unionid = token
            .unionid
            .as_ref()
            .map_or("-", |unionid| unionid.as_str());
        table(&[
            ("open id", token.openid.to_string()),
            ("union id", unionid.to_owned()),
            ("scope", token.scope.to_string()),
            ("lives for", format!("{} s", token.expires_in.as_secs())),
            ("tokens", "hidden; --json prints them".to_owned()),
        ])
    };
    let json = json!({
        "access_token": token.access_token.expose(),
        "expires_in": token.expires_in.as_secs(),
        "refresh_token": token.refresh_token.expose(),
        "openid": token.openid,
        "scope": token.scope,
        "unionid": token.unionid,
    });
    output.result(text, &json);
}
