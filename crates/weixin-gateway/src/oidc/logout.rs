//! A request to log out (RP-Initiated Logout 1.0 §2, §3), and what becomes of it.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    client::{Client, Clients},
    client_id::ClientId,
    error::OAuthError,
    id::{SessionId, UserId},
    id_token_hint::{VerifyJwt, claims_of_ours},
    issuer::Issuer,
    redirect_uri::RedirectUri,
    response::with_query,
    session::Session,
    subject::Subject,
};
use crate::{params::Params, signed::Kind};

/// Longest `state`, as that of an authorization request.
const MAX_STATE: usize = 4096;

/// A request to log out whose parameters are checked.
pub(crate) struct LogoutRequest {
    hint: Option<LogoutHint>,
    /// Only with a hint: without one, any site could use this one to redirect.
    target: Option<Target>,
    /// The languages of the page.
    pub(crate) ui_locales: Option<String>,
    /// What the page's own form sends.
    pub(crate) confirmation: Option<String>,
}

/// The ID token by which a client says whom it wants to log out.
struct LogoutHint {
    jwt: String,
    client: ClientId,
    subject: Subject,
    sid: SessionId,
}

/// Where the browser goes after the logout.
struct Target {
    uri: RedirectUri,
    state: Option<String>,
}

/// What becomes of a request.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Logout {
    /// These sessions end.
    Now(Vec<SessionId>),
    /// The session of the hint ends, and a page asks about the one of this browser.
    Confirm(Option<SessionId>),
}

impl LogoutRequest {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// An error is shown on a page; it is never sent to the URL that the request names.
    pub(crate) fn check(
        params: &Params,
        issuer: &Issuer,
        clients: &Clients,
        keys: &dyn VerifyJwt,
    ) -> Result<Self, OAuthError> {
        let jwt = params.get("id_token_hint")?;
        let claims = jwt.and_then(|jwt| claims_of_ours(jwt, issuer, keys));
        let client = claims
            .as_ref()
            .and_then(|claims| clients.find(issuer.id(), text(claims, "aud")?));
        let hint = jwt
            .zip(claims.as_ref())
            .zip(client)
            .and_then(|((jwt, claims), client)| LogoutHint::new(jwt, claims, client));
        let is_other = |id: &str| hint.as_ref().is_some_and(|hint| hint.client.as_str() != id);
        if params.get("client_id")?.is_some_and(is_other) {
            return Err(OAuthError::invalid_request(
                "the id_token_hint is for another client than client_id",
            ));
        }
        let client = client.filter(|_| hint.is_some());
        Ok(Self {
            hint,
            target: target(params, client)?,
            ui_locales: params.get("ui_locales")?.map(str::to_owned),
            confirmation: params.get("confirmation")?.map(str::to_owned),
        })
    }

    /// The client that has sent the hint, and the user as it knows them.
    pub(crate) fn hint(&self) -> Option<(&ClientId, &Subject)> {
        let hint = self.hint.as_ref()?;
        Some((&hint.client, &hint.subject))
    }

    /// Whether it names no user, and is not the page's own form.
    pub(crate) const fn is_bare(&self) -> bool {
        self.hint.is_none() && self.confirmation.is_none()
    }

    /// What becomes of the request, in a browser with this session. `hinted` is the user of the hint.
    pub(crate) fn decide(
        &self,
        browser: Option<&Session>,
        hinted: Option<UserId>,
        is_confirmed: bool,
    ) -> Logout {
        let named = self.hint.as_ref().map(|hint| hint.sid);
        let Some(session) = browser else {
            return Logout::Now(named.into_iter().collect());
        };
        let is_the_users = named.is_some() && hinted == Some(session.user);
        if named == Some(session.sid) {
            Logout::Now(vec![session.sid])
        } else if is_the_users || is_confirmed {
            Logout::Now(named.into_iter().chain([session.sid]).collect())
        } else {
            Logout::Confirm(named)
        }
    }

    /// The URL of the client to return to.
    pub(crate) fn redirect(&self) -> Option<String> {
        let Target { uri, state } = self.target.as_ref()?;
        let uri = uri.as_str().to_owned();
        Some(match state {
            Some(state) => with_query(uri, &[("state", state.clone())]),
            None => uri,
        })
    }

    /// The parameters that the page's form sends again. They are checked as the first time.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        let hint = self.hint.as_ref().map(|hint| ("id_token_hint", &*hint.jwt));
        let target = self.target.as_ref();
        let uri = target.map(|it| ("post_logout_redirect_uri", it.uri.as_str()));
        let state = target.and_then(|it| it.state.as_deref());
        let locales = self.ui_locales.as_deref();
        let others = [
            state.map(|it| ("state", it)),
            locales.map(|it| ("ui_locales", it)),
        ];
        [hint, uri].into_iter().chain(others).flatten().collect()
    }
}

impl fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogoutRequest(..)")
    }
}

impl LogoutHint {
    /// The hint of an ID token that is verified. Its expiry does not matter (RP-Initiated Logout §2).
    fn new(jwt: &str, claims: &Map<String, Value>, client: &Client) -> Option<Self> {
        Some(Self {
            jwt: jwt.to_owned(),
            client: client.id.clone(),
            subject: Subject::try_from(text(claims, "sub")?.to_owned()).ok()?,
            sid: text(claims, "sid")?.parse().ok()?,
        })
    }
}

/// Where the client of the hint wants the browser to go.
fn target(params: &Params, client: Option<&Client>) -> Result<Option<Target>, OAuthError> {
    let sent = params.get("post_logout_redirect_uri")?;
    let state = params.get("state")?;
    let Some((sent, client)) = sent.zip(client) else {
        return Ok(None);
    };
    let Some(uri) = client.logout.redirect_uri(sent) else {
        return Err(OAuthError::invalid_request(
            "the post_logout_redirect_uri is not registered",
        ));
    };
    if state.is_some_and(|state| state.len() > MAX_STATE) {
        return Err(OAuthError::invalid_request(
            "state is longer than 4096 characters",
        ));
    }
    let state = state.map(str::to_owned);
    Ok(Some(Target { uri, state }))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// What the form of the page proves: the page was shown in the browser of this session, and asked about it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct LogoutConfirmation(pub(crate) SessionId);

impl Kind for LogoutConfirmation {
    const PREFIX: &'static str = "wxl_";
    type Row = SessionId;

    fn row(&self) -> SessionId {
        self.0
    }

    fn write(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?;
        text.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::{
        client_logout::ClientLogout,
        fixtures::{clients, issuer_url, session, web},
        redirect_uri::{RegisteredUri, UriPolicy},
    };

    const RETURN: &str = "https://rp.example/logged-out";

    /// Verifies one JWT, the text of its claims.
    struct Keys;

    impl VerifyJwt for Keys {
        fn verified_claims(&self, jwt: &str, typ: &str) -> Option<Map<String, Value>> {
            let claims = serde_json::from_str(jwt).ok();
            claims.filter(|_| typ == "JWT")
        }
    }

    fn hint(changes: &[(&str, &str)]) -> String {
        let sid = session().sid.to_string();
        let mut claims =
            json!({ "iss": "https://op.example", "aud": "web", "sub": "s", "sid": sid });
        for (name, value) in changes {
            claims[name] = (*value).into();
        }
        claims.to_string()
    }

    fn check(params: &[(&str, &str)]) -> Result<LogoutRequest, String> {
        let uri = RegisteredUri::parse(RETURN, UriPolicy::Confidential).unwrap();
        let mut all = clients();
        let logout = ClientLogout {
            redirect_uris: vec![uri],
            ..ClientLogout::default()
        };
        all.insert(Client { logout, ..web() });
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(params);
        let params = Params::parse(query.finish().as_bytes()).unwrap();
        let checked = LogoutRequest::check(&params, &issuer_url(), &all, &Keys);
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn a_hint_is_an_id_token_of_this_issuer_for_a_client_of_it() {
        for (changes, expected) in [
            (&[][..], true),
            (&[("aud", "app")], true),
            (&[("iss", "https://op.example/other")], false),
            (&[("aud", "other")], false),
            (&[("aud", "gone")], false),
            (&[("sid", "x")], false),
            (&[("sub", "")], false),
        ] {
            let request = check(&[("id_token_hint", &hint(changes))]).unwrap();
            assert_eq!(request.hint().is_some(), expected, "{changes:?}");
        }
    }

    #[test]
    fn only_a_request_with_a_hint_returns_to_the_client() {
        let (hint, useless) = (hint(&[]), hint(&[("sid", "x")]));
        let uri = ("post_logout_redirect_uri", RETURN);
        let redirect = |params: &[(&str, &str)]| check(params).map(|request| request.redirect());
        let unregistered = "invalid_request: the post_logout_redirect_uri is not registered";
        let hint = ("id_token_hint", &*hint);
        let long = "x".repeat(4097);
        for (params, expected) in [
            (&[hint, uri][..], Ok(Some(RETURN.to_owned()))),
            (
                &[hint, uri, ("state", "a&b")],
                Ok(Some(format!("{RETURN}?state=a%26b"))),
            ),
            (&[hint, ("state", "s")], Ok(None)),
            (&[uri, ("state", "s")], Ok(None)),
            (&[uri, ("client_id", "web")], Ok(None)),
            // Of this issuer, and it names no session.
            (&[uri, ("id_token_hint", &*useless)], Ok(None)),
            (
                &[("post_logout_redirect_uri", "https://evil.example")],
                Ok(None),
            ),
            (
                &[hint, ("post_logout_redirect_uri", "https://evil.example")],
                Err(unregistered.to_owned()),
            ),
            (
                &[hint, uri, ("client_id", "app")],
                Err(
                    "invalid_request: the id_token_hint is for another client than client_id"
                        .to_owned(),
                ),
            ),
            (
                &[hint, uri, ("state", &long)],
                Err("invalid_request: state is longer than 4096 characters".to_owned()),
            ),
        ] {
            assert_eq!(redirect(params), expected, "{params:?}");
        }
    }

    #[test]
    fn who_is_logged_out_at_once_and_who_is_asked() {
        let session = session();
        let (sid, user) = (session.sid, session.user);
        let (other_sid, other) = (SessionId::from_bytes([7; 16]), UserId::from_bytes([8; 16]));
        let named = check(&[("id_token_hint", &hint(&[]))]).unwrap();
        let elsewhere = hint(&[("sid", &other_sid.to_string())]);
        let elsewhere = check(&[("id_token_hint", &elsewhere)]).unwrap();
        let bare = check(&[]).unwrap();
        let here = Some(&session);
        for (request, browser, hinted, is_confirmed, expected) in [
            (&named, None, Some(user), false, Logout::Now(vec![sid])),
            (&named, here, Some(user), false, Logout::Now(vec![sid])),
            (&named, here, None, false, Logout::Now(vec![sid])),
            (
                &elsewhere,
                here,
                Some(user),
                false,
                Logout::Now(vec![other_sid, sid]),
            ),
            (
                &elsewhere,
                here,
                Some(other),
                false,
                Logout::Confirm(Some(other_sid)),
            ),
            (
                &elsewhere,
                here,
                None,
                false,
                Logout::Confirm(Some(other_sid)),
            ),
            (
                &elsewhere,
                here,
                Some(other),
                true,
                Logout::Now(vec![other_sid, sid]),
            ),
            (&bare, None, None, false, Logout::Now(vec![])),
            (&bare, here, None, false, Logout::Confirm(None)),
            (&bare, here, None, true, Logout::Now(vec![sid])),
        ] {
            assert_eq!(request.decide(browser, hinted, is_confirmed), expected);
        }
    }

    #[test]
    fn a_request_shows_nothing_of_its_hint() {
        let request = check(&[("id_token_hint", &hint(&[]))]).unwrap();
        assert_eq!(format!("{request:?}"), "LogoutRequest(..)");
    }
}
