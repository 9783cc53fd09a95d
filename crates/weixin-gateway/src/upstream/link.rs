//! Which user a login is, and the session that follows from it: one transaction.

use std::sync::Arc;

use sqlx::AnyConnection;
use weixin::{
    UserIds,
    identity::{Identity, LinkOutcome},
};

use crate::{
    oidc::{Session, SessionId, UserId},
    store::{
        Durability, JobError, JobResult, Statements, Store, StoreError,
        identities::{self, Account},
        sessions::{self, EndReason, SessionLogin},
        users::{self, LockedUser},
    },
};

/// Attempts, if another login of the same user is faster each time.
const MAX_ATTEMPTS: u32 = 3;

/// A login that WeChat has confirmed.
#[derive(Debug)]
pub(crate) struct NewLogin {
    /// The IDs of the user, from the exchange.
    pub(crate) ids: UserIds,
    /// The session that this browser has at this issuer.
    pub(crate) current: Option<CurrentSession>,
    /// The session that begins, or takes the place of the current one.
    pub(crate) session: SessionLogin,
    /// The ID of a user who is created. It is random.
    pub(crate) new_user: UserId,
}

/// The valid session of the browser that logs in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CurrentSession {
    pub(crate) sid: SessionId,
    pub(crate) user: UserId,
}

impl From<&Session> for CurrentSession {
    fn from(session: &Session) -> Self {
        let (sid, user) = (session.sid, session.user);
        Self { sid, user }
    }
}

/// Who has logged in.
#[derive(Debug)]
pub(crate) enum LoginOutcome {
    /// A user who was created by this login.
    Created(Session),
    /// A user who was known.
    Known(Session),
    /// A user whom the operator has disabled.
    Disabled(UserId),
    /// Several users, or one with other IDs: the operator decides. Nothing has changed.
    Conflict(Vec<UserId>),
}

/// Finds or creates the user of a login, and begins or renews the session.
///
/// # Errors
///
/// [`StoreError`] if the store fails; [`StoreError::Conflict`] if other logins of this user were faster each time.
pub(crate) async fn log_in(store: &Store, login: NewLogin) -> Result<LoginOutcome, StoreError> {
    let login = Arc::new(login);
    let mut attempts = 0;
    loop {
        attempts += 1;
        match attempt(store, &login).await {
            Err(StoreError::Conflict) if attempts < MAX_ATTEMPTS => {}
            outcome => return outcome,
        }
    }
}

async fn attempt(store: &Store, login: &Arc<NewLogin>) -> Result<LoginOutcome, StoreError> {
    // A login that changes nothing but its session need not wait for the disk. Whether it is one is decided again in the
    // transaction.
    let accounts = store.accounts(&login.ids).await?;
    let durability = match login.ids.link(accounts) {
        LinkOutcome::Unchanged(user) if !login.ends_another(user) => Durability::Relaxed,
        _ => Durability::Durable,
    };
    let login = Arc::clone(login);
    store
        .write(durability, Statements::Several, move |connection| {
            Box::pin(async move { login.run(connection, durability).await })
        })
        .await
}

impl NewLogin {
    /// Whether the login ends the session of another user.
    fn ends_another(&self, user: UserId) -> bool {
        self.current.is_some_and(|current| current.user != user)
    }

    async fn run(
        &self,
        connection: &mut AnyConnection,
        durability: Durability,
    ) -> JobResult<LoginOutcome> {
        let accounts = identities::accounts(connection, &self.ids).await?;
        let known = |identity: &Identity| {
            let mut ids = accounts.iter().flat_map(|(_, ids)| ids.identities());
            ids.any(|id| id == *identity)
        };
        let new: Vec<_> = self.ids.identities().filter(|id| !known(id)).collect();
        match self.ids.link(accounts.iter().cloned()) {
            LinkOutcome::Create => self.create(connection, new).await,
            LinkOutcome::Unchanged(user) => {
                // Seen as unchanged before, and another user's session would end now: begin again, durably.
                if durability == Durability::Relaxed && self.ends_another(user) {
                    return Err(JobError::Conflict);
                }
                self.update(connection, user, Vec::new()).await
            }
            LinkOutcome::Update { account, .. } if durability == Durability::Durable => {
                self.update(connection, account, new).await
            }
            LinkOutcome::Update { .. } => Err(JobError::Conflict),
            LinkOutcome::Conflict(users) => Ok(LoginOutcome::Conflict(users)),
            // A merge is decided by the operator, as any kind of outcome that is not known here.
            _ => Ok(LoginOutcome::Conflict(users_of(&accounts))),
        }
    }

    async fn create(
        &self,
        connection: &mut AnyConnection,
        identities: Vec<Identity>,
    ) -> JobResult<LoginOutcome> {
        users::insert(connection, self.new_user, self.session.auth_time).await?;
        self.insert_identities(connection, self.new_user, identities)
            .await?;
        let session = self.begin_session(connection, self.new_user).await?;
        Ok(LoginOutcome::Created(session))
    }

    async fn update(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        identities: Vec<Identity>,
    ) -> JobResult<LoginOutcome> {
        match users::lock(connection, user, self.session.auth_time).await? {
            Some(LockedUser::Enabled) => {}
            Some(LockedUser::Disabled) => return Ok(LoginOutcome::Disabled(user)),
            None => return Err(JobError::Conflict),
        }
        self.insert_identities(connection, user, identities).await?;
        let session = self.begin_session(connection, user).await?;
        Ok(LoginOutcome::Known(session))
    }

    async fn insert_identities(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        identities: Vec<Identity>,
    ) -> JobResult<()> {
        let (expected, now) = (identities.len(), self.session.auth_time);
        let inserted = identities::insert(connection, user, identities, now).await?;
        if inserted < expected {
            return Err(JobError::Conflict);
        }
        Ok(())
    }

    /// Renews the session of the same user; ends that of another one.
    async fn begin_session(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
    ) -> JobResult<Session> {
        if let Some(CurrentSession { sid, user: current }) = self.current {
            if current == user {
                let renewed = sessions::renew(connection, sid, user, &self.session).await?;
                if let Some(session) = renewed {
                    return Ok(session);
                }
            } else {
                let now = self.session.auth_time;
                sessions::end(connection, sid, EndReason::OtherUser, now).await?;
            }
        }
        sessions::insert(connection, user, &self.session).await
    }
}

fn users_of(accounts: &[Account]) -> Vec<UserId> {
    let mut users: Vec<_> = accounts.iter().map(|(user, _)| *user).collect();
    users.dedup();
    users
}
