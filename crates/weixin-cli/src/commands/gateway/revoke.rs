//! `weixin gateway revoke`

use serde_json::json;
use weixin_gateway::RevokeTarget;

use super::{admin, progress};
use crate::{args::GatewayRevoke, error::CliError, message::message, output::Output};

pub(super) async fn run(args: GatewayRevoke, output: Output) -> Result<(), CliError> {
    let target = match (args.user, args.client) {
        (Some(user), _) => RevokeTarget::User(user),
        (None, Some(client)) => RevokeTarget::Client(client),
        (None, None) => RevokeTarget::All,
    };
    let is_client = matches!(target, RevokeTarget::Client(_));
    let revoked = admin::with_existing_store(output, &args.file.config, async |admin, config| {
        let revocation = admin.revoke(target.clone());
        let revoked = progress::noted(output, revocation, |seconds| {
            message(
                format!("正在吊销：已用 {seconds} 秒"),
                format!("revoking: {seconds} s so far"),
            )
        });
        let revoked = revoked.await;
        let revoked = revoked.map_err(|error| admin::failed(&error))?;
        if let (RevokeTarget::Client(id), 0) = (&target, revoked.grants) {
            admin::expect_client(admin, config, id).await?;
        }
        Ok((revoked, config.database_folder().is_none()))
    });
    let (revoked, is_postgresql) = revoked.await?;
    let (sessions, grants) = (revoked.sessions, revoked.grants);
    output.result(
        || {
            let (mut chinese, mut english) = (
                format!("已结束 {sessions} 个会话，吊销 {grants} 个授权"),
                format!("ended sessions: {sessions}, grants: {grants}"),
            );
            if is_client && is_postgresql {
                chinese.push_str("。此后一分钟内，该客户端的登录可能因 invalid_grant 失败");
                english.push_str(
                    ". For the next minute, logins of this client may fail with invalid_grant",
                );
            }
            message(chinese, english)
        },
        &json!({ "sessions": sessions, "grants": grants }),
    )
}
