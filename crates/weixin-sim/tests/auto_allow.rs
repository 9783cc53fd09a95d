//! Logins that are answered without a phone, as the setting says at that time.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use weixin_sim::{AutoAllow, PhoneError, Sim};

const WEBSITE: &str = "wx0123456789abcdef";
const OFFICIAL_ACCOUNT: &str = "wx0123456789abcde0";

async fn set(sim: &Sim, body: Value) -> (u16, Value) {
    let url = format!("{}/_sim/api/auto-allow", sim.url());
    let request = Client::builder().build().unwrap().put(url).json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn api(sim: &Sim, method: Method, path: &str) -> Value {
    let url = format!("{}/_sim/api/{path}", sim.url());
    let request = Client::builder().build().unwrap().request(method, url);
    request.send().await.unwrap().json().await.unwrap()
}

/// Opens the login page of an app, with further parameters and the phone's cookie.
async fn open(sim: &Sim, app: &str, more: &str, cookie: &str) -> Response {
    let (page, scope) = match app {
        OFFICIAL_ACCOUNT => ("connect/oauth2/authorize", "snsapi_userinfo"),
        _ => ("connect/qrconnect", "snsapi_login"),
    };
    let url = format!(
        "{}/{page}?appid={app}&redirect_uri=http%3A%2F%2Flocalhost%2F&response_type=code&scope={scope}&state=s{more}",
        sim.url()
    );
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    client
        .get(url)
        .header("cookie", cookie)
        .send()
        .await
        .unwrap()
}

fn location(response: &Response) -> Option<String> {
    let location = response.headers().get("location")?.to_str().unwrap();
    Some(location.to_owned())
}

/// User and last step of the newest login.
async fn newest(sim: &Sim) -> (Value, Value) {
    let newest = api(sim, Method::GET, "timeline").await[0].take();
    let steps = newest["steps"].as_array().unwrap();
    (
        newest["user"].clone(),
        steps.last().unwrap()["what"].clone(),
    )
}

#[tokio::test]
async fn the_answer_can_be_changed_for_all_apps_or_for_one_until_a_reset() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let start = json!({ "answer": "allow", "user": null, "apps": [] });
    assert_eq!(api(&sim, Method::GET, "auto-allow").await, start);
    let deny = json!({ "answer": "deny", "app": OFFICIAL_ACCOUNT });
    let expected = json!({
        "answer": "allow", "user": null,
        "apps": [{ "app": OFFICIAL_ACCOUNT, "answer": "deny", "user": null }],
    });
    assert_eq!(set(&sim, deny).await, (200, expected));
    // By nickname, and without an effect on the app's own answer.
    let layla = set(
        &sim,
        json!({ "answer": "allow", "user": "ليلى بنت أحمد (layla)" }),
    )
    .await;
    assert_eq!(layla.1["user"], "layla");

    assert_eq!(open(&sim, WEBSITE, "", "").await.status(), 302);
    assert_eq!(newest(&sim).await, (json!("layla"), json!("allowed")));
    let denied = open(&sim, OFFICIAL_ACCOUNT, "", "").await;
    let callback = "http://localhost/?code=authdeny&reason=&state=s";
    assert_eq!(location(&denied).as_deref(), Some(callback));
    let own = set(&sim, json!({ "app": OFFICIAL_ACCOUNT })).await;
    assert_eq!(
        own,
        (
            200,
            json!({ "answer": "allow", "user": "layla", "apps": [] })
        )
    );
    let allowed = open(&sim, OFFICIAL_ACCOUNT, "", "").await;
    assert!(location(&allowed).unwrap().ends_with("&state=s"));
    assert_eq!(newest(&sim).await, (json!("layla"), json!("allowed")));

    sim.reset();
    assert_eq!(api(&sim, Method::GET, "auto-allow").await, start);
}

#[tokio::test]
async fn the_login_pages_parameter_and_the_phones_cookie_choose_the_user_in_both_flows() {
    let sim = Sim::start().await.unwrap();
    sim.auto_allow(AutoAllow::allow().user("long")).unwrap();
    for app in [WEBSITE, OFFICIAL_ACCOUNT] {
        for (parameter, cookie, user) in [
            ("", "", "long"),
            ("", "weixin-sim-user=layla", "layla"),
            ("&sim_user=noname", "weixin-sim-user=layla", "noname"),
            // A user that was removed since.
            ("", "weixin-sim-user=gone", "long"),
        ] {
            assert_eq!(open(&sim, app, parameter, cookie).await.status(), 302);
            let expected = (json!(user), json!("allowed"));
            assert_eq!(newest(&sim).await, expected, "{app} {parameter} {cookie}");
        }
        let unknown = open(&sim, app, "&sim_user=layl", "").await;
        let page = unknown.text().await.unwrap();
        assert!(page.contains("sim_user 不是测试用户的 ID 或昵称"), "{page}");
    }
    // Without auto-allow, the chosen user is the one who allows by default.
    sim.auto_allow(AutoAllow::off()).unwrap();
    open(&sim, WEBSITE, "&sim_user=layla", "").await;
    let path = format!("logins/{}/allow", sim.pending()[0]);
    api(&sim, Method::POST, &path).await;
    assert_eq!(newest(&sim).await, (json!("layla"), json!("allowed")));
}

#[tokio::test]
async fn a_change_answers_the_qr_codes_that_wait() {
    let sim = Sim::start().await.unwrap();
    let stage = async || api(&sim, Method::GET, "logins").await[0]["stage"].take();
    for (auto_allow, expected) in [
        (AutoAllow::ignore(), json!("scanned")),
        (AutoAllow::deny(), json!("canceled")),
    ] {
        sim.auto_allow(AutoAllow::off()).unwrap();
        open(&sim, WEBSITE, "", "").await;
        assert_eq!(stage().await, "waiting");
        sim.auto_allow(auto_allow.clone()).unwrap();
        assert_eq!(stage().await, expected);
        sim.reset();
        sim.auto_allow(auto_allow).unwrap();
        assert_eq!(open(&sim, WEBSITE, "", "").await.status(), 200);
        assert_eq!(stage().await, expected);
        sim.reset();
    }
    open(&sim, WEBSITE, "&sim_user=layla", "").await;
    sim.auto_allow(AutoAllow::allow().app(WEBSITE).user("long"))
        .unwrap();
    assert_eq!(newest(&sim).await, (json!("layla"), json!("allowed")));
    assert_eq!(sim.pending(), Vec::<String>::new());
}

#[tokio::test]
async fn an_official_accounts_login_is_asked_or_silent_whatever_auto_allow_says() {
    let sim = Sim::start().await.unwrap();
    sim.auto_allow(AutoAllow::ignore()).unwrap();
    let page = open(&sim, OFFICIAL_ACCOUNT, "&sim_user=layla", "").await;
    let page = page.text().await.unwrap();
    assert!(page.contains("name=\"user\" value=\"layla\""), "{page}");
    // WeChat does not ask for `snsapi_base`, so it cannot be denied.
    sim.auto_allow(AutoAllow::deny()).unwrap();
    let url = format!(
        "{}/connect/oauth2/authorize?appid={OFFICIAL_ACCOUNT}&redirect_uri=http%3A%2F%2Flocalhost%2F&scope=snsapi_base",
        sim.url()
    );
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let silent = location(&client.get(url).send().await.unwrap()).unwrap();
    assert!(!silent.contains("authdeny"), "{silent}");
}

#[tokio::test]
async fn an_unknown_user_or_app_or_a_missing_answer_changes_nothing() {
    let sim = Sim::start().await.unwrap();
    let users = "unknown user: expected one of xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control";
    let missing = "expected off, allow, deny or ignore; without it, app alone";
    for (body, status, field, rule) in [
        (
            json!({ "answer": "allow", "user": "layl" }),
            404,
            "user",
            users,
        ),
        (
            json!({ "answer": "allow", "app": "wx1" }),
            404,
            "app",
            "unknown app: see /_sim/api/apps",
        ),
        (json!({}), 400, "answer", missing),
        (
            json!({ "app": WEBSITE, "user": "layla" }),
            400,
            "answer",
            missing,
        ),
    ] {
        let error = json!({ "error": { "field": field, "rule": rule } });
        assert_eq!(set(&sim, body).await, (status, error));
    }
    let unchanged = json!({ "answer": "off", "user": null, "apps": [] });
    assert_eq!(api(&sim, Method::GET, "auto-allow").await, unchanged);
    let unknown = sim.auto_allow(AutoAllow::allow().user("layl"));
    assert!(matches!(unknown, Err(PhoneError::UnknownUser { .. })));
}

#[tokio::test]
async fn without_its_user_the_first_one_answers_and_without_its_app_all_do() {
    let sim = Sim::start().await.unwrap();
    sim.auto_allow(AutoAllow::allow().user("anna")).unwrap();
    sim.auto_allow(AutoAllow::deny().app(WEBSITE).user("anna"))
        .unwrap();
    api(&sim, Method::DELETE, "users/anna").await;
    let expected = json!({
        "answer": "allow",
        "user": null,
        "apps": [{ "app": WEBSITE, "answer": "deny", "user": null }],
    });
    assert_eq!(api(&sim, Method::GET, "auto-allow").await, expected);
    assert_eq!(open(&sim, OFFICIAL_ACCOUNT, "", "").await.status(), 302);
    assert_eq!(newest(&sim).await.1, "allowed");
    api(&sim, Method::DELETE, &format!("apps/{WEBSITE}")).await;
    let expected = json!({ "answer": "allow", "user": null, "apps": [] });
    assert_eq!(api(&sim, Method::GET, "auto-allow").await, expected);
}

#[tokio::test]
async fn the_phone_of_one_world_is_not_that_of_another() {
    let sim = Sim::start().await.unwrap();
    let world = sim.world().await.unwrap();
    world.auto_allow(AutoAllow::allow().user("anna")).unwrap();
    // A browser sends the cookies of a host to all of its ports.
    let chosen = Client::builder().redirect(Policy::none()).build().unwrap();
    let chosen = chosen
        .post(format!("{}/_sim/phone/user", sim.url()))
        .body("user=layla");
    let chosen = chosen.header("content-type", "application/x-www-form-urlencoded");
    let chosen = chosen.send().await.unwrap();
    let cookie = chosen.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(open(&world, WEBSITE, "", cookie).await.status(), 302);
    assert_eq!(newest(&world).await.0, "anna");
}
