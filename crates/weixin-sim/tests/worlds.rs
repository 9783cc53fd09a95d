//! Worlds: tests that run at the same time on one simulator, and do not disturb one another.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, net::TcpListener, time::Duration};

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use weixin_sim::{DesktopAnswer, Finding, Sim};

const TESTS: usize = 20;
const LOGINS: usize = 50;

const APP: &str = "wx0123456789abcdef";
const SECRET: &str = "ssssssssssssssssssssssssssssssss";

/// A client of one world.
struct World {
    client: Client,
    url: String,
}

impl World {
    fn at(url: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let url = url.to_owned();
        Self { client, url }
    }

    async fn get(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}{path}", self.url)).send().await;
        let body = response.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap_or_default()
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_sim/api{path}", self.url);
        let response = self.client.request(method, url).json(&body).send().await;
        let response = response.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, body).await;
        assert!(matches!(status, 200 | 201), "{path}: {status} {answer}");
        answer
    }

    async fn findings(&self, since: &str) -> Value {
        self.get(&format!("/_sim/api/findings?since={since}")).await
    }

    /// Opens the login page with this state.
    async fn open(&self, state: &str) {
        let login = format!(
            "/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri=https%3A%2F%2Flocalhost%2F&state={state}"
        );
        self.get(&login).await;
    }

    /// Logs in; returns the path of the profile, with the access token.
    async fn log_in(&self, state: &str) -> String {
        self.open(state).await;
        let waiting = self.get("/_sim/api/logins").await;
        let uuid = waiting[0]["uuid"].as_str().unwrap();
        let allowed = self.post(&format!("/logins/{uuid}/allow"), json!({})).await;
        let callback = allowed["redirect_url"].as_str().unwrap();
        let code = callback.split(['=', '&']).nth(1).unwrap();
        let token = self
            .get(&format!(
                "/sns/oauth2/access_token?appid={APP}&secret={SECRET}&code={code}&grant_type=authorization_code"
            ))
            .await;
        let text = |member: &str| token[member].as_str().unwrap().to_owned();
        let (token, openid) = (text("access_token"), text("openid"));
        format!("/sns/userinfo?access_token={token}&openid={openid}")
    }
}

/// A world as a test controls it.
enum Control {
    Rust(Sim),
    Http(String),
}

impl Control {
    fn url(&self) -> &str {
        match self {
            Self::Rust(sim) => sim.url(),
            Self::Http(url) => url,
        }
    }

    async fn advance_and_reset(&self, world: &World, profile: &str) -> Value {
        match self {
            Self::Rust(sim) => sim.advance(Duration::from_hours(2)).unwrap(),
            Self::Http(_) => {
                let two_hours = json!({ "advance_seconds": 7200 });
                world.post("/clock", two_hours).await;
            }
        }
        let errcode = world.get(profile).await["errcode"].clone();
        match self {
            Self::Rust(sim) => sim.reset(),
            Self::Http(_) => drop(world.post("/reset", json!({})).await),
        }
        errcode
    }
}

/// Logins of one test, each of which moves the clock and resets; returns the number of disturbed ones.
async fn disturbed(control: Control, test: usize) -> usize {
    let world = World::at(control.url());
    let mut disturbed = 0;
    for login in 0..LOGINS {
        let state = format!("state-of-test-{test:03}-and-{login:03}");
        let profile = world.log_in(&state).await;
        let before = world.get(&profile).await["errcode"].clone();
        let timeline = world.get("/_sim/api/timeline").await;
        let is_alone = timeline.as_array().unwrap().len() == 1;
        let after = control.advance_and_reset(&world, &profile).await;
        if (before, after, is_alone) != (Value::Null, json!(42001), true) {
            disturbed += 1;
        }
    }
    disturbed
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tests_in_rust_that_move_the_clock_and_reset_do_not_disturb_one_another() {
    let sim = Sim::start().await.unwrap();
    let mut tests = tokio::task::JoinSet::new();
    for test in 0..TESTS {
        let world = sim.world().await.unwrap();
        tests.spawn(disturbed(Control::Rust(world), test));
    }
    let disturbed = tests.join_all().await;
    assert_eq!(disturbed, [0; TESTS]);
    // The handles are dropped, and with them the worlds.
    let worlds = World::at(sim.url()).get("/_sim/api/worlds").await;
    assert_eq!(worlds, json!([]));
    assert_eq!(sim.findings(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tests_by_http_that_move_the_clock_and_reset_do_not_disturb_one_another() {
    let sim = Sim::start().await.unwrap();
    let mut tests = tokio::task::JoinSet::new();
    for test in 0..TESTS {
        let opened = World::at(sim.url()).post("/worlds", json!({})).await;
        let url = opened["url"].as_str().unwrap().to_owned();
        tests.spawn(disturbed(Control::Http(url), test));
    }
    assert_eq!(tests.join_all().await, [0; TESTS]);
}

#[tokio::test]
async fn a_world_is_opened_listed_and_deleted_at_every_worlds_port() {
    let sim = Sim::start().await.unwrap();
    let first = World::at(sim.url());
    let opened = first
        .post("/worlds", json!({ "id": "a", "idle_seconds": 60 }))
        .await;
    let url = opened["url"].as_str().unwrap();
    assert_eq!(opened, json!({ "id": "a", "url": url, "idle_seconds": 60 }));
    let a = World::at(url);
    // By another world, with an ID of the simulator's choice.
    let second = a.post("/worlds", json!({})).await;
    assert_eq!(
        (&second["id"], &second["idle_seconds"]),
        (&json!("world-1"), &json!(600))
    );
    for world in [&first, &a] {
        assert_eq!(world.get("/_sim/api/worlds").await, json!([opened, second]));
        assert_eq!(world.get("/_sim/api/worlds/a").await, opened);
    }
    for _ in 0..2 {
        let deleted = a.call(Method::DELETE, "/worlds/world-1", json!({})).await;
        assert_eq!(deleted, (200, json!({})));
    }
    assert_eq!(first.get("/_sim/api/worlds").await, json!([opened]));
    let error = |field: &str, rule: &str| json!({ "error": { "field": field, "rule": rule } });
    let in_use = error("id", "is used by another world");
    assert_eq!(
        first
            .call(Method::POST, "/worlds", json!({ "id": "a" }))
            .await,
        (409, in_use)
    );
    let rule = "expected 1 to 64 characters of a-z, 0-9 and -";
    for id in ["", "A", "a/b", &"a".repeat(65)] {
        let answer = first
            .call(Method::POST, "/worlds", json!({ "id": id }))
            .await;
        assert_eq!(answer, (400, error("id", rule)), "{id}");
    }
    let rule = "expected 1 to 86400";
    for idle in [0, 86_401] {
        let answer = first
            .call(Method::POST, "/worlds", json!({ "idle_seconds": idle }))
            .await;
        assert_eq!(answer, (400, error("idle_seconds", rule)));
    }
    let rule =
        "no such world: it was deleted, ended after a time without requests, or was never opened";
    let answer = first.call(Method::GET, "/worlds/b", json!({})).await;
    assert_eq!(answer, (404, error("world", rule)));
}

#[tokio::test]
async fn a_world_of_a_rust_test_ends_with_its_handle_and_not_by_http() {
    let sim = Sim::start().await.unwrap();
    let first = World::at(sim.url());
    let world = sim.world().await.unwrap();
    let listed = json!([{ "id": "world-1", "url": world.url(), "idle_seconds": null }]);
    assert_eq!(first.get("/_sim/api/worlds").await, listed);
    let rule = "a Rust program holds this world: it ends with its handle";
    let held = json!({ "error": { "field": "world", "rule": rule } });
    let answer = first
        .call(Method::DELETE, "/worlds/world-1", json!({}))
        .await;
    assert_eq!(answer, (409, held));
    let url = world.url().to_owned();
    drop(world);
    assert_eq!(first.get("/_sim/api/worlds").await, json!([]));
    // The server stops a moment later.
    while reqwest::get(&url).await.is_ok() {}
}

#[tokio::test]
async fn a_world_ends_after_a_time_without_requests_and_its_findings_count() {
    let sim = Sim::start().await.unwrap();
    let first = World::at(sim.url());
    let opened = first
        .post("/worlds", json!({ "id": "a", "idle_seconds": 1 }))
        .await;
    let world = World::at(opened["url"].as_str().unwrap());
    world.open("short").await;
    let of = |findings: &[Finding]| {
        let of = |finding: &Finding| (finding.rule.id, finding.cause.world.clone(), finding.times);
        findings.iter().map(of).collect::<BTreeSet<_>>()
    };
    let expected = |times| {
        let rules = ["callback-host", "state-short"];
        BTreeSet::from(rules.map(|rule| (rule, Some("a".to_owned()), times)))
    };
    assert_eq!(of(&sim.findings_since_start()), expected(1));
    assert_eq!(world.findings("start").await, world.findings("reset").await);
    while sim_has_worlds(&first).await {}
    assert_eq!(of(&sim.findings_since_start()), expected(1));
    assert_eq!(sim.findings(), []);
    let since_start = first.findings("start").await;
    assert_eq!(since_start[0]["world"], "a");
    // A world with the same ID is another one, with the same findings again.
    let world = first.post("/worlds", json!({ "id": "a" })).await;
    World::at(world["url"].as_str().unwrap())
        .open("short")
        .await;
    assert_eq!(of(&sim.findings_since_start()), expected(2));
}

async fn sim_has_worlds(sim: &World) -> bool {
    sim.get("/_sim/api/worlds").await != json!([])
}

#[tokio::test]
async fn worlds_start_as_the_simulator_did_and_their_number_is_limited() {
    let sim = Sim::builder()
        .seed(1)
        .auto_allow()
        .desktop("小明🐼é", DesktopAnswer::Ask)
        .start()
        .await
        .unwrap();
    sim.put_user(weixin_sim::User::new("later", "later"));
    let first = World::at(sim.url());
    let opened = first.post("/worlds", json!({ "id": "other" })).await;
    let other = World::at(opened["url"].as_str().unwrap());
    let login = format!(
        "/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F"
    );
    let callback = async |world: &World| {
        let response = world
            .client
            .get(format!("{}{login}", world.url))
            .send()
            .await;
        response.unwrap().headers()["location"].clone()
    };
    assert_eq!(callback(&first).await, callback(&other).await);
    assert_eq!(
        other.get("/_sim/api/users").await.as_array().unwrap().len(),
        9
    );
    let desktop = json!({ "runs": true, "user": "xiaoming", "answer": "ask" });
    assert_eq!(other.get("/_sim/api/desktop").await, desktop);
    let mut held = Vec::new();
    for _ in 1..200 {
        held.push(sim.world().await.unwrap());
    }
    let rule = "there are 200 worlds, the maximum: delete one";
    let error = json!({ "error": { "field": "body", "rule": rule } });
    assert_eq!(
        first.call(Method::POST, "/worlds", json!({})).await,
        (409, error)
    );
    assert_eq!(sim.world().await.unwrap_err().to_string(), rule);
}

#[tokio::test]
async fn worlds_use_the_ports_of_the_range_and_an_exhausted_range_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let sim = Sim::builder()
        .world_ports(port..=port)
        .start()
        .await
        .unwrap();
    let first = World::at(sim.url());
    let rule = format!(
        "all ports from {port} to {port} are in use: delete a world, or start the simulator with a wider range"
    );
    let error = json!({ "error": { "field": "body", "rule": rule } });
    assert_eq!(
        first.call(Method::POST, "/worlds", json!({})).await,
        (409, error)
    );
    assert_eq!(sim.world().await.unwrap_err().to_string(), rule);
    drop(taken);
    let world = sim.world().await.unwrap();
    assert_eq!(world.url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_finding_of_a_request_that_outlasts_its_world_is_not_lost() {
    let sim = Sim::start().await.unwrap();
    let first = World::at(sim.url());
    let opened = first.post("/worlds", json!({ "id": "a" })).await;
    let world = World::at(opened["url"].as_str().unwrap());
    let late = json!({ "effect": { "delay_ms": 500 } });
    world.post("/faults", late).await;
    let response = tokio::spawn(async move {
        let url = format!("{}/sns/auth", world.url);
        world.client.post(url).send().await.unwrap().status()
    });
    let waits = World::at(opened["url"].as_str().unwrap());
    while waits.get("/_sim/api/faults").await[0]["struck"] == 0 {}
    let (status, _) = first.call(Method::DELETE, "/worlds/a", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(response.await.unwrap(), 200);
    let findings = sim.findings_since_start();
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule.id).collect();
    assert!(rules.contains(&"post"), "{rules:?}");
}

#[tokio::test]
async fn the_first_world_is_found_by_its_name_and_cannot_be_opened_or_deleted() {
    let sim = Sim::start().await.unwrap();
    let first = World::at(sim.url());
    let expected = json!({ "id": "main", "url": sim.url(), "idle_seconds": null });
    assert_eq!(first.get("/_sim/api/worlds/main").await, expected);
    assert_eq!(first.get("/_sim/api/worlds").await, json!([]));
    let rejected = async |method, path, body| first.call(method, path, body).await;
    let error =
        |field: &str, rule: &str| (409, json!({ "error": { "field": field, "rule": rule } }));
    assert_eq!(
        rejected(Method::POST, "/worlds", json!({ "id": "main" })).await,
        error("id", "is used by another world")
    );
    assert_eq!(
        rejected(Method::DELETE, "/worlds/main", json!({})).await,
        error("world", "the simulator's first world ends with it")
    );
}
