//! Users of this deployment.

use sqlx::{AnyConnection, Row, any::AnyRow};
use weixin::UserIds;

use super::{
    Durability, JobResult, Store, StoreError, Undo,
    identities::LoginIdentities,
    resolved_user::{join_user, members},
    row,
};
use crate::oidc::{ClientId, Profile, Timestamp, UserId};

const INSERT: &str = "insert into users (id, created_at, last_seen_at) values ($1, $2, $2)";
const LOCK: &str = "update users set last_seen_at = $2 where id = $1 and merged_into is null
    returning disabled_at";
const LOCK_UNSEEN: &str = "update users set last_seen_at = last_seen_at where id = $1";
const SELECT_PROFILE: &str = "select nickname, picture, profile_at from users where id = $1";
const SELECT_PROFILE_OF: &str = concat!(
    "select users.nickname, users.picture, users.profile_at from identities ",
    join_user!("identities.user_id"),
    " where identities.identity in ($1, $2) order by coalesce(users.profile_at, 0) limit 1"
);
const UPDATE_PROFILE: &str = "update users set nickname = $2, picture = $3, profile_at = $4
    where id = $1";

/// Only the owner of all identities of the login, by itself or by users merged into it.
const LOCK_OWNER: &str = concat!(
    "update users set last_seen_at = $2 where id = $1 and merged_into is null
    and $3 = (select count(*) from identities where identity in ($4, $5) and user_id in ",
    members!("$1"),
    ") returning disabled_at"
);

/// Users who were merged are one user.
const FORGET_LOGOUT: &str = "update users set logged_out_at = null
    where (id = $1 or merged_into = $1) and logged_out_at is not null";
const MAY_RETURN: &str = "select subjects.sub
    from users known join subjects on subjects.user_id = known.id and subjects.client = $2
    where (known.id = $1 or known.merged_into = $1)
    and not exists (select 1 from users gone
        where (gone.id = $1 or gone.merged_into = $1) and gone.logged_out_at is not null)
    limit 1";

/// A user whose row is locked until the transaction ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LockedUser {
    Enabled,
    Disabled,
}

impl Store {
    /// The profile of a user as it was last read from WeChat.
    pub(crate) async fn profile(&self, user: UserId) -> Result<Option<Profile>, StoreError> {
        let query = sqlx::query(SELECT_PROFILE).bind(user.to_string());
        let row = self
            .measured("profile", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(profile).transpose()?)
    }

    /// The oldest one of the users who have these IDs: of two, who are merged, either may be kept.
    pub(crate) async fn profile_of(&self, ids: &UserIds) -> Result<Option<Profile>, StoreError> {
        let mut identities = ids.identities().map(|identity| identity.to_string());
        let Some(first) = identities.next() else {
            return Ok(None);
        };
        let second = identities.next().unwrap_or_else(|| first.clone());
        let query = sqlx::query(SELECT_PROFILE_OF).bind(first).bind(second);
        let query = self.readers().fetch_optional(query);
        let row = self.measured("profile_of", query).await?;
        Ok(row.as_ref().map(profile).transpose()?)
    }

    /// Stores what WeChat says about a user. If it is lost, WeChat is asked again.
    pub(crate) async fn update_profile(
        &self,
        user: UserId,
        profile: Profile,
    ) -> Result<(), StoreError> {
        let now = profile.read_at.unwrap_or(Timestamp::from_millis(0));
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(UPDATE_PROFILE).bind(user.to_string());
                let query = query.bind(profile.nickname).bind(profile.picture);
                let query = query.bind(profile.read_at.map(Timestamp::millis));
                query.execute(connection).await?;
                Ok(())
            })
        })
        .await?;
        self.recent_grants().clear(self.moment(now));
        Ok(())
    }
}

/// Creates a user.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<()> {
    let query = sqlx::query(INSERT).bind(user.to_string());
    query.bind(now.millis()).execute(connection).await?;
    Ok(())
}

/// Locks the row of a user who logs in: on PostgreSQL, a merge waits for it. `None` if the user does not exist any more.
pub(crate) async fn lock(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<Option<LockedUser>> {
    let query = sqlx::query(LOCK).bind(user.to_string()).bind(now.millis());
    let row = query.fetch_optional(connection).await?;
    Ok(row.as_ref().map(locked).transpose()?)
}

/// Locks the row of a user who does nothing now. What locks a user and sessions locks the user first.
pub(super) async fn lock_unseen(connection: &mut AnyConnection, user: UserId) -> JobResult<()> {
    let query = sqlx::query(LOCK_UNSEEN).bind(user.to_string());
    query.execute(connection).await?;
    Ok(())
}

/// Locks the row of a user who logs in, if the user has all identities of the login.
pub(crate) async fn lock_owner(
    connection: &mut AnyConnection,
    user: UserId,
    identities: &LoginIdentities,
    now: Timestamp,
) -> JobResult<Option<LockedUser>> {
    let LoginIdentities { first, second } = identities;
    let count = 1 + i64::from(second.is_some());
    let query = sqlx::query(LOCK_OWNER).bind(user.to_string());
    let query = query.bind(now.millis()).bind(count).bind(first.to_string());
    let query = query.bind(second.as_ref().unwrap_or(first).to_string());
    let row = query.fetch_optional(connection).await?;
    Ok(row.as_ref().map(locked).transpose()?)
}

/// Notes that a user who has logged out is back, by a login with a dialog.
pub(crate) async fn forget_logout(connection: &mut AnyConnection, user: UserId) -> JobResult<()> {
    let query = sqlx::query(FORGET_LOGOUT).bind(user.to_string());
    query.execute(connection).await?;
    Ok(())
}

/// Whether a user may be logged in without being asked: this client has received a `sub` for the user, who has not logged
/// out since the last login with a dialog.
pub(crate) async fn may_return(
    connection: &mut AnyConnection,
    user: UserId,
    client: &ClientId,
) -> JobResult<bool> {
    let query = sqlx::query(MAY_RETURN).bind(user.to_string());
    let row = query.bind(client.to_string()).fetch_optional(connection);
    Ok(row.await?.is_some())
}

fn locked(row: &AnyRow) -> sqlx::Result<LockedUser> {
    Ok(match row::optional_time(row, "disabled_at")? {
        None => LockedUser::Enabled,
        Some(_) => LockedUser::Disabled,
    })
}

/// The columns `nickname`, `picture` and `profile_at`.
pub(super) fn profile(row: &AnyRow) -> sqlx::Result<Profile> {
    Ok(Profile {
        nickname: row.try_get("nickname")?,
        picture: row.try_get("picture")?,
        read_at: row::optional_time(row, "profile_at")?,
    })
}
