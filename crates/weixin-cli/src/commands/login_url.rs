//! `weixin login-url`

use serde_json::{Value, json};
use url::Url;
use weixin::{
    CsrfToken, QrPageOptions,
    authorize::{EmbeddedQr, TextColor},
};

use crate::{args::LoginUrl, error::CliError, output::Output};

pub(super) async fn run(args: LoginUrl, output: Output) -> Result<(), CliError> {
    let (website, options) = (args.app.website()?, options(&args));
    let csrf = CsrfToken::random()?;
    if let Some(container) = &args.embed {
        let qr = website.embedded_qr(&args.redirect_uri, &csrf, &options)?;
        return print_embedded(&qr, &csrf, container, output);
    }
    let url = website.authorize_url(&args.redirect_uri, &csrf, &options)?;
    if args.probe {
        website.probe(&args.redirect_uri).await?;
    }
    print(&url, &csrf, output)
}

fn options(args: &LoginUrl) -> QrPageOptions {
    let mut options = QrPageOptions::new();
    if let Some(language) = args.page_lang {
        options = options.language(language);
    }
    if args.page.white {
        options = options.text_color(TextColor::White);
    }
    if let Some(stylesheet) = &args.page.stylesheet {
        options = options.stylesheet(stylesheet);
    }
    if args.page.lite_style {
        options = options.lite_style();
    }
    if args.page.no_fast_login {
        options = options.no_fast_login();
    }
    options
}

pub(super) fn print(url: &Url, csrf: &CsrfToken, output: Output) -> Result<(), CliError> {
    let json = json!({ "url": url.as_str(), "state": csrf.state() });
    output.result(|| url.to_string().into(), &json)
}

/// Prints the HTML of an embedded QR code, or its parts as JSON.
fn print_embedded(
    qr: &EmbeddedQr,
    csrf: &CsrfToken,
    container: &str,
    output: Output,
) -> Result<(), CliError> {
    let (script_url, settings) = (qr.script_url(), qr.settings(container));
    let text = || {
        format!(
            "<div id=\"{container}\"></div>\n<script src=\"{script_url}\"></script>\n<script>new WxLogin({settings})</script>"
        )
        .into()
    };
    let json = json!({
        "script_url": script_url.as_str(),
        "settings": serde_json::from_str::<Value>(&settings).unwrap_or_default(),
        "state": csrf.state(),
    });
    output.result(text, &json)
}
