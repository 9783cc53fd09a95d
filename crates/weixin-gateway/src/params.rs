//! The parameters of a query or form.

use crate::oidc::{ErrorCode, OAuthError};

/// Longest query or form.
pub(crate) const MAX_LENGTH: usize = 16 * 1024;

/// The parameters of a query or form. Each that is asked for occurs at most once (RFC 6749 §3.1, §3.2): of two values, a
/// proxy or a client may check one while this server uses the other. Others are ignored, repeated or not
/// (`resource`, RFC 8707 §2). An empty value counts as absent.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of a query or form.
    ///
    /// # Errors
    ///
    /// `invalid_request` if it is longer than 16 KiB.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, OAuthError> {
        if text.len() > MAX_LENGTH {
            return Err(OAuthError::invalid_request(
                "the parameters are longer than 16 KiB",
            ));
        }
        Ok(Self(form_urlencoded::parse(text).into_owned().collect()))
    }

    /// The value of a parameter.
    ///
    /// # Errors
    ///
    /// `invalid_request` if the parameter is repeated.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.0.iter().filter(|(it, _)| it == name);
        let value = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            let description = format!("the parameter {name} is repeated");
            return Err(OAuthError::new(ErrorCode::InvalidRequest, description));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that the request cannot do without.
    ///
    /// # Errors
    ///
    /// `invalid_request` if the parameter is absent or repeated.
    pub(crate) fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)?.ok_or_else(|| {
            let description = format!("the parameter {name} is missing");
            OAuthError::new(ErrorCode::InvalidRequest, description)
        })
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Params(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_parameter_that_is_asked_for_occurs_once() {
        let params = params("a=1&b=&c=3&c=3&d=&d=&e=x+y%26%E5%BE%AE&resource=r&resource=s");
        assert_eq!(params.get("a"), Ok(Some("1")));
        assert_eq!(params.get("b"), Ok(None));
        assert_eq!(params.get("z"), Ok(None));
        assert_eq!(params.get("e"), Ok(Some("x y&微")));
        for name in ["c", "d"] {
            let error = params.get(name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("invalid_request: the parameter {name} is repeated")
            );
        }
        let error = params.require("b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid_request: the parameter b is missing"
        );
        assert_eq!(params.require("a"), Ok("1"));
    }

    #[test]
    fn a_name_is_known_in_every_encoding() {
        assert!(
            params("client_id=a&client%5Fid=b")
                .get("client_id")
                .is_err()
        );
        assert_eq!(params("Client_id=a").get("client_id"), Ok(None));
    }

    #[test]
    fn a_long_form_is_rejected() {
        assert!(Params::parse(&vec![b'&'; MAX_LENGTH]).is_ok());
        assert!(Params::parse(&vec![b'&'; MAX_LENGTH + 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_text_hides_a_second_value(before in "[a-c=&%]{0,8}", value in "[a-z]{1,4}", after in ".{0,8}") {
            let text = format!("{before}&x={value}&{after}&%78=other");
            prop_assert!(params(&text).get("x").is_err());
        }
    }
}
