//! Which user a login is, and the session that follows from it: one transaction.

use std::sync::Arc;

use sqlx::AnyConnection;
use weixin::{
    UserIds,
    identity::{Identity, LinkOutcome},
};

use super::{
    current_session::{self, CurrentSession},
    login_event::LoginEvent,
    login_outcome::LoginOutcome,
};
use crate::{
    oidc::UserId,
    secret::RowSecret,
    store::{
        Durability, JobError, JobResult, Store, StoreError, Undo,
        identities::{self, Account, LoginIdentities, UnionIds},
        logins,
        merges::{LockedPair, Merge},
        session_login::{self, BrowserSession, SessionLogin},
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
    /// The session that this browser has at this issuer, also an idle one.
    pub(crate) current: Option<CurrentSession>,
    /// The session that begins, or takes the place of the current one.
    pub(crate) session: SessionLogin,
    /// The ID of a user who is created. It is random.
    pub(crate) new_user: UserId,
    /// As the app is configured.
    pub(crate) unionids: UnionIds,
    /// What is recorded.
    pub(crate) event: LoginEvent,
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
        let outcome = attempt(store, &login).await;
        if let Ok(conflict @ LoginOutcome::Conflict(_)) = &outcome {
            let event = &login.event;
            event
                .record_conflict(store, conflict, &login.session)
                .await?;
        }
        match outcome {
            Err(StoreError::Conflict) if attempts < MAX_ATTEMPTS => {}
            Err(error) if error.is_rolled_back() && attempts < MAX_ATTEMPTS => {}
            outcome => return outcome,
        }
    }
}

/// Decides by what is stored now, and stores what follows if that is still true.
async fn attempt(store: &Store, login: &Arc<NewLogin>) -> Result<LoginOutcome, StoreError> {
    let Some(identities) = LoginIdentities::new(login.ids.identities()) else {
        return Ok(LoginOutcome::Conflict(Vec::new()));
    };
    let accounts = store.accounts(&login.ids, login.unionids).await?;
    let login = Arc::clone(login);
    let (durability, undo) = match login.ids.link(accounts.iter().cloned()) {
        // It changes nothing but a session, which a user can repeat.
        LinkOutcome::Unchanged(user) if !login.ends_another(user) => {
            (Durability::Relaxed, Undo::Nothing)
        }
        LinkOutcome::Unchanged(_) => (Durability::Durable, Undo::Nothing),
        LinkOutcome::Create | LinkOutcome::Update { .. } | LinkOutcome::Merge { .. } => {
            (Durability::Durable, Undo::Savepoint)
        }
        LinkOutcome::Conflict(users) => return Ok(LoginOutcome::Conflict(users)),
        _ => return Ok(LoginOutcome::Conflict(Vec::new())),
    };
    let work = store.write(durability, undo, move |connection| {
        Box::pin(async move {
            let outcome = match login.ids.link(accounts) {
                LinkOutcome::Create => login.create(connection, &identities).await?,
                LinkOutcome::Unchanged(user) => login.enter(connection, user, &identities).await?,
                LinkOutcome::Update { account, .. } => login.update(connection, account).await?,
                LinkOutcome::Merge { into, from, .. } => {
                    let (kept, absorbed) = (into, from);
                    login.merge(connection, Merge { kept, absorbed }).await?
                }
                _ => return Err(JobError::Conflict),
            };
            let event = &login.event;
            event.insert(connection, &outcome, &login.session).await?;
            Ok(outcome)
        })
    });
    work.await
}

impl NewLogin {
    /// Whether the login ends the session of another user.
    fn ends_another(&self, user: UserId) -> bool {
        self.current
            .is_some_and(|current| current.ends_with_login_of(user))
    }

    /// Whether the session of this login begins now. Asked once the users are locked and before identities are inserted, so
    /// that two callbacks never wait for each other.
    async fn is_first(&self, connection: &mut AnyConnection) -> JobResult<bool> {
        Ok(logins::begin(connection, &self.session).await?.is_none())
    }

    /// Creates a user: if one of the identities is taken meanwhile, inserting them is a conflict.
    async fn create(
        &self,
        connection: &mut AnyConnection,
        identities: &LoginIdentities,
    ) -> JobResult<LoginOutcome> {
        if !self.is_first(connection).await? {
            let accounts = identities::accounts(connection, &self.ids, self.unionids).await?;
            return match self.ids.link(accounts) {
                LinkOutcome::Create => Ok(LoginOutcome::Used),
                _ => Err(JobError::Conflict), // the first callback has created the user
            };
        }
        let (user, now) = (self.new_user, self.session.auth_time);
        identities::insert(connection, user, identities, now).await?;
        let inserted = users::insert(connection, user, now).await;
        inserted.map_err(JobError::not_undone)?;
        let begun = self.begin_session(connection, user).await?;
        Ok(LoginOutcome::Created(begun))
    }

    /// Logs a user in who has all identities of the login.
    async fn enter(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        identities: &LoginIdentities,
    ) -> JobResult<LoginOutcome> {
        let now = self.session.auth_time;
        let locked = users::lock_owner(connection, user, identities, now).await?;
        self.logged_in(connection, user, locked).await
    }

    /// Gives a user the identities that are new. Two logins could give the same user IDs that contradict each other, so
    /// that the decision is repeated once the user is locked.
    async fn update(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
    ) -> JobResult<LoginOutcome> {
        let locked = users::lock(connection, user, self.session.auth_time).await?;
        let accounts = identities::accounts(connection, &self.ids, self.unionids).await?;
        match self.ids.link(accounts.iter().cloned()) {
            LinkOutcome::Update { account, .. } if account == user => {}
            _ => return Err(JobError::Conflict),
        }
        if locked != Some(LockedUser::Enabled) {
            return self.logged_in(connection, user, locked).await;
        }
        if !self.is_first(connection).await? {
            return Ok(LoginOutcome::Used);
        }
        self.insert_new(connection, user, &accounts).await?;
        self.begin(connection, user).await
    }

    /// Merges two users, whose UnionID was not known before. Neither may be disabled: a merge would enable that user.
    async fn merge(&self, connection: &mut AnyConnection, merge: Merge) -> JobResult<LoginOutcome> {
        let now = self.session.auth_time;
        let LockedPair { kept, absorbed } = merge.lock(connection, now).await?;
        let accounts = identities::accounts(connection, &self.ids, self.unionids).await?;
        match self.ids.link(accounts.iter().cloned()) {
            LinkOutcome::Merge { into, from, .. }
                if (into, from) == (merge.kept, merge.absorbed) => {}
            _ => return Err(JobError::Conflict),
        }
        for (user, state) in [(merge.kept, kept), (merge.absorbed, absorbed)] {
            if state == LockedUser::Disabled {
                return Ok(LoginOutcome::Disabled(user));
            }
        }
        if !self.is_first(connection).await? {
            return Ok(LoginOutcome::Used);
        }
        self.insert_new(connection, merge.kept, &accounts).await?;
        merge.store(connection, now).await?;
        users::forget_logout(connection, merge.kept).await?;
        let begun = self.begin_session(connection, merge.kept).await?;
        let absorbed = merge.absorbed;
        Ok(LoginOutcome::Merged { begun, absorbed })
    }

    /// Stores the identities of the login that none of these accounts has.
    async fn insert_new(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        accounts: &[Account],
    ) -> JobResult<()> {
        let known = |identity: &Identity| {
            let mut ids = accounts.iter().flat_map(|(_, ids)| ids.identities());
            ids.any(|id| id == *identity)
        };
        let new = self.ids.identities().filter(|identity| !known(identity));
        match LoginIdentities::new(new) {
            Some(new) => identities::insert(connection, user, &new, self.session.auth_time).await,
            None => Ok(()),
        }
    }

    async fn logged_in(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        locked: Option<LockedUser>,
    ) -> JobResult<LoginOutcome> {
        match locked {
            None => Err(JobError::Conflict),
            Some(LockedUser::Disabled) => Ok(LoginOutcome::Disabled(user)),
            Some(LockedUser::Enabled) => match logins::begin(connection, &self.session).await? {
                None => self.begin(connection, user).await,
                Some(seed) => self.repeat(connection, user, &seed).await,
            },
        }
    }

    async fn begin(&self, connection: &mut AnyConnection, user: UserId) -> JobResult<LoginOutcome> {
        users::forget_logout(connection, user).await?;
        let begun = self.begin_session(connection, user).await?;
        Ok(LoginOutcome::Known(begun))
    }

    /// Never begins a session: what ended the first one, such as the operator, ended this login.
    async fn repeat(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        seed: &RowSecret,
    ) -> JobResult<LoginOutcome> {
        let begun = session_login::begun(connection, user, &self.session, seed).await?;
        let Some(begun) = begun else {
            return Ok(LoginOutcome::Used);
        };
        if let Some(current) = self.current {
            current.end_for(connection, user, &self.session).await?;
        }
        Ok(LoginOutcome::Repeated(begun))
    }

    async fn begin_session(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
    ) -> JobResult<BrowserSession> {
        current_session::begin(connection, self.current, user, &self.session).await
    }
}
