//! Behavior that golden files cannot cover: long polls, shutdown, control and the request log.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use weixin_sim::{App, PhoneError, Sim, User};

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=s1\
                     &redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fauthorization";

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn get(sim: &Sim, path: &str) -> Response {
    client()
        .get(format!("{}{path}", sim.url()))
        .send()
        .await
        .unwrap()
}

async fn post(sim: &Sim, path: &str, body: &str) -> (u16, Value) {
    let url = format!("{}{path}", sim.url());
    let response = client()
        .post(url)
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A simulator with a frozen clock and one QR code.
async fn with_a_qr_code() -> (Sim, String) {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .start()
        .await
        .unwrap();
    get(&sim, LOGIN).await;
    let uuid = sim.pending().remove(0);
    (sim, uuid)
}

/// Response to a poll during which `event` happens.
async fn polled(sim: &Sim, query: &str, event: impl AsyncFnOnce()) -> String {
    let path = format!("/connect/l/qrconnect?{query}");
    let poll = async { get(sim, &path).await.text().await.unwrap() };
    // The response is the same whichever comes first.
    tokio::join!(poll, event()).0
}

#[tokio::test]
async fn a_poll_is_held_until_the_phone_acts() {
    let (sim, uuid) = with_a_qr_code().await;
    let query = format!("uuid={uuid}");
    let scanned = polled(&sim, &query, async || sim.scan(&uuid).unwrap()).await;
    assert_eq!(scanned, "window.wx_errcode=404;window.wx_code='';");

    let query = format!("uuid={uuid}&last=404");
    let canceled = polled(&sim, &query, async || sim.cancel(&uuid).unwrap()).await;
    assert_eq!(canceled, "window.wx_errcode=403;window.wx_code='';");

    let query = format!("uuid={uuid}&last=403");
    let allowed = polled(&sim, &query, async || {
        sim.allow(&uuid, "layla").unwrap();
    })
    .await;
    assert!(
        allowed.starts_with("window.wx_errcode=405;window.wx_code='071"),
        "{allowed}"
    );
}

#[tokio::test]
async fn a_poll_returns_408_after_its_timeout_and_402_after_expiry() {
    let (sim, uuid) = with_a_qr_code().await;
    sim.scan(&uuid).unwrap();
    let query = format!("uuid={uuid}&last=404");
    // The poll is held for 25 s of the clock, which later requests move forward until it returns.
    let path = format!("/connect/l/qrconnect?{query}");
    let mut poll = std::pin::pin!(async { get(&sim, &path).await.text().await.unwrap() });
    let response = loop {
        tokio::select! {
            biased;
            text = &mut poll => break text,
            _ = post(&sim, "/_sim/api/clock", r#"{"advance_seconds":1}"#) => {}
        }
    };
    assert_eq!(response, "window.wx_errcode=408;window.wx_code='';");
    let clock: Value = get(&sim, "/_sim/api/clock").await.json().await.unwrap();
    assert!(clock["now"].as_u64().unwrap() >= 25, "returned at {clock}");

    let expired = polled(&sim, &query, async || sim.expire(&uuid).unwrap()).await;
    assert_eq!(expired, "window.wx_errcode=402;window.wx_code='';");
    assert_eq!(sim.scan(&uuid), Err(PhoneError::Expired));
}

#[tokio::test]
async fn auto_allow_redirects_to_the_callback_as_the_first_user() {
    let sim = Sim::builder()
        .auto_allow()
        .user(User::new("me", "Me"))
        .start()
        .await
        .unwrap();
    let response = get(&sim, LOGIN).await;
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let code = location
        .strip_prefix("http://localhost:8080/authorization?code=")
        .and_then(|rest| rest.strip_suffix("&state=s1"))
        .unwrap();
    let secret = "s".repeat(32);
    let token: Value = get(&sim, &format!("/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"))
        .await
        .json()
        .await
        .unwrap();
    let (access_token, openid) = (
        token["access_token"].as_str().unwrap(),
        token["openid"].as_str().unwrap(),
    );
    let user: Value = get(
        &sim,
        &format!("/sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await
    .json()
    .await
    .unwrap();
    assert_eq!(user["nickname"], "Me");
}

#[tokio::test]
async fn the_content_type_of_tokens_can_be_overridden() {
    let json = reqwest::header::HeaderValue::from_static("application/json");
    let sim = Sim::builder()
        .auto_allow()
        .token_content_type(json)
        .start()
        .await
        .unwrap();
    let response = get(&sim, LOGIN).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let code = location.split(['=', '&']).nth(1).unwrap();
    let secret = "s".repeat(32);
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"
    );
    let token = get(&sim, &exchange).await;
    assert_eq!(token.headers()["content-type"], "application/json");
    assert_eq!(token.json::<Value>().await.unwrap()["expires_in"], 7200);
}

#[tokio::test]
async fn a_code_belongs_to_one_app() {
    let other = App::new("wxother", "other-secret");
    let sim = Sim::builder()
        .auto_allow()
        .app(App::default())
        .app(other)
        .start()
        .await
        .unwrap();
    let response = get(&sim, LOGIN).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let code = location.split(['=', '&']).nth(1).unwrap();
    let error = get(&sim, &format!("/sns/oauth2/access_token?appid=wxother&secret=other-secret&code={code}&grant_type=authorization_code")).await;
    let error: Value = error.json().await.unwrap();
    assert_eq!(error["errcode"], 40029);
}

#[tokio::test]
async fn only_one_of_sixteen_concurrent_exchanges_succeeds() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let response = get(&sim, LOGIN).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let code = location.split(['=', '&']).nth(1).unwrap();
    let url = format!(
        "{}/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={}&code={code}&grant_type=authorization_code",
        sim.url(),
        "s".repeat(32)
    );
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let request = client().get(&url).send();
        tasks.spawn(async {
            request.await.unwrap().json::<Value>().await.unwrap()["errcode"].clone()
        });
    }
    let mut outcomes = tasks.join_all().await;
    outcomes.sort_by_key(Value::to_string);
    let mut expected = vec![json!(40163); 15];
    expected.push(Value::Null);
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_dropped_simulator_no_longer_listens() {
    let sim = Sim::start().await.unwrap();
    let address = sim.url().strip_prefix("http://").unwrap().to_owned();
    tokio::net::TcpStream::connect(&address).await.unwrap();
    drop(sim);
    // The server stops asynchronously, and then closes a connection that was still accepted.
    while let Ok(mut stream) = tokio::net::TcpStream::connect(&address).await {
        let _ = stream.read(&mut [0]).await;
    }
}

/// Sends the secret `hunter2` in a query, a form, a header and a JSON body.
async fn send_secrets(sim: &Sim) {
    let form = "code=hunter2&secret=hunter2&access_token=hunter2&refresh_token=hunter2&lang=en";
    let url = format!(
        "{}/sns/oauth2/access_token?appid=wxhunter&SECRET=hunter2",
        sim.url()
    );
    let request = client()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded");
    request
        .header("authorization", "Basic hunter2")
        .body(form)
        .send()
        .await
        .unwrap();
    let url = format!("{}/cgi-bin/stable_token", sim.url());
    let body =
        json!({ "grant_type": "client_credential", "appid": "wxhunter", "secret": "hunter2" });
    client().post(url).json(&body).send().await.unwrap();
}

#[expect(clippy::too_many_lines, reason = "the whole log is compared")]
#[tokio::test]
async fn the_request_log_masks_secrets() {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .start()
        .await
        .unwrap();
    send_secrets(&sim).await;
    let host = sim.url().trim_start_matches("http://");
    let mut log: Value = get(&sim, "/_sim/api/requests").await.json().await.unwrap();
    assert!(!log.to_string().contains("hunter2"), "{log}");
    for request in log.as_array_mut().unwrap() {
        let answer = request["answer"].take();
        let has = |members: &str, name: &str| {
            let members = request[members].as_array().unwrap();
            members.iter().any(|member| member[0] == name)
        };
        assert!(has("request_headers", "host") && has("response_headers", "content-type"));
        for headers in ["response_headers", "duration_ms", "content_type"] {
            request.as_object_mut().unwrap().remove(headers);
        }
        let expected = r#"{"errcode":40013,"errmsg":"invalid appid"#;
        assert!(answer.as_str().unwrap().starts_with(expected), "{answer}");
    }
    let headers = log[0]["request_headers"].take();
    log[1]["request_headers"].take();
    let masked = json!(["authorization", "***"]);
    assert!(headers.as_array().unwrap().contains(&masked), "{headers}");
    assert_eq!(
        log,
        json!([{
            "number": 1,
            "app_id": "wxhunter",
            "user": null,
            "login": null,
            "request_headers": null,
            "at": 0,
            "method": "POST",
            "host": host,
            "path": "/sns/oauth2/access_token",
            "parameters": [["appid", "wxhunter"], ["SECRET", "***"], ["code", "***"], ["secret", "***"],
                ["access_token", "***"], ["refresh_token", "***"], ["lang", "en"]],
            "masked_parameters": [["SECRET", 7], ["code", 7], ["secret", 7], ["access_token", 7], ["refresh_token", 7]],
            "findings": [{ "rule": "post", "class": "undocumented" }, { "rule": "refresh-elsewhere", "class": "rejected" }],
            "at_ms": 0,
            "masked_answer": [],
            "fault": null,
            "refusal": null,
            "test": null,
            "status": 200,
            "errcode": 40013,
            "answer": null,
            "cut": false,
        }, {
            "number": 2,
            "app_id": "wxhunter",
            "user": null,
            "login": null,
            "request_headers": null,
            "at": 0,
            "method": "POST",
            "host": host,
            "path": "/cgi-bin/stable_token",
            "parameters": [["appid", "wxhunter"], ["grant_type", "client_credential"], ["secret", "***"]],
            "masked_parameters": [["secret", 7]],
            "findings": [],
            "at_ms": 0,
            "masked_answer": [],
            "fault": null,
            "refusal": null,
            "test": null,
            "status": 200,
            "errcode": 40013,
            "answer": null,
            "cut": false,
        }])
    );
    post(&sim, "/_sim/api/reset", "").await;
    assert!(sim.requests().is_empty());
}

/// Path (`UUID` is replaced), body, status, field and rule.
const BAD_CONTROL: [(&str, &str, u16, &str, &str); 10] = [
    (
        "/_sim/api/users",
        "",
        405,
        "method",
        "this path does not support the method: see /_sim/api/openapi.json",
    ),
    (
        "/_sim/api/logins/UUID/allow",
        r#"{"user":"bob"}"#,
        404,
        "user",
        "unknown user: expected one of xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control",
    ),
    (
        "/_sim/api/logins/UUID/allow",
        r#"{"persona":"bob"}"#,
        400,
        "persona",
        "unknown field `persona`, expected `user`",
    ),
    (
        "/_sim/api/logins/UUID/jump",
        "",
        400,
        "action",
        "expected scan, allow, cancel or expire",
    ),
    (
        "/_sim/api/logins/unknown/scan",
        "",
        404,
        "uuid",
        "unknown QR code: see /_sim/api/logins",
    ),
    (
        "/_sim/api/clock",
        "{}",
        400,
        "body",
        "expected advance_seconds or now, with or without runs, or runs alone",
    ),
    (
        "/_sim/api/clock",
        r#"{"advance_seconds":-1}"#,
        400,
        "advance_seconds",
        "invalid value: integer `-1`, expected u64",
    ),
    (
        "/_sim/api/clock",
        r#"{"advance_seconds":9999999999}"#,
        400,
        "advance_seconds",
        "the clock can be moved by at most 3153600000 more seconds",
    ),
    (
        "/_sim/api/reset",
        r#"{"apps":true}"#,
        400,
        "apps",
        "unknown field `apps`, there are no fields",
    ),
    (
        "/_sim/nothing",
        "",
        404,
        "path",
        "no such path: see /_sim/api/openapi.json",
    ),
];

#[tokio::test]
async fn the_control_api_names_the_invalid_field_and_the_rule() {
    let (sim, uuid) = with_a_qr_code().await;
    for (path, body, status, field, rule) in BAD_CONTROL {
        let expected = json!({ "error": { "field": field, "rule": rule } });
        let answer = post(&sim, &path.replace("UUID", &uuid), body).await;
        assert_eq!(answer, (status, expected), "{path} {body}");
    }
}

#[tokio::test]
async fn the_phones_form_names_the_invalid_field() {
    let (sim, uuid) = with_a_qr_code().await;
    for (form, rule) in [
        ("", "action: expected allow or cancel"),
        ("action=maybe", "action: expected allow or cancel"),
        (
            "action=allow&user=bob",
            "user: unknown user: expected one of xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control",
        ),
    ] {
        let url = format!("{}/_sim/phone/{uuid}", sim.url());
        let response = client().post(url).body(form).send().await.unwrap();
        assert_eq!(response.status(), 400, "{form}");
        let page = response.text().await.unwrap();
        assert!(page.contains(rule), "{page}");
    }
    assert_eq!(sim.pending(), [uuid]);
}

#[tokio::test]
async fn the_control_api_lists_waiting_logins_and_moves_the_clock() {
    let (sim, uuid) = with_a_qr_code().await;
    assert_eq!(
        post(&sim, "/_sim/api/clock", r#"{"advance_seconds":60}"#).await,
        (200, json!({ "now": 60, "runs": false }))
    );
    let logins: Value = get(&sim, "/_sim/api/logins").await.json().await.unwrap();
    assert_eq!(
        logins,
        json!([{
            "uuid": uuid,
            "stage": "waiting",
            "app_id": "wx0123456789abcdef",
            "redirect_uri": "http://localhost:8080/authorization",
            "expires_in": 240,
        }])
    );
    let users: Value = get(&sim, "/_sim/api/users").await.json().await.unwrap();
    assert_eq!(
        users[0],
        json!({ "id": "xiaoming", "nickname": "小明🐼é", "avatar": true, "blocked": false })
    );
    assert_eq!(users.as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn a_style_sheet_is_never_a_script_and_ignored_by_the_newer_page() {
    let sim = Sim::start().await.unwrap();
    for more in [
        "&href=javascript%3Aalert(1)",
        "&href=data%3Atext%2Fhtml%2C%3Cscript%3E",
        "&href=%22%3E%3Cscript%3E",
        "&stylelite=1&href=https%3A%2F%2Fwww.example.com%2Fqr.css",
    ] {
        let page = get(&sim, &format!("{LOGIN}{more}"))
            .await
            .text()
            .await
            .unwrap();
        // The classic page has the simulator's own.
        let own = usize::from(!more.contains("stylelite"));
        assert!(
            page.contains("/connect/qrcode/") && page.matches("stylesheet").count() == own,
            "{more}: {page}"
        );
    }
}

#[tokio::test]
async fn login_parameters_are_escaped_on_the_pages() {
    let sim = Sim::start().await.unwrap();
    let hostile = LOGIN.replace("s1", "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%5C");
    let page = get(&sim, &hostile).await.text().await.unwrap();
    assert!(
        page.contains("&#34;&#62;&#60;script&#62;alert(1)") && !page.contains("<script>alert"),
        "{page}"
    );
    let uuid = sim.pending().remove(0);
    let phone = get(&sim, &format!("/_sim/phone?screen=who&ask={uuid}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(
        phone.contains("&lt;of her name&gt;")
            && phone.contains("<bdi>bell<span class=\"ctl\">BEL</span> line"),
        "{phone}"
    );
}

/// Login URL of the default official account.
const INSIDE: &str = "/connect/oauth2/authorize?appid=wx0123456789abcde0\
                      &redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb&response_type=code\
                      &scope=snsapi_base&state=s1";

#[tokio::test]
async fn strict_order_rejects_other_orders() {
    let sim = Sim::builder()
        .auto_allow()
        .strict_order()
        .start()
        .await
        .unwrap();
    assert_eq!(get(&sim, INSIDE).await.status(), 302);
    assert_eq!(
        get(&sim, &INSIDE.replace("&state=s1", "")).await.status(),
        302
    );
    for other in [
        INSIDE.replace("appid=wx0123456789abcde0&", "") + "&appid=wx0123456789abcde0",
        INSIDE.replace("&response_type=code", ""),
        INSIDE.replace("&scope=snsapi_base&state=s1", "&state=s1&scope=snsapi_base"),
    ] {
        let page = get(&sim, &other).await.text().await.unwrap();
        assert!(page.contains("Scope 参数错误"), "{other}: {page}");
    }
}

#[tokio::test]
async fn any_browser_acts_as_wechats_after_one_click() {
    let sim = Sim::start().await.unwrap();
    let outside = get(&sim, INSIDE).await.text().await.unwrap();
    let link = outside
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let inside = get(&sim, link).await;
    assert_eq!(inside.status(), 303);
    assert_eq!(inside.headers()["location"], INSIDE);
    let cookie = inside.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let request = client()
        .get(format!("{}{INSIDE}", sim.url()))
        .header("cookie", cookie);
    let callback = request.send().await.unwrap();
    let location = callback.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with("http://localhost:8080/cb?code=071"),
        "{location}"
    );

    for elsewhere in [
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example%2F",
        "",
        "%2F_sim%2F",
    ] {
        let rejected = get(&sim, &format!("/_sim/inside?to={elsewhere}")).await;
        assert_eq!(rejected.status(), 400, "{elsewhere}");
    }
}

#[tokio::test]
async fn a_follower_from_the_conversation_is_not_asked() {
    let sim = Sim::start().await.unwrap();
    let asks = INSIDE.replace("snsapi_base", "snsapi_userinfo");
    for (from, silent) in [("&conversation=1", true), ("", false)] {
        let to: String = form_urlencoded::byte_serialize(asks.as_bytes()).collect();
        let opened = get(&sim, &format!("/_sim/inside?to={to}{from}")).await;
        let cookies = opened.headers().get_all("set-cookie");
        let cookies: Vec<_> = cookies
            .iter()
            .map(|cookie| cookie.to_str().unwrap())
            .filter(|cookie| !cookie.contains("Max-Age=0"))
            .map(|cookie| cookie.split(';').next().unwrap())
            .collect();
        let request = client().get(format!("{}{asks}", sim.url()));
        let page = request.header("cookie", cookies.join("; ")).send().await;
        assert_eq!(page.unwrap().status() == 302, silent, "{from:?}");
    }
}

#[tokio::test]
async fn without_users_a_login_is_an_error_page() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    for user in sim.users() {
        let url = format!("{}/_sim/api/users/{}", sim.url(), user.id());
        client().delete(url).send().await.unwrap();
    }
    for login in [LOGIN, INSIDE] {
        let page = get(&sim, login).await;
        assert_eq!(page.status(), 200, "{login}");
        let page = page.text().await.unwrap();
        assert!(page.contains("没有测试用户"), "{page}");
    }
}

#[tokio::test]
async fn an_error_page_lists_what_would_be_accepted() {
    let app = App::new("wx1", "s").callback_domain("www.example.com");
    let sim = Sim::builder().app(app).start().await.unwrap();
    let redirect_uri = "&scope=snsapi_login&redirect_uri=https%3A%2F%2Fshop.example%2F";
    for (app, list) in [
        ("wx2", "wx1"),
        ("wx1", "www.example.com, localhost, 127.0.0.1"),
    ] {
        let path = format!("/connect/qrconnect?appid={app}{redirect_uri}");
        let page = get(&sim, &path).await.text().await.unwrap();
        let line = format!("<p>已注册：<code>{list}</code></p>");
        assert!(page.contains(&line), "{page}");
    }
}

#[tokio::test]
async fn the_part_of_the_dashboard_is_no_page_of_its_own() {
    let sim = Sim::start().await.unwrap();
    let page = get(&sim, "/_sim/dashboard").await;
    let location = page.headers().get("location").unwrap();
    assert_eq!(
        (page.status().as_u16(), location.as_bytes()),
        (303, &b"/_sim/"[..])
    );
}

#[tokio::test]
async fn an_ip_address_outside_the_whitelist_gets_no_app_token() {
    let app = || App::official_account();
    let path = format!(
        "/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcde0&secret={}",
        "s".repeat(32)
    );
    let closed = Sim::builder()
        .app(app().ip_whitelist([]))
        .start()
        .await
        .unwrap();
    let rejected: Value = get(&closed, &path).await.json().await.unwrap();
    assert_eq!(rejected["errcode"], 40164);
    let message = rejected["errmsg"].as_str().unwrap();
    let expected = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ";
    assert!(message.starts_with(expected), "{message}");

    let here = [[127, 0, 0, 1].into()];
    let open = Sim::builder()
        .app(app().ip_whitelist(here))
        .start()
        .await
        .unwrap();
    let issued: Value = get(&open, &path).await.json().await.unwrap();
    assert_eq!(issued["expires_in"], 7200);
}

#[tokio::test]
async fn a_stable_token_can_be_force_refreshed_twenty_times_a_day() {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .start()
        .await
        .unwrap();
    let body = json!({
        "grant_type": "client_credential",
        "appid": "wx0123456789abcde0",
        "secret": "s".repeat(32),
        "force_refresh": true,
    });
    let mut tokens = std::collections::BTreeSet::new();
    for _ in 0..30 {
        let (_, issued) = post(&sim, "/cgi-bin/stable_token", &body.to_string()).await;
        tokens.insert(issued["access_token"].as_str().unwrap().to_owned());
        sim.advance(Duration::from_secs(30)).unwrap();
    }
    // The first token was not forced.
    assert_eq!(tokens.len(), 21);
    sim.advance(Duration::from_hours(24)).unwrap();
    let (_, issued) = post(&sim, "/cgi-bin/stable_token", &body.to_string()).await;
    assert!(tokens.insert(issued["access_token"].as_str().unwrap().to_owned()));
}

/// Decrypts a mini program payload with a session key.
fn decrypt(payload: &Value, session_key: &str) -> Option<Value> {
    use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
    let bytes = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    let block = |text: &str| -> [u8; 16] { bytes(text).try_into().unwrap() };
    let (key, iv) = (block(session_key), block(payload["iv"].as_str().unwrap()));
    let cipher = cbc::Decryptor::<aes::Aes128>::new(&key.into(), &iv.into());
    let encrypted = bytes(payload["encryptedData"].as_str().unwrap());
    let text = cipher.decrypt_padded_vec::<Pkcs7>(&encrypted).ok()?;
    serde_json::from_slice(&text).ok()
}

#[tokio::test]
async fn a_second_wx_login_invalidates_the_first_session_key() {
    const APP: &str = "wx0123456789abcde2";
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .start()
        .await
        .unwrap();
    let phone = async |action: &str, body: &str| {
        post(&sim, &format!("/_sim/api/apps/{APP}/{action}"), body)
            .await
            .1
    };
    let session = async |code: &Value| -> Value {
        let (code, secret) = (code["code"].as_str().unwrap(), "s".repeat(32));
        let path = format!(
            "/sns/jscode2session?appid={APP}&secret={secret}&js_code={code}&grant_type=authorization_code"
        );
        get(&sim, &path).await.json().await.unwrap()
    };

    let first = session(&phone("wx-login", "").await).await;
    let first_key = first["session_key"].as_str().unwrap();
    let payload = phone("encrypted-data", "").await;
    let profile = decrypt(&payload, first_key).unwrap();
    assert_eq!(profile["openId"], first["openid"]);
    assert_eq!(
        profile["watermark"],
        json!({ "timestamp": 0, "appid": APP })
    );

    let code = phone("wx-login", "").await;
    let payload = phone("encrypted-data", r#"{"data":"phone"}"#).await;
    assert_eq!(decrypt(&payload, first_key), None);
    let second = session(&code).await;
    let number = decrypt(&payload, second["session_key"].as_str().unwrap()).unwrap();
    let token: Value = get(
        &sim,
        &format!(
            "/cgi-bin/token?grant_type=client_credential&appid={APP}&secret={}",
            "s".repeat(32)
        ),
    )
    .await
    .json()
    .await
    .unwrap();
    let path = format!(
        "/wxa/business/getuserphonenumber?access_token={}",
        token["access_token"].as_str().unwrap()
    );
    let code = phone("phone-code", "").await.to_string();
    let (_, response) = post(&sim, &path, &code).await;
    assert_eq!(
        response,
        json!({ "errcode": 0, "errmsg": "ok", "phone_info": number })
    );
    let (_, again) = post(&sim, &path, &code).await;
    assert_eq!(again["errcode"], 40029);
}

#[tokio::test]
async fn a_reset_restores_the_initial_state() {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .seed(1)
        .start()
        .await
        .unwrap();
    let first = get(&sim, LOGIN).await.text().await.unwrap();
    for (path, body) in [
        ("users/xiaoming/rename", r#"{"nickname":"other"}"#),
        ("users/layla/block", ""),
        ("apps/wx0123456789abcdef/freeze", ""),
        ("clock", r#"{"advance_seconds":60}"#),
        ("faults", r#"{"effect":"cut"}"#),
    ] {
        assert_eq!(
            post(&sim, &format!("/_sim/api/{path}"), body).await.0,
            200,
            "{path}"
        );
    }
    assert!(!sim.findings().is_empty());
    assert_eq!(post(&sim, "/_sim/api/reset", "").await, (200, json!({})));

    for (path, expected) in [
        ("logins", json!([])),
        ("faults", json!([])),
        ("findings", json!([])),
        ("requests", json!([])),
        ("clock", json!({ "now": 0, "runs": false })),
    ] {
        let now: Value = get(&sim, &format!("/_sim/api/{path}"))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(now, expected, "{path}");
    }
    let users: Value = get(&sim, "/_sim/api/users").await.json().await.unwrap();
    assert_eq!(users[0]["nickname"], "小明🐼é");
    // The same seed repeats the page, including the UUID of its QR code.
    assert_eq!(get(&sim, LOGIN).await.text().await.unwrap(), first);
}
