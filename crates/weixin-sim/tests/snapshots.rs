//! Snapshots: the world and its clock as they were.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use weixin_sim::{AutoAllow, Effect, Fault, Sim, User};

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=s1\
                     &redirect_uri=https%3A%2F%2Flocalhost%2F";

async fn get(sim: &Sim, path: &str) -> String {
    let url = format!("{}{path}", sim.url());
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

async fn call(sim: &Sim, method: Method, path: &str) -> (u16, Value) {
    let client = Client::builder().build().unwrap();
    let url = format!("{}/_sim/api{path}", sim.url());
    let response = client.request(method, url).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The state of a world, as the control API tells it.
async fn told(sim: &Sim) -> Vec<Value> {
    let mut told = Vec::new();
    let lists = [
        "apps",
        "auto-allow",
        "clock",
        "desktop",
        "faults",
        "findings",
        "logins",
        "requests",
        "test",
    ];
    for path in lists.into_iter().chain(["timeline", "users"]) {
        let mut answer = call(sim, Method::GET, &format!("/{path}")).await.1;
        for entry in answer.as_array_mut().into_iter().flatten() {
            // By the machine's clock.
            entry["duration_ms"].take();
        }
        told.push(answer);
    }
    told
}

async fn frozen() -> Sim {
    let sim = Sim::builder().frozen_at(SystemTime::UNIX_EPOCH).seed(1);
    sim.start().await.unwrap()
}

async fn change_everything(sim: &Sim) {
    get(sim, LOGIN).await;
    let uuid = sim.pending().pop().unwrap();
    sim.allow(&uuid, "layla").unwrap();
    sim.put_user(User::new("later", "later"));
    sim.put_app(weixin_sim::App::new("wx2", "x"));
    sim.advance(Duration::from_secs(5)).unwrap();
    sim.fault(Fault::new(Effect::Errcode(-1)));
    sim.auto_allow(AutoAllow::allow().user("layla")).unwrap();
    sim.set_test(Some("another"));
    sim.run_desktop("layla", weixin_sim::DesktopAnswer::Allow)
        .unwrap();
}

#[tokio::test]
async fn a_restored_world_is_as_it_was_and_goes_on_the_same_way_each_time() {
    let sim = frozen().await;
    get(&sim, LOGIN).await;
    sim.set_test(Some("one"));
    let (before, snapshot) = (told(&sim).await, sim.snapshot());
    let mut later = Vec::new();
    for _ in 0..2 {
        change_everything(&sim).await;
        later.push(told(&sim).await);
        assert_ne!(later.last(), Some(&before));
        sim.restore(&snapshot);
        assert_eq!(told(&sim).await, before);
    }
    // Codes are drawn again, and are the same.
    assert_eq!(later[0], later[1]);
    let uuid = sim.pending().remove(0);
    sim.reset();
    assert_eq!(sim.pending(), [""; 0]);
    sim.restore(&snapshot);
    assert!(sim.allow(&uuid, "layla").unwrap().contains("code="));
    // In another world, too.
    let world = sim.world().await.unwrap();
    world.restore(&snapshot);
    assert_eq!(told(&world).await, before);
}

#[tokio::test]
async fn findings_since_a_snapshot_are_neither_lost_nor_counted_twice() {
    let sim = frozen().await;
    get(&sim, LOGIN).await;
    let times = |sim: &Sim| {
        let findings = sim.findings_since_start();
        let of = |id| findings.iter().filter(move |finding| finding.rule.id == id);
        ["state-short", "order"].map(|id| of(id).map(|finding| finding.times).sum::<u32>())
    };
    assert_eq!(times(&sim), [1, 0]);
    let snapshot = sim.snapshot();
    get(&sim, LOGIN).await;
    let disordered =
        "/connect/oauth2/authorize?redirect_uri=http%3A%2F%2Flocalhost%2F&appid=wx0123456789abcde0";
    get(&sim, disordered).await;
    assert_eq!(times(&sim), [2, 1]);
    for _ in 0..2 {
        sim.restore(&snapshot);
        assert_eq!(times(&sim), [2, 1]);
    }
    assert_eq!(sim.findings().len(), 2);
}

#[tokio::test]
async fn requests_since_a_snapshot_still_count_and_the_numbers_of_steps_go_on() {
    let sim = frozen().await;
    get(&sim, LOGIN).await;
    let snapshot = sim.snapshot();
    for _ in 0..2 {
        get(&sim, LOGIN).await;
    }
    sim.restore(&snapshot);
    assert_eq!((sim.requests().len(), sim.request_count()), (1, 3));
    get(&sim, LOGIN).await;
    let steps = sim.steps_after(0);
    let steps: Vec<_> = steps.iter().map(|step| (step.number, step.login)).collect();
    assert_eq!(steps, [(1, 1), (4, 2)]);
    assert_eq!((sim.requests().len(), sim.request_count()), (2, 4));
}

#[tokio::test]
async fn polls_of_logins_that_are_not_in_the_snapshot_end_as_expired_and_others_go_on() {
    let sim = frozen().await;
    get(&sim, LOGIN).await;
    let known = sim.pending().remove(0);
    sim.scan(&known).unwrap();
    let snapshot = sim.snapshot();
    sim.cancel(&known).unwrap();
    get(&sim, LOGIN).await;
    let unknown = sim
        .pending()
        .into_iter()
        .find(|uuid| *uuid != known)
        .unwrap();
    let poll = async |uuid: &str, last| {
        let path = format!("/connect/l/qrconnect?uuid={uuid}&last={last}");
        get(&sim, &path).await
    };
    // The responses are the same whichever comes first.
    let (of_known, of_unknown, ()) = tokio::join!(poll(&known, "403"), poll(&unknown, ""), async {
        sim.restore(&snapshot);
    });
    assert_eq!(of_known, "window.wx_errcode=404;window.wx_code='';");
    assert_eq!(of_unknown, "window.wx_errcode=402;window.wx_code='';");
    // A browser that polls the restored login is woken by the phone.
    let (allowed, ()) = tokio::join!(poll(&known, "404"), async {
        sim.allow(&known, "layla").unwrap();
    });
    assert!(allowed.starts_with("window.wx_errcode=405;"), "{allowed}");
}

#[tokio::test]
async fn snapshots_are_taken_restored_and_deleted_by_http_and_their_number_is_limited() {
    let sim = frozen().await;
    let taken = call(&sim, Method::POST, "/snapshots").await;
    assert_eq!(taken, (201, json!({ "id": "1" })));
    let before = told(&sim).await;
    change_everything(&sim).await;
    let restored = call(&sim, Method::POST, "/snapshots/1/restore").await;
    assert_eq!(restored, (200, json!({})));
    assert_eq!(told(&sim).await, before);
    for _ in 1..20 {
        assert_eq!(call(&sim, Method::POST, "/snapshots").await.0, 201);
    }
    let error = |field: &str, rule: &str| json!({ "error": { "field": field, "rule": rule } });
    let rule = "there are 20 snapshots, the maximum: delete one";
    let answer = call(&sim, Method::POST, "/snapshots").await;
    assert_eq!(answer, (409, error("body", rule)));
    for _ in 0..2 {
        let answer = call(&sim, Method::DELETE, "/snapshots/1").await;
        assert_eq!(answer, (200, json!({})));
    }
    let rule = "no such snapshot: it was deleted, or never taken";
    for id in ["1", "x"] {
        let answer = call(&sim, Method::POST, &format!("/snapshots/{id}/restore")).await;
        assert_eq!(answer, (404, error("snapshot", rule)));
    }
    assert_eq!(
        call(&sim, Method::POST, "/snapshots").await,
        (201, json!({ "id": "21" }))
    );
    let list = call(&sim, Method::GET, "/snapshots").await.1;
    assert_eq!(
        (&list[0], &list[19]),
        (&json!({ "id": "2" }), &json!({ "id": "21" }))
    );
}
