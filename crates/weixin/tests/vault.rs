//! Tokens that stay alive, against the simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use weixin::{
    AppKind, AppSecret, AppTokens, Client, Clock, Code, Endpoints, MemoryStore, OpenId, Record,
    Store, StoreError, StoreFuture, Token, Vault, VaultError, Version,
};
use weixin_sim::{Effect, Fault, Sim};

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

#[tokio::test]
async fn a_refresh_does_not_extend_the_login() {
    let world = World::start().await;
    let token = world.log_in().await;
    let vault = Vault::new(world.mobile(), MemoryStore::new());
    vault.keep(&token).await.unwrap();
    let ends = world.hand.now() + Duration::from_hours(720);
    for refreshes in 1..=3 {
        world.advance(Duration::from_hours(100));
        let live = vault.token(&token.openid).await.unwrap();
        assert_eq!(world.calls(REFRESH), refreshes);
        assert_eq!(live.login_ends(), ends);
        let stored = vault.login_ends(&token.openid).await.unwrap();
        assert_eq!(stored, Some(ends));
    }
    world.advance(Duration::from_hours(420));
    let over = vault.token(&token.openid).await.unwrap_err();
    assert!(matches!(over, VaultError::LoginOver), "{over:?}");
    assert_eq!(world.calls(REFRESH), 3);
}

#[tokio::test]
async fn a_forgotten_user_is_unknown_at_once_and_an_unknown_one_is_not_written_to_the_store() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(3);
    let vault = Vault::new(world.mobile(), store.clone());
    vault.keep(&token).await.unwrap();
    vault.token(&token.openid).await.unwrap();
    vault.forget(&token.openid).await.unwrap();
    for _ in 0..3 {
        let unknown = vault.token(&token.openid).await.unwrap_err();
        assert!(matches!(unknown, VaultError::Unknown), "{unknown:?}");
    }
    assert_eq!(store.0.1.load(Ordering::Relaxed), 1, "two writes");
    assert_eq!(world.calls(REFRESH), 0);
}

#[tokio::test]
async fn a_new_login_on_another_server_is_used_when_wechat_refuses_the_old_one() {
    let world = World::start().await;
    let old = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let [one, other] = [(); 2].map(|()| Vault::new(world.mobile(), store.clone()));
    // What WeChat answers to the old token: it needs a refresh (40001), or a login (42007, 41004).
    for code in [40001, 42007, 40030] {
        one.keep(&old).await.unwrap();
        one.token(&old.openid).await.unwrap();
        let new = world.log_in().await;
        other.keep(&new).await.unwrap();
        world
            .sim
            .fault(Fault::new(Effect::Errcode(code)).path("/sns/userinfo"));
        let user = one.user(&old.openid).await.unwrap();
        assert_eq!(user.openid, old.openid, "{code}");
        let now = one.token(&old.openid).await.unwrap();
        assert_eq!(now.access_token().expose(), new.access_token.expose());
    }
    assert_eq!(world.calls(REFRESH), 0);

    // Without one, the user must log in, and what is stored stays.
    world
        .sim
        .fault(Fault::new(Effect::Errcode(42007)).path("/sns/userinfo"));
    let error = one.user(&old.openid).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    one.token(&old.openid).await.unwrap();
}

#[tokio::test]
async fn a_refused_token_is_not_handed_out_after_a_refresh_that_failed() {
    let world = World::start().await;
    let token = world.log_in().await;
    let vault = Vault::new(world.mobile(), MemoryStore::new());
    vault.keep(&token).await.unwrap();
    let refused = vault.token(&token.openid).await.unwrap();
    world
        .sim
        .fault(Fault::new(Effect::Errcode(45011)).path(REFRESH));
    let error = vault.renew(&refused).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_login(), "{error}");
    let renewed = vault.renew(&refused).await.unwrap();
    assert_eq!(renewed.openid(), refused.openid());
}

#[tokio::test]
async fn after_a_refused_refresh_the_token_is_neither_in_memory_nor_in_the_store() {
    let world = World::start().await;
    let token = world.log_in().await;
    let vault = Vault::new(world.mobile(), MemoryStore::new());
    vault.keep(&token).await.unwrap();
    let refused = vault.token(&token.openid).await.unwrap();
    world
        .sim
        .fault(Fault::new(Effect::Errcode(42002)).path(REFRESH));
    let error = vault.renew(&refused).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    let error = vault.token(&token.openid).await.unwrap_err();
    assert!(matches!(error, VaultError::Unknown), "{error:?}");
}

/// A store that two vaults share, and that can be told not to write any more.
#[derive(Clone, Debug, Default)]
struct Shared(Arc<(MemoryStore, AtomicUsize)>);

/// So many writes that it never ends.
const ALL: usize = usize::MAX;

impl Shared {
    fn lose_writes_after(&self, writes: usize) {
        self.0.1.store(writes, Ordering::Relaxed);
    }
}

impl Store for Shared {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        self.0.0.load(key)
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let left = &self.0.1;
        if left.load(Ordering::Relaxed) == 0 {
            return Box::pin(async { Err(StoreError::new("the disk is full")) });
        }
        left.fetch_sub(1, Ordering::Relaxed);
        self.0.0.replace(key, expected, record)
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        self.0.0.remove_expired(now)
    }
}

#[tokio::test]
async fn a_token_that_could_not_be_written_is_used_and_the_next_server_refreshes_again() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let [one, other] = [(); 2].map(|()| Vault::new(world.mobile(), store.clone()));
    one.keep(&token).await.unwrap();
    world.advance(Duration::from_hours(3));

    // The lease is written, what WeChat answers is not.
    store.lose_writes_after(1);
    let live = one.token(&token.openid).await.unwrap();
    assert_eq!(one.user(&token.openid).await.unwrap().openid, token.openid);
    assert_eq!(world.calls(REFRESH), 1);

    // The other server finds the lease of one who seems to be dead, and waits for its end.
    store.lose_writes_after(ALL);
    world.advance(Duration::from_secs(31));
    let again = other.token(&token.openid).await.unwrap();
    assert_eq!(world.calls(REFRESH), 2);
    assert_eq!(again.openid(), live.openid());
    assert_eq!(
        other.user(&token.openid).await.unwrap().openid,
        token.openid
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_written_at_all_is_an_error_and_wechat_is_not_asked() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let vault = Vault::new(world.mobile(), store.clone());
    vault.keep(&token).await.unwrap();
    world.advance(Duration::from_hours(3));
    store.lose_writes_after(0);
    let error = vault.token(&token.openid).await.unwrap_err();
    assert!(
        matches!(error, VaultError::Store(_)) && error.is_retryable(),
        "{error:?}"
    );
    assert_eq!(world.calls(REFRESH), 0);
    store.lose_writes_after(ALL);
    vault.token(&token.openid).await.unwrap();
}

#[tokio::test]
async fn whoever_comes_during_a_renewal_uses_the_token_that_is_still_good_and_else_waits_for_the_lease()
 {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let [one, other] = [(); 2].map(|()| Arc::new(Vault::new(world.mobile(), store.clone())));
    one.keep(&token).await.unwrap();
    world.advance(Duration::from_mins(118));
    world
        .sim
        .fault(Fault::new(Effect::SlowBodyMs(600_000)).path(REFRESH));
    let dies = tokio::spawn({
        let (vault, openid) = (Arc::clone(&one), token.openid.clone());
        async move { vault.token(&openid).await }
    });
    let calls = |sim: &Sim| {
        sim.requests()
            .iter()
            .filter(|one| one.path == REFRESH)
            .count()
    };
    world.sim.until(|sim| (calls(sim) == 1).then_some(())).await;

    let good = other.token(&token.openid).await.unwrap();
    assert_eq!(good.access_token().expose(), token.access_token.expose());
    assert_eq!(world.calls(REFRESH), 1);

    dies.abort();
    world.advance(Duration::from_secs(31));
    let renewed = other.token(&token.openid).await.unwrap();
    assert_eq!(world.calls(REFRESH), 2);
    assert!(renewed.ends() > good.ends());
}

#[tokio::test]
async fn sixteen_callers_on_two_servers_fetch_one_app_token() {
    for older in [false, true] {
        let world = World::start().await;
        let store = Shared::default();
        store.lose_writes_after(ALL);
        let servers = [(); 2].map(|()| {
            let client = world.client("wx0123456789abcde0", AppKind::OfficialAccount);
            let tokens = AppTokens::new(client, store.clone());
            Arc::new(if older { tokens.classic() } else { tokens })
        });
        let callers = (0..16).map(|n| {
            let server = Arc::clone(&servers[n % 2]);
            tokio::spawn(async move {
                server
                    .get()
                    .await
                    .unwrap()
                    .access_token()
                    .expose()
                    .to_owned()
            })
        });
        let mut tokens = Vec::new();
        for caller in callers.collect::<Vec<_>>() {
            tokens.push(caller.await.unwrap());
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
        let path = if older {
            "/cgi-bin/token"
        } else {
            "/cgi-bin/stable_token"
        };
        assert_eq!(world.calls(path), 1, "{path}");
    }
}
