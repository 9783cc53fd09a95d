use weixin::{CsrfToken, OfficialAccount, QrPageOptions, RedirectUri};

fn example(account: &OfficialAccount, redirect_uri: &RedirectUri, csrf: &CsrfToken) {
    account.embedded_qr(redirect_uri, csrf, &QrPageOptions::new());
}

fn main() {}
