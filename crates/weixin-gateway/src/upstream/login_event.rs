//! The event of a login, written in the transaction of the login: neither is stored without the other.

use sqlx::AnyConnection;
use weixin_axum::LoginErrorKind;

use super::login_outcome::LoginOutcome;
use crate::{
    audit::{Event, EventKind, Reference},
    oidc::{ClientId, Session, UserId},
    random::NoRandomBytes,
    store::{
        JobError, JobResult, Store, StoreError,
        audit::{self, EventId},
        session_login::SessionLogin,
    },
};

/// What the event of a login says beside its outcome.
#[derive(Debug)]
pub(crate) struct LoginEvent {
    id: EventId,
    client: ClientId,
}

impl LoginEvent {
    /// The event of a login for this client.
    ///
    /// # Errors
    ///
    /// [`NoRandomBytes`] if the operating system has none.
    pub(crate) fn new(client: ClientId) -> Result<Self, NoRandomBytes> {
        let id = EventId::random()?;
        Ok(Self { id, client })
    }

    /// Records what follows from a login, in its transaction.
    pub(super) async fn insert(
        &self,
        connection: &mut AnyConnection,
        outcome: &LoginOutcome,
        login: &SessionLogin,
    ) -> JobResult<()> {
        if matches!(outcome, LoginOutcome::Repeated(_)) {
            return Ok(());
        }
        let event = self.event(outcome, login);
        let id = match event.kind {
            // A login that fails is repeated by its user, or by a program.
            EventKind::LoginRejected => EventId::once(login.request, &event),
            _ => self.id.clone(),
        };
        let inserted = audit::insert(connection, id, event).await;
        inserted.map_err(JobError::not_undone)
    }

    /// Records a login without the user's dialog, in its transaction.
    pub(super) async fn insert_silent(
        &self,
        connection: &mut AnyConnection,
        session: &Session,
        login: &SessionLogin,
    ) -> JobResult<()> {
        let event = self.of_user(EventKind::LoginSilent, Some(session.user), login);
        let inserted = audit::insert(connection, self.id.clone(), event).await;
        inserted.map_err(JobError::not_undone)
    }

    /// Records a conflict, which has changed nothing.
    pub(super) async fn record_conflict(
        &self,
        store: &Store,
        outcome: &LoginOutcome,
        login: &SessionLogin,
    ) -> Result<(), StoreError> {
        let event = self.event(outcome, login);
        store.record_once(login.request, event).await
    }

    fn event(&self, outcome: &LoginOutcome, login: &SessionLogin) -> Event {
        let (kind, user, detail) = match outcome {
            LoginOutcome::Created(begun) => {
                (EventKind::UserCreated, Some(begun.session.user), None)
            }
            LoginOutcome::Known(begun) | LoginOutcome::Repeated(begun) => {
                (EventKind::LoginOk, Some(begun.session.user), None)
            }
            LoginOutcome::Merged { begun, absorbed } => {
                let absorbed = Some(absorbed.to_string());
                (EventKind::UserMerged, Some(begun.session.user), absorbed)
            }
            LoginOutcome::Disabled(user) => {
                let reason = Some("disabled".to_owned());
                (EventKind::LoginRejected, Some(*user), reason)
            }
            LoginOutcome::Used => {
                let reason = LoginErrorKind::Used.as_str().to_owned();
                (EventKind::LoginRejected, None, Some(reason))
            }
            LoginOutcome::Conflict(users) => (EventKind::UserConflict, None, Some(list(users))),
        };
        Event {
            detail,
            ..self.of_user(kind, user, login)
        }
    }

    fn of_user(&self, kind: EventKind, user: Option<UserId>, login: &SessionLogin) -> Event {
        Event {
            client: Some(self.client.clone()),
            user,
            reference: Some(Reference::of(login.request)),
            ..Event::new(login.auth_time, kind)
        }
    }
}

fn list(users: &[UserId]) -> String {
    let users: Vec<_> = users.iter().map(ToString::to_string).collect();
    users.join(" ")
}
