//! Who has an account, and by what it is known: an email address and a password, ids of WeChat's, or both.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use weixin::{KnownIds, Linking, UnionId};

pub(crate) const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, avatar TEXT, email TEXT UNIQUE, password TEXT)",
    "CREATE TABLE IF NOT EXISTS wechat_ids (
        app TEXT NOT NULL, openid TEXT NOT NULL, unionid TEXT, user INTEGER NOT NULL REFERENCES users,
        PRIMARY KEY (app, openid))",
];

#[derive(Clone)]
pub(crate) struct Accounts(pub(crate) SqlitePool);

pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) avatar: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) has_wechat: bool,
}

/// To whom a login by WeChat belongs.
pub(crate) enum Owner {
    Nobody,
    One(i64),
    /// More than one, or something contradicts: people decide, not this program.
    Unclear,
}

impl Accounts {
    pub(crate) async fn find(&self, id: i64) -> sqlx::Result<Option<Account>> {
        let row = sqlx::query(
            "SELECT id, name, avatar, email, EXISTS (SELECT 1 FROM wechat_ids WHERE user = users.id) AS has_wechat
             FROM users WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.0)
        .await?;
        Ok(row.map(|row| Account {
            id: row.get("id"),
            name: row.get("name"),
            avatar: row.get("avatar"),
            email: row.get("email"),
            has_wechat: row.get("has_wechat"),
        }))
    }

    /// By union id or open id, as `KnownIds::link` has the rule; never by a name.
    pub(crate) async fn owner(&self, ids: &KnownIds) -> sqlx::Result<Owner> {
        let (mut users, mut known) = (Vec::new(), Vec::new());
        for row in self.candidates(ids).await? {
            let (user, one) = (row.get::<i64, _>("user"), known_ids(&row));
            users.push(user);
            known.extend(one);
        }
        if users.len() != known.len() {
            return Ok(Owner::Unclear);
        }
        Ok(match ids.link(&known) {
            Linking::New => Owner::Nobody,
            Linking::Same(index) | Linking::Learned { index, .. } => Owner::One(users[index]),
            // Two rows of one user are no two people.
            _ if users.windows(2).all(|pair| pair[0] == pair[1]) => Owner::One(users[0]),
            _ => Owner::Unclear,
        })
    }

    async fn candidates(&self, ids: &KnownIds) -> sqlx::Result<Vec<SqliteRow>> {
        let (app, openid) = ids
            .openids()
            .next()
            .map_or(("", ""), |(app, openid)| (app.as_str(), openid.as_str()));
        sqlx::query("SELECT * FROM wechat_ids WHERE (app = $1 AND openid = $2) OR unionid = $3")
            .bind(app)
            .bind(openid)
            .bind(ids.unionid().map(UnionId::as_str))
            .fetch_all(&self.0)
            .await
    }

    pub(crate) async fn create(&self, name: &str, avatar: Option<&str>) -> sqlx::Result<i64> {
        let row = sqlx::query("INSERT INTO users (name, avatar) VALUES ($1, $2) RETURNING id");
        let row = row.bind(name).bind(avatar).fetch_one(&self.0).await?;
        Ok(row.get("id"))
    }

    /// This login belongs to that account from now on.
    pub(crate) async fn remember(&self, user: i64, ids: &KnownIds) -> sqlx::Result<()> {
        for (app, openid) in ids.openids() {
            sqlx::query(
                "INSERT INTO wechat_ids (app, openid, unionid, user) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (app, openid) DO UPDATE SET unionid = COALESCE(excluded.unionid, unionid)",
            )
            .bind(app.as_str())
            .bind(openid.as_str())
            .bind(ids.unionid().map(UnionId::as_str))
            .bind(user)
            .execute(&self.0)
            .await?;
        }
        Ok(())
    }

    /// `None` if the address has an account already.
    pub(crate) async fn register(&self, email: &str, password: &str) -> sqlx::Result<Option<i64>> {
        let hash = Argon2::default().hash_password(password.as_bytes());
        let hash = hash.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        let row = sqlx::query(
            "INSERT INTO users (name, email, password) VALUES ($1, $1, $2)
             ON CONFLICT (email) DO NOTHING RETURNING id",
        );
        let row = row
            .bind(email)
            .bind(hash.to_string())
            .fetch_optional(&self.0)
            .await?;
        Ok(row.map(|row| row.get("id")))
    }

    /// `None` if the password is not the account's, or there is none.
    pub(crate) async fn by_password(
        &self,
        email: &str,
        password: &str,
    ) -> sqlx::Result<Option<i64>> {
        let row = sqlx::query("SELECT id, password FROM users WHERE email = $1");
        let Some(row) = row.bind(email).fetch_optional(&self.0).await? else {
            return Ok(None);
        };
        let fits = PasswordHash::new(row.get("password")).is_ok_and(|hash| {
            let argon = Argon2::default();
            argon.verify_password(password.as_bytes(), &hash).is_ok()
        });
        Ok(fits.then(|| row.get("id")))
    }
}

fn known_ids(row: &SqliteRow) -> Option<KnownIds> {
    let app = row.get::<&str, _>("app").parse().ok()?;
    let openid = row.get::<&str, _>("openid").parse().ok()?;
    let unionid: Option<&str> = row.get("unionid");
    Some(KnownIds::new(
        app,
        openid,
        unionid.and_then(|unionid| unionid.parse().ok()),
    ))
}
