//! `weixin login-url`

use serde_json::{Value, json};
use weixin::{EmbeddedQr, LoginRequest, TextColour};

use crate::{
    args::{LoginUrl, PageLang},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(args: LoginUrl, output: Output) -> Result<(), Failure> {
    let request = request(&args);
    let (endpoints, app) = (args.app.addresses.endpoints(), args.app.id()?);
    if let Some(container) = &args.embed {
        print_embedded(
            &request.embedded(&endpoints, &app, container)?,
            container,
            output,
        );
        return Ok(());
    }
    let login = request.url(&endpoints, &app)?;
    if args.probe {
        args.app.client_without_secret()?.probe(&login).await?;
    }
    print(&login, output);
    Ok(())
}

fn request(args: &LoginUrl) -> LoginRequest {
    let mut request = LoginRequest::new(args.redirect_uri.clone());
    if let Some(lang) = args.lang {
        request = request.lang(match lang {
            PageLang::Cn => weixin::PageLang::Cn,
            PageLang::En => weixin::PageLang::En,
        });
    }
    if args.page.white {
        request = request.text_colour(TextColour::White);
    }
    if let Some(stylesheet) = &args.page.stylesheet {
        request = request.stylesheet(stylesheet);
    }
    if args.page.new_look {
        request = request.new_look();
    }
    if args.page.no_fast_login {
        request = request.no_fast_login();
    }
    request
}

pub(super) fn print(login: &weixin::LoginUrl, output: Output) {
    let json = json!({ "url": login.as_str(), "state": login.csrf().state() });
    output.result(|| login.to_string(), &json);
}

/// What a page needs, as HTML for people.
fn print_embedded(qr: &EmbeddedQr, container: &str, output: Output) {
    let text = || {
        format!(
            "<div id=\"{container}\"></div>\n<script src=\"{}\"></script>\n<script>new WxLogin({})</script>",
            qr.script_url(),
            qr.settings()
        )
    };
    let settings: Value = serde_json::from_str(qr.settings()).unwrap_or_default();
    let json = json!({
        "script_url": qr.script_url(),
        "settings": settings,
        "state": qr.csrf().state(),
    });
    output.result(text, &json);
}
