//! The user is asked whether a client may have what it requests. The request's ID alone approves nothing: the form has a
//! token of the session, and a code goes only to the browser that holds it.

use std::sync::Arc;

use axum::{body::Body, extract::Path, response::Response};

use super::{
    consent_page::{ALLOW, DECISION, DECLINE, Question, TOKEN},
    error::Failure,
    form, pages, same_origin,
    visitor::Visitor,
    waiting::Waiting,
};
use crate::{
    audit::{Event, EventKind, Reference},
    oidc::{Consent, ConsentForm, Decision, ErrorCode, OAuthError, RequestId, Session},
    params::Params,
    signed::{self, Unverified},
};

pub(super) async fn get(visitor: Visitor, Path(id): Path<String>) -> Response {
    let provider = Arc::clone(&visitor.provider);
    let visitor = visitor.at(id.parse().ok());
    let waiting = match provider.waiting_with(&id).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return visitor.expired(),
        Err(failure) => return visitor.failed(&failure),
    };
    let visitor = visitor.preferring(&waiting.request);
    let response = visitor.consent_page(waiting).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

pub(super) async fn post(visitor: Visitor, Path(id): Path<String>, body: Body) -> Response {
    let provider = Arc::clone(&visitor.provider);
    let visitor = visitor.at(id.parse().ok());
    if !same_origin::may_be_own(&visitor.headers, &provider.issuer) {
        return visitor.foreign_form();
    }
    let form = match form::read(&visitor, body).await {
        Ok(form) => form,
        Err(error) => return visitor.without_form(&error),
    };
    let waiting = match provider.waiting_with(&id).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return visitor.expired(),
        Err(failure) => return visitor.failed(&failure),
    };
    let visitor = visitor.preferring(&waiting.request);
    let response = visitor.answered(waiting, &form).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

impl Visitor {
    /// Sends the browser to the page, which has a URL of its own: that of a callback contains WeChat's code.
    pub(super) fn ask_for_consent(&self, request: RequestId) -> Response {
        pages::redirect(&self.provider.consent_path(request))
    }

    /// The page, if it is what the request waits for.
    async fn consent_page(&self, waiting: Waiting<'_>) -> Result<Response, Failure> {
        let Some(id) = waiting.id else {
            return Ok(self.expired());
        };
        let session = self.session_for(id).await?;
        let decision = self.decide(&waiting, session.as_ref(), None).await?;
        let (Decision::Consent, Some(session)) = (decision, session) else {
            return Ok(pages::redirect(&self.provider.login_path(id)));
        };
        let shared = &self.provider.shared;
        let form = form_of(&waiting, id, &session);
        let token = signed::write(&shared.master, &form, &session.secret);
        let profile = shared.store.profile(session.user).await?;
        let nickname = profile.and_then(|profile| profile.nickname);
        let page = Question {
            language: self.language(),
            waiting: &waiting,
            nickname: nickname.as_deref(),
            action: self.provider.consent_path(id),
            token,
        };
        Ok(page.into_response())
    }

    /// What follows from the form. One that does not fit any more, such as after another user has logged in, is shown
    /// again.
    async fn answered(&self, waiting: Waiting<'_>, form: &Params) -> Result<Response, Failure> {
        let Some(id) = waiting.id else {
            return Ok(self.expired());
        };
        let again = Ok(pages::redirect(&self.provider.login_path(id)));
        let Some(session) = self.session_for(id).await? else {
            return again;
        };
        if !self.is_form(form, form_of(&waiting, id, &session), &session) {
            return again;
        }
        match form.get(DECISION) {
            Ok(Some(ALLOW)) => self.allowed(waiting, id, &session).await,
            Ok(Some(DECLINE)) => self.declined(&waiting, id, &session).await,
            _ => again,
        }
    }

    fn is_form(&self, form: &Params, expected: ConsentForm, session: &Session) -> bool {
        let token = form.get(TOKEN).ok().flatten();
        let token = token.and_then(Unverified::<ConsentForm>::parse);
        let keys = &self.provider.shared.master;
        let verified = token.and_then(|token| token.verify(keys, &session.secret));
        verified == Some(expected)
    }

    async fn allowed(
        &self,
        waiting: Waiting<'_>,
        id: RequestId,
        session: &Session,
    ) -> Result<Response, Failure> {
        let decision = self.decide(&waiting, Some(session), Some(Consent::Given));
        let decision = decision.await?;
        if decision == Decision::Respond {
            let scopes = waiting.request.consent_scopes();
            let (store, client) = (&self.provider.shared.store, &waiting.client.id);
            store
                .allow(session.user, client, scopes, self.now())
                .await?;
            let event = self.consent_event(EventKind::ConsentGiven, &waiting, id, session);
            let detail = Some(scopes.to_string());
            store.record_answer(id, Event { detail, ..event }).await?;
        }
        self.carry_out(decision, waiting, Some(session)).await
    }

    async fn declined(
        &self,
        waiting: &Waiting<'_>,
        id: RequestId,
        session: &Session,
    ) -> Result<Response, Failure> {
        let event = self.consent_event(EventKind::ConsentDeclined, waiting, id, session);
        self.provider.shared.store.record_answer(id, event).await?;
        let description = "the user declined";
        let error = OAuthError::new(ErrorCode::AccessDenied, description);
        Ok(self.reject(waiting.request.target(), error))
    }

    fn consent_event(
        &self,
        kind: EventKind,
        waiting: &Waiting<'_>,
        id: RequestId,
        session: &Session,
    ) -> Event {
        Event {
            client: Some(waiting.client.id.clone()),
            user: Some(session.user),
            reference: Some(Reference::of(id)),
            ..Event::new(self.now(), kind)
        }
    }
}

/// What the token of the form covers.
fn form_of(waiting: &Waiting<'_>, request: RequestId, session: &Session) -> ConsentForm {
    ConsentForm {
        session: session.sid,
        request,
        scopes: waiting.request.consent_scopes(),
    }
}
