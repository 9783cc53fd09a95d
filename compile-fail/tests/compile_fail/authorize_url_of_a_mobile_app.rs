use weixin::{CsrfToken, MobileApp, QrPageOptions, RedirectUri};

fn example(app: &MobileApp, redirect_uri: &RedirectUri, csrf: &CsrfToken) {
    app.authorize_url(redirect_uri, csrf, &QrPageOptions::new());
}

fn main() {}
