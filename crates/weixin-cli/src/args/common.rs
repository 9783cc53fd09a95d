//! Arguments that several commands share.

use std::path::PathBuf;

use clap::ValueEnum;
use weixin::{AppId, OpenId, app::AppKind, transport::Origin};

/// The URL on which `weixin sim` listens by default.
pub(crate) const SIMULATOR: &str = "http://127.0.0.1:9300";

/// The app, without its secret.
#[derive(Debug, clap::Args)]
pub(crate) struct AppIdArgs {
    /// The app ID [required without --sim]
    #[arg(long, env = "WEIXIN_APP_ID")]
    pub(crate) app_id: Option<AppId>,

    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
}

/// The app. Its secret comes from `WEIXIN_APP_SECRET` or a file, never from an argument.
#[derive(Debug, clap::Args)]
pub(crate) struct AppArgs {
    #[command(flatten)]
    pub(crate) id: AppIdArgs,

    /// A file with the app secret; by default, `WEIXIN_APP_SECRET` is the secret
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_file: Option<PathBuf>,
}

/// The URLs of WeChat, or of a simulator.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::option_option,
    reason = "clap's type for an option with or without a value"
)]
pub(crate) struct EndpointArgs {
    #[arg(
        long,
        help = "Use a simulator, with its app ID and app secret; without a URL, WEIXIN_SIM_URL or http://127.0.0.1:9300",
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with_all = ["open_url", "api_url"]
    )]
    pub(crate) sim: Option<Option<Origin>>,

    #[arg(
        long,
        value_name = "URL",
        help = "The URL of the login page's host; by default, WEIXIN_OPEN_URL or https://open.weixin.qq.com"
    )]
    pub(crate) open_url: Option<Origin>,

    #[arg(
        long,
        value_name = "URL",
        help = "The URL of the API's host; by default, WEIXIN_API_URL or https://api.weixin.qq.com"
    )]
    pub(crate) api_url: Option<Origin>,
}

/// A user's token. It comes from a file or the environment, never from an argument.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// A file with a token as `weixin --json exchange` prints it; `-` is standard input
    #[arg(long = "token", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// A user's access token, and the user.
#[derive(Debug, clap::Args)]
pub(crate) struct UserTokenArgs {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,

    #[command(flatten)]
    pub(crate) token: TokenArgs,

    /// The OpenID of the user; by default, the one in the token file
    #[arg(long, env = "WEIXIN_OPENID")]
    pub(crate) openid: Option<OpenId>,
}

/// The kind of an app.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Website,
    OfficialAccount,
    Mobile,
    MiniProgram,
}

impl From<Kind> for AppKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Website => Self::Website,
            Kind::OfficialAccount => Self::OfficialAccount,
            Kind::Mobile => Self::MobileApp,
            Kind::MiniProgram => Self::MiniProgram,
        }
    }
}
