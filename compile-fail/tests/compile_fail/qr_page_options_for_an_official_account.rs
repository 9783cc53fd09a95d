use weixin::{CsrfToken, OfficialAccount, QrPageOptions, RedirectUri};

fn example(account: &OfficialAccount, redirect_uri: &RedirectUri, csrf: &CsrfToken) {
    let _ = account.authorize_url(redirect_uri, csrf, &QrPageOptions::new());
}

fn main() {}
