//! Control over HTTP and in Rust: apps, users, the clock, waiting and session keys.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use weixin_sim::{App, AppKind, Sim, User};

async fn call(sim: &Sim, method: Method, path: &str, body: Value) -> (u16, Value) {
    let client = Client::builder().build().unwrap();
    let url = format!("{}/_sim/api{path}", sim.url());
    let response = client
        .request(method, url)
        .json(&body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Opens the login page; returns its text.
async fn open(sim: &Sim, app: &str, callback: &str) -> String {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let callback = callback.replace(':', "%3A").replace('/', "%2F");
    let url = format!(
        "{}/connect/qrconnect?appid={app}&scope=snsapi_login&redirect_uri={callback}",
        sim.url()
    );
    client.get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn apps_are_registered_changed_and_removed_idempotently() {
    let sim = Sim::start().await.unwrap();
    let (app, callback) = ("wx1111111111111111", "https://www.example.com/cb");
    assert!(open(&sim, app, callback).await.contains("AppID 参数错误"));
    let path = format!("/apps/{app}");
    let registered = json!({
        "id": app, "secret": "x", "kind": "website", "name": "示例网站", "callback_domains": [],
        "ip_whitelist": null, "bound": true, "frozen": false,
    });
    for _ in 0..2 {
        let answer = call(&sim, Method::PUT, &path, json!({ "secret": "x" })).await;
        assert_eq!(answer, (200, registered.clone()));
    }
    assert!(
        open(&sim, app, callback)
            .await
            .contains("redirect_uri 参数错误")
    );
    let domains = json!({ "callback_domains": ["www.example.com"], "bound": false });
    let (_, changed) = call(&sim, Method::PUT, &path, domains).await;
    let mut expected = registered;
    expected["callback_domains"] = json!(["www.example.com"]);
    expected["bound"] = json!(false);
    assert_eq!(changed, expected);
    assert!(open(&sim, app, callback).await.contains("/connect/qrcode/"));

    let bad = json!({ "callback_domains": ["https://www.example.com"] });
    let rule = "must be hosts without scheme, port or path, such as \"www.example.com\"";
    let error = json!({ "error": { "field": "callback_domains", "rule": rule } });
    assert_eq!(call(&sim, Method::PUT, &path, bad).await, (400, error));
    let unknown = json!({ "error": { "field": "app", "rule": "unknown app: see /_sim/api/apps" } });
    for expected in [(200, json!({})), (404, unknown)] {
        let answer = call(&sim, Method::DELETE, &path, json!({})).await;
        assert_eq!(answer, expected);
    }
    assert!(open(&sim, app, callback).await.contains("AppID 参数错误"));
    // A reset restores the default apps only.
    call(&sim, Method::PUT, &path, json!({})).await;
    sim.reset();
    assert_eq!(sim.apps().len(), 4);
}

#[tokio::test]
async fn a_user_is_added_logs_in_by_nickname_and_is_removed() {
    let sim = Sim::start().await.unwrap();
    let hong = json!({ "id": "hong", "nickname": "小红", "avatar": false, "blocked": false });
    let body = json!({ "nickname": "小红", "avatar": false });
    for _ in 0..2 {
        let answer = call(&sim, Method::PUT, "/users/hong", body.clone()).await;
        assert_eq!(answer, (200, hong.clone()));
    }
    open(&sim, "wx0123456789abcdef", "http://localhost/").await;
    let uuid = sim.pending().remove(0);
    sim.allow(&uuid, "小红").unwrap();
    let (_, timeline) = call(&sim, Method::GET, "/timeline", json!({})).await;
    assert_eq!(timeline[0]["user"], "hong");
    call(&sim, Method::DELETE, "/users/hong", json!({})).await;
    assert_eq!(sim.users().len(), 9);

    sim.put_user(User::new("hong", "红").blocked());
    sim.put_user(User::new("hong", "大红"));
    assert_eq!(sim.users().last().unwrap().nickname(), "大红");
    sim.put_app(App::new("wx2", "x").kind(AppKind::MiniProgram).frozen());
    assert_eq!(sim.apps().last().unwrap().id(), "wx2");
}

#[tokio::test]
async fn the_clock_is_frozen_moved_and_run_from_its_current_time() {
    let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
    let sim = Sim::builder().frozen_at(begin).start().await.unwrap();
    let change = async |body| call(&sim, Method::POST, "/clock", body).await.1;
    let both = change(json!({ "advance_seconds": 5, "runs": false })).await;
    assert_eq!(both, json!({ "now": 105, "runs": false }));
    for _ in 0..2 {
        let there = change(json!({ "now": 160 })).await;
        assert_eq!(there, json!({ "now": 160, "runs": false }));
    }
    let back = change(json!({ "now": 159 })).await;
    let rule = "the clock cannot be moved back except by a reset";
    assert_eq!(back, json!({ "error": { "field": "now", "rule": rule } }));
    let both = change(json!({ "now": 170, "advance_seconds": 1 })).await;
    assert_eq!(both["error"]["field"], "now");
    let runs = change(json!({ "runs": true })).await;
    assert_eq!(runs["runs"], true);
    // Allows an hour for a machine under load.
    assert!(
        (160..3700).contains(&runs["now"].as_u64().unwrap()),
        "{runs}"
    );
    let stopped = change(json!({ "runs": false })).await;
    assert_eq!(change(json!({ "runs": false })).await, stopped);
    sim.run_clock();
    sim.freeze_clock();
    sim.reset();
    let start = call(&sim, Method::GET, "/clock", json!({})).await.1;
    assert_eq!(start, json!({ "now": 100, "runs": false }));
}

#[tokio::test]
async fn wait_for_returns_when_the_event_happens() {
    let sim = Sim::start().await.unwrap();
    let login = json!({ "login": { "app_id": "wx0123456789abcdef", "step": "allowed" } });
    let (response, ()) = tokio::join!(call(&sim, Method::POST, "/wait-for", login), async {
        open(&sim, "wx0123456789abcdef", "http://localhost/").await;
        let uuid = sim.until(|sim| sim.pending().pop()).await;
        sim.allow(&uuid, "layla").unwrap();
    });
    assert_eq!(response.0, 200);
    let login = &response.1["login"];
    let steps: Vec<_> = login["steps"].as_array().unwrap().iter().collect();
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        (login["user"].as_str(), names),
        (Some("layla"), vec!["opened", "allowed"])
    );

    let unchanged = response.1;
    assert_eq!(unchanged["step"]["step"], "allowed");
    assert_eq!(unchanged["next"], unchanged["step"]["number"]);

    let filter = json!({ "request": { "path": "/sns/auth", "errcode": 41001, "after": 1 } });
    let (response, _) = tokio::join!(
        call(&sim, Method::POST, "/wait-for", filter),
        reqwest::get(format!("{}/sns/auth", sim.url()))
    );
    assert_eq!(
        [&response.1["request"]["number"], &response.1["next"]],
        [2, 2]
    );
    let finding = json!({ "finding": { "rule": "state-missing" } });
    let (_, response) = call(&sim, Method::POST, "/wait-for", finding).await;
    assert_eq!(response["finding"]["id"], "state-missing");
    let two = json!({ "finding": {}, "login": {} });
    let (status, answer) = call(&sim, Method::POST, "/wait-for", two).await;
    let rule = "expected one of finding, login and request";
    assert_eq!((status, &answer["error"]["rule"]), (400, &json!(rule)));
}

#[tokio::test]
async fn allowing_twice_has_one_effect_and_other_users_are_rejected() {
    let sim = Sim::start().await.unwrap();
    open(&sim, "wx0123456789abcdef", "http://localhost/").await;
    let uuid = sim.pending().remove(0);
    let path = format!("/logins/{uuid}/allow");
    let allow = async |user| call(&sim, Method::POST, &path, json!({ "user": user })).await;
    let first = allow("layla").await;
    assert_eq!((first.0, &allow("layla").await), (200, &first));
    let rule = "this QR code has been confirmed already: open the login page again";
    let error = json!({ "error": { "field": "uuid", "rule": rule } });
    assert_eq!(allow("xiaoming").await, (409, error));
    let (_, timeline) = call(&sim, Method::GET, "/timeline", json!({})).await;
    let times = |step: &Value| (step["what"].clone(), step["times"].clone());
    let steps: Vec<_> = timeline[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(times)
        .collect();
    assert_eq!(
        steps,
        [(json!("opened"), json!(1)), (json!("allowed"), json!(1))]
    );
}

#[tokio::test]
async fn a_seed_repeats_the_codes() {
    let sim = Sim::start().await.unwrap();
    let code = async || {
        call(&sim, Method::POST, "/seed", json!({ "seed": 7 })).await;
        sim.send_auth("wx0123456789abcde1", "layla").unwrap()
    };
    assert_eq!(code().await, code().await);
    sim.seed(8);
    let other = sim.wx_login("wx0123456789abcde2", "layla").unwrap();
    assert_ne!(other, code().await);
    assert!(sim.phone_code("wx0123456789abcdef", "layla").is_err());
}

/// Python computes the expected signature, independently of the simulator.
#[tokio::test]
async fn only_the_latest_session_key_passes_the_signature_check() {
    let sim = Sim::start().await.unwrap();
    let app = "wx0123456789abcde2";
    let secret = "s".repeat(32);
    let get = async |path: String| -> Value {
        let answer = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
        answer.json().await.unwrap()
    };
    let code = sim.wx_login(app, "layla").unwrap();
    let credentials = format!("appid={app}&secret={secret}");
    let session = get(format!(
        "/sns/jscode2session?{credentials}&js_code={code}&grant_type=authorization_code"
    ))
    .await;
    let token = get(format!(
        "/cgi-bin/token?{credentials}&grant_type=client_credential"
    ))
    .await;
    let key = session["session_key"].as_str().unwrap();
    let program =
        "import hmac, sys; print(hmac.new(sys.argv[1].encode(), b'', 'sha256').hexdigest())";
    let python = std::process::Command::new("python3")
        .args(["-c", program, key])
        .output()
        .unwrap();
    let signature = String::from_utf8(python.stdout).unwrap();
    let [token, openid] = [&token["access_token"], &session["openid"]].map(|text| text.as_str());
    let check = async |method: &str, openid: &str, signature: &str| {
        let path = format!(
            "/wxa/checksession?access_token={}&openid={openid}&sig_method={method}&signature={signature}",
            token.unwrap()
        );
        get(path).await["errcode"].as_i64().unwrap()
    };
    let (openid, signature) = (openid.unwrap(), signature.trim());
    assert_eq!(check("hmac_sha256", openid, signature).await, 0);
    assert_eq!(check("hmac_sha256", openid, "00").await, 87009);
    assert_eq!(check("md5", openid, signature).await, 87009);
    assert_eq!(check("hmac_sha256", "oX", signature).await, 40003);
    sim.wx_login(app, "layla").unwrap();
    assert_eq!(check("hmac_sha256", openid, signature).await, 87009);
}
