//! Pages for users, with the look and the headers of the login's own.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use weixin_axum::{LoginErrorKind, pages::PageText};

use super::{
    claimed_client::ClaimedClient,
    error::Failure,
    request_log,
    texts::{self, Text},
    visitor::Visitor,
    waiting::Waiting,
};
use crate::{
    audit::Reference,
    oidc::{AuthorizationResponse, Client, Delivery, ErrorCode, OAuthError},
    params::Params,
    random,
};

/// Sends the browser to a URL. By 303 a form is not posted there once more (RFC 9700 §4.12).
pub(super) fn redirect(url: &str) -> Response {
    match HeaderValue::try_from(url) {
        Ok(url) => (StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response(),
        // A registered URL and a form: ASCII.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Visitor {
    /// The request is unknown here: only the client can begin another one.
    pub(super) fn expired(&self) -> Response {
        self.error_page(StatusCode::GONE, &texts::EXPIRED)
    }

    /// An error of the client that must not be sent to the client (RFC 6749 §4.1.2.1).
    pub(super) fn invalid_request(&self, error: &OAuthError, params: Option<&Params>) -> Response {
        let text = match error.code {
            ErrorCode::UnauthorizedClient => &texts::DISABLED_CLIENT,
            _ => &texts::INVALID_REQUEST,
        };
        let client = params.map(|params| self.claimed_client(params));
        self.rejected_page(text, error, || client.unwrap_or_default())
    }

    /// A logout that its client must correct.
    pub(super) fn invalid_logout(&self, error: &OAuthError, params: Option<&Params>) -> Response {
        self.rejected_page(&texts::INVALID_LOGOUT, error, || {
            let client = params.map(|params| self.claimed_client_of_logout(params));
            client.unwrap_or_default()
        })
    }

    fn rejected_page(
        &self,
        text: &Text,
        error: &OAuthError,
        client: impl FnOnce() -> ClaimedClient,
    ) -> Response {
        self.sparingly_referring(|reference| {
            // What the log does not say needs no look at an ID token.
            let client = reference.map(|_| client()).unwrap_or_default();
            let error = Some((error, client));
            self.logged_error_page(StatusCode::BAD_REQUEST, text, error, reference)
        })
    }

    /// A form that a page of another site has posted.
    pub(super) fn foreign_form(&self) -> Response {
        self.error_page(StatusCode::FORBIDDEN, &texts::FOREIGN_FORM)
    }

    /// An error page for something that is no event of a login. Anyone can open as many of them as they like: the reference
    /// is in the log only.
    fn error_page(&self, status: StatusCode, text: &Text) -> Response {
        self.sparingly_referring(|reference| self.logged_error_page(status, text, None, reference))
    }

    /// Responds with an error that anyone can cause. Of an address that causes many, the log says nothing.
    pub(super) fn sparingly_logged(&self, respond: impl FnOnce() -> Response) -> Response {
        if self.provider.shared.rate_limit.allows_log(self.address) {
            respond()
        } else {
            request_log::without_lines(respond)
        }
    }

    /// The same for a page with a reference. It has one only if the log has it.
    fn sparingly_referring(&self, respond: impl FnOnce(Option<&str>) -> Response) -> Response {
        if self.provider.shared.rate_limit.allows_log(self.address) {
            respond(Some(&self.reference()))
        } else {
            request_log::without_lines(|| respond(None))
        }
    }

    /// The same with the note about the reference, which may be that of an event.
    pub(super) fn sparingly_noted(
        &self,
        is_event: bool,
        respond: impl FnOnce(Option<&str>) -> Response,
    ) -> Response {
        self.sparingly_referring(|logged| {
            let event = is_event.then(|| self.reference());
            let note = logged.or(event.as_deref()).map(|it| self.note(it));
            respond(note.as_deref())
        })
    }

    fn logged_error_page(
        &self,
        status: StatusCode,
        text: &Text,
        error: Option<(&OAuthError, ClaimedClient)>,
        reference: Option<&str>,
    ) -> Response {
        let language = self.language();
        let (error, sender) = error.unzip();
        let error = error.map(ToString::to_string);
        let (page, sender) = (text.title.en, sender.unwrap_or_default());
        tracing::info!(
            reference,
            page,
            error = error.as_deref(),
            client = sender.id,
            redirect_uri = sender.redirect_uri,
            post_logout_redirect_uri = sender.post_logout_redirect_uri,
            "an error page was shown"
        );
        let note = reference.map(|reference| self.note(reference));
        let (error, note) = (error.unwrap_or_default(), note.unwrap_or_default());
        let message = texts::paragraphs(&[text.message.pick(language), &error, &note]);
        let page = PageText::new(language, text.title.pick(language), message);
        self.page(status, &page)
    }

    /// The reference that an error page shows: that of the login, if the URL has the ID of a request, known or not.
    /// Otherwise it is a random one. All lines of the log for this request have it from now on.
    pub(super) fn reference(&self) -> String {
        let reference = match self.request {
            Some(id) => Ok(Reference::of(id)),
            None => random::bytes().map(Reference::from_bytes),
        };
        let Ok(reference) = reference else {
            return String::new();
        };
        request_log::refers_to(reference);
        reference.to_string()
    }

    /// The sentence that tells the user a reference.
    pub(super) fn note(&self, reference: &str) -> String {
        let label = texts::REFERENCE.pick(self.language());
        texts::labeled(label, reference)
    }

    /// A failure of the gateway.
    pub(super) fn failed(&self, failure: &Failure) -> Response {
        self.failed_with(failure, &texts::FAILED)
    }

    pub(super) fn failed_with(&self, failure: &Failure, text: &Text) -> Response {
        let mut response = self.sparingly_referring(|reference| match failure.busy() {
            Some(_) => self.busy(failure, reference),
            None => self.failure_page(failure, text, reference),
        });
        if let Some(seconds) = failure.retry_after() {
            let seconds = HeaderValue::from_static(seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }

    fn busy(&self, failure: &Failure, reference: Option<&str>) -> Response {
        failure.log_busy();
        let note = reference.map(|reference| self.note(reference));
        let page = self.text(&texts::BUSY, &note.unwrap_or_default());
        self.page(failure.status(), &page)
    }

    fn failure_page(&self, failure: &Failure, text: &Text, reference: Option<&str>) -> Response {
        failure.log(reference);
        let label = texts::FAILURE_REFERENCE.pick(self.language());
        let note = reference.map(|reference| texts::labeled(label, reference));
        let mut page = self.text(text, &note.unwrap_or_default());
        if self.is_get {
            // An empty reference is the URL of the page itself (RFC 3986 §4.4).
            page = page.link("", texts::TRY_AGAIN.pick(self.language()));
        }
        self.page(failure.status(), &page)
    }

    /// WeChat cannot be reached, or rejects the app: the user may try again, or tell the client.
    pub(super) fn unavailable(
        &self,
        waiting: &Waiting<'_>,
        kind: LoginErrorKind,
        error: OAuthError,
        note: Option<&str>,
    ) -> Response {
        let language = self.language();
        let text = match kind {
            LoginErrorKind::Configuration => texts::MISCONFIGURED,
            _ => Text {
                title: kind.title(),
                message: kind.message(),
            },
        };
        let mut page = self.text(&text, note.unwrap_or_default());
        if let Some(id) = waiting.id {
            page = page.link(
                self.provider.login_path(id),
                texts::TRY_AGAIN.pick(language),
            );
        }
        self.page(kind.status(), &self.with_way_back(page, waiting, error))
    }

    /// The operator must decide which user this is.
    pub(super) fn conflict(&self, waiting: &Waiting<'_>, reference: Reference) -> Response {
        let page = self.text(&texts::CONFLICT, &reference.to_string());
        let description = "this WeChat user belongs to several users of the gateway";
        let error = OAuthError::new(ErrorCode::AccessDenied, description);
        self.page(
            StatusCode::CONFLICT,
            &self.with_way_back(page, waiting, error),
        )
    }

    /// Adds a link that takes an error to the client, or leads to its home page.
    fn with_way_back(&self, page: PageText, waiting: &Waiting<'_>, error: OAuthError) -> PageText {
        let target = waiting.request.target();
        let response = AuthorizationResponse::error(target, &self.provider.issuer, error);
        let url = match response.delivery() {
            Delivery::Redirect(url) => Some(url),
            Delivery::Form { .. } => waiting.client.home.clone(),
        };
        match url {
            Some(url) => page.alternative(url, self.back_to(waiting.client)),
            None => page,
        }
    }

    pub(super) fn back_to(&self, client: &Client) -> String {
        let language = self.language();
        match &client.name {
            Some(name) => {
                let name = texts::isolated(name);
                format!("{} {name}", texts::BACK_TO.pick(language))
            }
            None => texts::BACK.pick(language).to_owned(),
        }
    }

    /// A page with a paragraph after its text, unless that is empty.
    pub(super) fn text(&self, text: &Text, detail: &str) -> PageText {
        let language = self.language();
        let message = texts::paragraphs(&[text.message.pick(language), detail]);
        PageText::new(language, text.title.pick(language), message)
    }

    pub(super) fn page(&self, status: StatusCode, page: &PageText) -> Response {
        self.provider.web_login.page(status, page).map(Body::from)
    }
}
