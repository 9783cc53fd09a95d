//! A store with a database of its own, and what is written to it.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection, Transaction};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use weixin::{
    UserIds,
    clock::{Clock, SleepFuture},
};

use crate::{
    config::Config,
    master_key::MasterKeys,
    oidc::{
        AuthorizationRequest, ClientId, Code, GrantId, IssuerId, LoginMethod, NewGrant,
        RedeemOutcome, RequestId, Scopes, Session, SessionId, Timestamp, UriHash, UserId,
    },
    random,
    secret::{RowSecret, SecretHash},
    session_secret::SessionSecrets,
    store::{
        Durability, Migrate, Store, StoreError, Undo, clients,
        identities::UnionIds,
        merges::Ended,
        revoke_many::{self, Remaining},
        session_login::{BrowserSession, SessionLogin},
    },
    upstream::{
        link::{self, NewLogin},
        login_event::LoginEvent,
        login_outcome::LoginOutcome,
        silent::SilentLogin,
    },
};

pub(super) const APP: &str = "wx0000000000000web";
pub(super) const OTHER_APP: &str = "wx000000000account";

/// The time at which everything begins.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) url: String,
    /// Of SQLite's file.
    pub(super) directory: TempDir,
}

impl Fixture {
    pub(super) async fn sqlite() -> Self {
        Self::sqlite_in(TempDir::new().unwrap()).await
    }

    /// SQLite in a file system in memory.
    #[cfg(target_os = "linux")]
    pub(super) async fn memory() -> Self {
        Self::sqlite_in(TempDir::new_in("/dev/shm").unwrap()).await
    }

    async fn sqlite_in(directory: TempDir) -> Self {
        let url = format!("sqlite:{}", directory.path().join("gateway.db").display());
        Self::open(url, directory).await
    }

    /// A schema of its own in the database of the tests.
    pub(super) async fn postgres() -> Self {
        Self::open(schema().await, TempDir::new().unwrap()).await
    }

    /// The same for a user of the database with a setting, whose value is encoded for a URL.
    pub(super) async fn postgres_with(setting: &str, value: &str) -> Self {
        let url = format!("{}&options[{setting}]={value}", schema().await);
        Self::open(url, TempDir::new().unwrap()).await
    }

    /// The URL of another database of the same kind, without tables.
    pub(super) async fn empty_database(&self) -> String {
        if self.url.starts_with("postgres") {
            return schema().await;
        }
        let file = format!("{}.db", id(UserId::from_bytes));
        let file = self.directory.path().join(file);
        std::fs::write(&file, "").unwrap();
        format!("sqlite:{}", file.display())
    }

    async fn open(url: String, directory: TempDir) -> Self {
        Self {
            store: Store::open(&url).await.unwrap(),
            url,
            directory,
        }
    }

    /// That of an operator, with this store.
    pub(super) fn config(&self) -> Config {
        let url = &self.url;
        let text = format!(
            r#"
            [server]
            key_file = "gateway.key"
            [store]
            url = "{url}"
            [app.website]
            app_id = "{APP}"
            app_secret = "ssssssssssssssssssssssssssssssss"
            [[issuer]]
            url = "https://login.example"
            apps = ["website"]
            "#
        );
        let key = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
        Config::parse_with(&text, &|_| Ok(key.to_owned())).unwrap()
    }

    pub(super) async fn add_client(&self, client: ClientId) {
        let add = self
            .store
            .write(Durability::Durable, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    clients::insert(connection, &client, issuer(), "{}", START).await
                })
            });
        assert!(add.await.unwrap());
    }

    /// A statement that no function of the store has yet.
    pub(super) async fn execute(&self, sql: &'static str) {
        let work = self
            .store
            .write(Durability::Durable, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    sqlx::query(sql).execute(connection).await?;
                    Ok(())
                })
            });
        work.await.unwrap();
    }

    /// The same by another process: a node, or a command.
    pub(super) async fn execute_beside(&self, sql: &'static str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }

    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        let count = sqlx::query_scalar(sql).fetch_one(self.store.pool());
        count.await.unwrap()
    }

    /// As the command does, by a connection of its own.
    pub(super) async fn revoke_all(&self, now: Timestamp) -> Ended {
        self.revoke_batches(None, Remaining::all(), now).await
    }

    pub(super) async fn revoke_batches(
        &self,
        client: Option<ClientId>,
        mut remaining: Remaining,
        now: Timestamp,
    ) -> Ended {
        let beside = Store::open_beside(&self.url, Migrate::Run).await.unwrap();
        let mut total = Ended::default();
        while !remaining.is_empty() {
            let client = client.clone();
            let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
                Box::pin(async move {
                    revoke_many::batch(connection, client.as_ref(), remaining, now).await
                })
            });
            let (ended, next) = work.await.unwrap();
            total.sessions += ended.sessions;
            total.grants += ended.grants;
            remaining = next;
        }
        total
    }

    pub(super) async fn log_in(&self, login: NewLogin) -> Result<LoginOutcome, StoreError> {
        link::log_in(&self.store, login).await
    }

    /// The session of a user who logs in for the first time, or again.
    pub(super) async fn session(&self, openid: &str, now: Timestamp) -> Session {
        let outcome = self.log_in(login(&ids(openid, None), None, now)).await;
        session_of(outcome.unwrap())
    }

    pub(super) async fn redeem(
        &self,
        session: &Session,
        id: GrantId,
        now: Timestamp,
    ) -> RedeemOutcome {
        let grant = new_grant(session, id, now);
        self.redeem_grant(grant).await
    }

    /// As the endpoint does: with the subject that the client has received.
    pub(super) async fn redeem_grant(&self, grant: NewGrant) -> RedeemOutcome {
        let (sid, issuer, now) = (grant.sid, grant.issuer, grant.created_at);
        let session = self.store.session_of_code(sid, issuer, &grant.client, now);
        let subject = session.await.unwrap().and_then(|session| session.subject);
        let redeemed = self.store.redeem(grant, subject.as_ref(), secret());
        redeemed.await.unwrap()
    }
}

/// The URL of a schema of its own in the database of the tests.
pub(super) async fn schema() -> String {
    use sqlx::Executor;

    let server = std::env::var("WEIXIN_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("WEIXIN_TEST_POSTGRES is not set: run by ./scripts/test or scripts/with-services")
    });
    sqlx::any::install_default_drivers();
    let schema = format!("gateway_{}", id(UserId::from_bytes));
    let mut connection = AnyConnection::connect(&server).await.unwrap();
    let create = AssertSqlSafe(format!("create schema {schema}"));
    connection.execute(create).await.unwrap();
    format!("{server}?options[search_path]={schema}")
}

/// A transaction of the test on PostgreSQL, which others wait for.
pub(super) struct Held {
    transaction: Transaction<'static, Any>,
    /// That of its connection.
    pub(super) pid: i64,
}

impl Held {
    pub(super) async fn commit(self) {
        self.transaction.commit().await.unwrap();
    }

    pub(super) async fn rollback(self) {
        self.transaction.rollback().await.unwrap();
    }
}

impl Fixture {
    /// Begins a transaction with a statement, and keeps its locks.
    pub(super) async fn hold(&self, sql: impl Into<String>) -> Held {
        let mut transaction = self.store.pool().begin().await.unwrap();
        let pid = sqlx::query_scalar("select pg_backend_pid()::bigint");
        let pid = pid.fetch_one(&mut *transaction).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.into())).execute(&mut *transaction);
        done.await.unwrap();
        Held { transaction, pid }
    }

    /// Until so many transactions wait for the held one, or for one that does.
    pub(super) async fn blocked_by(&self, held: &Held, count: i64) {
        while self.count_blocked(held).await < count {}
    }

    /// Until none does any more.
    pub(super) async fn blocked_by_none(&self, held: &Held) {
        while self.count_blocked(held).await > 0 {}
    }

    async fn count_blocked(&self, held: &Held) -> i64 {
        let waiting = "with recursive waiting (pid) as (
            select $1::bigint::int
            union select activity.pid from pg_stat_activity activity
            join waiting on waiting.pid = any(pg_blocking_pids(activity.pid)))
            select count(*) - 1 from waiting";
        let query = sqlx::query_scalar(waiting).bind(held.pid);
        query.fetch_one(self.store.pool()).await.unwrap()
    }

    /// The connection that waits for another one, once it does. It is that of the task.
    pub(super) async fn waiting_for<T>(&self, pid: i64, task: &JoinHandle<T>) -> i64 {
        let waiting =
            "select pid::bigint from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
        loop {
            let query = sqlx::query_scalar(waiting).bind(pid);
            let found = query.fetch_optional(self.store.pool()).await.unwrap();
            if let Some(waiting) = found {
                return waiting;
            }
            assert!(!task.is_finished(), "it waited for nothing");
        }
    }
}

/// A clock that stands still. Its pauses are over at once.
#[derive(Debug)]
pub(super) struct StandingClock(Mutex<SystemTime>);

impl StandingClock {
    pub(super) fn at(time: Timestamp) -> Self {
        let millis = Duration::from_millis(time.millis().cast_unsigned());
        Self(Mutex::new(UNIX_EPOCH + millis))
    }
}

impl Clock for StandingClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _: Duration) -> SleepFuture<'_> {
        Box::pin(tokio::task::yield_now())
    }
}

pub(super) fn later(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

/// A random ID.
pub(super) fn id<T>(from_bytes: impl Fn([u8; 16]) -> T) -> T {
    from_bytes(random::bytes().unwrap())
}

pub(super) fn secret() -> RowSecret {
    RowSecret::from_bytes(random::bytes().unwrap())
}

pub(super) fn issuer() -> IssuerId {
    IssuerId::from_bytes([1; 16])
}

pub(super) fn other_issuer() -> IssuerId {
    IssuerId::from_bytes([2; 16])
}

pub(super) fn client() -> ClientId {
    "web".parse().unwrap()
}

pub(super) fn ids(openid: &str, unionid: Option<&str>) -> UserIds {
    ids_in(APP, openid, unionid)
}

pub(super) fn ids_in(app: &str, openid: &str, unionid: Option<&str>) -> UserIds {
    let unionid = unionid.map(|unionid| unionid.parse().unwrap());
    UserIds::new(app.parse().unwrap(), openid.parse().unwrap(), unionid)
}

pub(super) fn login(ids: &UserIds, current: Option<&Session>, now: Timestamp) -> NewLogin {
    NewLogin {
        ids: ids.clone(),
        current: current.map(Into::into),
        session: SessionLogin {
            issuer: issuer(),
            request: id(RequestId::from_bytes),
            state: state(),
            method: LoginMethod::Qr,
            app: APP.parse().unwrap(),
            auth_time: now,
            expires_at: now.after(Duration::from_hours(7 * 24)),
            seed: secret(),
            cookies: cookies(),
            sid: id(SessionId::from_bytes),
            secret: secret(),
        },
        new_user: id(UserId::from_bytes),
        unionids: UnionIds::Keep,
        event: LoginEvent::new(client()).unwrap(),
    }
}

/// A login at second 60 that shows nothing.
pub(super) fn silent_login(ids: &UserIds, current: Option<&Session>) -> SilentLogin {
    let new = login(ids, current, later(60));
    SilentLogin {
        ids: new.ids,
        client: client(),
        current: new.current,
        session: SessionLogin {
            method: LoginMethod::Silent,
            ..new.session
        },
        event: new.event,
    }
}

/// That of a login of its own.
fn state() -> String {
    BASE64URL_NOPAD.encode(&random::bytes::<16>().unwrap())
}

fn cookies() -> SessionSecrets {
    cookies_of(&["BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="])
}

/// Those of a node with these lines in its key file.
pub(super) fn cookies_of(keys: &[&str]) -> SessionSecrets {
    SessionSecrets::new(&MasterKeys::parse(&keys.join("\n").into()).unwrap())
}

/// The hash of the cookie that a login sets.
pub(super) fn cookie(login: &SessionLogin) -> SecretHash {
    login.cookies.of(&login.seed).hash()
}

pub(super) fn session_of(outcome: LoginOutcome) -> Session {
    begun_by(outcome).session
}

pub(super) fn begun_by(outcome: LoginOutcome) -> BrowserSession {
    match outcome {
        LoginOutcome::Created(begun)
        | LoginOutcome::Known(begun)
        | LoginOutcome::Repeated(begun)
        | LoginOutcome::Merged { begun, .. } => begun,
        other => panic!("{other:?}"),
    }
}

/// The session of a user who was known.
pub(super) fn known(outcome: Result<LoginOutcome, StoreError>) -> Session {
    match outcome.unwrap() {
        LoginOutcome::Known(begun) => begun.session,
        other => panic!("{other:?}"),
    }
}

pub(super) fn new_grant(session: &Session, grant: GrantId, now: Timestamp) -> NewGrant {
    new_grant_of(&client(), session, grant, now)
}

pub(super) fn new_grant_of(
    client: &ClientId,
    session: &Session,
    grant: GrantId,
    now: Timestamp,
) -> NewGrant {
    let code = Code {
        grant,
        issuer: session.issuer,
        client: client.clone(),
        redirect_uri: UriHash::of("https://rp.example/callback"),
        challenge: None,
        nonce: Some("n".to_owned()),
        scopes: Scopes::parse("openid profile"),
        claims: serde_json::from_value(json!({"userinfo": ["name"]})).unwrap(),
        sid: session.sid,
        expires_at: now.after(Duration::from_mins(1)),
    };
    NewGrant::of_code(code, now)
}

pub(super) fn request() -> AuthorizationRequest {
    let request = json!({
        "issuer": issuer(),
        "client": client(),
        "redirect_uri": "https://rp.example/callback",
        "scopes": "openid profile",
        "state": "a state with 微信 and \"quotes\"",
        "nonce": "n",
        "max_age": 7,
    });
    serde_json::from_value(request).unwrap()
}
