//! What to do with an authorization request, given the session of the browser (Core §3.1.2.3).

use std::time::Duration;

use super::{
    authorization_request::AuthorizationRequest,
    consent::{Consent, ConsentPolicy},
    error::{ErrorCode, OAuthError},
    id::{RequestId, UserId},
    id_token_hint::Hint,
    prompt::Prompt,
    session::{LoginMethod, Session},
    timestamp::Timestamp,
};

/// What to do with a request.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// Send a code to the client.
    Respond,
    /// Send the browser to WeChat.
    Login(Dialog),
    /// Send the browser through WeChat, which shows nothing.
    SilentLogin,
    /// Ask the user whether the client may have what it requests.
    Consent,
    /// Send an error to the client.
    Reject(OAuthError),
}

/// What WeChat shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialog {
    /// What WeChat finds necessary: it may let a user pass who has logged in before.
    AsNeeded,
    /// A dialog in any case: the client wants an action of the user.
    Forced,
}

/// What a decision depends on besides the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The session of this browser, usable or not.
    pub(crate) session: Option<&'a Session>,
    /// How long a session may go unused.
    pub(crate) idle: Duration,
    /// The ID of the request, if it has waited for a login.
    pub(crate) request: Option<RequestId>,
    /// The user with the `sub` of the hint, if this client has received that `sub`.
    pub(crate) hinted: Option<UserId>,
    /// When the users of the client are asked.
    pub(crate) policy: ConsentPolicy,
    /// What the user of the session has allowed the client.
    pub(crate) consent: Consent,
    /// Whether the client wants silent logins, and WeChat can do one in this browser.
    pub(crate) may_be_silent: bool,
}

impl AuthorizationRequest {
    pub(crate) fn decide(&self, context: Context<'_>, now: Timestamp) -> Decision {
        let usable = |it: &&Session| it.is_usable(self.issuer, context.request, context.idle, now);
        let Some(session) = context.session.filter(usable) else {
            return self.login_without_session(context);
        };
        // By ID and not by time: the clocks of two nodes differ, and the login would repeat endlessly.
        let is_fresh = session.is_for(context.request);
        match &self.hint {
            Some(Hint::User(_)) if context.hinted == Some(session.user) => {}
            // The user has just logged in as another user than the client expects.
            Some(Hint::User(_)) if is_fresh => return reject("another user has logged in"),
            Some(Hint::Unknown) if is_fresh => {}
            Some(_) => return self.login(),
            None => {}
        }
        if !is_fresh && (self.prompt.wants_login() || self.is_too_old(session, now)) {
            return self.login();
        }
        self.respond(context)
    }

    fn respond(&self, context: Context<'_>) -> Decision {
        if !self.needs_consent(context.policy, context.consent) {
            return Decision::Respond;
        }
        match self.prompt {
            Prompt::None => {
                let description = "the user must be asked for consent";
                Decision::Reject(OAuthError::new(ErrorCode::ConsentRequired, description))
            }
            _ => Decision::Consent,
        }
    }

    /// Without an action of the user, no login is as recent as `max_age` wants.
    fn login_without_session(&self, context: Context<'_>) -> Decision {
        match self.prompt {
            Prompt::None if context.may_be_silent && self.max_age.is_none() => {
                Decision::SilentLogin
            }
            _ => self.login(),
        }
    }

    fn login(&self) -> Decision {
        match self.prompt {
            Prompt::None => reject("the user must log in"),
            _ => Decision::Login(self.dialog()),
        }
    }

    /// What WeChat shows for this request. `max_age` wants an active login if the last one is too old (Core §3.1.2.1), and
    /// only an action of the user makes the new `auth_time` true.
    pub(crate) const fn dialog(&self) -> Dialog {
        if self.prompt.wants_login() || self.max_age.is_some() {
            Dialog::Forced
        } else {
            Dialog::AsNeeded
        }
    }

    fn is_too_old(&self, session: &Session, now: Timestamp) -> bool {
        let age = now.since(session.auth_time);
        let was_silent = session.method == LoginMethod::Silent;
        self.max_age
            .is_some_and(|max| was_silent || age > Duration::from_secs(max.into()))
    }
}

fn reject(description: &'static str) -> Decision {
    Decision::Reject(OAuthError::new(ErrorCode::LoginRequired, description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        fixtures::{self, other_issuer, request, session},
        scope::Scopes,
    };

    const WAITED: RequestId = RequestId::from_bytes([9; 16]);

    const IDLE: Duration = Duration::from_hours(1);

    fn nothing() -> Consent {
        Consent::Stored(Scopes::default())
    }

    /// What is decided for more parameters, a session that is 60 seconds old, and the ID of a request that has waited.
    fn decide(more: &str, session: Option<&Session>, waited: Option<RequestId>) -> String {
        let context = Context {
            session,
            idle: IDLE,
            request: waited,
            hinted: None,
            policy: ConsentPolicy::Never,
            consent: nothing(),
            may_be_silent: false,
        };
        decision(&request(more).decide(context, Timestamp::from_seconds(1060)))
    }

    fn decision(decision: &Decision) -> String {
        match decision {
            Decision::Respond => "respond".into(),
            Decision::Consent => "consent".into(),
            Decision::SilentLogin => "silent".into(),
            Decision::Login(Dialog::AsNeeded) => "login".into(),
            Decision::Login(Dialog::Forced) => "dialog".into(),
            Decision::Reject(error) => error.code.as_str().into(),
        }
    }

    #[test]
    fn without_a_session_the_user_logs_in_unless_nothing_may_be_shown() {
        for (more, expected) in [
            ("", "login"),
            ("&max_age=10", "dialog"),
            ("&prompt=login", "dialog"),
            ("&prompt=select_account", "dialog"),
            ("&prompt=consent", "login"),
            ("&prompt=consent+login", "dialog"),
            ("&prompt=none", "login_required"),
            ("&prompt=none&id_token_hint=x", "login_required"),
        ] {
            assert_eq!(decide(more, None, None), expected, "{more}");
        }
    }

    #[test]
    fn a_session_responds_unless_the_client_wants_a_login() {
        let session = session();
        for (more, expected) in [
            ("", "respond"),
            ("&prompt=none", "respond"),
            ("&max_age=60", "respond"),
            ("&max_age=59", "dialog"),
            ("&max_age=0", "dialog"),
            ("&max_age=59&prompt=none", "login_required"),
            ("&max_age=99999999999", "respond"),
            ("&prompt=login", "dialog"),
            ("&prompt=consent", "consent"),
            ("&prompt=consent+login", "dialog"),
        ] {
            assert_eq!(decide(more, Some(&session), None), expected, "{more}");
        }
    }

    #[test]
    fn a_login_for_this_request_satisfies_it_however_old_it_seems() {
        let fresh = Session {
            request: Some(WAITED),
            ..session()
        };
        for more in ["&prompt=login", "&max_age=0", "&id_token_hint=x"] {
            assert_eq!(
                decide(more, Some(&fresh), Some(WAITED)),
                "respond",
                "{more}"
            );
            let other = Some(RequestId::from_bytes([8; 16]));
            assert_ne!(decide(more, Some(&fresh), other), "respond", "{more}");
            // A session that no request began, and a request that did not wait, are not a pair.
            assert_ne!(decide(more, Some(&session()), None), "respond", "{more}");
        }
    }

    #[test]
    fn a_session_of_another_issuer_is_none() {
        let session = Session {
            issuer: other_issuer(),
            request: Some(WAITED),
            ..session()
        };
        assert_eq!(decide("", Some(&session), Some(WAITED)), "login");
        assert_eq!(
            decide("&prompt=none", Some(&session), None),
            "login_required"
        );
    }

    #[test]
    fn a_client_that_expects_a_user_gets_no_other() {
        let claims =
            "&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22abc%22%7D%7D%7D";
        let fresh = Session {
            request: Some(WAITED),
            ..session()
        };
        let (user, stranger) = (session().user, UserId::from_bytes([7; 16]));
        for (more, hinted, waited, expected) in [
            ("", Some(user), None, "respond"),
            ("&prompt=none", Some(user), None, "respond"),
            ("", Some(stranger), None, "login"),
            ("", None, None, "login"),
            ("&prompt=none", Some(stranger), None, "login_required"),
            ("&prompt=none", None, None, "login_required"),
            ("", Some(user), Some(WAITED), "respond"),
            ("", Some(stranger), Some(WAITED), "login_required"),
            ("", None, Some(WAITED), "login_required"),
        ] {
            let context = Context {
                session: Some(&fresh),
                idle: IDLE,
                request: waited,
                hinted,
                policy: ConsentPolicy::Never,
                consent: nothing(),
                may_be_silent: false,
            };
            let request = request(&format!("{claims}{more}"));
            let decided = request.decide(context, Timestamp::from_seconds(1060));
            assert_eq!(decision(&decided), expected, "{more} {hinted:?} {waited:?}");
        }
    }

    #[test]
    fn consent_comes_after_the_login_and_never_with_prompt_none() {
        use ConsentPolicy::{Always, First};
        let (session, given) = (session(), Consent::Given);
        let there = Some(&session);
        for (more, session, policy, consent, expected) in [
            ("", there, First, nothing(), "consent"),
            ("", None, First, nothing(), "login"),
            ("&prompt=none", there, First, nothing(), "consent_required"),
            ("&prompt=none", there, Always, nothing(), "consent_required"),
            ("&prompt=none", None, Always, nothing(), "login_required"),
            ("&prompt=login", there, Always, given, "dialog"),
            ("&max_age=0", there, Always, given, "dialog"),
            ("", None, Always, given, "login"),
            ("", there, Always, given, "respond"),
        ] {
            let context = Context {
                session,
                idle: IDLE,
                request: Some(WAITED),
                hinted: None,
                policy,
                consent,
                may_be_silent: false,
            };
            let decided = request(more).decide(context, Timestamp::from_seconds(1060));
            assert_eq!(decision(&decided), expected, "{more} {policy:?}");
        }
    }

    #[test]
    fn a_silent_login_is_for_prompt_none_without_a_session() {
        let silent = Session {
            method: LoginMethod::Silent,
            ..session()
        };
        for (more, session, expected) in [
            ("&prompt=none", None, "silent"),
            ("&prompt=none&max_age=99", None, "login_required"),
            ("", None, "login"),
            ("&prompt=login", None, "dialog"),
            ("&prompt=none&id_token_hint=x", None, "silent"),
            (
                "&prompt=none&id_token_hint=x",
                Some(&silent),
                "login_required",
            ),
            ("&prompt=none", Some(&silent), "respond"),
            // The user has done nothing for it.
            ("&prompt=none&max_age=99", Some(&silent), "login_required"),
            ("&max_age=99", Some(&silent), "dialog"),
        ] {
            let context = Context {
                session,
                idle: IDLE,
                request: None,
                hinted: None,
                policy: ConsentPolicy::Never,
                consent: nothing(),
                may_be_silent: true,
            };
            let decided = request(more).decide(context, Timestamp::from_seconds(1060));
            assert_eq!(decision(&decided), expected, "{more}");
        }
    }

    #[test]
    fn a_session_ends_by_itself_and_by_idleness() {
        let session = session(); // from second 1000 to 10000
        let ended = Session {
            ended_at: Some(session.auth_time),
            ..fixtures::session()
        };
        for (session, idle, second, expected) in [
            (&session, IDLE, 4599, "respond"),
            (&session, IDLE, 4600, "login"),
            (&session, IDLE * 3, 9999, "respond"),
            (&session, IDLE * 3, 10_000, "login"),
            (&session, Duration::ZERO, 1000, "login"),
            (&ended, IDLE, 1000, "login"),
        ] {
            let context = Context {
                session: Some(session),
                idle,
                request: None,
                hinted: None,
                policy: ConsentPolicy::Never,
                consent: nothing(),
                may_be_silent: false,
            };
            let decided = request("").decide(context, Timestamp::from_seconds(second));
            assert_eq!(decision(&decided), expected, "{second}");
        }
        assert!(!session.is_update_due(Timestamp::from_seconds(1299)));
        assert!(session.is_update_due(Timestamp::from_seconds(1300)));
    }

    #[test]
    fn without_single_sign_on_a_login_serves_the_request_that_it_was_for() {
        let fresh = Session {
            request: Some(WAITED),
            ..session()
        };
        let decide = |waited| {
            let context = Context {
                session: Some(&fresh),
                idle: Duration::ZERO,
                request: waited,
                hinted: None,
                policy: ConsentPolicy::Never,
                consent: nothing(),
                may_be_silent: false,
            };
            decision(&request("").decide(context, Timestamp::from_seconds(1000)))
        };
        assert_eq!(decide(Some(WAITED)), "respond");
        assert_eq!(decide(Some(RequestId::from_bytes([8; 16]))), "login");
        assert_eq!(decide(None), "login");
    }
}
