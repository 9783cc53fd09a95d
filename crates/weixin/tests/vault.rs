//! Tokens that stay alive, against the simulator, and one conformance suite for every store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use weixin::{
    AppKind, AppSecret, AppTokens, Client, Clock, Code, Endpoints, MemoryStore, OpenId, Record,
    RedisStore, SqlStore, Store, StoreKeys, Token, Vault, VaultError, Version,
};
use weixin_sim::{Effect, Fault, Sim};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The time of the simulator and of the client, moved together.
#[derive(Clone, Debug)]
struct Hand(Arc<Mutex<SystemTime>>);

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

struct World {
    sim: Sim,
    hand: Hand,
}

impl World {
    async fn start() -> Self {
        let begin = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000_000);
        Self {
            sim: Sim::builder().frozen_at(begin).start().await.unwrap(),
            hand: Hand(Arc::new(Mutex::new(begin))),
        }
    }

    fn advance(&self, by: Duration) {
        self.sim.advance(by).unwrap();
        *self.hand.0.lock().unwrap() += by;
    }

    fn client(&self, app: &str, kind: AppKind) -> Client {
        let secret = AppSecret::new("s".repeat(32)).unwrap();
        Client::builder(app.parse().unwrap(), secret)
            .kind(kind)
            .endpoints(Endpoints::single(self.sim.url().parse().unwrap()))
            .clock(self.hand.clone())
            .build()
            .unwrap()
    }

    fn mobile(&self) -> Client {
        self.client("wx0123456789abcde1", AppKind::MobileApp)
    }

    async fn log_in(&self) -> Token {
        let code = self.sim.send_auth("wx0123456789abcde1", "layla").unwrap();
        let code = Code::new(code).unwrap();
        self.mobile().exchange(code).await.unwrap()
    }

    fn calls(&self, path: &str) -> usize {
        let requests = self.sim.requests();
        requests.iter().filter(|one| one.path == path).count()
    }
}

const REFRESH: &str = "/sns/oauth2/refresh_token";

#[tokio::test]
async fn sixteen_callers_at_once_make_one_refresh() {
    let world = World::start().await;
    let token = world.log_in().await;
    let vault = Arc::new(Vault::new(world.mobile(), MemoryStore::new()));
    vault.keep(&token).await.unwrap();
    let same = vault.token(&token.openid).await.unwrap();
    assert_eq!(same.access_token().expose(), token.access_token.expose());
    assert_eq!(world.calls(REFRESH), 0);

    world.advance(Duration::from_hours(3));
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (vault, openid) = (Arc::clone(&vault), token.openid.clone());
            tokio::spawn(async move { vault.token(&openid).await.unwrap() })
        })
        .collect();
    for caller in callers {
        let live = caller.await.unwrap();
        assert_ne!(live.access_token().expose(), token.access_token.expose());
    }
    assert_eq!(world.calls(REFRESH), 1);
    assert_eq!(
        vault.user(&token.openid).await.unwrap().openid,
        token.openid
    );
}

#[tokio::test]
async fn a_login_ends_after_thirty_days_and_when_the_password_changes() {
    let world = World::start().await;
    let token = world.log_in().await;
    let vault = Vault::new(world.mobile(), MemoryStore::new());
    let nobody: OpenId = "oNobody".parse().unwrap();
    let unknown = vault.token(&nobody).await.unwrap_err();
    assert!(matches!(unknown, VaultError::Unknown) && unknown.needs_login());
    vault.keep(&token).await.unwrap();
    let ends = vault.login_ends(&token.openid).await.unwrap().unwrap();
    assert_eq!(ends, world.hand.now() + Duration::from_hours(720));
    world.advance(Duration::from_hours(720));
    let over = vault.token(&token.openid).await.unwrap_err();
    assert!(matches!(over, VaultError::LoginOver) && over.needs_login());
    assert_eq!(world.calls(REFRESH), 0);

    let token = world.log_in().await;
    vault.keep(&token).await.unwrap();
    world.sim.change_password("layla").unwrap();
    world.advance(Duration::from_hours(3));
    let void = vault.token(&token.openid).await.unwrap_err();
    assert!(void.needs_login(), "{void}");
    assert_eq!(vault.login_ends(&token.openid).await.unwrap(), None);
}

#[tokio::test]
async fn an_app_token_is_fetched_once_and_renewed_by_force_when_it_is_refused() {
    let world = World::start().await;
    let client = world.client("wx0123456789abcde2", AppKind::MiniProgram);
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let first = tokens.get().await.unwrap();
    assert_eq!(
        tokens.get().await.unwrap().access_token().expose(),
        first.access_token().expose()
    );
    assert_eq!(world.calls("/cgi-bin/stable_token"), 1);

    let path = "/wxa/business/getuserphonenumber";
    world
        .sim
        .fault(Fault::new(Effect::Errcode(40001)).path(path));
    let code = world.sim.phone_code("wx0123456789abcde2", "layla").unwrap();
    let phone = client
        .phone_number(&tokens, Code::new(code).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (phone.phone_number.len(), phone.country_code.as_str()),
        (11, "86")
    );
    assert_eq!(
        (world.calls(path), world.calls("/cgi-bin/stable_token")),
        (2, 2)
    );
    assert_ne!(
        tokens.get().await.unwrap().access_token().expose(),
        first.access_token().expose()
    );
}

fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

fn keys() -> StoreKeys {
    StoreKeys::new(KEY).unwrap()
}

#[tokio::test]
async fn memory_conforms() {
    conforms(MemoryStore::new()).await;
}

#[tokio::test]
async fn sqlite_conforms() {
    conforms(SqlStore::connect("sqlite::memory:", keys()).await.unwrap()).await;
}

#[tokio::test]
async fn postgres_conforms() {
    let url = service("WEIXIN_TEST_POSTGRES");
    conforms(SqlStore::connect(&url, keys()).await.unwrap()).await;
}

#[tokio::test]
async fn redis_conforms() {
    let url = service("WEIXIN_TEST_REDIS");
    conforms(RedisStore::connect(&url, keys()).await.unwrap()).await;
}

/// What every store must do.
#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn conforms(store: impl Store + 'static) {
    let store = Arc::new(store);
    let later = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200);
    let record =
        |text: &str| Record::new(text.as_bytes().to_vec(), Version::random().unwrap(), later);
    assert!(store.load("a").await.unwrap().is_none());
    let first = record("one");
    assert!(store.replace("a", None, Some(first.clone())).await.unwrap());
    assert!(!store.replace("a", None, Some(record("two"))).await.unwrap());
    let found = store.load("a").await.unwrap().unwrap();
    assert_eq!(
        (found.expose(), found.version, found.expires),
        (&b"one"[..], first.version, later)
    );
    assert!(store.load("b").await.unwrap().is_none());

    // Of sixteen who expect the same version, one writes.
    let writers: Vec<_> = (0..16)
        .map(|n| {
            let (store, new) = (Arc::clone(&store), record(&n.to_string()));
            let expected = Some(first.version);
            tokio::spawn(async move { store.replace("a", expected, Some(new)).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for writer in writers {
        winners += usize::from(writer.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert!(!store.replace("a", Some(first.version), None).await.unwrap());
    let now = store.load("a").await.unwrap().unwrap().version;
    assert!(store.replace("a", Some(now), None).await.unwrap());
    assert!(store.load("a").await.unwrap().is_none());

    let soon = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    let expired = Record::new(b"x".to_vec(), Version::random().unwrap(), soon);
    store.replace("c", None, Some(expired)).await.unwrap();
    store.remove_expired(soon).await.unwrap();
    assert!(store.load("c").await.unwrap().is_none());
}
