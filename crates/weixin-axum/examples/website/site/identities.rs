//! The account that a WeChat user logs in to.
//!
//! Finding an account, creating it, linking and merging are one transaction: the same callback twice at once, or one
//! user in two browsers at once, make one account; a login that was ended makes none.

use std::collections::BTreeMap;

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use weixin::{UserIds, identity::LinkOutcome};

use super::{
    accounts::Accounts,
    ended_logins::{Arrival, is_ended},
};

/// Whose account a login opens.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    Account(i64),
    /// The user belongs to another account than the one that is linking, that account has another WeChat user, or the IDs
    /// contradict what is known: then people decide, not this program. Nothing is changed.
    Conflict,
    /// The user's logins were ended, this one among them. Nothing is changed.
    Ended,
}

impl Accounts {
    /// Finds or creates the account of a WeChat user; with `linking`, adds the user to that account.
    pub(crate) async fn of_wechat(
        &self,
        login: &Arrival,
        linking: Option<i64>,
    ) -> sqlx::Result<Owner> {
        let mut write = self.0.write().await?;
        // A transaction that is dropped is rolled back.
        if is_ended(&mut write, login, self.0.now()).await? {
            return Ok(Owner::Ended);
        }
        let Some(user) = decide(&mut write, &login.ids, linking).await? else {
            return Ok(Owner::Conflict);
        };
        write.commit().await?;
        Ok(Owner::Account(user))
    }

    /// Whether this WeChat user is the account's.
    pub(crate) async fn is_linked(&self, user: i64, ids: &UserIds) -> sqlx::Result<bool> {
        for identity in ids.identities() {
            let row = sqlx::query("SELECT 1 FROM identities WHERE identity = $1 AND user = $2");
            let row = row.bind(identity.to_string()).bind(user);
            if row.fetch_optional(&self.0.pool).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// By UnionID and OpenID, as `UserIds::link` has the rule; never by a name or an email address.
async fn decide(
    write: &mut SqliteConnection,
    ids: &UserIds,
    linking: Option<i64>,
) -> sqlx::Result<Option<i64>> {
    let may_be = |accounts: &[i64]| linking.is_none_or(|user| accounts.contains(&user));
    match ids.link(candidates(write, ids).await?) {
        LinkOutcome::Create => match linking {
            Some(user) => attach(write, user, ids).await,
            None => create(write, ids).await.map(Some),
        },
        LinkOutcome::Unchanged(account) if may_be(&[account]) => Ok(Some(account)),
        LinkOutcome::Update { account, ids } if may_be(&[account]) => {
            remember(write, account, &ids).await?;
            Ok(Some(account))
        }
        LinkOutcome::Merge { into, from, ids } if may_be(&[into, from]) => {
            merge(write, into, from, &ids).await
        }
        _ => Ok(None),
    }
}

/// The accounts that are known by any of these IDs, each with all of its own.
async fn candidates(
    write: &mut SqliteConnection,
    ids: &UserIds,
) -> sqlx::Result<BTreeMap<i64, UserIds>> {
    let mut found = BTreeMap::new();
    for identity in ids.identities() {
        let row = sqlx::query(
            "SELECT id, wechat FROM users JOIN identities ON identities.user = users.id WHERE identity = $1",
        );
        let row = row.bind(identity.to_string());
        if let Some(row) = row.fetch_optional(&mut *write).await? {
            found.insert(row.get("id"), known_ids(&row)?);
        }
    }
    Ok(found)
}

fn known_ids(row: &SqliteRow) -> sqlx::Result<UserIds> {
    let ids = serde_json::from_str(row.try_get("wechat")?);
    ids.map_err(|error| sqlx::Error::Decode(error.into()))
}

async fn create(write: &mut SqliteConnection, ids: &UserIds) -> sqlx::Result<i64> {
    let row = sqlx::query("INSERT INTO users DEFAULT VALUES RETURNING id");
    let user = row.fetch_one(&mut *write).await?.get("id");
    remember(write, user, ids).await?;
    Ok(user)
}

/// An account has one WeChat user: another one is not put in its place.
async fn attach(
    write: &mut SqliteConnection,
    user: i64,
    ids: &UserIds,
) -> sqlx::Result<Option<i64>> {
    let row = sqlx::query("SELECT id FROM users WHERE id = $1 AND wechat IS NULL").bind(user);
    if row.fetch_optional(&mut *write).await?.is_none() {
        return Ok(None);
    }
    remember(write, user, ids).await?;
    Ok(Some(user))
}

/// Merges two accounts of one user: `into` takes over the data of `from`. `None` if both have a password.
///
/// The sessions of `from` end. A site with orders or messages moves them here.
async fn merge(
    write: &mut SqliteConnection,
    into: i64,
    from: i64,
    ids: &UserIds,
) -> sqlx::Result<Option<i64>> {
    let gone =
        sqlx::query("DELETE FROM users WHERE id = $1 RETURNING name, avatar, email, password");
    let gone = gone.bind(from).fetch_one(&mut *write).await?;
    let kept = sqlx::query(
        "UPDATE users SET name = COALESCE(name, $2), avatar = COALESCE(avatar, $3),
             email = COALESCE(email, $4), password = COALESCE(password, $5)
         WHERE id = $1 AND (email IS NULL OR $4 IS NULL)",
    );
    let kept = kept
        .bind(into)
        .bind(gone.get::<Option<&str>, _>("name"))
        .bind(gone.get::<Option<&str>, _>("avatar"))
        .bind(gone.get::<Option<&str>, _>("email"))
        .bind(gone.get::<Option<&str>, _>("password"));
    if kept.execute(&mut *write).await?.rows_affected() == 0 {
        return Ok(None);
    }
    remember(write, into, ids).await?;
    Ok(Some(into))
}

/// Stores all IDs of an account. One that is another account's already is an error of the database.
async fn remember(write: &mut SqliteConnection, user: i64, ids: &UserIds) -> sqlx::Result<()> {
    let json = serde_json::to_string(ids).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query("UPDATE users SET wechat = $2 WHERE id = $1")
        .bind(user)
        .bind(json)
        .execute(&mut *write)
        .await?;
    sqlx::query("DELETE FROM identities WHERE user = $1")
        .bind(user)
        .execute(&mut *write)
        .await?;
    for identity in ids.identities() {
        sqlx::query("INSERT INTO identities (identity, user) VALUES ($1, $2)")
            .bind(identity.to_string())
            .bind(user)
            .execute(&mut *write)
            .await?;
    }
    Ok(())
}
