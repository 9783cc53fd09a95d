//! Logout that a client starts (RP-Initiated Logout 1.0 §2, §3, §6).

use axum::{
    body::Body,
    extract::RawQuery,
    http::{StatusCode, header::SET_COOKIE},
    response::Response,
};

use super::{
    error::Failure,
    form::{self, FormError},
    logout_page, pages, same_origin, texts,
    visitor::Visitor,
};
use crate::{
    oidc::{
        Logout, LogoutConfirmation, LogoutRequest, OAuthError, Session, SessionId, UserId, path,
    },
    params::Params,
    signed::{self, Unverified},
    store::session_end::EndReason,
};

/// How the parameters came.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Sent {
    Query,
    Form,
}

pub(super) async fn get(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let query = Params::parse(query.unwrap_or_default().as_bytes());
    visitor.end_session(query, Sent::Query).await
}

pub(super) async fn post(visitor: Visitor, body: Body) -> Response {
    let form = match form::read(&visitor, body).await {
        Ok(form) => Ok(form),
        Err(FormError::Request(error)) => Err(error),
        Err(FormError::Failure(failure)) => return visitor.failed(&failure),
    };
    visitor.end_session(form, Sent::Form).await
}

impl Visitor {
    async fn end_session(self, params: Result<Params, OAuthError>, sent: Sent) -> Response {
        let (issuer, shared) = (&self.provider.issuer, &self.provider.shared);
        let params = match params {
            Ok(params) => params,
            Err(error) => return self.invalid_logout(&error, None),
        };
        let request = LogoutRequest::check(&params, issuer, &shared.clients, &shared.keys);
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.invalid_logout(&error, Some(&params)),
        };
        let visitor = self.preferring_locales(request.ui_locales.as_deref());
        let response = visitor.log_out(&request, sent).await;
        response.unwrap_or_else(|failure| visitor.failed_with(&failure, &texts::LOGOUT_FAILED))
    }

    async fn log_out(&self, request: &LogoutRequest, sent: Sent) -> Result<Response, Failure> {
        let session = self.session_to_end().await?;
        if sent == Sent::Form && session.is_none() && request.is_bare() {
            // The form of another site comes without the cookie, which is `SameSite=Lax`.
            let path = self.provider.issuer.path();
            return Ok(pages::redirect(&format!("{path}{}", path::END_SESSION)));
        }
        let is_confirmed = sent == Sent::Form && self.is_confirmed(request, session.as_ref());
        let hinted = self.user_of_hint(request).await?;
        match request.decide(session.as_ref(), hinted, is_confirmed) {
            Logout::Now(sids) => {
                let ends_own = session.is_some_and(|session| sids.contains(&session.sid));
                let states = if ends_own {
                    self.provider.web_login.states_to_end(&self.headers)
                } else {
                    Vec::new()
                };
                self.end(request, (sids, states), is_confirmed).await?;
                let response = self.after_logout(request);
                if ends_own {
                    return Ok(self.without_login(response).await);
                }
                Ok(response)
            }
            Logout::Confirm(named) => {
                let named = named.into_iter().collect();
                self.end(request, (named, Vec::new()), false).await?;
                // There is a session to ask about.
                Ok(match session {
                    Some(session) => self.ask_about_logout(request, &session),
                    None => self.after_logout(request),
                })
            }
        }
    }

    /// Whether the page's own form was sent, in the browser of this session.
    fn is_confirmed(&self, request: &LogoutRequest, session: Option<&Session>) -> bool {
        let sent = request.confirmation.as_deref();
        let Some((sent, session)) = sent.and_then(Unverified::parse).zip(session) else {
            return false;
        };
        let master = &self.provider.shared.master;
        let confirmed: Option<LogoutConfirmation> = sent.verify(master, &session.secret);
        confirmed == Some(LogoutConfirmation(session.sid))
            && same_origin::may_be_own(&self.headers, &self.provider.issuer)
    }

    async fn user_of_hint(&self, request: &LogoutRequest) -> Result<Option<UserId>, Failure> {
        let Some((client, subject)) = request.hint() else {
            return Ok(None);
        };
        let store = &self.provider.shared.store;
        Ok(store.user_of_subject(client, subject).await?)
    }

    async fn end(
        &self,
        request: &LogoutRequest,
        (sids, states): (Vec<SessionId>, Vec<String>),
        is_confirmed: bool,
    ) -> Result<(), Failure> {
        let (store, now) = (&self.provider.shared.store, self.now());
        let reason = if is_confirmed {
            EndReason::LoggedOut
        } else {
            EndReason::LoggedOutByClient
        };
        let client = request.hint().map(|(client, _)| client.clone());
        let ended = store.end_sessions(sids, states, (reason, client), now);
        ended.await?;
        Ok(())
    }

    /// Back to the client, or a page.
    fn after_logout(&self, request: &LogoutRequest) -> Response {
        request.redirect().map_or_else(
            || self.logged_out_page(request),
            |url| pages::redirect(&url),
        )
    }

    /// This browser has no session any more, and the address of its callback, which the history has, does not begin another
    /// one. Only after the end of its own session: any site can open this URL, and must not end a login in progress.
    async fn without_login(&self, mut response: Response) -> Response {
        let removal = self.provider.cookie.removal();
        let ended = self.provider.web_login.end_login(&self.headers).await;
        response.headers_mut().append(SET_COOKIE, removal);
        for removal in ended.get_all(SET_COOKIE) {
            response.headers_mut().append(SET_COOKIE, removal.clone());
        }
        response
    }

    fn logged_out_page(&self, request: &LogoutRequest) -> Response {
        let page = self.text(&texts::LOGGED_OUT, "");
        let client = request
            .hint()
            .and_then(|(id, _)| self.provider.client(id.as_str()));
        let page = match client.map(|client| (client, client.home.as_ref())) {
            Some((client, Some(home))) => page.alternative(home, self.back_to(client)),
            _ => page,
        };
        self.page(StatusCode::OK, &page)
    }

    /// Asks whether this session shall end.
    fn ask_about_logout(&self, request: &LogoutRequest, session: &Session) -> Response {
        let confirmation = LogoutConfirmation(session.sid);
        let master = &self.provider.shared.master;
        let confirmation = signed::write(master, &confirmation, &session.secret);
        let mut fields = request.fields();
        fields.push(("confirmation", &confirmation));
        logout_page::page(self.language(), &fields)
    }
}
