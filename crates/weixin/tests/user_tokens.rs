//! Tokens that are refreshed in time, against the simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::{Request, Response, header::LOCATION};
use tokio::sync::Notify;
use url::Position;
use weixin::{
    AppId, AppSecret, Callback, Code, ConsentOptions, CsrfToken, Endpoints, Error, MiniProgram,
    MobileApp, OfficialAccount, OpenId, Token, UserTokens,
    clock::Clock,
    error::StoreError,
    mini_program::PhoneCode,
    store::{MemoryStore, Record, Store, StoreFuture, Version},
    tokens::{AccessToken, RefreshToken},
    transport::{self, Https, Transport},
};
use weixin_sim::{Effect, Fault, Sim, SimBuilder};

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
        Self::with(Sim::builder()).await
    }

    async fn with(builder: SimBuilder) -> Self {
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 * 60 * 60);
        Self {
            sim: builder.frozen_at(begin).start().await.unwrap(),
            hand: Hand(Arc::new(Mutex::new(begin))),
        }
    }

    fn advance(&self, by: Duration) {
        self.sim.advance(by).unwrap();
        *self.hand.0.lock().unwrap() += by;
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints::single(self.sim.url().parse().unwrap())
    }

    fn mobile(&self) -> MobileApp {
        let builder = MobileApp::builder(id(MOBILE), secret()).endpoints(self.endpoints());
        builder.clock(self.hand.clone()).build().unwrap()
    }

    fn account(&self) -> OfficialAccount {
        let builder = OfficialAccount::builder(id(ACCOUNT), secret()).endpoints(self.endpoints());
        builder.clock(self.hand.clone()).build().unwrap()
    }

    fn mini_program(&self) -> MiniProgram {
        let builder = MiniProgram::builder(id(MINI), secret()).endpoints(self.endpoints());
        builder.clock(self.hand.clone()).build().unwrap()
    }

    async fn log_in(&self) -> Token {
        let code = self.sim.send_auth(MOBILE, "layla").unwrap();
        let code = Code::new(code).unwrap();
        self.mobile().exchange(code).await.unwrap()
    }

    fn calls(&self, path: &str) -> usize {
        let requests = self.sim.requests();
        requests.iter().filter(|one| one.path == path).count()
    }
}

const ACCOUNT: &str = "wx0123456789abcde0";
const MOBILE: &str = "wx0123456789abcde1";
const MINI: &str = "wx0123456789abcde2";
const REFRESH: &str = "/sns/oauth2/refresh_token";

fn id(app: &str) -> AppId {
    app.parse().unwrap()
}

fn secret() -> AppSecret {
    AppSecret::new("s".repeat(32)).unwrap()
}

#[tokio::test]
async fn sixteen_callers_at_once_make_one_refresh() {
    let world = World::start().await;
    let token = world.log_in().await;
    let tokens = UserTokens::new(world.mobile(), MemoryStore::new());
    tokens.insert(&token).await.unwrap();
    let same = tokens.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(same.access_token().expose(), token.access_token.expose());
    assert_eq!(world.calls(REFRESH), 0);

    world.advance(Duration::from_secs(3 * 60 * 60));
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (tokens, openid) = (tokens.clone(), token.openid.clone());
            tokio::spawn(async move { tokens.get(&id(MOBILE), &openid).await.unwrap() })
        })
        .collect();
    for caller in callers {
        let live = caller.await.unwrap();
        assert_ne!(live.access_token().expose(), token.access_token.expose());
    }
    assert_eq!(world.calls(REFRESH), 1);
    assert_eq!(
        tokens.user(&token.app, &token.openid).await.unwrap().openid,
        token.openid
    );
}

#[tokio::test]
async fn a_login_expires_after_thirty_days_and_when_the_password_changes() {
    let world = World::start().await;
    let token = world.log_in().await;
    let tokens = UserTokens::new(world.mobile(), MemoryStore::new());
    let unknown: OpenId = "oUnknown".parse().unwrap();
    let unknown = tokens.get(&token.app, &unknown).await.unwrap_err();
    assert!(matches!(unknown, Error::LoginExpired) && unknown.needs_login());
    tokens.insert(&token).await.unwrap();
    let stored = tokens.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(
        stored.login_expires_at(),
        world.hand.now() + Duration::from_secs(720 * 60 * 60)
    );
    world.advance(Duration::from_secs(720 * 60 * 60));
    let expired = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(matches!(expired, Error::LoginExpired) && expired.needs_login());
    assert_eq!(world.calls(REFRESH), 0);

    let token = world.log_in().await;
    tokens.insert(&token).await.unwrap();
    world.sim.change_password("layla").unwrap();
    world.advance(Duration::from_secs(3 * 60 * 60));
    let invalid = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(
        matches!(invalid, Error::Api(_)) && invalid.needs_login(),
        "{invalid:?}"
    );
    // The store has no login any more, and WeChat is not asked again.
    let missing = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(matches!(missing, Error::LoginExpired), "{missing:?}");
    assert_eq!(world.calls(REFRESH), 1);
}

#[tokio::test]
async fn an_app_token_is_fetched_once_and_renewed_by_force_when_it_is_rejected() {
    let world = World::start().await;
    let app = world.mini_program();
    let tokens = app.app_tokens(MemoryStore::new());
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
    let code = world.sim.phone_code(MINI, "layla").unwrap();
    let phone = app
        .phone_number(&tokens, PhoneCode::new(code).unwrap())
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
    let store = MemoryStore::new();
    let tokens = UserTokens::new(world.mobile(), store.clone());
    tokens.insert(&token).await.unwrap();
    let expires_at = world.hand.now() + Duration::from_secs(720 * 60 * 60);
    for refreshes in 1..=3 {
        world.advance(Duration::from_secs(100 * 60 * 60));
        let live = tokens.get(&token.app, &token.openid).await.unwrap();
        assert_eq!(world.calls(REFRESH), refreshes);
        assert_eq!(live.login_expires_at(), expires_at);
        // Another server reads the same from the store.
        let other = UserTokens::new(world.mobile(), store.clone());
        let stored = other.get(&token.app, &token.openid).await.unwrap();
        assert_eq!(stored.login_expires_at(), expires_at);
        assert_eq!(world.calls(REFRESH), refreshes);
    }
    world.advance(Duration::from_secs(420 * 60 * 60));
    let expired = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(matches!(expired, Error::LoginExpired), "{expired:?}");
    assert_eq!(world.calls(REFRESH), 3);
}

#[tokio::test]
async fn a_removed_user_is_unknown_at_once_and_an_unknown_one_is_not_written_to_the_store() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(3);
    let tokens = UserTokens::new(world.mobile(), store.clone());
    tokens.insert(&token).await.unwrap();
    tokens.get(&token.app, &token.openid).await.unwrap();
    tokens.remove(&token.app, &token.openid).await.unwrap();
    for _ in 0..3 {
        let unknown = tokens.get(&token.app, &token.openid).await.unwrap_err();
        assert!(matches!(unknown, Error::LoginExpired), "{unknown:?}");
    }
    assert_eq!(store.0.1.load(Ordering::Relaxed), 1, "two writes");
    assert_eq!(world.calls(REFRESH), 0);
}

#[tokio::test]
async fn a_new_login_on_another_server_is_used_when_wechat_rejects_the_old_one() {
    let world = World::start().await;
    let old = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let [one, other] = [(); 2].map(|()| UserTokens::new(world.mobile(), store.clone()));
    // WeChat's response to the old token: it needs a refresh (40001), or a login (42007, 40030).
    for code in [40001, 42007, 40030] {
        one.insert(&old).await.unwrap();
        one.get(&old.app, &old.openid).await.unwrap();
        let new = world.log_in().await;
        other.insert(&new).await.unwrap();
        world
            .sim
            .fault(Fault::new(Effect::Errcode(code)).path("/sns/userinfo"));
        let user = one.user(&old.app, &old.openid).await.unwrap();
        assert_eq!(user.openid, old.openid, "{code}");
        let now = one.get(&old.app, &old.openid).await.unwrap();
        assert_eq!(now.access_token().expose(), new.access_token.expose());
    }
    assert_eq!(world.calls(REFRESH), 0);

    // Without one, the user must log in, and the stored token stays.
    world
        .sim
        .fault(Fault::new(Effect::Errcode(42007)).path("/sns/userinfo"));
    let error = one.user(&old.app, &old.openid).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    one.get(&old.app, &old.openid).await.unwrap();
}

#[tokio::test]
async fn a_rejected_token_is_not_returned_after_a_failed_refresh() {
    let world = World::start().await;
    let token = world.log_in().await;
    let tokens = UserTokens::new(world.mobile(), MemoryStore::new());
    tokens.insert(&token).await.unwrap();
    let rejected = tokens.get(&token.app, &token.openid).await.unwrap();
    world
        .sim
        .fault(Fault::new(Effect::Errcode(45011)).path(REFRESH));
    let error = tokens.renew(&rejected).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_login(), "{error}");
    let renewed = tokens.renew(&rejected).await.unwrap();
    assert_eq!(renewed.openid(), rejected.openid());
}

#[tokio::test]
async fn after_a_rejected_refresh_the_token_is_neither_in_memory_nor_in_the_store() {
    let world = World::start().await;
    let token = world.log_in().await;
    let tokens = UserTokens::new(world.mobile(), MemoryStore::new());
    tokens.insert(&token).await.unwrap();
    let rejected = tokens.get(&token.app, &token.openid).await.unwrap();
    world
        .sim
        .fault(Fault::new(Effect::Errcode(42002)).path(REFRESH));
    let error = tokens.renew(&rejected).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    let error = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(matches!(error, Error::LoginExpired), "{error:?}");
}

/// A store that two servers share, and that can be set to fail after some writes.
#[derive(Clone, Debug, Default)]
struct Shared(Arc<(MemoryStore, AtomicUsize)>);

/// More writes than any test makes.
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

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let left = &self.0.1;
        if left.load(Ordering::Relaxed) == 0 {
            return Box::pin(async { Err(StoreError::new("the disk is full")) });
        }
        left.fetch_sub(1, Ordering::Relaxed);
        self.0.0.compare_exchange(key, current, new)
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
    let [one, other] = [(); 2].map(|()| UserTokens::new(world.mobile(), store.clone()));
    one.insert(&token).await.unwrap();
    world.advance(Duration::from_secs(3 * 60 * 60));

    // The lease is written, WeChat's response is not.
    store.lose_writes_after(1);
    let live = one.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(
        one.user(&token.app, &token.openid).await.unwrap().openid,
        token.openid
    );
    assert_eq!(world.calls(REFRESH), 1);

    // The other server finds the lease of a server that seems to have stopped, and waits until it expires.
    store.lose_writes_after(ALL);
    world.advance(Duration::from_secs(31));
    let again = other.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(world.calls(REFRESH), 2);
    assert_eq!(again.openid(), live.openid());
    assert_eq!(
        other.user(&token.app, &token.openid).await.unwrap().openid,
        token.openid
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_written_at_all_is_an_error_and_wechat_is_not_called() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let tokens = UserTokens::new(world.mobile(), store.clone());
    tokens.insert(&token).await.unwrap();
    world.advance(Duration::from_secs(3 * 60 * 60));
    store.lose_writes_after(0);
    let error = tokens.get(&token.app, &token.openid).await.unwrap_err();
    assert!(
        matches!(error, Error::Store(_)) && error.is_retryable(),
        "{error:?}"
    );
    assert_eq!(world.calls(REFRESH), 0);
    store.lose_writes_after(ALL);
    tokens.get(&token.app, &token.openid).await.unwrap();
}

#[tokio::test]
async fn a_caller_during_a_renewal_uses_the_token_that_is_still_valid_or_waits_for_the_lease() {
    let world = World::start().await;
    let token = world.log_in().await;
    let store = Shared::default();
    store.lose_writes_after(ALL);
    let [one, other] = [(); 2].map(|()| UserTokens::new(world.mobile(), store.clone()));
    one.insert(&token).await.unwrap();
    world.advance(Duration::from_secs(118 * 60));
    world
        .sim
        .fault(Fault::new(Effect::SlowBodyMs(60_000)).path(REFRESH));
    let stops = tokio::spawn({
        let (one, openid) = (one.clone(), token.openid.clone());
        async move { one.get(&id(MOBILE), &openid).await }
    });
    let calls = |sim: &Sim| {
        sim.requests()
            .iter()
            .filter(|one| one.path == REFRESH)
            .count()
    };
    world.sim.until(|sim| (calls(sim) == 1).then_some(())).await;

    let valid = other.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(valid.access_token().expose(), token.access_token.expose());
    assert_eq!(world.calls(REFRESH), 1);

    stops.abort();
    world.advance(Duration::from_secs(31));
    let renewed = other.get(&token.app, &token.openid).await.unwrap();
    assert_eq!(world.calls(REFRESH), 2);
    assert!(renewed.expires_at() > valid.expires_at());
}

#[tokio::test]
async fn sixteen_callers_on_two_servers_fetch_one_app_token() {
    for is_legacy in [false, true] {
        let world = World::start().await;
        let store = Shared::default();
        store.lose_writes_after(ALL);
        let servers = [(); 2].map(|()| {
            let tokens = world.account().app_tokens(store.clone());
            if is_legacy {
                tokens.legacy_endpoint()
            } else {
                tokens
            }
        });
        let callers = (0..16).map(|n| {
            let server = servers[n % 2].clone();
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
        let path = if is_legacy {
            "/cgi-bin/token"
        } else {
            "/cgi-bin/stable_token"
        };
        assert_eq!(world.calls(path), 1, "{path}");
    }
}

#[tokio::test]
async fn the_tokens_of_two_apps_are_separate_and_an_app_that_was_not_added_is_an_error() {
    let world = World::with(Sim::builder().auto_allow()).await;
    let (mobile, account) = (world.mobile(), world.account());
    let code = world.sim.send_auth(MOBILE, "xiaoming").unwrap();
    let token = mobile.exchange(Code::new(code).unwrap()).await.unwrap();
    let code = follow_consent_page(&account).await;
    let other = account.exchange(code).await.unwrap();
    assert_ne!((&token.app, &token.openid), (&other.app, &other.openid));
    assert_eq!(token.unionid, other.unionid);

    let store = MemoryStore::new();
    let both = UserTokens::new(&mobile, store.clone()).app(&account);
    for one in [&token, &other] {
        both.insert(one).await.unwrap();
    }
    world.advance(Duration::from_secs(3 * 60 * 60));
    for one in [&token, &other] {
        let live = both.get(&one.app, &one.openid).await.unwrap();
        assert_eq!((live.app(), live.openid()), (&one.app, &one.openid));
        assert_eq!(live.unionid(), one.unionid.as_ref());
        let user = both.user(&one.app, &one.openid).await.unwrap();
        assert_eq!(user.openid, one.openid);
    }
    // An OpenID is one app's.
    let swapped = both.get(&token.app, &other.openid).await.unwrap_err();
    assert!(matches!(swapped, Error::LoginExpired), "{swapped:?}");
    both.remove(&other.app, &other.openid).await.unwrap();
    both.get(&token.app, &token.openid).await.unwrap();

    let alone = UserTokens::new(&mobile, store);
    for error in [
        alone.insert(&other).await.unwrap_err(),
        alone.get(&other.app, &other.openid).await.unwrap_err(),
        alone.user(&other.app, &other.openid).await.unwrap_err(),
    ] {
        assert!(error.is_configuration(), "{error}");
        assert!(matches!(error, Error::UnknownApp(app) if app == other.app));
    }
    let stored = alone.get(&token.app, &token.openid).await.unwrap();
    let again = alone.renew(&stored).await.unwrap();
    assert_eq!(again.openid(), &token.openid);
}

/// The code of an official account's login, from a simulator that allows each login by itself.
async fn follow_consent_page(account: &OfficialAccount) -> Code {
    let csrf = CsrfToken::random().unwrap();
    let redirect_uri = "http://localhost:8080/".parse().unwrap();
    let url = account.authorize_url(&redirect_uri, &csrf, &ConsentOptions::new());
    let request = Request::get(&url.unwrap()[..Position::AfterQuery]);
    let request = request.header("user-agent", "MicroMessenger");
    let https = Https::new().unwrap();
    let page = https.send(request.body(Vec::new()).unwrap());
    let page = page.await.unwrap();
    let location = page.headers()[LOCATION].to_str().unwrap();
    let query = location.split_once('?').unwrap().1;
    Callback::parse(query).unwrap().verify(&csrf).unwrap()
}

#[tokio::test]
async fn a_renewal_under_way_does_not_bring_back_a_removed_user() {
    let (sent, responds) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let app = || {
        let (sent, responds) = (Arc::clone(&sent), Arc::clone(&responds));
        let wechat = transport::from_fn(move |_request| {
            let (sent, responds) = (Arc::clone(&sent), Arc::clone(&responds));
            async move {
                sent.notify_one();
                responds.notified().await;
                let body = r#"{"access_token":"66_new","expires_in":7200,"refresh_token":"66_r","openid":"oAlice"}"#;
                Ok(Response::new(body.into()))
            }
        });
        MobileApp::builder(id(MOBILE), secret()).build_with(wechat)
    };
    let access_token = AccessToken::new("66_old").unwrap();
    let refresh_token = RefreshToken::new("66_r").unwrap();
    let token = Token::new(
        id(MOBILE),
        "oAlice".parse().unwrap(),
        access_token,
        refresh_token,
    );
    let store = MemoryStore::new();
    let [one, other] = [(); 2].map(|()| UserTokens::new(app(), store.clone()));
    for remover in [&one, &other] {
        one.insert(&token).await.unwrap();
        let stored = one.get(&token.app, &token.openid).await.unwrap();
        let renewal = tokio::spawn({
            let one = one.clone();
            async move { one.renew(&stored).await }
        });
        sent.notified().await;
        remover.remove(&token.app, &token.openid).await.unwrap();
        responds.notify_one();
        for outcome in [
            renewal.await.unwrap(),
            one.get(&token.app, &token.openid).await,
            other.get(&token.app, &token.openid).await,
        ] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::LoginExpired), "{error:?}");
        }
    }
}
