use weixin::{ConsentOptions, CsrfToken, RedirectUri, Website};

fn example(website: &Website, redirect_uri: &RedirectUri, csrf: &CsrfToken) {
    let _ = website.authorize_url(redirect_uri, csrf, &ConsentOptions::new());
}

fn main() {}
