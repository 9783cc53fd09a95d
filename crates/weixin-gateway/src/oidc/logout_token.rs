//! The token that tells a client of a logout (Back-Channel Logout 1.0 §2.4).

use std::time::Duration;

use serde::Serialize;

use super::{
    client_id::ClientId, id::SessionId, issuer::Issuer, subject::Subject, timestamp::Timestamp,
};

/// Clients need not accept an older one.
const LIFETIME: Duration = Duration::from_mins(2);

/// The claims of a logout token. It has no `nonce`, so that it cannot be used as an ID token.
#[derive(Debug, Serialize)]
pub(crate) struct LogoutToken<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sub: &'a str,
    sid: String,
    events: Events,
}

impl<'a> LogoutToken<'a> {
    /// `typ` of its header, by which clients tell it from an ID token.
    pub(crate) const TYP: &'static str = "logout+jwt";

    /// `jti` is random: each attempt has another one.
    pub(crate) fn new(
        issuer: &'a Issuer,
        client: &'a ClientId,
        (sid, subject): (SessionId, &'a Subject),
        jti: String,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer.as_str(),
            aud: client.as_str(),
            iat: now.seconds(),
            exp: now.after(LIFETIME).seconds(),
            jti,
            sub: subject.as_str(),
            sid: sid.to_string(),
            events: Events { logout: Empty {} },
        }
    }
}

/// An object whose one member says that this is a logout.
#[derive(Debug, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Empty,
}

#[derive(Debug, Serialize)]
struct Empty {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::fixtures::{issuer_url, session, web};

    #[test]
    fn a_logout_token_has_the_claims_of_the_specification() {
        let (issuer, client, session) = (issuer_url(), web().id, session());
        let subject = Subject::first(session.user);
        let now = Timestamp::from_seconds(1000);
        let ended = (session.sid, &subject);
        let token = LogoutToken::new(&issuer, &client, ended, "j".to_owned(), now);
        let expected = json!({
            "iss": "https://op.example",
            "aud": "web",
            "iat": 1000,
            "exp": 1120,
            "jti": "j",
            "sub": subject.as_str(),
            "sid": session.sid.to_string(),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(serde_json::to_value(token).unwrap(), expected);
    }
}
