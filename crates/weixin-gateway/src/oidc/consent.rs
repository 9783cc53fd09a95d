//! When a user is asked whether a client may have what it requests (Core §3.1.2.4).

use serde::Deserialize;

use super::{
    authorization_request::AuthorizationRequest,
    id::{RequestId, SIZE, SessionId},
    scope::Scopes,
};
use crate::signed::Kind;

/// When the users of a client are asked. WeChat has asked for its own part already.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConsentPolicy {
    /// Not by this gateway.
    #[default]
    Never,
    /// Until the user has allowed the scopes.
    First,
    /// For each request.
    Always,
}

/// What the user has allowed the client of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Consent {
    /// These scopes, by earlier requests.
    Stored(Scopes),
    /// This request, by the form that has just been posted.
    Given,
}

impl AuthorizationRequest {
    /// What the user is asked for: the scopes, and those of the claims that are requested by name.
    pub(crate) fn consent_scopes(&self) -> Scopes {
        let claims = self.claims.userinfo.union(&self.claims.id_token);
        let scopes: Scopes = claims.map(|claim| claim.scope()).collect();
        self.scopes.union(scopes)
    }

    /// Whether the user must be asked before the client gets a code.
    pub(super) fn needs_consent(&self, policy: ConsentPolicy, consent: Consent) -> bool {
        let asked = self.consent_scopes();
        match (policy, consent) {
            (_, Consent::Given) => false,
            (ConsentPolicy::Always, _) => true,
            _ if self.prompt.wants_consent() => true,
            (ConsentPolicy::First, Consent::Stored(scopes)) => scopes.intersection(asked) != asked,
            (ConsentPolicy::Never, _) => false,
        }
    }
}

/// The token of the form that asks. It is of one session, one request and the scopes that the page has shown: none of
/// them can be exchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ConsentForm {
    pub(crate) session: SessionId,
    pub(crate) request: RequestId,
    pub(crate) scopes: Scopes,
}

impl Kind for ConsentForm {
    const PREFIX: &'static str = "wxf_";
    type Row = SessionId;

    fn row(&self) -> SessionId {
        self.session
    }

    fn write(&self) -> Vec<u8> {
        let (session, request) = (self.session.as_bytes(), self.request.as_bytes());
        [&session[..], &request[..], &[self.scopes.bits()]].concat()
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (session, rest) = payload.split_first_chunk::<SIZE>()?;
        let (request, rest) = rest.split_first_chunk::<SIZE>()?;
        let [scopes] = rest else {
            return None;
        };
        Some(Self {
            session: SessionId::from_bytes(*session),
            request: RequestId::from_bytes(*request),
            scopes: Scopes::from_bits(*scopes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        client::ClientAuth,
        fixtures::{app, request, web},
        redirect_uri::{RegisteredUri, UriPolicy},
    };

    #[test]
    fn a_user_is_asked_as_the_client_and_the_request_want() {
        use ConsentPolicy::{Always, First, Never};
        let stored = |text| Consent::Stored(Scopes::parse(text));
        let claims = "&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D";
        for (more, policy, consent, expected) in [
            ("", Never, stored(""), false),
            ("&prompt=consent", Never, stored("openid"), true),
            ("&prompt=login+consent", Never, stored("openid"), true),
            ("&prompt=consent", Never, Consent::Given, false),
            ("", First, stored(""), true),
            ("", First, stored("openid email"), false),
            ("+profile", First, stored("openid email"), true),
            (claims, First, stored("openid"), true),
            (claims, First, stored("openid email"), false),
            ("&prompt=consent", First, stored("openid"), true),
            ("+profile", First, Consent::Given, false),
            ("", Always, stored("openid"), true),
            ("", Always, Consent::Given, false),
        ] {
            let asked = request(more).needs_consent(policy, consent);
            assert_eq!(asked, expected, "{more} {policy:?} {consent:?}");
        }
    }

    #[test]
    fn native_public_clients_ask_once_unless_the_operator_decides() {
        let policy = |auth: &ClientAuth, uri: &str| {
            let uri = RegisteredUri::parse(uri, UriPolicy::Public).unwrap();
            auth.default_consent(&[uri])
        };
        let (public, confidential) = (app().auth, web().auth);
        for (auth, uri, expected) in [
            (&public, "http://127.0.0.1/callback", ConsentPolicy::First),
            (&public, "http://[::1]:4000/", ConsentPolicy::First),
            (&public, "http://localhost/callback", ConsentPolicy::First),
            (&public, "com.example.app:/callback", ConsentPolicy::First),
            (&public, "https://spa.example/", ConsentPolicy::Never),
            (&confidential, "http://127.0.0.1/", ConsentPolicy::Never),
        ] {
            assert_eq!(policy(auth, uri), expected, "{uri}");
        }
        let web = RegisteredUri::parse("https://spa.example/", UriPolicy::Public).unwrap();
        let native = RegisteredUri::parse("com.example.app:/", UriPolicy::Public).unwrap();
        let both = public.default_consent(&[web, native]);
        assert_eq!(both, ConsentPolicy::First);
    }

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let form = ConsentForm {
            session: SessionId::from_bytes([1; SIZE]),
            request: RequestId::from_bytes([2; SIZE]),
            scopes: Scopes::parse("openid wechat"),
        };
        let payload = form.write();
        assert_eq!(ConsentForm::read(&payload), Some(form));
        assert_eq!(ConsentForm::read(&payload[1..]), None);
        assert_eq!(ConsentForm::read(&[&payload[..], &[0]].concat()), None);
    }
}
