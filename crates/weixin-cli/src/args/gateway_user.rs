//! The arguments of the commands by which an operator looks after users: `weixin gateway user`, `explain-login` and `revoke`.

use clap::{ArgGroup, Subcommand};

use super::{gateway_config::GatewayConfig, parse::reference};

/// Find, disable, merge, split and remove users
#[derive(Debug, clap::Args)]
#[command(
    after_help = "\
The commands change the database. The gateway may be running, and applies changes within five \
seconds. Each change is an event of the audit log.

Examples:
  weixin gateway user find oAbCdEf
  weixin gateway user disable wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway user merge KEPT_ID ABSORBED_ID",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct GatewayUser {
    #[command(subcommand)]
    pub(crate) command: GatewayUserCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayUserCommand {
    Find(UserFind),
    Disable(UserDisable),
    Enable(UserEnable),
    Merge(UserMerge),
    Split(UserSplit),
    Forget(UserForget),
}

/// Find users by user ID, `sub`, OpenID, UnionID or nickname
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Of a nickname, a part is enough; everything else must be complete. At most 50 users are printed.

Examples:
  weixin gateway user find 小明
  weixin gateway user find wsh7ijtk4dkcwkmfwi4rdu2u3m --json")]
pub(crate) struct UserFind {
    /// The text to find
    pub(crate) text: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Disable a user: sessions and tokens stop working, and logins are rejected
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`weixin gateway user enable` undoes it: sessions and tokens that have not expired then work again. \
To end them permanently, use `weixin gateway revoke --user` as well.

Examples:
  weixin gateway user disable wsh7ijtk4dkcwkmfwi4rdu2u3m")]
pub(crate) struct UserDisable {
    /// The user ID
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Enable a user who was disabled
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin gateway user enable wsh7ijtk4dkcwkmfwi4rdu2u3m")]
pub(crate) struct UserEnable {
    /// The user ID
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Merge two users who are one person
#[derive(Debug, clap::Args)]
#[command(after_help = "\
From then on, logins of either user are logins of KEEP. A client that has received only the `sub` \
of ABSORB keeps receiving it; a client that has received both receives that of KEEP. Existing \
sessions and tokens stay valid. `weixin gateway user split` undoes it.

Merge only users of whom you know that they are one person: names and pictures prove nothing.

Examples:
  weixin gateway user merge wsh7ijtk4dkcwkmfwi4rdu2u3m 2gt5k3zqv6n4r7yexwpa4d2m3i")]
pub(crate) struct UserMerge {
    /// The ID of the user who stays
    pub(crate) keep: String,

    /// The ID of the user who becomes the other one
    pub(crate) absorb: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Undo the merge of a user
#[derive(Debug, clap::Args)]
#[command(after_help = "\
All sessions and grants of both users end, because each may belong to either of them: both \
log in again. IDs that WeChat has sent since then stay with the user who was kept.

If WeChat's own UnionID caused the merge, the next login merges both users again.

Examples:
  weixin gateway user split 2gt5k3zqv6n4r7yexwpa4d2m3i")]
pub(crate) struct UserSplit {
    /// The ID of the user who was absorbed
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Remove everything that is stored about a user
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Removes the user and those who were merged into it: IDs of WeChat, nickname, sessions, grants, \
consents, the `sub` that clients have received, and events of the audit log. One event that says \
that the user was removed stays. Clients with back-channel logout are still told that the sessions \
have ended. The next login of this person is a new user with a new `sub`. Backups still contain the \
user.

Examples:
  weixin gateway user forget wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway user forget wsh7ijtk4dkcwkmfwi4rdu2u3m --yes")]
pub(crate) struct UserForget {
    /// The user ID
    pub(crate) id: String,

    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Explain why a login failed, by the reference on its page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints each event with this reference in the audit log, which is kept for 90 days, and what you can \
do about it.

Examples:
  weixin gateway explain-login k3zqv6n4")]
pub(crate) struct GatewayExplainLogin {
    /// The reference: 8 letters and digits
    #[arg(value_parser = reference)]
    pub(crate) reference: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// End sessions and grants, with all their tokens
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("target").required(true).args(["all", "user", "client"]),
    after_help = "\
Users log in again, and clients need new tokens. Use --all after a leak, and after restoring a \
backup: a restore undoes the revocations since the backup.

Examples:
  weixin gateway revoke --all
  weixin gateway revoke --user wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway revoke --client wiki"
)]
pub(crate) struct GatewayRevoke {
    /// End all sessions and grants
    #[arg(long)]
    pub(crate) all: bool,

    /// End those of this user
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,

    /// End the grants of this client; sessions belong to no client
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
