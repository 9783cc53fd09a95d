//! `weixin user`

use serde_json::json;
use weixin::tokens::Bearer;

use crate::{
    args::User,
    error::CliError,
    output::{Output, table},
};

pub(super) async fn run(args: User, output: Output) -> Result<(), CliError> {
    let (access_token, openid) = args.token.user_token()?;
    let bearer = Bearer {
        access_token: &access_token,
        openid: &openid,
    };
    let user = args.token.client()?.user(bearer).await?;
    print(&user, output)
}

pub(super) fn print(user: &weixin::User, output: Output) -> Result<(), CliError> {
    let text = || {
        let unionid = user.unionid.as_ref();
        let unionid = unionid.map_or("-", |unionid| unionid.as_str());
        let avatar = user.headimgurl.as_deref().unwrap_or("-");
        table(&[
            (["昵称", "nickname"], user.nickname.clone().into()),
            (["OpenID"; 2], user.openid.to_string().into()),
            (["UnionID"; 2], unionid.to_owned().into()),
            (["头像", "avatar"], avatar.to_owned().into()),
        ])
    };
    output.result(text, &json!(user))
}
