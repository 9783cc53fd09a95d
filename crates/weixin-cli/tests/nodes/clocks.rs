//! Nodes whose clocks differ, in the process of the test.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use reqwest::StatusCode;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use weixin::{
    Language,
    clock::{Clock, SleepFuture, SystemClock},
};
use weixin_gateway::{Admin, Config, Gateway, OldKeys, RevokeTarget, ServeError};

use crate::{
    browser::{Browser, Failure, Http},
    postgres::{connect, count, schema},
    proxy::Proxy,
    site::Site,
};

const DAY: u64 = 24 * 3600;

/// A clock that is some seconds ahead.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicU64>);

impl Ahead {
    fn by(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead(..)")
    }
}

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemClock.now() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        SystemClock.sleep(duration)
    }
}

struct Node {
    gateway: Gateway,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Node {
    async fn start(config: &str, clock: Ahead) -> Self {
        let config = Config::parse(config).unwrap();
        let gateway = Gateway::builder(config).clock(clock).open().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = gateway.clone().serve(listener, async {
            let _ = stopped.await;
        });
        Self {
            gateway,
            address,
            stop,
            running: tokio::spawn(serving),
        }
    }

    async fn readiness(&self) -> (u16, String) {
        let url = format!("http://{}/readyz", self.address);
        let response = reqwest::get(url).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clocks_that_differ_by_half_a_minute_repeat_no_login_and_log_no_user_out() {
    let proxy = Proxy::start().await;
    let site = Site::new(proxy.issuer()).await;
    let config = site.config(&format!("url = \"{}\"", schema().await), "");
    let nodes = [
        Node::start(&config, Ahead::by(0)).await,
        Node::start(&config, Ahead::by(30)).await,
    ];
    for node in &nodes {
        proxy.add(node.address);
    }
    let http = Http::new(&site.issuer);
    let each = nodes.each_ref().map(|node| http.at(node.address));
    // Each request goes to the node after the one before, so every second login begins on the other.
    for number in 0..6 {
        let mut browser = Browser::new(site.new_user());
        let tokens = browser.log_in(&http).await.unwrap();
        let sub = http.sub(&tokens.access).await.unwrap();
        assert_eq!(browser.scans, 1, "{number}");
        for (more, scans) in [("&prompt=login", 2), ("&max_age=1", 3), ("", 3)] {
            let repeated = browser.scans;
            let code = browser.code(&http, more).await.unwrap();
            http.redeem(&code).await.unwrap();
            // A time of the other clock may count as old, so that the user is asked, and once only.
            assert!(
                browser.scans <= scans && browser.scans <= repeated + 1,
                "{number} {more}"
            );
        }
        let scans = browser.scans;
        for node in each.iter().chain(&each) {
            // Still logged in, and the tokens of each node are valid on both.
            let tokens = browser.log_in(node).await.unwrap();
            for other in &each {
                assert_eq!(other.sub(&tokens.access).await.unwrap(), sub);
            }
        }
        assert_eq!(browser.scans, scans, "{number}");
    }
    for node in nodes {
        assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
        node.stop().await;
    }
}

/// A browser loads the client's callback twice, as WeChat's own does, and the client sends a refresh token twice. A node that
/// takes the second for a theft logs the user out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_sent_twice_to_clocks_that_differ_by_half_a_minute_is_no_theft() {
    let site = Site::new("http://localhost".to_owned()).await;
    let grace = "[lifetimes]\nrefresh_token_grace = \"20s\"\n";
    let config = site.config(&format!("url = \"{}\"", schema().await), "");
    let config = config.replace("[lifetimes]\n", grace);
    let nodes = [
        Node::start(&config, Ahead::by(0)).await,
        Node::start(&config, Ahead::by(30)).await,
    ];
    let http = Http::new(&site.issuer);
    let [right, fast] = nodes.each_ref().map(|node| http.at(node.address));
    for (first, second) in [(&right, &fast), (&fast, &right)] {
        let mut browser = Browser::new(site.new_user());
        let (first, second) = (first.public(), second.public());
        let code = browser.code(&first, "").await.unwrap();
        let tokens = first.redeem(&code).await.unwrap();
        second.redeem(&code).await.unwrap_err();
        let sub = second.sub(&tokens.access).await.unwrap();
        let token = tokens.refresh.unwrap();
        for node in [&first, &second] {
            let refreshed = node.refresh(&token).await.unwrap();
            assert_eq!(first.sub(&refreshed.access).await.unwrap(), sub);
        }
    }
    for node in nodes {
        node.stop().await;
    }
}

/// The operator's machine has the time of the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_fast_node_has_stored_just_before_is_revoked() {
    let site = Site::new("http://localhost".to_owned()).await;
    let config = site.config(&format!("url = \"{}\"", schema().await), "");
    let node = Node::start(&config, Ahead::by(30)).await;
    let http = Http::new(&site.issuer).at(node.address);
    let admin = Admin::open(&Config::parse(&config).unwrap()).await.unwrap();
    for (target, has_session) in [
        (RevokeTarget::All, false),
        (RevokeTarget::Client("wiki".to_owned()), true),
    ] {
        // The second time right after the first revocation.
        let mut browser = Browser::new(site.new_user());
        let tokens = browser.log_in(&http).await.unwrap();
        let code = browser.code(&http, "").await.unwrap();
        let revoked = admin.revoke(target).await.unwrap();
        assert_eq!((revoked.sessions == 0, revoked.grants), (has_session, 1));
        http.sub(&tokens.access).await.unwrap_err();
        http.redeem(&code).await.unwrap_err();
        browser.code(&http, "").await.unwrap();
        assert_eq!(browser.scans == 1, has_session);
    }
    admin.close().await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_whose_clock_is_wrong_is_not_ready() {
    let site = Site::new("http://localhost".to_owned()).await;
    let config = site.config(&format!("url = \"{}\"", schema().await), "");
    let node = Node::start(&config, Ahead::by(3_600)).await;
    let (status, text) = node.readiness().await;
    let is_told = text.starts_with("the clock differs by 3")
        && text.ends_with(" seconds from that of the database\n");
    assert!(status == 503 && is_told, "{status} {text}");
    node.stop().await;
}

/// The time of the database counts: that of a node that is a year ahead would expire all sessions, and make a key of next year.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_whose_clock_is_wrong_makes_no_key_and_its_users_stay_logged_in() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let config = site.config(&format!("url = \"{url}\""), "");
    let right = Node::start(&config, Ahead::by(0)).await;
    let mut browser = Browser::new(site.new_user());
    let http = Http::new(&site.issuer);
    let tokens = browser.log_in(&http.at(right.address)).await.unwrap();
    let wrong = Node::start(&config, Ahead::by(400 * DAY)).await;
    wrong.gateway.refresh().await.unwrap();
    assert_eq!(count(&url, "select count(*) from keys").await, 1);
    let failure = http.at(wrong.address).sub(&tokens.access).await;
    assert!(comes_again(&failure.unwrap_err()));
    let http = http.at(right.address);
    http.sub(&tokens.access).await.unwrap();
    browser.log_in(&http).await.unwrap();
    assert_eq!(browser.scans, 1);
    wrong.stop().await;
    right.stop().await;
}

/// A schema of its own, by whose clock it is later by the milliseconds of `ahead`: that of a server that has taken over.
async fn schema_with_clock() -> String {
    // The server's own functions come first, unless the path says otherwise.
    let url = format!("{},pg_catalog", schema().await);
    let mut database = connect(&url).await;
    let clock = "create table ahead (milliseconds bigint);
        insert into ahead values (0);
        create function clock_timestamp() returns timestamptz language sql volatile as
        'select pg_catalog.clock_timestamp() + milliseconds * interval ''1 millisecond'' from ahead'";
    sqlx::raw_sql(clock).execute(&mut database).await.unwrap();
    url
}

/// Whether clients try again later.
fn comes_again(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Rejected {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some(_),
            ..
        }
    )
}

async fn set_ahead(url: &str, milliseconds: u64) {
    let mut database = connect(url).await;
    let set = format!("update ahead set milliseconds = {milliseconds}");
    let set = sqlx::query(sqlx::AssertSqlSafe(set));
    set.execute(&mut database).await.unwrap();
}

/// Tokens would count as expired, and clients would log their users out. What began by that clock would be valid for a year.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_decided_while_the_clock_of_the_database_is_wrong() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema_with_clock().await;
    let config = site.config(&format!("url = \"{url}\""), "");
    let node = Node::start(&config, Ahead::by(0)).await;
    let http = Http::new(&site.issuer).at(node.address);
    let mut browser = Browser::new(site.new_user());
    let tokens = browser.log_in(&http).await.unwrap();
    let code = browser.code(&http, "").await.unwrap();
    set_ahead(&url, 400 * DAY * 1000).await;
    while node.readiness().await.0 != 503 {
        tokio::task::yield_now().await;
    }
    let refresh = tokens.refresh.as_deref().unwrap();
    for failed in [
        http.sub(&tokens.access).await.err(),
        http.redeem(&code).await.err(),
        http.refresh(refresh).await.err(),
        http.get("/jwks").await.err(),
        browser.code(&http, "").await.err(),
    ] {
        let failure = failed.unwrap();
        assert!(comes_again(&failure), "{failure:?}");
    }
    let admin = Admin::open(&Config::parse(&config).unwrap()).await.unwrap();
    let keys = "select count(*) from keys";
    for old in [OldKeys::Keep, OldKeys::Revoke] {
        let config = Config::parse(&config).unwrap();
        let rotated = admin.rotate_keys(&config, None, old).await;
        let error = rotated.unwrap_err().text(Language::English);
        let expected = "the clock of this machine differs by 345";
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(count(&url, keys).await, 1);
    // All later logins at this client would be those of before.
    let revoked = admin.revoke(RevokeTarget::Client("wiki".to_owned())).await;
    let error = revoked.unwrap_err().to_string();
    assert!(
        error.starts_with("the clock of this machine differs"),
        "{error}"
    );
    set_ahead(&url, 0).await;
    while node.readiness().await.0 != 200 {
        tokio::task::yield_now().await;
    }
    http.sub(&tokens.access).await.unwrap();
    http.redeem(&code).await.unwrap();
    http.refresh(refresh).await.unwrap();
    browser.log_in(&http).await.unwrap();
    assert_eq!(browser.scans, 1);
    let config = Config::parse(&config).unwrap();
    assert!(
        admin
            .rotate_keys(&config, None, OldKeys::Revoke)
            .await
            .unwrap()
    );
    assert_eq!(count(&url, keys).await, 2);
    admin.close().await;
    node.stop().await;
}

/// NTP sets it, or the machine was paused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_that_is_set_while_the_node_runs_makes_no_thief_of_a_repeat() {
    let site = Site::new("http://localhost".to_owned()).await;
    let config = site.config(&format!("url = \"{}\"", schema().await), "");
    let clock = Ahead::by(30);
    let nodes = [
        Node::start(&config, Ahead::by(0)).await,
        Node::start(&config, clock.clone()).await,
    ];
    let http = Http::new(&site.issuer);
    let [first, second] = nodes.each_ref().map(|node| http.at(node.address).public());
    let mut browser = Browser::new(site.new_user());
    clock.0.store(0, Ordering::Relaxed);
    let code = browser.code(&first, "").await.unwrap();
    let tokens = first.redeem(&code).await.unwrap();
    second.redeem(&code).await.unwrap_err();
    first.sub(&tokens.access).await.unwrap();
    let token = tokens.refresh.unwrap();
    for node in [&first, &second] {
        node.refresh(&token).await.unwrap();
    }
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_rotated_once_by_two_nodes() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let config = site.config(&format!("url = \"{url}\""), "");
    let start = || Node::start(&config, Ahead::default());
    // Both begin at once on an empty database.
    let (first, second) = tokio::join!(start(), start());
    let http = Http::new(&site.issuer);
    let keys = async |node: &Node| {
        let jwks = http.at(node.address).get("/jwks").await.unwrap();
        let keys = jwks["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // All nodes go by the time of the database, so that the keys become older.
    for (days, published) in [(0, 1), (90, 2), (1, 2), (89, 3), (2, 2)] {
        let age = format!(
            "update keys set published_at = published_at - {age}, active_at = active_at - {age},
            retired_at = retired_at - {age}, removed_at = removed_at - {age}",
            age = days * DAY * 1000
        );
        let mut database = connect(&url).await;
        sqlx::query(sqlx::AssertSqlSafe(age))
            .execute(&mut database)
            .await
            .unwrap();
        let (one, two) = tokio::join!(first.gateway.refresh(), second.gateway.refresh());
        one.unwrap();
        two.unwrap();
        // What the other has made in the same moment.
        first.gateway.refresh().await.unwrap();
        second.gateway.refresh().await.unwrap();
        let (one, two) = (keys(&first).await, keys(&second).await);
        assert_eq!(one, two, "{days}");
        assert_eq!(one.len(), published, "{days}");
    }
    assert_eq!(count(&url, "select count(*) from keys").await, 3);
    first.stop().await;
    second.stop().await;
}
