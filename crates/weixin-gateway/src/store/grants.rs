//! Grants: the rows behind tokens. Inserting one redeems its code.

use std::{sync::Arc, time::Duration};

use sqlx::{AnyConnection, Row, any::AnyRow};
use weixin::AppId;

use super::{
    Durability, JobResult, Store, StoreError, Undo,
    resolved_user::{join_user, subject_owner},
    row, subjects, users,
};
use crate::{
    oidc::{Grant, GrantId, LoginMethod, NewGrant, Profile, RedeemOutcome, Subject, Timestamp},
    secret::RowSecret,
};

/// Browsers load a client's callback twice, WeChat's above all. A code that is used again within this time revokes nothing.
const DOUBLE_SUBMIT: Duration = Duration::from_secs(10);

/// Attempts, if the user is merged each time.
const MAX_ATTEMPTS: u32 = 3;

/// The columns that [`grant`] reads.
macro_rules! columns {
    () => {
        "grants.id, grants.secret, grants.client, grants.sub, grants.sid, grants.app,
        grants.scopes, grants.claims, grants.auth_time, grants.offline, grants.seq,
        grants.rotated_at, grants.expires_at, grants.ends_at"
    };
}

/// Of a hundred redemptions one inserts; none if the session has ended, its user is disabled, or the client has been revoked
/// since the code was issued, or, by the clock of a fast node, may have been.
macro_rules! redeem {
    ($lock:literal) => {
        concat!(
            "insert into grants (id, secret, client, user_id, sub, sid, app, scopes, claims,
            auth_time, offline, seq, created_at, expires_at, ends_at, keep_until)
            select $1, $2, $3, sessions.user_id, subjects.sub, sessions.sid, sessions.app, $4, $5,
            sessions.auth_time, $6, 0, $7, $8, $9,
            case when sessions.expires_at > $8 then sessions.expires_at else $8 end
            from sessions ",
            join_user!("sessions.user_id"),
            " join subjects on subjects.client = $3 and subjects.user_id = ",
            subject_owner!("$3"),
            " where sessions.sid = $10 and sessions.issuer = $11 and sessions.ended_at is null
            and sessions.expires_at > $7 and users.disabled_at is null
            and not exists (select 1 from client_revocations
                where client_revocations.client = $3 and client_revocations.revoked_at >= $12)",
            $lock,
            " on conflict (id) do nothing returning ",
            columns!(),
            ", (select coalesce(users.merged_into, users.id) from users
                where users.id = grants.user_id) as user_id"
        )
    };
}
const REDEEM_ON_SQLITE: &str = redeem!("");
/// On PostgreSQL, what ends a session and then looks for its grants waits for the redemptions that run, and a redemption that
/// waits for the end of its session finds it ended. The session comes after its user, who is locked for a first `sub`, and
/// before the grant, as everywhere.
const REDEEM_ON_POSTGRES: &str = redeem!(" for share of sessions");
const SELECT_OWNER: &str = "select client, user_id from grants where id = $1";
const REVOKE_REUSED: &str = "update grants set revoked_at = $1, revoked_reason = 'code_reused',
    keep_until = $1
    where id = $2 and client = $3 and created_at < $4 and revoked_at is null";
/// Ended with its session or its user is a condition of reading, so that no race leaves a grant that can be used. How the
/// user logged in is known as long as the session was not renewed.
const SELECT: &str = concat!(
    "select ",
    columns!(),
    ", users.id as user_id, users.nickname, users.picture, users.profile_at,
    case when sessions.auth_time = grants.auth_time then sessions.amr end as amr from grants ",
    join_user!("grants.user_id"),
    " left join sessions on sessions.sid = grants.sid
    where grants.id = $1 and grants.revoked_at is null and users.disabled_at is null
    and (grants.offline = 1 or (sessions.ended_at is null and sessions.expires_at > $2))"
);

/// A grant that may be used, with what its tokens give access to.
#[derive(Debug)]
pub(crate) struct GrantInUse {
    pub(crate) grant: Grant,
    pub(crate) profile: Profile,
    /// The app through which the user had logged in.
    pub(crate) app: AppId,
    /// How, if it is still known.
    pub(crate) method: Option<LoginMethod>,
}

impl Store {
    /// Inserts the grant of a code. `subject` is what the client has received before; a first one is stored as well, and
    /// then the commit waits for the disk.
    pub(crate) async fn redeem(
        &self,
        grant: NewGrant,
        subject: Option<&Subject>,
        secret: RowSecret,
    ) -> Result<RedeemOutcome, StoreError> {
        let durability = match subject {
            Some(_) if !grant.is_refreshable => Durability::Relaxed,
            _ => Durability::Durable,
        };
        let is_first = subject.is_none();
        let redemption = Arc::new(Redemption {
            sql: if self.is_sqlite() {
                REDEEM_ON_SQLITE
            } else {
                REDEEM_ON_POSTGRES
            },
            issued_until: grant.code_issued_at.before(self.clock_tolerance()).millis(),
            grant,
            secret,
        });
        for _ in 0..MAX_ATTEMPTS {
            let job = Arc::clone(&redemption);
            let inserted = self.write(durability, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    if is_first {
                        subjects::insert_first(connection, &job.grant).await?;
                    }
                    job.run(connection).await
                })
            });
            match inserted.await {
                Ok(Some(grant)) => return Ok(RedeemOutcome::Granted(grant)),
                Ok(None) => break,
                Err(StoreError::Conflict) if is_first => {}
                Err(error) => return Err(error),
            }
        }
        self.not_redeemed(&redemption.grant).await
    }

    /// Why a code was not redeemed. Used before by the same client, it may have been stolen: then the tokens that it gave
    /// are revoked (RFC 6749 §4.1.2).
    async fn not_redeemed(&self, grant: &NewGrant) -> Result<RedeemOutcome, StoreError> {
        let query = sqlx::query(SELECT_OWNER).bind(grant.id.to_string());
        let Some(row) = self
            .measured("grant_owner", self.readers().fetch_optional(query))
            .await?
        else {
            return Ok(RedeemOutcome::Ended);
        };
        let client: String = row.try_get("client")?;
        let (id, now) = (grant.id, grant.created_at);
        let is_the_clients = client == grant.client.as_str();
        if is_the_clients && self.revoke_reused(id, client, now).await? {
            return Ok(RedeemOutcome::Reused(row::text(&row, "user_id")?));
        }
        Ok(RedeemOutcome::AlreadyUsed)
    }

    /// Whether the grant was not revoked before.
    async fn revoke_reused(
        &self,
        id: GrantId,
        client: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let before = now.before(DOUBLE_SUBMIT).millis();
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(REVOKE_REUSED).bind(now.millis());
                let query = query.bind(id.to_string()).bind(client).bind(before);
                Ok(query.execute(connection).await?.rows_affected() == 1)
            })
        })
        .await
    }

    /// The grant of a token, if it may be used now: before the token is verified by the grant's secret.
    pub(crate) async fn grant(
        &self,
        id: GrantId,
        now: Timestamp,
    ) -> Result<Option<GrantInUse>, StoreError> {
        let query = sqlx::query(SELECT).bind(id.to_string()).bind(now.millis());
        let row = self
            .measured("grant", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(grant_in_use).transpose()?)
    }

    /// The same, as it is or was within the last second.
    pub(crate) async fn recent_grant(
        &self,
        id: GrantId,
        now: Timestamp,
    ) -> Result<Option<Arc<GrantInUse>>, StoreError> {
        let moment = self.moment(now);
        if let Some(grant) = self.recent_grants().get(id, moment) {
            return Ok(Some(grant));
        }
        let grant = self.grant(id, now).await?.map(Arc::new);
        if let Some(grant) = &grant {
            self.recent_grants().insert(id, grant, moment);
        }
        Ok(grant)
    }
}

/// One code, with what its grant is made of.
struct Redemption {
    sql: &'static str,
    grant: NewGrant,
    secret: RowSecret,
    /// The code is rejected if its client was revoked then or later.
    issued_until: i64,
}

impl Redemption {
    async fn run(&self, connection: &mut AnyConnection) -> JobResult<Option<Grant>> {
        let new = &self.grant;
        // Names and words always serialize.
        let claims = serde_json::to_string(&new.claims).unwrap_or_default();
        let row = sqlx::query(self.sql)
            .bind(new.id.to_string())
            .bind(&self.secret.expose()[..])
            .bind(new.client.as_str())
            .bind(new.scopes.to_string())
            .bind(claims)
            .bind(i64::from(new.is_offline))
            .bind(new.created_at.millis())
            .bind(new.expires_at.millis())
            .bind(new.ends_at.millis())
            .bind(new.sid.to_string())
            .bind(new.issuer.to_string())
            .bind(self.issued_until)
            .fetch_optional(connection)
            .await?;
        Ok(row.as_ref().map(grant).transpose()?)
    }
}

fn grant(row: &AnyRow) -> sqlx::Result<Grant> {
    Ok(Grant {
        id: row::text(row, "id")?,
        secret: row::secret(row, "secret")?,
        client: row::text(row, "client")?,
        user: row::text(row, "user_id")?,
        subject: row::text(row, "sub")?,
        sid: row::text(row, "sid")?,
        scopes: row::text(row, "scopes")?,
        claims: row::json(row, "claims")?,
        auth_time: row::time(row, "auth_time")?,
        is_offline: row.try_get::<i64, _>("offline")? == 1,
        number: row::number(row, "seq")?,
        rotated_at: row::optional_time(row, "rotated_at")?,
        expires_at: row::time(row, "expires_at")?,
        ends_at: row::time(row, "ends_at")?,
    })
}

fn grant_in_use(row: &AnyRow) -> sqlx::Result<GrantInUse> {
    Ok(GrantInUse {
        grant: grant(row)?,
        profile: users::profile(row)?,
        app: row::text(row, "app")?,
        method: row::optional_word(row, "amr", LoginMethod::from_stored)?,
    })
}
