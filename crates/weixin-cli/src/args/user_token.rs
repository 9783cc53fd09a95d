//! Arguments of the commands for a user's tokens.

use super::{
    common::{AppArgs, AppIdArgs, TokenArgs, UserTokenArgs},
    parse::unused,
};

/// Exchange the code of a callback for a token
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
A code is single-use and valid for minutes. The text hides the tokens; --json prints them:
  weixin --json exchange CODE > token.json
  weixin user --token token.json")]
pub(crate) struct Exchange {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The code from the callback
    pub(crate) code: String,
}

/// Refresh a user's access token
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
The app secret is not needed. Store the refresh token that is printed: it may be a new one.

Examples:
  weixin --json refresh --token token.json > new.json && mv new.json token.json
  WEIXIN_REFRESH_TOKEN=… weixin refresh")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) app: AppIdArgs,

    #[command(flatten)]
    pub(crate) token: TokenArgs,
}

/// Check whether a user's access token is valid
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
The exit code of an invalid token is 3.

Examples:
  weixin check --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin check --openid oKsc…")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) token: UserTokenArgs,
}

/// Print the profile of a user
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
Examples:
  weixin user --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin --json user --openid oKsc…")]
pub(crate) struct User {
    #[command(flatten)]
    pub(crate) token: UserTokenArgs,
}
