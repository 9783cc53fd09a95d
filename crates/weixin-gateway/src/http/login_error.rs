//! A login with WeChat that failed: what the client gets, and what the user sees.

use axum::response::{IntoResponse, Response};
use weixin::AppId;
use weixin_axum::{LoginError, LoginErrorKind};

use super::{pages, provider::CALLBACK, visitor::Visitor, waiting::Waiting};
use crate::{
    audit::{Event, EventKind, Reference},
    error_text::causes,
    oidc::{Dialog, ErrorCode, OAuthError, RequestId},
    telemetry,
};

impl Visitor {
    pub(super) async fn not_logged_in(
        &self,
        error: LoginError,
        waiting: Option<Waiting<'_>>,
    ) -> Response {
        let Some(waiting) = waiting else {
            // Logged in once more, the user would still be nowhere: only the client knows where to go.
            return self.lost(error);
        };
        let is_event = self.record_failure(&waiting, &error).await;
        // The callback has counted the others, and a page can be loaded again.
        if !error.is_from_url() {
            // Until the exchange, nothing says which app it was.
            let app = error.app_id().map_or("", AppId::as_str);
            telemetry::login(waiting.client.id.as_str(), app, error.kind().as_str());
        }
        if error.kind() == LoginErrorKind::Restarted {
            return self.sparingly_logged(|| self.restarted(&waiting, error));
        }
        let error = error.in_language(self.language());
        if error.kind() == LoginErrorKind::InFrame {
            return self.sparingly_logged(|| error.into_response());
        }
        // Programs get JSON at once. What a URL says of a failure is no reason to tell the client of one.
        let may_respond = !error.is_page() && !error.is_from_url();
        if let (true, Some(denied)) = (may_respond, denied(error.kind())) {
            return self.reject(waiting.request.target(), denied);
        }
        match way_back(error.kind()) {
            Some(at_client) if error.is_page() && !self.wants_json() => self
                .sparingly_noted(is_event, |note| {
                    self.unavailable(&waiting, error.kind(), at_client, note)
                }),
            // The number of those that WeChat was asked about is limited.
            _ if error.weixin().is_some() => {
                let note = self.note(&self.reference());
                self.logged(&waiting, error, Some(&note))
            }
            _ => self.sparingly_noted(is_event, |note| self.logged(&waiting, error, note)),
        }
    }

    /// Records why a login failed, once for each request and kind, and so many times a minute for each address: anyone can
    /// open callbacks. Without it, the user still gets the page. Returns whether there is an event.
    async fn record_failure(&self, waiting: &Waiting<'_>, error: &LoginError) -> bool {
        use LoginErrorKind::{InFrame, Restarted};
        let Some(id) = waiting.id else {
            return false;
        };
        if matches!(error.kind(), InFrame | Restarted) {
            return false;
        }
        let event = Event {
            client: Some(waiting.client.id.clone()),
            reference: Some(Reference::of(id)),
            detail: Some(self.reason(error)),
            ..Event::new(self.now(), EventKind::LoginRejected)
        };
        let shared = &self.provider.shared;
        let is_recorded = if error.is_from_url() || !shared.rate_limit.allows_event(self.address) {
            shared.store.is_recorded(id, &event).await
        } else {
            shared.store.record_once(id, event).await.map(|()| true)
        };
        is_recorded.unwrap_or_else(|error| {
            tracing::warn!(
                error = causes(&error),
                "the reason of a failed login was not recorded"
            );
            false
        })
    }

    /// The kind of a failure, WeChat's error code if it sent one, and the app. Its name can have spaces: it comes last.
    fn reason(&self, error: &LoginError) -> String {
        let mut reason = error.kind().as_str().to_owned();
        if let Some(weixin::Error::Api(api)) = error.weixin() {
            reason = format!("{reason} {}", api.code);
        }
        match self.app_of(error) {
            Some(app) => format!("{reason} app={app}"),
            None => reason,
        }
    }

    /// What the configuration calls the app of a call to WeChat that failed.
    pub(super) fn app_of(&self, error: &LoginError) -> Option<&str> {
        let name = self.provider.app_names.get(error.app_id()?)?;
        Some(name)
    }

    fn logged(&self, waiting: &Waiting<'_>, error: LoginError, note: Option<&str>) -> Response {
        let reference = waiting.id.map(|id| Reference::of(id).to_string());
        let (client, kind) = (waiting.client.id.as_str(), error.kind().as_str());
        let app = self.app_of(&error);
        tracing::info!(reference, client, app, kind, "a login failed");
        match note {
            Some(note) => error.with_note(note).into_response(),
            None => error.into_response(),
        }
    }

    /// The response to a login that WeChat accepts and the gateway does not. The event of its reference has the users.
    pub(super) fn not_accepted(
        &self,
        waiting: &Waiting<'_>,
        kind: &'static str,
        respond: impl FnOnce() -> Response,
    ) -> Response {
        self.sparingly_logged(|| {
            let reference = waiting.id.map(|id| Reference::of(id).to_string());
            let client = waiting.client.id.as_str();
            tracing::info!(reference, client, kind, "a login failed");
            respond()
        })
    }

    fn lost(&self, error: LoginError) -> Response {
        match error.kind() {
            LoginErrorKind::InFrame => self.sparingly_logged(|| error.into_response()),
            _ if self.wants_json() => self.sparingly_logged(|| error.into_response()),
            _ if error.is_page() => self.expired(),
            _ => self.leave_callback(),
        }
    }

    /// Redirects to the page of an expired login, at a URL without a code.
    pub(super) fn leave_callback(&self) -> Response {
        let path = self.provider.issuer.path();
        let url = format!("{path}{CALLBACK}?login_error=expired");
        self.sparingly_logged(|| pages::redirect(&url))
    }

    /// Redirects to the page of a login that was used before, which offers to log in again for the same request.
    pub(super) fn used_callback(&self, request: RequestId) -> Response {
        let (path, used) = (self.provider.issuer.path(), LoginErrorKind::Used.as_str());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("login_error", used)
            .append_pair("return_to", &self.provider.login_path(request))
            .finish();
        pages::redirect(&format!("{path}{CALLBACK}?{query}"))
    }

    /// A login that starts again because the browser has lost its cookie. It shows what the client wanted.
    fn restarted(&self, waiting: &Waiting<'_>, error: LoginError) -> Response {
        if waiting.request.dialog() == Dialog::AsNeeded {
            return error.into_response();
        }
        let start = self.provider.web_login.restarted(&error, &self.headers);
        match start {
            Some(start) => start.force_dialog().into_response(),
            None => error.into_response(),
        }
    }
}

/// The error of the client, for a user who declined, or whom WeChat rejects.
fn denied(kind: LoginErrorKind) -> Option<OAuthError> {
    let description = match kind {
        LoginErrorKind::Declined => "the user declined in WeChat",
        LoginErrorKind::UserRejected => "WeChat rejects this user",
        _ => return None,
    };
    Some(OAuthError::new(ErrorCode::AccessDenied, description))
}

/// The error that the client gets if the user goes back to it.
fn way_back(kind: LoginErrorKind) -> Option<OAuthError> {
    let (code, description) = match kind {
        LoginErrorKind::Busy => (
            ErrorCode::TemporarilyUnavailable,
            "too many users are logging in at this gateway",
        ),
        LoginErrorKind::Unreachable => (
            ErrorCode::TemporarilyUnavailable,
            "WeChat is not available to this gateway",
        ),
        LoginErrorKind::Configuration => (
            ErrorCode::ServerError,
            "this gateway is misconfigured for logins with WeChat",
        ),
        _ => return None,
    };
    Some(OAuthError::new(code, description))
}
