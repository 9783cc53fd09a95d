//! `weixin login-url`

use serde_json::json;
use weixin::LoginRequest;

use crate::{
    args::{LoginUrl, PageLang},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(args: LoginUrl, output: Output) -> Result<(), Failure> {
    let mut request = LoginRequest::new(args.redirect_uri);
    if let Some(lang) = args.lang {
        request = request.lang(match lang {
            PageLang::Cn => weixin::PageLang::Cn,
            PageLang::En => weixin::PageLang::En,
        });
    }
    let login = request.url(&args.app.addresses.endpoints(), &args.app.id()?)?;
    if args.probe {
        args.app.client_without_secret()?.probe(&login).await?;
    }
    let json = json!({ "url": login.as_str(), "state": login.state().as_str() });
    output.result(|| login.to_string(), &json);
    Ok(())
}
