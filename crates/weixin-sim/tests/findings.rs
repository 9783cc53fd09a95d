//! Findings: requests that the simulator accepts and reports.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use weixin_sim::{App, Cause, Effect, Fault, Finding, Rule, RuleClass, Sim, SimBuilder};

const APP: &str = "wx0123456789abcdef";
const STATE: &str = "0123456789abcdefghijkl";

async fn start() -> Sim {
    let website = App::default().callback_domain("www.example.com");
    let inside = App::official_account().callback_domain("www.example.com");
    Sim::builder()
        .auto_allow()
        .app(website)
        .app(inside)
        .start()
        .await
        .unwrap()
}

async fn send(sim: &Sim, request: &str) -> reqwest::Response {
    let (method, path) = request.split_once(' ').unwrap();
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let url = format!("{}{path}", sim.url());
    client
        .request(method.parse().unwrap(), url)
        .send()
        .await
        .unwrap()
}

fn login(redirect_uri: &str, state: &str) -> String {
    let redirect_uri = redirect_uri.replace(':', "%3A").replace('/', "%2F");
    format!(
        "GET /connect/qrconnect?appid={APP}&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_login&state={state}"
    )
}

fn exchange(code: &str) -> String {
    let secret = "s".repeat(32);
    format!(
        "GET /sns/oauth2/access_token?appid={APP}&secret={secret}&code={code}&grant_type=authorization_code"
    )
}

async fn code(sim: &Sim) -> String {
    code_with(sim, STATE).await
}

async fn code_with(sim: &Sim, state: &str) -> String {
    let page = send(sim, &login("https://www.example.com/cb", state)).await;
    let callback = page.headers()["location"].to_str().unwrap().to_owned();
    callback.split(['=', '&']).nth(1).unwrap().to_owned()
}

fn found(sim: &Sim) -> Vec<(&'static str, String)> {
    sim.findings()
        .into_iter()
        .map(|finding| (finding.rule.id, finding.sent))
        .collect()
}

#[tokio::test]
async fn a_state_that_is_repeated_after_a_reset_is_found() {
    let sim = start().await;
    sim.set_test(Some("test_login"));
    for _ in 0..2 {
        let code = code(&sim).await;
        send(&sim, &exchange(&code)).await;
        assert_eq!(found(&sim).len(), usize::from(sim.request_count() > 2));
        sim.reset();
    }
    let findings = sim.findings_since_start();
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(finding.sent, "same state as a login before the reset");
    assert_eq!(finding.cause.test.as_deref(), Some("test_login"));
    assert_eq!((sim.requests().len(), sim.request_count()), (0, 4));
}

#[tokio::test]
async fn a_state_that_is_repeated_after_a_restored_snapshot_is_found_unless_it_is_the_same_login() {
    let sim = start().await;
    let known = code(&sim).await;
    let snapshot = sim.snapshot();
    for _ in 0..2 {
        send(&sim, &exchange(&known)).await;
        assert_eq!(found(&sim), []);
        sim.restore(&snapshot);
    }
    let other = "a-third-state-of-22-chs";
    for times in 0..2 {
        log_in(&sim, other).await;
        let sent = "same state as a login before the reset".to_owned();
        let expected = [("state-repeated", sent)];
        assert_eq!(found(&sim), expected[..times]);
        sim.restore(&snapshot);
    }
}

#[tokio::test]
async fn names_of_parameters_in_upper_case_are_found_on_both_login_pages() {
    let sim = start().await;
    let page = login("https://www.example.com/cb", STATE);
    for name in ["appid", "redirect_uri"] {
        let page = page.replace(&format!("{name}="), &format!("{}=", name.to_uppercase()));
        send(&sim, &page).await;
    }
    let names = ["APPID", "REDIRECT_URI"].map(|name| ("parameter-case", name.to_owned()));
    assert_eq!(found(&sim), names);
}

#[tokio::test]
async fn local_findings_do_not_displace_those_that_fail() {
    let sim = start().await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    for port in 1000..1500 {
        let page = login(&format!("http://localhost:{port}/cb"), STATE);
        let url = format!("{}{}", sim.url(), page.strip_prefix("GET ").unwrap());
        client.get(url).send().await.unwrap();
    }
    assert_eq!(sim.findings().len(), 1000);
    send(&sim, &login("https://www.example.com/cb", "")).await;
    let failing = sim.findings().into_iter().filter(|finding| finding.fails);
    let failing: Vec<_> = failing.map(|finding| finding.rule.id).collect();
    assert_eq!(failing, ["state-missing"]);
}

#[tokio::test]
async fn the_query_of_a_callback_is_no_part_of_a_finding() {
    let sim = start().await;
    for query in ["", "?next=a", "?next=b"] {
        send(
            &sim,
            &login(&format!("http://localhost:5000/cb{query}"), STATE),
        )
        .await;
    }
    let sent = "http://localhost:5000/cb".to_owned();
    let [host, port] = ["callback-host", "callback-port"].map(|id| (id, sent.clone(), 3));
    assert_eq!(counted(&sim), [host, port]);
}

#[tokio::test]
async fn a_code_or_an_app_token_in_a_callback_is_exposed() {
    let sim = start().await;
    let unused = code(&sim).await;
    let token = "/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcde0&secret=";
    let token = send(&sim, &format!("GET {token}{}", "s".repeat(32))).await;
    let token: Value = token.json().await.unwrap();
    for secret in [&unused, token["access_token"].as_str().unwrap()] {
        let page = login("https://www.example.com/cb?x=", STATE);
        send(
            &sim,
            &page
                .replace("%3Fx=", &format!("%3Fx%3D{secret}"))
                .replace("?x=", &format!("?x%3D{secret}")),
        )
        .await;
    }
    let sent = "redirect_uri of the login page".to_owned();
    assert_eq!(counted(&sim), [("token-exposed", sent, 2)]);
}

#[tokio::test]
async fn an_injected_error_is_no_finding() {
    let sim = Sim::start().await.unwrap();
    let exchange = exchange("c");
    let profile = "GET /sns/userinfo?access_token=t&openid=o";
    for (errcode, request) in [(40163, exchange.as_str()), (48001, profile)] {
        sim.fault(Fault::new(Effect::Errcode(errcode)));
        send(&sim, request).await;
    }
    let answered: Vec<_> = sim
        .requests()
        .iter()
        .map(|request| request.errcode)
        .collect();
    assert_eq!(answered, [Some(40163), Some(48001)]);
    assert_eq!(sim.findings(), []);
}

#[tokio::test]
async fn findings_before_a_reset_are_not_lost() {
    let sim = Sim::start().await.unwrap();
    let counts = |findings: Vec<Finding>| -> Vec<_> {
        let findings = findings.into_iter();
        findings
            .map(|one| (one.rule.id, one.times, one.fails))
            .collect()
    };
    let misplaced = "GET /sns/auth?secret=x";
    send(&sim, misplaced).await;
    send(&sim, misplaced).await;
    sim.reset();
    assert_eq!(sim.findings(), []);
    send(&sim, misplaced).await;
    sim.accept(["secret-misplaced".parse().unwrap()]);
    sim.reset();
    send(&sim, misplaced).await;
    let now = [("secret-misplaced", 1, true)];
    assert_eq!(counts(sim.findings()), now);
    let all = [
        ("secret-misplaced", 3, true),
        ("secret-misplaced", 1, false),
    ];
    assert_eq!(counts(sim.findings_since_start()), all);
    for (query, count) in [("", 1), ("?since=reset", 1), ("?since=start", 2)] {
        let url = format!("{}/_sim/api/findings{query}", sim.url());
        let json: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(json.as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_correct_login_has_no_findings() {
    let sim = start().await;
    let code = code(&sim).await;
    let token: Value = send(&sim, &exchange(&code)).await.json().await.unwrap();
    let [access_token, openid] =
        ["access_token", "openid"].map(|name| token[name].as_str().unwrap());
    send(
        &sim,
        &format!("GET /sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await;
    assert_eq!(found(&sim), []);
}

/// A request, with the rule and the text of its finding.
type Breach = (String, &'static str, String);

fn breach(request: impl Into<String>, rule: &'static str, sent: &str) -> Breach {
    (request.into(), rule, sent.to_owned())
}

fn breaches_of_a_website() -> Vec<Breach> {
    let good = login("https://www.example.com/cb", STATE);
    let callbacks = [
        ("https://localhost/cb", "callback-host"),
        ("https://127.0.0.1/cb", "callback-host"),
        ("http://www.example.com/cb", "callback-http"),
        ("https://other.example.com/cb", "callback-domain"),
    ]
    .map(|(callback, rule)| breach(login(callback, STATE), rule, callback));
    let scope = good.replace("snsapi_login", "snsapi_userinfo");
    let secret = format!("https://www.example.com/{}", "s".repeat(32));
    let others = [
        breach(good.replace(STATE, ""), "state-missing", "state="),
        breach(good.replace(STATE, "STATE"), "state-short", "state=STATE"),
        breach(
            scope,
            "scope",
            "scope=snsapi_userinfo at /connect/qrconnect",
        ),
        breach(
            format!("{good}&access_token=66_x"),
            "token-exposed",
            "access_token of the login page",
        ),
        breach(
            login(&secret, STATE),
            "token-exposed",
            "redirect_uri of the login page",
        ),
        breach(
            good.replace(STATE, "0123456789%2Babcdef"),
            "state-damaged",
            "state=0123456789+abcdef",
        ),
        breach(
            good.replace("%3A%2F%2F", "://"),
            "redirect-uri-raw",
            "redirect_uri=https://www.example.com/cb",
        ),
    ];
    callbacks.into_iter().chain(others).collect()
}

fn breaches_inside_wechat() -> Vec<Breach> {
    let redirect_uri = "redirect_uri=https%3A%2F%2Fwww.example.com%2Fcb";
    let good = format!(
        "GET /connect/oauth2/authorize?appid=wx0123456789abcde0&{redirect_uri}&response_type=code&scope=snsapi_base&state={STATE}"
    );
    let ordered = format!("appid=wx0123456789abcde0&{redirect_uri}");
    let unordered = format!("{redirect_uri}&appid=wx0123456789abcde0");
    let long = "x".repeat(129);
    vec![
        breach(
            good.replace(&ordered, &unordered),
            "order",
            "redirect_uri, appid, response_type, scope, state",
        ),
        breach(
            good.replace(STATE, &long),
            "state-long",
            &format!("state={long}"),
        ),
        breach(
            good.replace(STATE, "0123456789-_abcdef.%2F=="),
            "state-shape",
            "state=0123456789-_abcdef./==",
        ),
        breach(
            good.replace(STATE, "0123456789%26abcdef"),
            "state-damaged",
            "state=0123456789&abcdef",
        ),
        breach(good.replace("scope=", "Scope="), "parameter-case", "Scope"),
        breach(
            good.replace("abcde0", "abcdef"),
            "scope",
            "scope=snsapi_base at /connect/oauth2/authorize",
        ),
    ]
}

fn breaches_of_the_api() -> Vec<Breach> {
    [
        ("POST /sns/auth", "", "post"),
        ("GET /sns/userinfo", "?secret=hunter2", "secret-misplaced"),
        (
            "GET /sns/oauth2/refresh_token",
            "?secret=hunter2",
            "secret-misplaced",
        ),
        (
            "GET /sns/oauth2/access_token",
            "?refresh_token=hunter2",
            "refresh-elsewhere",
        ),
    ]
    .map(|(sent, query, rule)| breach(format!("{sent}{query}"), rule, sent))
    .into()
}

#[tokio::test]
async fn each_broken_rule_is_reported() {
    let breaches = [
        breaches_of_a_website(),
        breaches_inside_wechat(),
        breaches_of_the_api(),
    ];
    for (request, rule, sent) in breaches.concat() {
        let sim = start().await;
        send(&sim, &request).await;
        assert_eq!(found(&sim), [(rule, sent)], "{request}");
    }
}

/// WeChat has no such apps: their IDs always belong to an Open Platform account.
#[tokio::test]
async fn an_unbound_website_or_mobile_app_is_reported() {
    let unbound = [
        App::default(),
        App::official_account(),
        App::mobile_app(),
        App::mini_program(),
    ]
    .map(App::unbound);
    let builder = unbound.into_iter().fold(Sim::builder(), SimBuilder::app);
    let sim = builder.start().await.unwrap();
    for app in sim.apps() {
        send(&sim, &exchange("x").replace(APP, app.id())).await;
    }
    let expected = ["wx0123456789abcdef", "wx0123456789abcde1"]
        .map(|app| ("unbound", format!("bound = false of {app}")));
    assert_eq!(found(&sim), expected);
}

#[tokio::test]
async fn port_and_host_are_reported_together() {
    let sim = start().await;
    send(&sim, &login("http://localhost:8080/cb", STATE)).await;
    let callback = "http://localhost:8080/cb".to_owned();
    assert_eq!(
        found(&sim),
        [
            ("callback-host", callback.clone()),
            ("callback-port", callback)
        ]
    );
}

/// What the program under test does in one login: it exchanges the code of its callback.
async fn log_in(sim: &Sim, state: &str) {
    let code = code_with(sim, state).await;
    send(sim, &exchange(&code)).await;
}

fn counted(sim: &Sim) -> Vec<(&'static str, String, u32)> {
    let findings = sim.findings().into_iter();
    findings
        .map(|finding| (finding.rule.id, finding.sent, finding.times))
        .collect()
}

#[tokio::test]
async fn a_code_that_is_exchanged_again_is_reported_and_counted_without_the_code() {
    let sim = start().await;
    let code = code(&sim).await;
    for _ in 0..3 {
        send(&sim, &exchange(&code)).await;
    }
    let sent = "GET /sns/oauth2/access_token".to_owned();
    assert_eq!(counted(&sim), [("code-twice", sent, 2)]);
    assert!(!format!("{:?}", sim.findings()).contains(&code));
}

#[tokio::test]
async fn a_state_of_several_completed_logins_is_reported_and_counted() {
    let sim = start().await;
    for state in [STATE, "another-state-of-22-ch", STATE, STATE] {
        log_in(&sim, state).await;
    }
    let sent = "same state as login 1".to_owned();
    assert_eq!(counted(&sim), [("state-repeated", sent, 2)]);
    // Tests with an app each do not hide a constant.
    sim.reset();
    sim.put_app(App::new("wx1", "s".repeat(32)).callback_domain("www.example.com"));
    let state = "a-third-state-of-22-chs";
    log_in(&sim, state).await;
    let page = login("https://www.example.com/cb", state).replace(APP, "wx1");
    let page = send(&sim, &page).await;
    let callback = page.headers()["location"].to_str().unwrap().to_owned();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    send(&sim, &exchange(code).replace(APP, "wx1")).await;
    let sent = "same state as login 1".to_owned();
    assert_eq!(counted(&sim), [("state-repeated", sent, 1)]);
}

#[tokio::test]
async fn a_login_page_that_is_opened_several_times_is_not_a_repeated_state() {
    let website = App::default().callback_domain("www.example.com");
    let sim = Sim::builder().app(website).start().await.unwrap();
    let page = login("https://www.example.com/cb", STATE);
    // A probe, the page, its reload, and the back button after the login.
    for _ in 0..3 {
        send(&sim, &page).await;
    }
    let uuid = sim.pending().pop().unwrap();
    let callback = sim.allow(&uuid, "layla").unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    send(&sim, &exchange(code)).await;
    send(&sim, &page).await;
    assert_eq!(counted(&sim), []);
}

#[tokio::test]
async fn what_local_development_needs_is_local_and_does_not_fail() {
    let of = async |callback| {
        let sim = start().await;
        send(&sim, &login(callback, STATE)).await;
        let findings = sim.findings().into_iter();
        findings
            .map(|finding| (finding.rule.id, finding.rule.class, finding.fails))
            .collect::<Vec<_>>()
    };
    for callback in ["http://localhost:5000/cb", "http://127.0.0.1:5000/cb"] {
        let expected = ["callback-host", "callback-port"];
        let expected = expected.map(|id| (id, RuleClass::Local, false));
        assert_eq!(of(callback).await, expected, "{callback}");
    }
    let lan = [("callback-host", RuleClass::Rejected, true)];
    assert_eq!(of("http://192.0.2.1/cb").await, lan);
    let port = [("callback-port", RuleClass::Rejected, true)];
    assert_eq!(of("https://www.example.com:8443/cb").await, port);
    let http = [("callback-http", RuleClass::Unsafe, true)];
    assert_eq!(of("http://www.example.com/cb").await, http);
    let sim = start().await;
    send(&sim, "POST /sns/auth").await;
    assert_eq!(sim.findings()[0].rule.class, RuleClass::Undocumented);
    sim.expect_no_findings();
}

#[tokio::test]
#[should_panic(expected = "findings:\nstate-missing: state=\n  WeChat: the request is accepted\n")]
async fn a_finding_that_fails_is_in_the_panic() {
    let sim = start().await;
    send(&sim, &login("http://localhost:5000/cb", "")).await;
    sim.expect_no_findings();
}

fn failing(sim: &Sim) -> Vec<&'static str> {
    let findings = sim.findings().into_iter();
    let failing = findings.filter(|finding| finding.fails);
    failing.map(|finding| finding.rule.id).collect()
}

#[tokio::test]
async fn rules_are_accepted_by_builder_file_method_and_api_and_a_reset_restores_them() {
    let file = "accept = [\"state-missing\"]";
    let rule: Rule = "state-missing".parse().unwrap();
    for builder in [
        Sim::builder().accept(rule),
        Sim::builder().config(file).unwrap(),
    ] {
        let sim = builder.start().await.unwrap();
        let api = format!("{}/_sim/api/findings/accepted", sim.url());
        let client = Client::builder().build().unwrap();
        let put = async |rules: Value| {
            let body = json!({ "rules": rules });
            let response = client.put(&api).json(&body).send().await.unwrap();
            response.json::<Value>().await.unwrap()
        };
        for state in ["", "short"] {
            send(&sim, &login("http://localhost/", state)).await;
        }
        assert_eq!(failing(&sim), ["state-short"]);
        assert_eq!(
            put(json!(["state-short"])).await,
            json!({ "rules": ["state-short"] })
        );
        assert_eq!(failing(&sim), ["state-missing"]);
        sim.accept(["state-short".parse().unwrap(), rule]);
        sim.expect_no_findings();
        let error = put(json!(["state-missing", "state-huge"])).await;
        assert_eq!(error["error"]["field"], "rules");
        sim.reset();
        let now = client.get(&api).send().await.unwrap();
        let now: Value = now.json().await.unwrap();
        assert_eq!(now, json!({ "rules": ["state-missing"] }));
    }
}

#[tokio::test]
async fn an_unknown_rule_is_an_error_that_lists_all_rules() {
    let ids: Vec<_> = Rule::all().map(|rule| rule.id).collect();
    let expected = format!(
        "unknown rule \"state-huge\": expected one of {}",
        ids.join(", ")
    );
    assert!(expected.contains("callback-host, callback-domain, callback-port"));
    let error = "state-huge".parse::<Rule>().unwrap_err();
    assert_eq!(error.to_string(), expected);
    let file = "quotas = true\naccept = [\n  \"state-huge\",\n]";
    let error = Sim::builder().config(file).unwrap_err();
    assert_eq!(error.to_string(), format!("line 3: `accept`: {expected}"));
}

#[tokio::test]
async fn a_finding_names_its_app_login_request_and_test() {
    let sim = start().await;
    log_in(&sim, STATE).await;
    sim.set_test(Some("test_one"));
    let code = code_with(&sim, "").await;
    for _ in 0..2 {
        send(&sim, &exchange(&code)).await;
    }
    sim.set_test(Some("test_two"));
    code_with(&sim, "").await;
    sim.set_test(None);
    send(&sim, "GET /sns/auth?secret=x").await;
    let cause = |app: Option<&str>, login, request, test: Option<&str>| {
        let mut cause = Cause::default();
        cause.app_id = app.map(str::to_owned);
        cause.login = login;
        cause.request = Some(request);
        cause.test = test.map(str::to_owned);
        cause
    };
    let causes: Vec<_> = sim
        .findings()
        .into_iter()
        .map(|finding| (finding.rule.id, finding.cause))
        .collect();
    assert_eq!(
        causes,
        [
            (
                "state-missing",
                cause(Some(APP), Some(2), 3, Some("test_one"))
            ),
            ("code-twice", cause(Some(APP), Some(2), 5, Some("test_one"))),
            (
                "state-missing",
                cause(Some(APP), Some(3), 6, Some("test_two"))
            ),
            ("secret-misplaced", cause(None, None, 7, None)),
        ]
    );
    let page = send(&sim, "GET /_sim/findings").await.text().await.unwrap();
    for part in ["test_two", "<b>登录 3</b>", "step=r6", "微信会拒绝"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let arrow = send(&sim, "GET /_sim/?login=3&step=r6").await;
    let arrow = arrow.text().await.unwrap();
    assert!(arrow.contains("test_two") && arrow.contains("登录 3"));
}

#[tokio::test]
async fn a_script_names_the_test_and_a_reset_keeps_the_name() {
    let sim = start().await;
    let url = format!("{}/_sim/api/test", sim.url());
    let client = Client::builder().build().unwrap();
    let put = async |body: Value| {
        let response = client.put(&url).json(&body).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let named = json!({ "name": "test_login" });
    assert_eq!(put(named.clone()).await, (200, named.clone()));
    code_with(&sim, "").await;
    assert_eq!(sim.findings()[0].cause.test.as_deref(), Some("test_login"));
    let rule = "expected at most 200 characters";
    let error = json!({ "error": { "field": "name", "rule": rule } });
    assert_eq!(put(json!({ "name": "x".repeat(201) })).await, (400, error));
    sim.reset();
    let now: Value = client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(now, named);
}

#[tokio::test]
async fn a_profile_request_with_snsapi_base_is_reported() {
    let sim = start().await;
    let inside = format!(
        "GET /connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fwww.example.com%2F&response_type=code&scope=snsapi_base&state={STATE}"
    );
    let page = send(&sim, &inside).await;
    let code = page.headers()["location"]
        .to_str()
        .unwrap()
        .split(['=', '&'])
        .nth(1)
        .unwrap()
        .to_owned();
    let token = send(&sim, &exchange(&code).replace(APP, "wx0123456789abcde0")).await;
    let token: Value = token.json().await.unwrap();
    let [access_token, openid] =
        ["access_token", "openid"].map(|name| token[name].as_str().unwrap());
    send(
        &sim,
        &format!("GET /sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await;
    assert_eq!(
        found(&sim),
        [("profile-with-base", "GET /sns/userinfo".to_owned())]
    );
    let page = send(&sim, "GET /_sim/findings").await.text().await.unwrap();
    assert!(
        page.contains("profile-with-base") && page.contains("48001 api unauthorized"),
        "{page}"
    );
}

#[tokio::test]
async fn a_reloading_qr_page_does_not_count_as_a_repeated_state() {
    let sim = start().await;
    for _ in 0..2 {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let path = login("https://www.example.com/cb", STATE).replace("GET ", "");
        let request = client.get(format!("{}{path}", sim.url()));
        request
            .header("sec-fetch-site", "same-origin")
            .send()
            .await
            .unwrap();
    }
    assert_eq!(found(&sim), []);
}

#[tokio::test]
async fn old_hosts_plain_http_and_codes_in_the_referer_are_reported() {
    let sim = start().await;
    let client = Client::builder().build().unwrap();
    for (host, path, referer) in [
        ("long.open.weixin.qq.com", "/connect/qrcode/x", ""),
        ("api.weixin.qq.com", "/sns/auth", ""),
        (
            "127.0.0.1",
            "/mmopen/vi_32/x/132",
            "https://www.example.com/cb?code=071x&state=y",
        ),
    ] {
        let request = client.get(format!("{}{path}", sim.url()));
        let request = request.header("host", host).header("referer", referer);
        request.send().await.unwrap();
    }
    assert_eq!(
        found(&sim),
        [
            (
                "old-host",
                "long.open.weixin.qq.com/connect/qrcode/x".to_owned()
            ),
            (
                "plain-http",
                "GET http://api.weixin.qq.com/sns/auth".to_owned()
            ),
            (
                "token-exposed",
                "code in Referer of /mmopen/vi_32/x/132".to_owned()
            ),
        ]
    );
}

#[test]
fn the_manual_lists_each_rule_with_its_class_and_its_fix() {
    for (page, heading) in [
        ("simulator.md", "### Rules"),
        ("zh/simulator.md", "### 规则"),
    ] {
        let path = format!("{}/../../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let (_, section) = text.split_once(heading).unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let expected = Rule::all().map(|rule| {
            let class = serde_json::to_value(rule.class).unwrap();
            let (id, class, remedy) = (rule.id, class.as_str().unwrap(), rule.remedy);
            let fix = if page.starts_with("zh") {
                remedy.zh
            } else {
                remedy.en
            };
            format!("| `{id}` | `{class}` | {fix} |")
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
