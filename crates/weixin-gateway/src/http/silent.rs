//! A login inside WeChat that shows nothing (`prompt=none`, Core §3.1.2.1). Whatever happens, the browser goes back to the
//! client: no page of this gateway's, and none of the login's own, is shown.

use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Response},
};
use weixin_axum::{Login, LoginError, StartLogin, VerifiedCallback};

use super::{error::Failure, visitor::Visitor, waiting::Waiting};
use crate::{
    audit::Reference,
    error_text::causes,
    oidc::{ErrorCode, LoginMethod, OAuthError, RequestId},
    store::session_login::{BrowserSession, SessionLogin},
    upstream::{
        current_session::CurrentSession,
        login_event::LoginEvent,
        silent::{self, SilentLogin},
    },
};

impl Visitor {
    /// Whether WeChat can confirm the user of this browser without asking.
    pub(super) fn may_log_in_silently(&self, waiting: &Waiting<'_>) -> bool {
        let is_wanted = waiting.client.silent_login && waiting.request.prompt.shows_nothing();
        is_wanted && self.silent_start().is_some()
    }

    /// Programs would get JSON, which is something.
    fn silent_start(&self) -> Option<StartLogin> {
        let start = self.provider.web_login.start_silently(&self.headers);
        start.filter(|start| !start.browser().wants_json)
    }

    pub(super) async fn start_silently(&self, waiting: Waiting<'_>) -> Response {
        let (start, id) = (self.silent_start(), self.stored(&waiting).await);
        match (start, id) {
            (Some(start), Ok(id)) => {
                let path = self.provider.login_path(id).parse().ok();
                start.return_to(path).into_response()
            }
            (_, Err(failure)) => self.not_silently(&waiting, Some(&failure)),
            (None, _) => self.not_silently(&waiting, None),
        }
    }

    /// WeChat's callback for a request that shows nothing.
    pub(super) async fn silent_callback(
        &self,
        callback: Result<VerifiedCallback, LoginError>,
        waiting: Waiting<'_>,
    ) -> Response {
        match self.returned(callback, &waiting).await {
            Ok(Some(response)) => response,
            Ok(None) => self.not_silently(&waiting, None),
            Err(failure) => self.not_silently(&waiting, Some(&failure)),
        }
    }

    /// `None`: the user is not logged in.
    async fn returned(
        &self,
        callback: Result<VerifiedCallback, LoginError>,
        waiting: &Waiting<'_>,
    ) -> Result<Option<Response>, Failure> {
        // Another tab may have logged in meanwhile.
        if let Some(session) = self.session().await? {
            let response = self.proceed(waiting.clone(), Some(&session)).await;
            return response.map(Some);
        }
        let current = self.current_session().await?;
        let login = match callback {
            Ok(callback) => self.exchange(callback).await?,
            Err(error) => Err(error),
        };
        match (login, waiting.id) {
            (Ok(login), Some(id)) if waiting.client.silent_login => {
                self.log_in_silently(waiting, (id, &login), current).await
            }
            (Ok(_), _) => Ok(None),
            (Err(error), _) => {
                if self.provider.shared.rate_limit.allows_log(self.address) {
                    self.log(waiting, &error);
                }
                Ok(None)
            }
        }
    }

    async fn log_in_silently(
        &self,
        waiting: &Waiting<'_>,
        (id, login): (RequestId, &Login),
        current: Option<CurrentSession>,
    ) -> Result<Option<Response>, Failure> {
        let shared = &self.provider.shared;
        // Each repeat costs a write.
        if login.is_repeat() && !shared.rate_limit.allows(self.address) {
            return Err(Failure::TooManyLogins);
        }
        let new = SilentLogin {
            ids: login.user_ids(),
            client: waiting.client.id.clone(),
            current,
            session: SessionLogin {
                method: LoginMethod::Silent,
                ..self.session_login(id, login)?
            },
            event: LoginEvent::new(waiting.client.id.clone())?,
        };
        let session = silent::log_in(&shared.store, new);
        let Some(BrowserSession { session, cookie }) = session.await? else {
            return Ok(None);
        };
        // The session has its new cookie also if what follows fails.
        let proceeded = self.proceed(waiting.clone(), Some(&session)).await;
        let mut response =
            proceeded.unwrap_or_else(|failure| self.not_silently(waiting, Some(&failure)));
        let cookie = self.provider.cookie.set(&cookie, &shared.lifetimes);
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(Some(response))
    }

    fn log(&self, waiting: &Waiting<'_>, error: &LoginError) {
        let reference = waiting.id.map(|id| Reference::of(id).to_string());
        let (client, kind) = (waiting.client.id.as_str(), error.kind().as_str());
        let app = self.app_of(error);
        let error = error.weixin().map(|error| causes(error));
        tracing::info!(reference, client, app, kind, error, "a silent login failed");
    }

    fn not_silently(&self, waiting: &Waiting<'_>, failure: Option<&Failure>) -> Response {
        let respond = || {
            let error = OAuthError::new(ErrorCode::LoginRequired, "the user must log in");
            self.reject(waiting.request.target(), error)
        };
        let Some(failure) = failure else {
            return respond();
        };
        self.sparingly_logged(|| {
            let reference = waiting.id.map(|id| Reference::of(id).to_string());
            match failure.busy() {
                Some(_) => failure.log_busy(),
                None => failure.log(reference.as_deref()),
            }
            respond()
        })
    }
}
