//! `weixin gateway revoke`

use serde_json::json;
use weixin_gateway::RevokeTarget;

use super::admin;
use crate::{args::GatewayRevoke, error::CliError, message::message, output::Output};

pub(super) async fn run(args: GatewayRevoke, output: Output) -> Result<(), CliError> {
    let target = match (args.user, args.client) {
        (Some(user), _) => RevokeTarget::User(user),
        (None, Some(client)) => RevokeTarget::Client(client),
        (None, None) => RevokeTarget::All,
    };
    let revoked = admin::open(&args.file.config).await?.revoke(target).await;
    let revoked = revoked.map_err(|error| admin::failed(&error))?;
    let (sessions, grants) = (revoked.sessions, revoked.grants);
    output.result(
        || {
            message(
                format!("已结束 {sessions} 个会话，撤销 {grants} 个授权"),
                format!("ended sessions: {sessions}, grants: {grants}"),
            )
        },
        &json!({ "sessions": sessions, "grants": grants }),
    )
}
