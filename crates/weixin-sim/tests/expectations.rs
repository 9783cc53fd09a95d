//! Waiting for steps after a point, and counting what was requested.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use reqwest::Client;
use serde_json::{Value, json};
use weixin_sim::{Answer, Effect, Expectation, Fault, Sim};

const WEBSITE: &str = "wx0123456789abcdef";
const MOBILE_APP: &str = "wx0123456789abcde1";

async fn post(sim: &Sim, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/_sim/api/{path}", sim.url());
    let request = Client::builder().build().unwrap().post(url).json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Waits for a step; returns its login, its name and the point to go on from.
async fn step(sim: &Sim, filter: Value) -> (u64, String, u64) {
    let body = json!({ "login": filter, "timeout_ms": 60_000 });
    let (status, answer) = post(sim, "wait-for", body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["next"], answer["step"]["number"]);
    assert_eq!(answer["login"]["number"], answer["step"]["login"]);
    let step = &answer["step"];
    let name = step["step"].as_str().unwrap().to_owned();
    (
        step["login"].as_u64().unwrap(),
        name,
        answer["next"].as_u64().unwrap(),
    )
}

/// Opens a login page; returns the UUID of its QR code.
async fn open(sim: &Sim, state: &str) -> String {
    let url = format!(
        "{}/connect/qrconnect?appid={WEBSITE}&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F&state={state}",
        sim.url()
    );
    reqwest::get(url).await.unwrap();
    sim.pending().pop().unwrap()
}

/// Exchanges a code; returns the response.
async fn exchange(sim: &Sim, app: &str, code: &str) -> Value {
    let secret = "s".repeat(32);
    let url = format!(
        "{}/sns/oauth2/access_token?appid={app}&secret={secret}&code={code}&grant_type=authorization_code",
        sim.url()
    );
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn no_step_is_missed_or_read_twice_however_late_it_is_read() {
    let sim = Sim::start().await.unwrap();
    let uuid = open(&sim, "a").await;
    sim.scan(&uuid).unwrap();
    sim.cancel(&uuid).unwrap();
    let callback = sim.allow(&uuid, "layla").unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    exchange(&sim, WEBSITE, code).await;
    let mut next = 0;
    let mut names = Vec::new();
    for _ in 0..5 {
        let (login, name, then) = step(&sim, json!({ "after": next })).await;
        assert_eq!((login, then), (1, next + 1));
        names.push(name);
        next = then;
    }
    assert_eq!(
        names,
        ["opened", "scanned", "canceled", "allowed", "exchanged"]
    );
    // The same step again is another step, although the timeline counts it as one.
    exchange(&sim, WEBSITE, code).await;
    exchange(&sim, WEBSITE, code).await;
    for then in [next + 1, next + 2] {
        let again = step(
            &sim,
            json!({ "step": "code-used-again", "after": then - 1 }),
        )
        .await;
        assert_eq!(again, (1, "code-used-again".to_owned(), then));
    }
    // A reset does not restart the numbers.
    sim.reset();
    let (after_reset, _) = tokio::join!(step(&sim, json!({ "after": next + 2 })), open(&sim, "b"));
    assert_eq!(after_reset, (1, "opened".to_owned(), next + 3));
}

#[tokio::test]
async fn a_step_is_found_by_login_app_user_and_state() {
    let sim = Sim::start().await.unwrap();
    let first = open(&sim, "first").await;
    let second = open(&sim, "second").await;
    sim.allow(&second, "layla").unwrap();
    sim.allow(&first, "xiaoming").unwrap();
    sim.send_auth(MOBILE_APP, "long").unwrap();
    for (filter, expected) in [
        (json!({ "number": 2, "after": 0 }), (2, "opened", 2)),
        (
            json!({ "app_id": MOBILE_APP, "after": 0 }),
            (3, "code-given", 5),
        ),
        (json!({ "user": "layla", "after": 0 }), (2, "allowed", 3)),
        (json!({ "user": "小明🐼é", "after": 0 }), (1, "allowed", 4)),
        (
            json!({ "state": "first", "step": "allowed", "after": 0 }),
            (1, "allowed", 4),
        ),
        // Without a point, the last step of each login counts.
        (json!({}), (3, "code-given", 5)),
        (json!({ "state": "second" }), (2, "allowed", 3)),
        (json!({ "app_id": WEBSITE }), (1, "allowed", 4)),
    ] {
        let (login, name, next) = step(&sim, filter.clone()).await;
        assert_eq!((login, name.as_str(), next), expected, "{filter}");
    }
    let opened = json!({ "login": { "step": "opened" }, "timeout_ms": 1 });
    assert_eq!(post(&sim, "wait-for", opened).await.0, 408);
    for (filter, field) in [
        (json!({ "app_id": "wx1" }), "app_id"),
        (json!({ "user": "x" }), "user"),
    ] {
        let (status, answer) = post(&sim, "wait-for", json!({ "login": filter })).await;
        assert_eq!((status, &answer["error"]["field"]), (404, &json!(field)));
    }
}

#[tokio::test]
async fn a_request_is_waited_for_by_method_user_login_parameter_and_header() {
    let sim = Sim::start().await.unwrap();
    let wait = async |filter: Value| {
        let body = json!({ "request": filter, "timeout_ms": 60_000 });
        post(&sim, "wait-for", body).await.1["next"].clone()
    };
    let request = async |lang: &str| {
        let url = format!("{}/sns/auth?lang={lang}", sim.url());
        let client = Client::builder().build().unwrap();
        client
            .post(url)
            .header("x-trace", lang)
            .send()
            .await
            .unwrap();
    };
    let (next, ()) = tokio::join!(
        wait(json!({ "method": "POST", "parameter": { "name": "lang", "value": "b" } })),
        async {
            request("a").await;
            request("b").await;
        }
    );
    assert_eq!(next, 2);
    assert_eq!(
        wait(json!({ "header": { "name": "X-Trace", "value": "b" } })).await,
        2
    );
    let code = sim.send_auth(MOBILE_APP, "layla").unwrap();
    exchange(&sim, MOBILE_APP, &code).await;
    assert_eq!(wait(json!({ "user": "layla", "login": 1 })).await, 3);
    // A point of the log before a reset is before the log after it.
    sim.reset();
    let (next, ()) = tokio::join!(wait(json!({ "after": 3 })), request("a"));
    assert_eq!(next, 1);
}

/// Layla logs in to the mobile app, whose server exchanges her code twice and reads her profile; returns her code.
async fn three_requests() -> (Sim, String) {
    let sim = Sim::start().await.unwrap();
    let code = sim.send_auth(MOBILE_APP, "layla").unwrap();
    let token = exchange(&sim, MOBILE_APP, &code).await;
    exchange(&sim, MOBILE_APP, &code).await;
    let url = format!(
        "{}/sns/userinfo?access_token={}&openid={}",
        sim.url(),
        token["access_token"].as_str().unwrap(),
        token["openid"].as_str().unwrap()
    );
    reqwest::get(url).await.unwrap();
    (sim, code)
}

#[tokio::test]
async fn verify_counts_requests_and_an_unmet_expectation_cannot_be_missed() {
    let (sim, code) = three_requests().await;
    let exchanges = json!({ "path": "/sns/oauth2/access_token", "user": "ليلى بنت أحمد (layla)" });
    let held = |matches, numbers: Value| json!({ "ok": true, "matches": matches, "numbers": numbers, "complete": true, "next": 3 });
    let mut unmet = held(2, json!([1, 2]));
    unmet["ok"] = json!(false);
    unmet["error"] = json!({ "field": "matches", "rule": "expected exactly 1, found 2: 1, 2" });
    for (body, status, expected) in [
        (
            json!({ "request": exchanges, "exactly": 2 }),
            200,
            held(2, json!([1, 2])),
        ),
        (json!({ "request": exchanges, "exactly": 1 }), 409, unmet),
        (
            json!({ "request": { "errcode": 40163 }, "at_least": 1, "at_most": 1 }),
            200,
            held(1, json!([2])),
        ),
        (
            json!({ "request": { "app_id": MOBILE_APP, "after": 2 } }),
            200,
            held(1, json!([3])),
        ),
        // Secrets are compared as they are logged.
        (
            json!({ "request": { "parameter": { "name": "code", "value": code } }, "exactly": 0 }),
            200,
            held(0, json!([])),
        ),
        (
            json!({ "request": { "parameter": { "name": "code", "value": "***" } }, "exactly": 2 }),
            200,
            held(2, json!([1, 2])),
        ),
        (
            json!({ "login": { "step": "code-given", "user": "layla" }, "exactly": 1 }),
            200,
            held(1, json!([1])),
        ),
    ] {
        let mut answer = post(&sim, "verify", body.clone()).await;
        if body["login"].is_object() {
            answer.1["next"] = json!(3);
        }
        assert_eq!(answer, (status, expected), "{body}");
    }
}

#[tokio::test]
async fn in_rust_an_unmet_expectation_panics_with_the_requests() {
    let (sim, _) = three_requests().await;
    assert_eq!(
        sim.verify(Expectation::requests().app(MOBILE_APP).at_least(3)),
        3
    );
    let once = Expectation::requests().errcode(40163).exactly(0);
    let message = catch_unwind(AssertUnwindSafe(|| sim.verify(once))).unwrap_err();
    let message: &String = message.downcast_ref().unwrap();
    assert_eq!(message, "verify: expected exactly 0, found 1: 2");
}

#[tokio::test]
async fn a_misspelt_filter_cannot_make_zero_hold() {
    let sim = Sim::start().await.unwrap();
    let verify = async |filter: Value| {
        post(&sim, "verify", json!({ "request": filter, "exactly": 0 })).await
    };
    for (filter, field) in [
        (json!({ "path": "/sns/userinf" }), "path"),
        (json!({ "app_id": "wx1" }), "app_id"),
        (json!({ "user": "layl" }), "user"),
    ] {
        let (status, answer) = verify(filter).await;
        assert_eq!((status, &answer["error"]["field"]), (404, &json!(field)));
    }
    assert_eq!(verify(json!({ "pth": "/sns/userinfo" })).await.0, 400);
    // A path with a canned answer is known, and one that was requested.
    let path = "/cgi-bin/user/info";
    assert_eq!(verify(json!({ "path": path })).await.0, 404);
    sim.fault(Fault::new(Effect::Answer(Answer::new("{}"))).path(path));
    assert_eq!(verify(json!({ "path": path })).await.0, 200);
    reqwest::get(format!("{}/cgi-bin/tags/get", sim.url()))
        .await
        .unwrap();
    assert_eq!(verify(json!({ "path": "/cgi-bin/tags/get" })).await.0, 409);
    let neither = json!({ "exactly": 1 });
    let rule = "expected either request or login";
    let error = json!({ "error": { "field": "body", "rule": rule } });
    assert_eq!(post(&sim, "verify", neither).await, (400, error));
}

#[tokio::test]
async fn a_log_that_dropped_requests_cannot_prove_how_many_there_were() {
    let sim = Sim::start().await.unwrap();
    let client = Client::builder().build().unwrap();
    let url = format!("{}/sns/auth", sim.url());
    for _ in 0..=1000 {
        client.get(&url).send().await.unwrap();
    }
    let verify = async |body| post(&sim, "verify", body).await;
    let (status, answer) = verify(json!({ "request": {}, "exactly": 1000 })).await;
    let rule = "entries after this point were dropped: use a later `after`";
    assert_eq!((status, &answer["error"]["rule"]), (409, &json!(rule)));
    assert_eq!(
        verify(json!({ "request": {}, "at_least": 1000 })).await.0,
        200
    );
    assert_eq!(
        verify(json!({ "request": { "after": 1 }, "exactly": 1000 }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn bounds_that_contradict_each_other_are_rejected() {
    let sim = Sim::start().await.unwrap();
    for body in [
        json!({ "request": {}, "at_least": 5, "at_most": 2 }),
        json!({ "request": {}, "exactly": 1, "at_most": 0 }),
    ] {
        let rule = "no count holds for all of the bounds";
        let error = json!({ "error": { "field": "body", "rule": rule } });
        assert_eq!(post(&sim, "verify", body).await, (400, error));
    }
}

/// A point of an earlier log is not in this one: all of its requests count, and the first of them is not there any more.
#[tokio::test]
async fn a_log_that_has_lost_requests_is_not_complete() {
    let sim = Sim::start().await.unwrap();
    // One client: each new one reads the certificates of the system.
    let client = Client::builder().build().unwrap();
    let url = format!("{}/sns/auth", sim.url());
    for _ in 0..=1000 {
        client.get(&url).send().await.unwrap();
    }
    let late = json!({ "request": { "after": 5000 }, "exactly": 1000 });
    let (status, answer) = post(&sim, "verify", late).await;
    assert_eq!((status, &answer["complete"]), (409, &json!(false)));
}
