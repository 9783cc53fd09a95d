//! `weixin session`

use serde_json::json;
use weixin::mini_program::JsCode;

use crate::{
    args::Session,
    error::CliError,
    output::{Output, hidden, table},
};

pub(super) async fn run(args: Session, output: Output) -> Result<(), CliError> {
    let code = JsCode::new(args.code)?;
    let session = args.app.mini_program()?.session(code).await?;
    let text = || {
        let unionid = session.unionid.as_ref();
        let unionid = unionid.map_or("-", |unionid| unionid.as_str());
        table(&[
            (["OpenID"; 2], session.openid.to_string().into()),
            (["UnionID"; 2], unionid.to_owned().into()),
            (["session_key", "session key"], hidden()),
        ])
    };
    let json = json!({
        "session_key": session.session_key.expose(),
        "openid": session.openid,
        "unionid": session.unionid,
    });
    output.result(text, &json)
}
