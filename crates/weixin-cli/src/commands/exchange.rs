//! `weixin exchange`

use serde_json::json;
use weixin::{Code, Token};

use crate::{
    args::Exchange,
    error::CliError,
    output::{Output, table},
};

pub(super) async fn run(args: Exchange, output: Output) -> Result<(), CliError> {
    if args.code.contains("://") {
        let rule = "CODE: expected the code alone, which stands between `code=` and `&` in the callback's URL";
        return Err(CliError::Usage(rule.to_owned()));
    }
    let code = Code::new(args.code)?;
    let token = args.app.website()?.exchange(code).await?;
    print(&token, output)
}

/// Prints a token. The text hides the secrets; the JSON contains them.
pub(super) fn print(token: &Token, output: Output) -> Result<(), CliError> {
    let text = || {
        let unionid = token
            .unionid
            .as_ref()
            .map_or("-", |unionid| unionid.as_str());
        table(&[
            ("OpenID", token.openid.to_string()),
            ("UnionID", unionid.to_owned()),
            ("scope", token.scopes.to_string()),
            ("expires in", format!("{} s", token.expires_in.as_secs())),
            ("tokens", "hidden; --json prints them".to_owned()),
        ])
    };
    let json = json!({
        "access_token": token.access_token.expose(),
        "expires_in": token.expires_in.as_secs(),
        "refresh_token": token.refresh_token.expose(),
        "openid": token.openid,
        "scope": token.scopes,
        "unionid": token.unionid,
    });
    output.result(text, &json)
}
