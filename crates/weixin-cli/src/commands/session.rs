//! `weixin session`

use serde_json::json;
use weixin::{AppKind, Code};

use crate::{
    args::Session,
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(args: Session, output: Output) -> Result<(), Failure> {
    let code = Code::new(args.code).map_err(|error| Failure::Usage(error.to_string()))?;
    let client = args.app.client_of(AppKind::MiniProgram)?;
    let session = client.session(code).await?;
    let text = || {
        let unionid = session.unionid.as_ref();
        let unionid = unionid.map_or("-", |unionid| unionid.as_str());
        table(&[
            ("open id", session.openid.to_string()),
            ("union id", unionid.to_owned()),
            ("session key", "hidden; --json prints it".to_owned()),
        ])
    };
    let json = json!({
        "session_key": session.session_key.expose(),
        "openid": session.openid,
        "unionid": session.unionid,
    });
    output.result(text, &json);
    Ok(())
}
