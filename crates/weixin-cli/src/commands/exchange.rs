//! `weixin exchange`

use serde_json::json;
use weixin::{Code, Token};

use crate::{
    args::Exchange,
    error::CliError,
    message::message,
    output::{Output, seconds, table},
};

pub(super) async fn run(args: Exchange, output: Output) -> Result<(), CliError> {
    if args.code.contains("://") {
        return Err(CliError::Usage(message(
            "CODE：只需要 code 本身，即回调 URL 中 `code=` 与 `&` 之间的部分",
            "CODE: expected the code alone, which stands between `code=` and `&` in the callback's URL",
        )));
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
            (["OpenID"; 2], token.openid.to_string().into()),
            (["UnionID"; 2], unionid.to_owned().into()),
            (["scope"; 2], token.scopes.to_string().into()),
            (["有效期", "expires in"], seconds(token.expires_in)),
            (
                ["token", "tokens"],
                message(
                    "access_token 和 refresh_token 已隐藏，用 --json 查看",
                    "hidden; --json prints them",
                ),
            ),
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
