//! Faults, as a client sees them.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use weixin_sim::{Answer, AutoAllow, Effect, Fault, Sim};

const ANY: &str = "/sns/auth?access_token=66_x&openid=oA";

/// Response of a path; [`ANY`] returns 40001 without a fault.
async fn get(sim: &Sim, path: &str) -> Response {
    reqwest::get(format!("{}{path}", sim.url())).await.unwrap()
}

async fn errcode(sim: &Sim, path: &str) -> i64 {
    get(sim, path).await.json::<Value>().await.unwrap()["errcode"]
        .as_i64()
        .unwrap()
}

async fn add(sim: &Sim, fault: Value) -> (u16, Value) {
    let request = Client::builder()
        .build()
        .unwrap()
        .post(format!("{}/_sim/api/faults", sim.url()));
    let response = request.json(&fault).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_errcode_is_returned_as_often_as_requested_at_its_path() {
    let sim = Sim::start().await.unwrap();
    let (status, added) = add(
        &sim,
        json!({ "effect": { "errcode": 45011 }, "path": "/sns/auth", "times": 2 }),
    )
    .await;
    let expected = json!({
        "id": "fault-1", "effect": { "errcode": 45011 }, "path": "/sns/auth", "times": 2, "percent": 100,
        "matched": 0, "struck": 0,
    });
    assert_eq!((status, added), (200, expected));

    assert_eq!(errcode(&sim, "/sns/userinfo").await, 41001);
    let body = get(&sim, ANY).await.text().await.unwrap();
    let expected = r#"{"errcode":45011,"errmsg":"api minute-quota reach limit mustslower retry next minute, rid: "#;
    assert!(body.starts_with(expected), "{body}");
    assert_eq!(errcode(&sim, ANY).await, 45011);
    assert_eq!(errcode(&sim, ANY).await, 40001);
    assert_eq!(sim.requests().last().unwrap().errcode, Some(40001));
    let fault = get(&sim, "/_sim/api/faults/fault-1").await;
    let fault: Value = fault.json().await.unwrap();
    assert_eq!([&fault["matched"], &fault["struck"]], [2, 2]);
}

/// Calls [`ANY`] with these parameters and headers; returns its error code.
async fn call(sim: &Sim, parameters: &str, header: (&str, &str)) -> i64 {
    let client = Client::builder().build().unwrap();
    let request = client.get(format!("{}{ANY}{parameters}", sim.url()));
    let response = request.header(header.0, header.1).send().await.unwrap();
    response.json::<Value>().await.unwrap()["errcode"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn a_fault_matches_a_parameter_a_header_and_the_nth_time() {
    let sim = Sim::start().await.unwrap();
    let busy = || Fault::new(Effect::Errcode(-1));
    let none = ("x-none", "");
    let lang = sim.fault(busy().parameter("lang", "en"));
    for (parameters, expected) in [("&lang=zh", 40001), ("&lang=en", -1), ("&lang=en", 40001)] {
        assert_eq!(call(&sim, parameters, none).await, expected, "{parameters}");
    }
    assert_eq!(lang.struck(), 1);
    // Names of headers have no case, and a value is optional.
    let any = json!({ "effect": { "errcode": -1 }, "header": { "name": "X-Trace" }, "times": 2 });
    add(&sim, any).await;
    sim.fault(busy().header("x-trace", "b").id("only-b").times(1));
    for (value, expected) in [("a", -1), ("b", -1), ("b", -1), ("b", 40001)] {
        assert_eq!(
            call(&sim, "", ("x-trace", value)).await,
            expected,
            "{value}"
        );
    }

    let third = sim.fault(busy().nth(3).times(2));
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(call(&sim, "", none).await);
    }
    assert_eq!(codes, [40001, 40001, -1, -1, 40001, 40001]);
    assert_eq!(third.struck(), 2);

    // A member of a JSON body counts as a parameter.
    sim.fault(busy().parameter("grant_type", "client_credential"));
    let client = Client::builder().build().unwrap();
    let post = async |grant_type| -> Value {
        let request = client.post(format!("{}/cgi-bin/stable_token", sim.url()));
        let body = json!({ "grant_type": grant_type });
        request
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    assert_ne!(post("other").await["errcode"], -1);
    assert_eq!(post("client_credential").await["errcode"], -1);
}

#[tokio::test]
async fn a_fault_can_be_limited_to_one_user_by_their_token_or_at_their_login_page() {
    let sim = Sim::start().await.unwrap();
    let profile = profile(&sim).await;
    sim.fault(Fault::new(Effect::Errcode(-1)).user("layla"));
    let body = get(&sim, &profile).await.text().await.unwrap();
    assert!(body.contains("小明"), "{body}");
    // By nickname.
    sim.fault(Fault::new(Effect::Errcode(-1)).user("小明🐼é"));
    assert_eq!(errcode(&sim, &profile).await, -1);

    sim.auto_allow(AutoAllow::allow()).unwrap();
    let altered = Fault::new(Effect::StateAltered).user("layla").times(9);
    let altered = sim.fault(altered);
    let state = async |user: &str| {
        let url = format!(
            "{}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=abc\
             &redirect_uri=http%3A%2F%2Flocalhost%2F&sim_user={user}",
            sim.url()
        );
        let client = Client::builder().redirect(reqwest::redirect::Policy::none());
        let page = client.build().unwrap().get(url).send().await.unwrap();
        let location = page.headers()["location"].to_str().unwrap().to_owned();
        location.rsplit('=').next().unwrap().to_owned()
    };
    assert_eq!(state("xiaoming").await, "abc");
    assert_eq!(state("layla").await, "ab0");
    assert_eq!(altered.struck(), 1);
}

#[tokio::test]
async fn a_fault_that_has_run_out_stays_until_it_is_removed_alone() {
    let sim = Sim::start().await.unwrap();
    let path = |id: &str| format!("{}/_sim/api/faults/{id}", sim.url());
    let client = Client::builder().build().unwrap();
    let first = sim.fault(Fault::new(Effect::Errcode(-1)));
    let second = json!({ "id": "second", "effect": { "errcode": -1 } });
    assert_eq!(add(&sim, second.clone()).await.0, 200);
    let rule = "another fault has this id: remove it first";
    let error = json!({ "error": { "field": "id", "rule": rule } });
    assert_eq!(add(&sim, second).await, (409, error));
    assert_eq!(errcode(&sim, ANY).await, -1);

    let removed = client.delete(path(first.id())).send().await.unwrap();
    let removed: Value = removed.json().await.unwrap();
    assert_eq!(removed["struck"], 1);
    assert_eq!(first.struck(), 0);
    let rule = "unknown fault: see /_sim/api/faults";
    let error = json!({ "error": { "field": "id", "rule": rule } });
    for request in [client.delete(path("fault-1")), client.get(path("fault-1"))] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.json::<Value>().await.unwrap(), error);
    }
    let left: Value = get(&sim, "/_sim/api/faults").await.json().await.unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert!(sim.remove_fault("second") && !sim.remove_fault("second"));
    assert_eq!(errcode(&sim, ANY).await, 40001);
}

const PATHS: &str = "/sns/oauth2/access_token, /sns/oauth2/refresh_token, /sns/auth, /sns/userinfo, \
                     /sns/jscode2session, /cgi-bin/token, /cgi-bin/stable_token, /cgi-bin/ticket/getticket, \
                     /wxa/business/getuserphonenumber, /wxa/checksession";

const USERS: &str = "unknown user: expected one of xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control";

/// Adds each fault, and expects that it is rejected for this field and by this rule.
async fn assert_rejected<const N: usize>(faults: [(Value, &str, &str); N]) {
    let sim = Sim::start().await.unwrap();
    for (fault, field, rule) in faults {
        let expected = json!({ "error": { "field": field, "rule": rule } });
        assert_eq!(add(&sim, fault).await, (400, expected));
    }
}

#[tokio::test]
async fn a_fault_that_could_never_strike_is_rejected_with_what_could() {
    let api = format!("this effect is on the API: expected one of {PATHS}");
    let apps = "unknown app: expected one of wx0123456789abcdef, wx0123456789abcde0, wx0123456789abcde1, \
                wx0123456789abcde2";
    let elsewhere = "apps of this kind do not log in at that page, where this effect happens";
    let both = "this effect is on logins: expected /connect/qrconnect, /connect/oauth2/authorize";
    let official = "this effect is on logins: expected /connect/oauth2/authorize";
    let answer = json!({ "answer": { "body": "" } });
    let dialog = json!({ "dialog": 10009 });
    let (website, mini_program) = ("wx0123456789abcdef", "wx0123456789abcde2");
    assert_rejected([
        (
            json!({ "effect": "cut", "path": "/sns/userinf" }),
            "path",
            &api,
        ),
        (
            json!({ "effect": "cut", "path": "/connect/qrconnect" }),
            "path",
            &api,
        ),
        (json!({ "effect": answer, "path": "/x" }), "path", &api),
        (
            json!({ "effect": "state_altered", "path": "/sns/auth" }),
            "path",
            both,
        ),
        (
            json!({ "effect": dialog, "path": "/connect/qrconnect" }),
            "path",
            official,
        ),
        (
            json!({ "effect": "state_altered", "app": mini_program }),
            "app",
            elsewhere,
        ),
        (
            json!({ "effect": dialog, "app": website }),
            "app",
            elsewhere,
        ),
        (json!({ "effect": "cut", "app": "wx1" }), "app", apps),
        (json!({ "effect": "cut", "user": "layl" }), "user", USERS),
    ])
    .await;
}

#[tokio::test]
async fn a_fault_under_a_host_or_a_name_that_no_request_has_is_rejected() {
    assert_rejected([
        (
            json!({ "effect": "cut", "host": "api.weixin.qq.con" }),
            "host",
            "no request reaches the simulator under this host: expected one of WeChat's, such as api.weixin.qq.com, a \
             local one, or one that was allowed at the start",
        ),
        (
            json!({ "effect": "cut", "header": { "name": "a b" } }),
            "header",
            "expected the name of a header, such as user-agent",
        ),
        (
            json!({ "effect": "cut", "header": { "name": "a", "value": " b" } }),
            "header",
            "expected a value of ASCII, without spaces around it",
        ),
        (
            json!({ "effect": "cut", "parameter": { "name": "" } }),
            "parameter",
            "expected the name of a parameter",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_fault_with_a_number_or_an_id_out_of_range_is_rejected() {
    let (id, times) = (
        "expected 1 to 64 letters, digits, -, _ or .",
        "expected at least 1, or null for no limit",
    );
    let nth = "expected at least 1: the first match";
    assert_rejected([
        (
            json!({ "effect": "cut", "percent": 0 }),
            "percent",
            "expected 1 to 100",
        ),
        (json!({ "effect": "cut", "times": 0 }), "times", times),
        (json!({ "effect": "cut", "nth": 0 }), "nth", nth),
        (json!({ "effect": "cut", "id": "a/b" }), "id", id),
    ])
    .await;
}

#[tokio::test]
async fn the_listed_paths_are_served_and_a_canned_answer_may_serve_another() {
    let sim = Sim::start().await.unwrap();
    // 40066 is an invalid URL.
    for path in PATHS.split(", ") {
        assert_ne!(errcode(&sim, path).await, 40066, "{path}");
    }
    let answer = json!({ "answer": { "body": "{\"errcode\":0}" } });
    let other =
        json!({ "effect": answer, "path": "/cgi-bin/user/info", "parameter": { "name": "lang" } });
    assert_eq!(add(&sim, other).await.0, 200);
    assert_eq!(errcode(&sim, "/cgi-bin/user/info?lang=en").await, 0);
}

#[tokio::test]
async fn in_rust_a_fault_that_could_never_strike_panics() {
    let sim = Sim::start().await.unwrap();
    let add = AssertUnwindSafe(|| sim.fault(Fault::new(Effect::Cut).user("layl")));
    let message = catch_unwind(add).unwrap_err();
    let message: &String = message.downcast_ref().unwrap();
    assert_eq!(*message, format!("fault: user: {USERS}"));
}

#[tokio::test]
async fn the_oldest_fault_that_has_run_out_makes_room_and_others_do_not() {
    let sim = Sim::start().await.unwrap();
    let first = sim.fault(Fault::new(Effect::Errcode(-1)).id("first"));
    assert_eq!(errcode(&sim, ANY).await, -1);
    for _ in 0..1000 {
        sim.fault(Fault::new(Effect::Errcode(-1)).path("/sns/userinfo"));
    }
    assert_eq!(first.struck(), 0);
    let rule = "there are 1000 faults already: remove some";
    let error = json!({ "error": { "field": "body", "rule": rule } });
    assert_eq!(add(&sim, json!({ "effect": "cut" })).await, (409, error));
}

#[tokio::test]
async fn every_documented_errcode_can_be_injected() {
    let sim = Sim::start().await.unwrap();
    let documented = [
        -1, 40001, 40002, 40003, 40013, 40014, 40029, 40030, 40035, 40037, 40066, 40125, 40163,
        40164, 40226, 41001, 41002, 41003, 41004, 41005, 41006, 41007, 41008, 41009, 42001, 42002,
        42003, 42007, 43001, 43002, 43003, 43004, 44002, 45009, 45011, 47001, 48001, 48004, 50001,
        50002, 50003, 50004, 50006, 61003, 61004, 61023, 61024, 89501, 89503,
    ];
    for code in documented {
        sim.fault(Fault::new(Effect::Errcode(code)));
        assert_eq!(errcode(&sim, ANY).await, code);
    }
}

#[tokio::test]
async fn responses_are_truncated_retyped_or_replaced_by_a_page() {
    let sim = Sim::start().await.unwrap();
    sim.fault(Fault::new(Effect::Cut));
    let cut = get(&sim, ANY).await.text().await.unwrap();
    assert!(
        cut.starts_with(r#"{"errcode":40001"#) && !cut.ends_with('}'),
        "{cut}"
    );

    sim.fault(Fault::new(Effect::ContentType(
        "text/html; charset=gbk".to_owned(),
    )));
    assert_eq!(
        get(&sim, ANY).await.headers()["content-type"],
        "text/html; charset=gbk"
    );

    sim.fault(Fault::new(Effect::Html(502)));
    let page = get(&sim, ANY).await;
    assert_eq!(
        (
            page.status().as_u16(),
            page.headers()["content-type"].to_str().unwrap()
        ),
        (502, "text/html; charset=utf-8")
    );

    sim.fault(Fault::new(Effect::DelayMs(1)));
    assert_eq!(errcode(&sim, ANY).await, 40001);
}

#[tokio::test]
async fn a_connection_breaks_before_or_after_the_code_is_used() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let code = async || {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
        let page = client
            .get(format!("{}{login}", sim.url()))
            .send()
            .await
            .unwrap();
        page.headers()["location"]
            .to_str()
            .unwrap()
            .split(['=', '&'])
            .nth(1)
            .unwrap()
            .to_owned()
    };
    for (effect, afterwards) in [
        (Effect::Reset, Value::Null),
        (Effect::ResetAfter, json!(40163)),
    ] {
        let path = format!(
            "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={}&code={}&grant_type=authorization_code",
            "s".repeat(32),
            code().await
        );
        sim.fault(Fault::new(effect.clone()).path("/sns/oauth2/access_token"));
        reqwest::get(format!("{}{path}", sim.url()))
            .await
            .unwrap_err();
        let again: Value = get(&sim, &path).await.json().await.unwrap();
        assert_eq!(again["errcode"], afterwards, "{effect:?}");
    }
}

#[tokio::test]
async fn a_fault_happens_once_by_default_and_permanently_with_null() {
    let sim = Sim::start().await.unwrap();
    add(&sim, json!({ "effect": { "errcode": -1 } })).await;
    assert_eq!(
        (errcode(&sim, ANY).await, errcode(&sim, ANY).await),
        (-1, 40001)
    );
    add(&sim, json!({ "effect": { "errcode": -1 }, "times": null })).await;
    for _ in 0..5 {
        assert_eq!(errcode(&sim, ANY).await, -1);
    }
}

#[tokio::test]
async fn a_percentage_is_drawn_from_the_seed() {
    let drawn = async |seed| {
        let sim = Sim::builder().seed(seed).start().await.unwrap();
        sim.fault(Fault::new(Effect::Errcode(-1)).percent(30));
        let mut codes = Vec::new();
        for _ in 0..60 {
            codes.push(errcode(&sim, ANY).await);
        }
        codes
    };
    let (one, again, other) = (drawn(1).await, drawn(1).await, drawn(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let failed = one.iter().filter(|code| **code == -1).count();
    assert!((5..40).contains(&failed), "{failed} of 60");
}

#[tokio::test]
async fn invalid_faults_are_rejected_and_all_faults_can_be_removed() {
    let sim = Sim::start().await.unwrap();
    for (fault, field, rule) in [
        (
            json!({ "effect": { "errcode": 12345 } }),
            "effect",
            "expected a documented errcode, such as -1 or 45011",
        ),
        (
            json!({ "effect": { "delay_ms": 60001 } }),
            "effect",
            "expected a delay of at most 60000 milliseconds",
        ),
        (
            json!({ "effect": { "html": 99 } }),
            "effect",
            "expected an HTTP status from 200 to 599",
        ),
        (
            json!({ "effect": { "content_type": "a\nb" } }),
            "effect",
            "expected a content type, such as application/json",
        ),
    ] {
        assert_eq!(
            add(&sim, fault).await,
            (400, json!({ "error": { "field": field, "rule": rule } }))
        );
    }
    assert_eq!(add(&sim, json!({ "effect": "explode" })).await.0, 400);
    let (status, error) = add(&sim, json!({ "effect": "cut", "percent": 101 })).await;
    assert_eq!((status, &error["error"]["field"]), (400, &json!("percent")));

    add(&sim, json!({ "effect": "cut" })).await;
    let request = Client::builder()
        .build()
        .unwrap()
        .delete(format!("{}/_sim/api/faults", sim.url()));
    let none: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(none, json!([]));
    assert_eq!(errcode(&sim, ANY).await, 40001);
}

/// Logs in; returns the path of the profile.
async fn profile(sim: &Sim) -> String {
    let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    get(sim, login).await;
    let callback = sim.allow(&sim.pending()[0], "xiaoming").unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let secret = "s".repeat(32);
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"
    );
    let token: Value = get(sim, &exchange).await.json().await.unwrap();
    let text = |name: &str| token[name].as_str().unwrap().to_owned();
    let (token, openid) = (text("access_token"), text("openid"));
    format!("/sns/userinfo?access_token={token}&openid={openid}")
}

#[tokio::test]
async fn responses_lose_a_member_gain_half_an_emoji_or_arrive_slowly() {
    let sim = Sim::start().await.unwrap();
    let profile = profile(&sim).await;
    let whole = get(&sim, &profile).await.text().await.unwrap();
    let unionid = whole
        .split(",\"unionid\"")
        .nth(1)
        .unwrap()
        .trim_end_matches('}');
    sim.fault(Fault::new(Effect::Without("unionid".to_owned())));
    let without = get(&sim, &profile).await.text().await.unwrap();
    assert_eq!(
        without,
        whole.replace(&format!(",\"unionid\"{unionid}"), "")
    );

    sim.fault(Fault::new(Effect::LoneSurrogate));
    let corrupted = get(&sim, &profile).await.text().await.unwrap();
    assert_eq!(corrupted, whole.replace("小明🐼é", "小明🐼é\\ud83d"));
    assert!(serde_json::from_str::<Value>(&corrupted).is_err());

    sim.fault(Fault::new(Effect::SlowBodyMs(10)));
    let mut slow = get(&sim, &profile).await;
    assert_eq!(slow.content_length(), Some(whole.len() as u64));
    let mut chunks = Vec::new();
    while let Some(chunk) = slow.chunk().await.unwrap() {
        chunks.push(chunk);
    }
    assert!(chunks.len() > 1, "{chunks:?}");
    assert_eq!(chunks.concat(), whole.as_bytes());
}

#[tokio::test]
async fn the_next_response_can_be_given_byte_for_byte() {
    let sim = Sim::start().await.unwrap();
    let answer = json!({ "status": 503, "content_type": "text/html", "body": "<busy>" });
    let (status, _) = add(&sim, json!({ "effect": { "answer": answer } })).await;
    assert_eq!(status, 200);
    let next = get(&sim, ANY).await;
    assert_eq!(next.status(), 503);
    assert_eq!(next.headers()["content-type"], "text/html");
    assert_eq!(next.text().await.unwrap(), "<busy>");
    sim.fault(Fault::new(Effect::Answer(Answer::new("{}"))));
    let next = get(&sim, ANY).await;
    assert_eq!(next.headers()["content-type"], "text/plain");
    assert_eq!(next.text().await.unwrap(), "{}");
    assert_eq!(errcode(&sim, ANY).await, 40001);
}

#[tokio::test]
async fn a_fault_can_be_limited_to_one_app_or_one_host() {
    let sim = Sim::start().await.unwrap();
    let profile = profile(&sim).await;
    let fault = || Fault::new(Effect::Errcode(50002));
    sim.fault(fault().app("wx0123456789abcde0"));
    // The token identifies the app, as the app ID would.
    assert!(
        get(&sim, &profile)
            .await
            .text()
            .await
            .unwrap()
            .contains("小明")
    );
    let other = "/sns/oauth2/refresh_token?appid=wx0123456789abcde0";
    assert_eq!(errcode(&sim, other).await, 50002);
    sim.fault(fault().app("wx0123456789abcdef"));
    assert_eq!(errcode(&sim, &profile).await, 50002);

    sim.fault(
        Fault::new(Effect::Reset)
            .host("api.weixin.qq.com")
            .percent(100),
    );
    let address = sim.url().trim_start_matches("http://").parse().unwrap();
    let client = ["api.weixin.qq.com", "api2.weixin.qq.com"]
        .into_iter()
        .fold(Client::builder().no_proxy(), |client, host| {
            client.resolve(host, address)
        })
        .build()
        .unwrap();
    let ask = async |host: &str| {
        let url = format!("http://{host}:{}{ANY}", address.port());
        client.get(url).send().await?.text().await
    };
    assert!(ask("api.weixin.qq.com").await.is_err());
    let backup = ask("api2.weixin.qq.com").await.unwrap();
    assert!(backup.starts_with(r#"{"errcode":43003"#), "{backup}");
}

/// Callback URL, or page, of an official account's login.
async fn callback(sim: &Sim, callback: &str) -> String {
    let redirect_uri = callback.replace(':', "%3A").replace('/', "%2F");
    let login = format!(
        "{}/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_base&state=abc",
        sim.url()
    );
    let client = Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().get(login);
    let page = request
        .header("user-agent", "MicroMessenger")
        .send()
        .await
        .unwrap();
    let location = page.headers().get("location");
    let location = location.map(|location| location.to_str().unwrap().to_owned());
    match location {
        Some(location) => location.replacen(location.split(['=', '&']).nth(1).unwrap(), "CODE", 1),
        None => page.text().await.unwrap(),
    }
}

#[tokio::test]
async fn a_login_returns_with_another_state_without_cookies_or_twice() {
    let sim = Sim::start().await.unwrap();
    let localhost = "http://localhost:1/cb";
    let good = "http://localhost:1/cb?code=CODE&state=abc";
    sim.fault(Fault::new(Effect::StateAltered));
    // A fault of logins is not taken by an API call.
    assert_eq!(errcode(&sim, ANY).await, 40001);
    assert_eq!(
        callback(&sim, localhost).await,
        "http://localhost:1/cb?code=CODE&state=ab0"
    );
    assert_eq!(callback(&sim, localhost).await, good);

    for (there, back) in [
        ("http://localhost:1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1:1/cb", "http://localhost:1/cb"),
    ] {
        sim.fault(Fault::new(Effect::CookiesLost));
        let expected = format!("{back}?code=CODE&state=abc");
        assert_eq!(callback(&sim, there).await, expected);
    }

    sim.fault(Fault::new(Effect::CallbackTwice).path("/connect/qrconnect"));
    assert_eq!(callback(&sim, localhost).await, good);
    sim.fault(Fault::new(Effect::CallbackTwice).app("wx0123456789abcde0"));
    let twice = callback(&sim, localhost).await;
    let origin = sim.url().replace("127.0.0.1", "localhost");
    assert_eq!(twice, format!("{origin}/_sim/twice?uuid=CODE"));
    let unknown = get(&sim, "/_sim/twice?uuid=x").await;
    assert_eq!(unknown.status(), 400);
}

#[tokio::test]
async fn every_documented_dialog_can_be_injected() {
    let sim = Sim::start().await.unwrap();
    for (code, text) in [
        (10003, "redirect_uri域名与后台配置不一致"),
        (10004, "此公众号被封禁"),
        (10005, "此公众号并没有这些scope的权限"),
        (10006, "必须关注此测试号"),
        (10009, "操作太频繁了，请稍后重试"),
        (10010, "scope不能为空"),
        (10011, "redirect_uri不能为空"),
        (10012, "appid不能为空"),
        (10013, "state不能为空"),
        (10015, "公众号未授权第三方平台，请检查授权状态"),
        (10016, "不支持微信开放平台的Appid，请使用公众号Appid"),
    ] {
        sim.fault(Fault::new(Effect::Dialog(code)));
        let page = callback(&sim, "http://localhost:1/cb").await;
        assert!(
            page.contains(&format!("<p id=\"text\">{text}</p>"))
                && page.contains(&format!("错误码：{code}")),
            "{page}"
        );
    }
    let (status, answer) = add(&sim, json!({ "effect": { "dialog": 10007 } })).await;
    let rule = "expected the number of a dialog, from 10003 to 10016";
    assert_eq!((status, &answer["error"]["rule"]), (400, &json!(rule)));
}

#[tokio::test]
async fn the_case_of_a_host_and_its_port_do_not_matter_to_a_fault() {
    for (host, sent) in [
        ("API.weixin.qq.com", "api.weixin.qq.com"),
        ("api.weixin.qq.com", "API.weixin.qq.com:443"),
        ("::1", "[::1]:9300"),
        ("[::1]", "[::1]:9300"),
    ] {
        let sim = Sim::start().await.unwrap();
        let fault = sim.fault(Fault::new(Effect::Errcode(-1)).host(host));
        let request = Client::builder()
            .build()
            .unwrap()
            .get(format!("{}/sns/auth", sim.url()));
        request.header("host", sent).send().await.unwrap();
        assert_eq!(fault.struck(), 1, "{host} {sent}");
    }
}
