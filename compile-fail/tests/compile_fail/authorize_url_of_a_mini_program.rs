use weixin::{CsrfToken, MiniProgram, QrPageOptions, RedirectUri};

fn example(app: &MiniProgram, redirect_uri: &RedirectUri, csrf: &CsrfToken) {
    app.authorize_url(redirect_uri, csrf, &QrPageOptions::new());
}

fn main() {}
