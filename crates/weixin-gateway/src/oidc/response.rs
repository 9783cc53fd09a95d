//! The response to the client: a code, or an error (RFC 6749 §4.1.2; RFC 9207 §2; OAuth 2.0 Form Post Response Mode).

use std::fmt;

use super::{
    error::OAuthError, error_target::ErrorTarget, issuer::Issuer, response_mode::ResponseMode,
};

/// A response on its way through the browser. It may hold a code.
pub(crate) struct AuthorizationResponse {
    target: ErrorTarget,
    fields: Vec<(&'static str, String)>,
}

/// How the browser carries a response.
#[derive(Eq, PartialEq)]
pub(crate) enum Delivery {
    /// A redirect to this URL, by 303 (RFC 9700 §4.12).
    Redirect(String),
    /// A form that the browser posts to this URL.
    Form {
        action: String,
        fields: Vec<(&'static str, String)>,
    },
}

impl AuthorizationResponse {
    pub(crate) fn code(target: ErrorTarget, issuer: &Issuer, code: String) -> Self {
        Self::new(target, issuer, vec![("code", code)])
    }

    pub(crate) fn error(target: ErrorTarget, issuer: &Issuer, error: OAuthError) -> Self {
        let description = error.description.into_owned();
        let code = error.code.as_str().to_owned();
        Self::new(
            target,
            issuer,
            vec![("error", code), ("error_description", description)],
        )
    }

    /// `state` as it came, and `iss`, so that a client of several providers notices a response of another (RFC 9207).
    fn new(
        mut target: ErrorTarget,
        issuer: &Issuer,
        mut fields: Vec<(&'static str, String)>,
    ) -> Self {
        fields.extend(target.state.take().map(|state| ("state", state)));
        fields.push(("iss", issuer.as_str().to_owned()));
        Self { target, fields }
    }

    pub(crate) fn delivery(self) -> Delivery {
        let uri = self.target.redirect_uri.as_str().to_owned();
        match self.target.mode {
            ResponseMode::FormPost => Delivery::Form {
                action: uri,
                fields: self.fields,
            },
            ResponseMode::Query => Delivery::Redirect(with_query(uri, &self.fields)),
        }
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationResponse(..)")
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(..)",
            Self::Form { .. } => "Form(..)",
        })
    }
}

/// The URI with more parameters; its own query is retained (RFC 6749 §3.1.2). It has no fragment.
pub(super) fn with_query(mut uri: String, fields: &[(&'static str, String)]) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    uri.push_str(separator);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    uri + &query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        error::ErrorCode,
        fixtures::{issuer_url, request, web},
        redirect_uri::{RegisteredUri, UriPolicy},
    };

    fn target(uri: &str, state: Option<&str>, mode: ResponseMode) -> ErrorTarget {
        let registered = RegisteredUri::parse(uri, UriPolicy::Public).unwrap();
        let redirect_uri = registered.matches(uri).unwrap();
        ErrorTarget {
            redirect_uri,
            mode,
            state: state.map(str::to_owned),
        }
    }

    fn redirect(uri: &str, state: Option<&str>) -> String {
        let target = target(uri, state, ResponseMode::Query);
        let response = AuthorizationResponse::code(target, &issuer_url(), "wxc_x".into());
        match response.delivery() {
            Delivery::Redirect(url) => url,
            Delivery::Form { .. } => panic!("a form"),
        }
    }

    #[test]
    fn a_response_is_added_to_the_query() {
        let tail = "code=wxc_x&iss=https%3A%2F%2Fop.example";
        for (uri, separator) in [
            ("https://rp.example/cb", "?"),
            ("https://rp.example", "?"),
            ("https://rp.example/cb?a=1", "&"),
            ("https://rp.example/cb?", ""),
            ("https://rp.example/cb?a=1&", ""),
            ("com.example.app:/cb", "?"),
        ] {
            assert_eq!(redirect(uri, None), format!("{uri}{separator}{tail}"));
        }
    }

    #[test]
    fn a_state_comes_back_unchanged() {
        for state in ["s", "a b&code=x#\u{0}\r\n微+%41", "\"><script>"] {
            let url = url::Url::parse(&redirect("https://rp.example/cb", Some(state))).unwrap();
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let expected = [
                pair("code", "wxc_x"),
                pair("state", state),
                pair("iss", "https://op.example"),
            ];
            assert_eq!(pairs, expected);
            assert_eq!(url.fragment(), None);
        }
    }

    #[test]
    fn an_error_is_posted_in_the_mode_of_its_request() {
        let target = target("https://rp.example/cb", Some("s"), ResponseMode::FormPost);
        let error = OAuthError::new(ErrorCode::LoginRequired, "the user must log in");
        let response = AuthorizationResponse::error(target, &issuer_url(), error);
        assert_eq!(format!("{response:?}"), "AuthorizationResponse(..)");
        let fields = [
            ("error", "login_required"),
            ("error_description", "the user must log in"),
            ("state", "s"),
            ("iss", "https://op.example"),
        ];
        let fields = fields.map(|(name, value)| (name, value.to_owned())).into();
        let action = "https://rp.example/cb".to_owned();
        assert!(response.delivery() == Delivery::Form { action, fields });
    }

    #[test]
    fn a_request_knows_where_its_response_goes() {
        let target = request("&state=s&response_mode=form_post").target();
        let redirect_uri = web().redirect_uri("https://rp.example/callback").unwrap();
        let mode = ResponseMode::FormPost;
        assert_eq!(
            target,
            ErrorTarget {
                redirect_uri,
                mode,
                state: Some("s".into())
            }
        );
    }
}
