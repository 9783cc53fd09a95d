//! The removal of what has expired: each minute, in batches, until none is left.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use weixin::clock::Clock;

use super::{Durability, Store, StoreError, Undo};
use crate::{error_text::causes, oidc::Timestamp, time::CLOCK_TOLERANCE};

/// Rows of one batch. Other writes wait for it: among ten million events, a hundred rows take 6 ms, and a thousand 100 ms,
/// since the pages of all indexes no longer fit into SQLite's cache.
const BATCH: i64 = 100;

/// The pause between two batches.
const PAUSE: Duration = Duration::from_millis(20);

const INTERVAL: Duration = Duration::from_mins(1);

/// The grant of a code is what makes the code single-use, and a revocation of a client concerns its codes. Both stay longer
/// than any code is valid. A revocation that is two minutes ahead was noted by a wrong clock, whose codes are gone.
const CODE_MEMORY: Duration = Duration::from_mins(10);

/// Events of the audit log.
const AUDIT_MEMORY: Duration = Duration::from_hours(90 * 24);

/// A batch that removes rows which expired before `$1`.
struct Removal {
    sql: &'static str,
    memory: Duration,
}

const REMOVALS: [Removal; 5] = [
    Removal {
        sql: "delete from requests where id in
            (select id from requests where expires_at <= $1 limit $2)",
        memory: Duration::ZERO,
    },
    Removal {
        sql: "delete from logins where state in
            (select state from logins where expires_at <= $1 limit $2)",
        memory: CLOCK_TOLERANCE,
    },
    Removal {
        sql: "delete from sessions where sid in
            (select sid from sessions where expires_at <= $1 limit $2)",
        memory: CLOCK_TOLERANCE,
    },
    Removal {
        sql: "delete from client_revocations where client in
            (select client from client_revocations
                where revoked_at <= $1 or revoked_at > $1 + 720000 limit $2)",
        memory: CODE_MEMORY,
    },
    Removal {
        sql: "delete from audit where id in (select id from audit where at <= $1 limit $2)",
        memory: AUDIT_MEMORY,
    },
];

/// A grant that can still be used, or whose session lasts, is considered again when that ends: back-channel logout must know
/// every client of a session. A revocation makes a grant due.
const KEEP_GRANTS: &str = "update grants set keep_until =
    case when expires_at > $1 and revoked_at is null then expires_at
    else (select sessions.expires_at from sessions where sessions.sid = grants.sid) end
    where id in (
        select grants.id from grants left join sessions on sessions.sid = grants.sid
        where grants.keep_until <= $1 and ((grants.expires_at > $1 and grants.revoked_at is null)
        or (sessions.ended_at is null and sessions.expires_at > $1)) limit $2)";
const REMOVE_GRANTS: &str = "delete from grants where id in (
        select grants.id from grants left join sessions on sessions.sid = grants.sid
        where grants.keep_until <= $1 and grants.created_at <= $3
        and (grants.expires_at <= $1 or grants.revoked_at is not null)
        and (sessions.sid is null or sessions.ended_at is not null or sessions.expires_at <= $1)
        limit $2)";

/// No logout token waits for longer than half an hour: a wrong clock has noted it. It waits for as long, lest it is this clock
/// that is wrong.
const BRING_FORWARD: &str = "update logouts set due_at = $1 + 1800000 where id in
        (select id from logouts where due_at > $1 + 3600000 limit $2)";

impl Store {
    /// Removes what has expired, unless the time is not known, empties SQLite's log, and does so again each minute, as long as
    /// it is polled.
    pub(crate) async fn maintain(
        &self,
        clock: &dyn Clock,
        is_time_known: &(dyn Fn() -> bool + Send + Sync),
    ) {
        loop {
            clock.sleep(INTERVAL).await;
            let done = if is_time_known() {
                self.remove_expired(clock).await
            } else {
                Ok(())
            };
            self.log_state();
            if let Err(error) = done.and(self.checkpoint().await.map(drop)) {
                tracing::error!(error = causes(&error), "maintenance failed");
            }
        }
    }

    fn log_state(&self) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let commits = self.commits();
        tracing::debug!(
            waiting_writes = self.waiting_writes(),
            durable_commits = load(&commits.durable),
            relaxed_commits = load(&commits.relaxed),
            "the store"
        );
    }

    /// Removes what has expired, until none is left.
    pub(crate) async fn remove_expired(&self, clock: &dyn Clock) -> Result<(), StoreError> {
        let now = Timestamp::from(clock.now());
        for removal in &REMOVALS {
            let before = now.before(removal.memory).millis();
            while self.batch(removal.sql, before).await? == BATCH {
                clock.sleep(PAUSE).await;
            }
        }
        while self.batch(BRING_FORWARD, now.millis()).await? == BATCH {
            clock.sleep(PAUSE).await;
        }
        let before = now.before(CLOCK_TOLERANCE).millis();
        while self.remove_cut_off(before, BATCH, now).await? == BATCH {
            clock.sleep(PAUSE).await;
        }
        while self.grants_batch(now).await? >= BATCH {
            clock.sleep(PAUSE).await;
        }
        self.count_requests().await
    }

    /// The number of rows that a batch has removed or changed.
    async fn batch(&self, sql: &'static str, before: i64) -> Result<i64, StoreError> {
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(sql).bind(before).bind(BATCH);
                let done = query.execute(connection).await?;
                Ok(done.rows_affected().cast_signed())
            })
        })
        .await
    }

    async fn grants_batch(&self, now: Timestamp) -> Result<i64, StoreError> {
        let before = now.before(CLOCK_TOLERANCE).millis();
        let created_before = now.before(CODE_MEMORY).millis();
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(KEEP_GRANTS).bind(before).bind(BATCH);
                let kept = query.execute(&mut *connection).await?.rows_affected();
                let query = sqlx::query(REMOVE_GRANTS).bind(before).bind(BATCH);
                let removed = query.bind(created_before).execute(connection).await?;
                Ok(kept.max(removed.rows_affected()).cast_signed())
            })
        })
        .await
    }
}
