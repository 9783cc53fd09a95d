//! `weixin user`

use serde_json::json;
use weixin::Lang;

use crate::{
    args::{self, User},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(args: User, output: Output) -> Result<(), Failure> {
    let (access_token, openid) = args.on_behalf.bearer()?;
    let lang = match args.lang {
        args::Lang::En => Lang::En,
        args::Lang::ZhCn => Lang::ZhCn,
        args::Lang::ZhTw => Lang::ZhTw,
    };
    let user = args
        .on_behalf
        .client()?
        .user_in(lang, (&access_token, &openid))
        .await?;
    print(&user, output);
    Ok(())
}

pub(super) fn print(user: &weixin::User, output: Output) {
    let text = || {
        table(&[
            ("nickname", user.nickname.clone()),
            ("open id", user.openid.to_string()),
            (
                "union id",
                user.unionid
                    .as_ref()
                    .map_or("-", |unionid| unionid.as_str())
                    .to_owned(),
            ),
            (
                "avatar",
                user.headimgurl.as_deref().unwrap_or("-").to_owned(),
            ),
        ])
    };
    output.result(text, &json!(user));
}
