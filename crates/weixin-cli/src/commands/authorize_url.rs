//! `weixin authorize-url`

use weixin::{ConsentOptions, CsrfToken};

use super::login_url;
use crate::{args::AuthorizeUrl, error::CliError, output::Output};

pub(super) fn run(args: &AuthorizeUrl, output: Output) -> Result<(), CliError> {
    let mut options = ConsentOptions::new();
    if args.silent {
        options = options.silent();
    }
    if args.force_popup {
        options = options.force_dialog();
    }
    if args.force_snapshot {
        options = options.force_snapshot();
    }
    let csrf = CsrfToken::random()?;
    let account = args.app.official_account()?;
    let url = account.authorize_url(&args.redirect_uri, &csrf, &options)?;
    login_url::print(&url, &csrf, output)
}
