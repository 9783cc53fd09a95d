//! WeChat's callback: the code is exchanged, the user found or created, and the request goes on.

use std::sync::Arc;

use axum::{http::header::SET_COOKIE, response::Response};
use weixin::app::AppKind;
use weixin_axum::{Login, LoginError, VerifiedCallback};

use super::{error::Failure, visitor::Visitor, waiting::Waiting};
use crate::{
    audit::Reference,
    oidc::{ErrorCode, LoginMethod, OAuthError, RequestId, Session, SessionId, UserId},
    random,
    secret::RowSecret,
    session_secret::SessionSecrets,
    store::session_login::{BrowserSession, SessionLogin},
    telemetry,
    upstream::{
        link::{self, NewLogin},
        login_event::LoginEvent,
        login_outcome::LoginOutcome,
    },
};

pub(super) async fn callback(
    visitor: Visitor,
    callback: Result<VerifiedCallback, LoginError>,
) -> Response {
    let provider = Arc::clone(&visitor.provider);
    let return_to = match &callback {
        Ok(callback) => callback.return_to(),
        Err(error) => error.return_to(),
    };
    let request = return_to.and_then(|path| provider.request_of(path));
    let visitor = visitor.at(request);
    let waiting = match provider.waiting_at(return_to).await {
        Ok(waiting) => waiting,
        Err(failure) => return visitor.failed(&failure),
    };
    let visitor = match &waiting {
        Some(waiting) => visitor.preferring(&waiting.request),
        None => visitor,
    };
    let response = match (callback, waiting) {
        (callback, Some(waiting)) if waiting.request.prompt.shows_nothing() => {
            return visitor.silent_callback(callback, waiting).await;
        }
        (Ok(callback), waiting) => visitor.complete(callback, waiting).await,
        (Err(error), waiting) => Ok(visitor.not_logged_in(error, waiting).await),
    };
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

impl Visitor {
    async fn complete(
        &self,
        callback: VerifiedCallback,
        waiting: Option<Waiting<'_>>,
    ) -> Result<Response, Failure> {
        let Some((waiting, id)) = waiting.and_then(|it| it.id.map(|id| (it, id))) else {
            return Ok(self.leave_callback());
        };
        let session = self.session().await?;
        match self.exchange(callback).await? {
            Ok(login) => {
                let client = waiting.client.id.as_str();
                let response = self.log_in(waiting, id, &login, session.as_ref()).await;
                if response.is_err() {
                    telemetry::login(client, login.app_id().as_str(), "failed");
                }
                response
            }
            Err(error) => Ok(self.not_logged_in(error, Some(waiting)).await),
        }
    }

    /// Finds or creates the user. Only a [`Login`], which only a successful exchange makes, comes here, with the session that the
    /// browser had before.
    async fn log_in(
        &self,
        waiting: Waiting<'_>,
        request: RequestId,
        login: &Login,
        before: Option<&Session>,
    ) -> Result<Response, Failure> {
        let shared = &self.provider.shared;
        // Each repeat costs a write.
        if login.is_repeat() && !shared.rate_limit.allows(self.address) {
            return Err(Failure::TooManyLogins);
        }
        // Before the session gets another cookie: until that reaches the browser, its other tabs have none that is valid.
        let profile = self.new_profile(login).await?;
        if self.has_logged_out(before).await? {
            count(&waiting, login, &LoginOutcome::Used);
            return Ok(self.used_callback(request));
        }
        let new = NewLogin {
            ids: login.user_ids(),
            current: self.current_session().await?,
            session: self.session_login(request, login)?,
            new_user: UserId::from_bytes(random::bytes()?),
            unionids: shared.unionids(login.app_id()),
            event: LoginEvent::new(waiting.client.id.clone())?,
        };
        let outcome = link::log_in(&shared.store, new).await?;
        count(&waiting, login, &outcome);
        let BrowserSession { session, cookie } = match outcome {
            LoginOutcome::Created(begun)
            | LoginOutcome::Known(begun)
            | LoginOutcome::Repeated(begun)
            | LoginOutcome::Merged { begun, .. } => begun,
            LoginOutcome::Used => {
                // A code that is new was put at a used `state` by an attacker: the user has not asked for this login.
                return self.used(waiting, request, login.is_repeat()).await;
            }
            LoginOutcome::Disabled(_) => return Ok(self.disabled(&waiting, request)),
            LoginOutcome::Conflict(_) => return Ok(self.in_conflict(&waiting, request)),
        };
        self.store_profile(session.user, profile).await;
        // The session has its new cookie also if what follows fails.
        let proceeded = self.proceed(waiting, Some(&session)).await;
        let mut response = proceeded.unwrap_or_else(|failure| self.failed(&failure));
        let cookie = self.provider.cookie.set(&cookie, &shared.lifetimes);
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }

    /// Whether another tab has logged out while WeChat was asked: of this login, too. One that has logged a user in has not,
    /// such as a repeat of this callback.
    async fn has_logged_out(&self, before: Option<&Session>) -> Result<bool, Failure> {
        match before {
            Some(before) => Ok(self.provider.shared.store.was_ended(before.sid).await?),
            None => Ok(false),
        }
    }

    /// A repeat whose own session has ended: one of a later login may go on.
    async fn used(
        &self,
        waiting: Waiting<'_>,
        request: RequestId,
        is_repeat: bool,
    ) -> Result<Response, Failure> {
        match self.session().await? {
            Some(session) if is_repeat => self.proceed(waiting, Some(&session)).await,
            _ => Ok(self.used_callback(request)),
        }
    }

    fn disabled(&self, waiting: &Waiting<'_>, request: RequestId) -> Response {
        let reference = Reference::of(request);
        let description = format!("the operator has disabled this user (reference {reference})");
        let error = OAuthError::new(ErrorCode::AccessDenied, description);
        self.not_accepted(waiting, "disabled", || {
            self.reject(waiting.request.target(), error)
        })
    }

    fn in_conflict(&self, waiting: &Waiting<'_>, request: RequestId) -> Response {
        self.not_accepted(waiting, "conflict", || {
            self.conflict(waiting, Reference::of(request))
        })
    }

    pub(super) fn session_login(
        &self,
        request: RequestId,
        login: &Login,
    ) -> Result<SessionLogin, Failure> {
        let now = self.now();
        let method = match login.client().kind() {
            AppKind::OfficialAccount => LoginMethod::InApp,
            _ => LoginMethod::Qr,
        };
        Ok(SessionLogin {
            issuer: self.provider.issuer.id(),
            request,
            state: login.state().to_owned(),
            method,
            app: login.app_id().clone(),
            auth_time: now,
            expires_at: now.after(self.provider.shared.lifetimes.session),
            seed: RowSecret::from_bytes(random::bytes()?),
            cookies: SessionSecrets::new(&self.provider.shared.master),
            sid: SessionId::from_bytes(random::bytes()?),
            secret: RowSecret::from_bytes(random::bytes()?),
        })
    }
}

/// Counts a login.
fn count(waiting: &Waiting<'_>, login: &Login, outcome: &LoginOutcome) {
    let app = match outcome {
        // As for each failure.
        LoginOutcome::Used => "",
        _ => login.app_id().as_str(),
    };
    telemetry::login(waiting.client.id.as_str(), app, word(outcome));
}

/// The outcome, as metrics call it.
const fn word(outcome: &LoginOutcome) -> &'static str {
    match outcome {
        LoginOutcome::Conflict(_) => "conflict",
        LoginOutcome::Created(_) => "created",
        LoginOutcome::Disabled(_) => "disabled",
        LoginOutcome::Known(_) | LoginOutcome::Repeated(_) => "ok",
        LoginOutcome::Merged { .. } => "merged",
        LoginOutcome::Used => "used",
    }
}
