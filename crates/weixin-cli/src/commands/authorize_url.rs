//! `weixin authorize-url`

use weixin::{AppKind, AuthorizeRequest};

use super::login_url;
use crate::{args::AuthorizeUrl, failure::Failure, output::Output};

pub(super) fn run(args: AuthorizeUrl, output: Output) -> Result<(), Failure> {
    let mut request = AuthorizeRequest::new(args.redirect_uri);
    if args.silent {
        request = request.silent();
    }
    if args.force_popup {
        request = request.force_dialog();
    }
    if args.force_snapshot {
        request = request.force_snapshot();
    }
    let app = args.app.id_of(AppKind::OfficialAccount)?;
    let login = request.url(&args.app.addresses.endpoints(), &app)?;
    login_url::print(&login, output);
    Ok(())
}
