//! What every page tells browsers.

use axum::{
    extract::State,
    http::{
        HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::Response,
};

use super::Site;

/// `form-action` has WeChat beside this site: browsers apply it to redirects after a form too, and the form that links
/// WeChat is redirected there.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src https:; form-action 'self' https://open.weixin.qq.com; base-uri 'none'; frame-ancestors 'none'";

/// On `localhost`, where the simulator has its page and its avatars on plain HTTP.
const LOCAL_POLICY: &str = "default-src 'none'; style-src 'self'; img-src https: http:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers that a response does not have: those of `weixin-axum` are stricter where they differ.
pub(crate) async fn protect(State(site): State<Site>, mut response: Response) -> Response {
    let is_https = site.is_https();
    let policy = if is_https { POLICY } else { LOCAL_POLICY };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store"),
        // Not `no-referrer`: with that, browsers send `Origin: null` with this site's own forms.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    }
    if is_https {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
