//! Whether a form was posted by a page of this gateway.

use axum::http::{HeaderMap, HeaderValue, header::ORIGIN};

use crate::oidc::Issuer;

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether nothing says that another site has posted a form. The form's token decides; this rejects what is known to come
/// from elsewhere before the token is looked at.
///
/// `null` passes: browsers send it in place of our own origin, since our pages are `no-referrer` (Fetch, "append a request
/// `Origin` header").
pub(super) fn may_be_own(headers: &HeaderMap, issuer: &Issuer) -> bool {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    let is_own = |origin: &[u8]| origin == issuer.origin().as_bytes();
    let mut origins = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes);
    matches!(site, None | Some(b"same-origin" | b"none"))
        && origins.all(|origin| origin == b"null" || is_own(origin))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn a_form_of_another_site_is_recognized() {
        let issuer = Issuer::try_from("https://op.example/tenant".to_owned()).unwrap();
        for (site, origin, expected) in [
            ("", "", true),
            ("", "https://op.example", true),
            ("", "null", true),
            ("same-origin", "null", true),
            ("same-origin", "https://op.example", true),
            ("none", "", true),
            ("", "https://evil.example", false),
            ("", "https://op.example.evil.example", false),
            ("", "http://op.example", false),
            ("", "https://op.example:444", false),
            ("same-site", "null", false),
            ("cross-site", "", false),
            ("cross-site", "https://op.example", false),
            ("same-origin", "https://evil.example", false),
            ("x", "", false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(FETCH_SITE, site), ("origin", origin)] {
                if !value.is_empty() {
                    let name = HeaderName::from_static(name);
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(may_be_own(&headers, &issuer), expected, "{site} {origin}");
        }
    }
}
