//! Several servers of one site: what one has done, the others know.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "servers need less of a browser")]
mod support;

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use weixin::{
    error::StoreError,
    store::{
        MemoryStore, PostgresStore, Record, RedisStore, Store, StoreFuture, StoreKeys, Version,
    },
};
use weixin_axum::WebLoginBuilder;
use weixin_sim::{Effect, Fault, Sim};

use self::support::{Browser, Gate, Site, param};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn service(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

async fn redis(login: WebLoginBuilder) -> WebLoginBuilder {
    let url = service("WEIXIN_TEST_REDIS");
    login.shared(
        RedisStore::connect(&url, StoreKeys::new(KEY).unwrap())
            .await
            .unwrap(),
    )
}

async fn postgres(login: WebLoginBuilder) -> WebLoginBuilder {
    let url = service("WEIXIN_TEST_POSTGRES");
    login.shared(
        PostgresStore::connect(&url, StoreKeys::new(KEY).unwrap())
            .await
            .unwrap(),
    )
}

/// Two servers, each with its own connection to the store.
async fn servers(share: impl AsyncFn(WebLoginBuilder) -> WebLoginBuilder) -> [Site; 2] {
    let sim = Arc::new(Sim::builder().auto_allow().start().await.unwrap());
    let gate = Gate::new(100);
    let server = async || {
        let login = Site::builder(&sim, "http://localhost/authorization", &gate);
        Site::of(Arc::clone(&sim), gate.clone(), share(login).await)
    };
    [server().await, server().await]
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn the_same_callback_on_two_servers(share: impl AsyncFn(WebLoginBuilder) -> WebLoginBuilder) {
    let [one, other] = servers(share).await;
    let mut browser = Browser::default();

    // Begun on one, ended on the other: the state is in the cookie.
    let callback = browser.log_in(&one).await;
    let first = browser.open(&other, &callback).await;
    assert!(first.user().is_some(), "{}", first.body);
    let again = browser.open(&one, &callback).await;
    assert_eq!(again.user(), first.user());
    assert!(!first.is_repeat() && again.is_repeat());
    assert_eq!(one.gate.exchanges(), 1);

    // At once, on both.
    let callback = browser.log_in(&one).await;
    let mut tabs = [browser.clone(), browser.clone()];
    let [tab, tab_two] = &mut tabs;
    let (left, right) = tokio::join!(tab.open(&one, &callback), tab_two.open(&other, &callback));
    assert!(left.user().is_some(), "{}", left.body);
    assert_eq!(left.user(), right.user());
    assert!(left.is_repeat() != right.is_repeat());
    assert_eq!(one.gate.exchanges(), 2);

    // Another code with a state that the other server has spent.
    let another = Browser::default().log_in(&one).await;
    let callback = browser.log_in(&one).await;
    assert!(browser.open(&one, &callback).await.user().is_some());
    let mixed = callback.replace(&param(&callback, "code"), &param(&another, "code"));
    let page = browser.open(&other, &mixed).await;
    assert_eq!(page.failure(), "used");
    assert_eq!(one.gate.exchanges(), 3);

    // Logged out on one, a copy of the cookie is worth nothing on the other.
    let copied = browser.clone();
    browser.open(&one, "/logout").await;
    let page = copied.clone().open(&other, &callback).await;
    assert_eq!(page.failure(), "used");
    assert_eq!(one.gate.exchanges(), 3);

    // Nothing was sent: the other server may.
    let mut browser = Browser::default();
    let callback = browser.log_in(&one).await;
    one.gate.is_down.store(true, Ordering::SeqCst);
    assert_eq!(browser.open(&one, &callback).await.failure(), "unreachable");
    one.gate.is_down.store(false, Ordering::SeqCst);
    assert!(browser.open(&other, &callback).await.user().is_some());
}

#[tokio::test]
async fn replay_on_another_server_gets_the_first_answer_by_redis() {
    the_same_callback_on_two_servers(redis).await;
}

#[tokio::test]
async fn replay_on_another_server_gets_the_first_answer_by_postgres() {
    the_same_callback_on_two_servers(postgres).await;
}

#[tokio::test]
async fn a_login_that_failed_on_one_server_has_failed_on_the_others() {
    let [one, other] = servers(redis).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&one).await;
    one.sim
        .fault(Fault::new(Effect::Errcode(40029)).path("/sns/oauth2/access_token"));
    assert_eq!(browser.open(&one, &callback).await.failure(), "expired");
    assert_eq!(browser.open(&other, &callback).await.failure(), "used");
    assert_eq!(one.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_log_out_on_any_server_ends_the_repeats_on_all_of_them() {
    for (exchanges, repeats, logs_out) in [(0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1)] {
        let servers = servers(redis).await;
        let mut browser = Browser::default();
        let callback = browser.log_in(&servers[0]).await;
        for server in [exchanges, repeats] {
            let page = browser.open(&servers[server], &callback).await;
            assert!(page.user().is_some(), "{}", page.body);
        }
        let copied = browser.clone();
        browser.open(&servers[logs_out], "/logout").await;
        for server in &servers {
            let page = copied.clone().open(server, &callback).await;
            assert_eq!(page.failure(), "used");
        }
        assert_eq!(servers[0].gate.exchanges(), 1);
    }
}

#[tokio::test]
async fn a_callback_can_be_repeated_for_one_minute_whichever_servers_it_reaches() {
    let servers = servers(redis).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&servers[0]).await;
    assert!(browser.open(&servers[0], &callback).await.user().is_some());
    let later = |time| servers.each_ref().map(|server| server.clock.advance(time));
    later(Duration::from_secs(57));
    // This server hears of the login now, and may not begin a minute of its own.
    assert!(browser.open(&servers[1], &callback).await.user().is_some());
    later(Duration::from_secs(4));
    for server in servers.iter().rev() {
        assert_eq!(browser.open(server, &callback).await.failure(), "used");
    }
}

#[tokio::test]
async fn a_log_out_ends_a_login_that_is_older_than_six_in_progress() {
    let [one, other] = servers(redis).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&one).await;
    assert!(browser.open(&one, &callback).await.user().is_some());
    let copied = browser.clone();
    // Six tabs that start at once send the same cookies: none of them makes room for the others.
    for _ in 0..6 {
        let mut tab = copied.clone();
        tab.open(&one, "/login").await;
        for (name, value) in &tab.cookies {
            browser.set_cookie(name, value);
        }
    }
    assert_eq!(browser.cookies.len(), 7);
    browser.open(&other, "/logout").await;
    assert!(browser.cookies.is_empty());
    for server in [&one, &other] {
        let page = copied.clone().open(server, &callback).await;
        assert_eq!(page.failure(), "used");
    }
}

/// A store that can be cut off.
#[derive(Debug, Default)]
struct Unsteady {
    store: MemoryStore,
    is_down: AtomicBool,
}

impl Unsteady {
    fn try_it<'a, T: Send + 'a>(&self, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.is_down.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::new("cut off")) });
        }
        work
    }
}

impl Store for Unsteady {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        self.try_it(self.store.load(key))
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        self.try_it(self.store.compare_exchange(key, expected, record))
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        self.try_it(self.store.remove_expired(now))
    }
}

#[tokio::test]
async fn without_its_store_a_server_goes_by_what_it_knows_itself() {
    let store = Arc::new(Unsteady::default());
    let [one, _] = servers(async |login| login.shared(Arc::clone(&store))).await;
    for is_down_at_first in [false, true] {
        store.is_down.store(is_down_at_first, Ordering::SeqCst);
        let mut browser = Browser::default();
        let callback = browser.log_in(&one).await;
        for is_down in [is_down_at_first, true, false] {
            store.is_down.store(is_down, Ordering::SeqCst);
            let page = browser.open(&one, &callback).await;
            assert!(page.user().is_some(), "{}", page.body);
        }
        store.is_down.store(true, Ordering::SeqCst);
        let copied = browser.clone();
        browser.open(&one, "/logout").await;
        let page = copied.clone().open(&one, &callback).await;
        assert_eq!(page.failure(), "used");
    }
}
