//! Carries out the decision about an authorization request.

use axum::response::{IntoResponse, Response};

use super::{error::Failure, form_post, pages, visitor::Visitor, waiting::Waiting};
use crate::{
    oidc::{
        AuthorizationRequest, AuthorizationResponse, Code, Consent, ConsentPolicy, Context,
        Decision, Delivery, Dialog, ErrorTarget, GrantId, Hint, OAuthError, RequestId, Scopes,
        Session, UserId,
    },
    random, signed, telemetry,
};

impl Visitor {
    /// Responds to a request, given the session of this browser.
    pub(super) async fn proceed(
        &self,
        waiting: Waiting<'_>,
        session: Option<&Session>,
    ) -> Result<Response, Failure> {
        let decision = self.decide(&waiting, session, None).await?;
        self.carry_out(decision, waiting, session).await
    }

    /// Decides by what is stored now, and by the consent that has just been given.
    pub(super) async fn decide(
        &self,
        waiting: &Waiting<'_>,
        session: Option<&Session>,
        given: Option<Consent>,
    ) -> Result<Decision, Failure> {
        let consent = match given {
            Some(given) => given,
            None => self.consent(waiting, session).await?,
        };
        let context = Context {
            session,
            idle: self.provider.shared.lifetimes.session_idle,
            request: waiting.id,
            hinted: self.hinted(&waiting.request).await?,
            policy: waiting.client.consent,
            consent,
            may_be_silent: self.may_log_in_silently(waiting),
        };
        Ok(waiting.request.decide(context, self.now()))
    }

    pub(super) async fn carry_out(
        &self,
        decision: Decision,
        waiting: Waiting<'_>,
        session: Option<&Session>,
    ) -> Result<Response, Failure> {
        match decision {
            Decision::Respond => self.respond(&waiting.request, session).await,
            Decision::Login(dialog) => {
                let id = self.stored(&waiting).await?;
                self.start(id, dialog)
            }
            Decision::SilentLogin => Ok(self.start_silently(waiting).await),
            Decision::Consent => Ok(self.ask_for_consent(self.stored(&waiting).await?)),
            Decision::Reject(error) => Ok(self.reject(waiting.request.target(), error)),
        }
    }

    /// The ID of a request that must wait.
    pub(super) async fn stored(&self, waiting: &Waiting<'_>) -> Result<RequestId, Failure> {
        match waiting.id {
            Some(id) if waiting.is_pushed => {
                self.open_pushed(id, waiting.client).await?;
                Ok(id)
            }
            Some(id) => Ok(id),
            None => self.store(&waiting.request).await,
        }
    }

    /// What the user has allowed before, if the client's policy depends on it.
    async fn consent(
        &self,
        waiting: &Waiting<'_>,
        session: Option<&Session>,
    ) -> Result<Consent, Failure> {
        let client = waiting.client;
        let (ConsentPolicy::First, Some(session)) = (client.consent, session) else {
            return Ok(Consent::Stored(Scopes::default()));
        };
        let store = &self.provider.shared.store;
        Ok(Consent::Stored(
            store.consented(session.user, &client.id).await?,
        ))
    }

    /// The user whom the client expects.
    async fn hinted(&self, request: &AuthorizationRequest) -> Result<Option<UserId>, Failure> {
        let Some(Hint::User(subject)) = &request.hint else {
            return Ok(None);
        };
        let store = &self.provider.shared.store;
        Ok(store.user_of_subject(&request.client, subject).await?)
    }

    /// A code for the client. Nothing is stored: redeeming it inserts the grant under the ID that it carries.
    async fn respond(
        &self,
        request: &AuthorizationRequest,
        session: Option<&Session>,
    ) -> Result<Response, Failure> {
        let Some(session) = session else {
            return Ok(self.expired());
        };
        let (shared, now) = (&self.provider.shared, self.now());
        shared.store.session_seen(session, now).await?;
        telemetry::code(request.client.as_str());
        let grant = GrantId::from_bytes(random::bytes()?);
        let code = Code::new(request, session, grant, now);
        let code = signed::write(&shared.master, &code, &session.secret);
        let response = AuthorizationResponse::code(request.target(), &self.provider.issuer, code);
        Ok(self.deliver(response))
    }

    /// Sends the browser to WeChat.
    fn start(&self, id: RequestId, dialog: Dialog) -> Result<Response, Failure> {
        let start = self.provider.web_login.start(&self.headers)?;
        let start = start.return_to(self.provider.login_path(id).parse().ok());
        let start = match dialog {
            Dialog::AsNeeded => start,
            Dialog::Forced => start.force_dialog(),
        };
        Ok(start.into_response())
    }

    /// Sends an error to the client.
    pub(super) fn reject(&self, target: ErrorTarget, error: OAuthError) -> Response {
        self.deliver(AuthorizationResponse::error(
            target,
            &self.provider.issuer,
            error,
        ))
    }

    fn deliver(&self, response: AuthorizationResponse) -> Response {
        match response.delivery() {
            Delivery::Redirect(url) => pages::redirect(&url),
            Delivery::Form { action, fields } => form_post::page(self.language(), &action, &fields),
        }
    }
}
