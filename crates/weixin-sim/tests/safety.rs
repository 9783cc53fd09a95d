//! Safety: no request makes the simulator read files or call other hosts, no other site can read or control it, its
//! memory is bounded, and every page says that it is a simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use weixin_sim::{Effect, Fault, Lifetimes, Sim, User};

/// Sends a raw request; returns the whole response.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(5)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn address(sim: &Sim) -> SocketAddr {
    sim.url().trim_start_matches("http://").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_or_header_makes_it_read_a_file_or_call_another_host() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let other = elsewhere.local_addr().unwrap();
    let sim = Sim::start().await.unwrap();
    let login = format!(
        "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2F{}%2F&href=http%3A%2F%2F{}%2Fa.css",
        other.to_string().replace(':', "%3A"),
        other.to_string().replace(':', "%3A"),
    );
    let paths = [
        login.as_str(),
        "/../../../../../../../../etc/passwd",
        "/_sim/../../../../../../etc/passwd",
        "/_sim/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/connect/qrcode/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/mmopen/vi_32/..%2f..%2f..%2f..%2fetc%2fpasswd/0",
        "/connect/zh_CN/htmledition/js/../../../../../../etc/passwd",
        "/connect/confirm?uuid=file:///etc/passwd",
        "/_sim/phone/open?address=file:///etc/passwd",
        "/_sim/inside?to=file:///etc/passwd",
        "/sns/userinfo?access_token=file:///etc/passwd&openid=/etc/passwd",
    ];
    let absolute = format!("http://{other}/sns/userinfo");
    let opened = format!("/_sim/phone/open?address=http://{other}/connect/confirm");
    for path in paths.into_iter().chain([absolute.as_str(), &opened]) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {other}\r\nX-Forwarded-Host: {other}\r\nForwarded: host={other}\r\n\
             X-Original-URL: file:///etc/passwd\r\nX-Rewrite-URL: /etc/passwd\r\nReferer: http://{other}/\r\n\
             Connection: close\r\n\r\n"
        );
        let sim = address(&sim);
        let answer = tokio::task::spawn_blocking(move || ask(sim, &request));
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
    let called = elsewhere.accept().unwrap_err();
    assert_eq!(called.kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn every_page_says_that_this_is_a_simulator() {
    let sim = Sim::start().await.unwrap();
    let inside =
        "/connect/oauth2/authorize?response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2F";
    let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    let client = Client::builder()
        .user_agent("MicroMessenger")
        .build()
        .unwrap();
    let open = async |path: String| {
        let answer = client.get(format!("{}{path}", sim.url())).send().await;
        answer.unwrap().text().await.unwrap()
    };
    let mut pages = vec![
        ("QR page", open(login.to_owned()).await),
        ("QR page in English", open(format!("{login}&lang=en")).await),
        ("newer QR page", open(format!("{login}&stylelite=1")).await),
        ("error page", open("/connect/qrconnect".to_owned()).await),
        ("dashboard", open("/_sim/".to_owned()).await),
        ("findings", open("/_sim/findings".to_owned()).await),
        ("phone", open("/_sim/phone".to_owned()).await),
        ("dialog", open(inside.to_owned()).await),
        (
            "question",
            open(format!(
                "{inside}&appid=wx0123456789abcde0&scope=snsapi_userinfo"
            ))
            .await,
        ),
        ("unknown QR code", open("/connect/confirm".to_owned()).await),
    ];
    let uuid = sim.pending().remove(0);
    pages.push((
        "scanned",
        open(format!("/connect/confirm?uuid={uuid}")).await,
    ));
    let outside = reqwest::get(format!("{}{inside}&appid=wx0123456789abcde0", sim.url())).await;
    pages.push(("outside WeChat", outside.unwrap().text().await.unwrap()));
    for (name, page) in pages {
        let page = page.to_lowercase();
        assert!(
            page.contains("模拟") || page.contains("simulat"),
            "{name}: {page}"
        );
    }
}

/// A request with headers.
fn request(sim: &Sim, method: Method, path: &str, headers: &[(&str, &str)]) -> RequestBuilder {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap();
    let request = request.request(method, format!("{}{path}", sim.url()));
    headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";

#[tokio::test]
async fn a_page_of_another_site_cannot_control_the_simulator() {
    let sim = Sim::start().await.unwrap();
    sim.put_user(User::new("mine", "mine"));
    let origin = sim.url().to_owned();
    let foreign: [&[(&str, &str)]; 4] = [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1:5000"),
        ],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    let changes = [
        (Method::POST, "/_sim/api/reset"),
        (Method::DELETE, "/_sim/api/users/mine"),
        (Method::PUT, "/_sim/api/apps/wx0123456789abcdef"),
        (Method::POST, "/_sim/phone/user"),
        (Method::POST, "/_sim/phone/mini-program"),
        (Method::POST, "/_sim/phone/0123"),
        (Method::POST, "/api/check-login"),
    ];
    for (method, path) in &changes {
        for headers in foreign {
            let status = status(request(&sim, method.clone(), path, headers)).await;
            assert_eq!(status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(sim.users().last().unwrap().nickname(), "mine");

    let own: [&[(&str, &str)]; 3] = [
        &[],
        &[("sec-fetch-site", "same-origin"), ("origin", &origin)],
        &[("origin", &origin)],
    ];
    for headers in own {
        let request = request(&sim, Method::POST, "/_sim/phone/user", headers);
        assert_eq!(status(request.body("user=mine")).await, 303, "{headers:?}");
    }
}

#[tokio::test]
async fn another_site_can_open_the_login_page_but_cannot_read_the_control_api() {
    let sim = Sim::start().await.unwrap();
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
    ];
    assert_eq!(status(request(&sim, Method::GET, LOGIN, &link)).await, 200);
    // A POST of a program to the API of WeChat.
    let call = request(
        &sim,
        Method::POST,
        "/sns/auth",
        &[("origin", "http://localhost:5000")],
    );
    assert_eq!(status(call).await, 200);

    let script = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type"),
    ];
    for path in [
        "/_sim/api/apps",
        "/_sim/api/requests",
        "/_sim/api/users/xiaoming",
        "/_sim/",
    ] {
        for (method, headers) in [(Method::GET, &script[..]), (Method::OPTIONS, &preflight)] {
            let answer = request(&sim, method, path, headers).send().await.unwrap();
            let allowed = |headers: &HeaderMap| {
                let mut names = headers.keys().map(|name| name.as_str().to_owned());
                names.find(|name| name.starts_with("access-control-"))
            };
            assert_eq!(allowed(answer.headers()), None, "{path}");
        }
    }
}

#[tokio::test]
async fn a_host_that_a_stranger_can_point_here_is_rejected() {
    let sim = Sim::builder().allow_host("sim.example.com");
    let sim = sim.start().await.unwrap();
    for (host, expected) in [
        ("localhost:1", 200),
        ("weixin-sim", 200),
        ("open.weixin.qq.com", 200),
        ("sim.example.com:8080", 200),
        ("evil.example", 421),
        ("evil.example:9300", 421),
        ("user@evil.example", 421),
    ] {
        for path in ["/_sim/api/requests", LOGIN, "/connect/l/qrconnect?uuid=x"] {
            let status = status(request(&sim, Method::GET, path, &[("host", host)])).await;
            assert_eq!(status, expected, "{host} {path}");
        }
    }
    let answer = request(&sim, Method::GET, "/_sim/", &[("host", "evil.example:1")]);
    let sentence = answer.send().await.unwrap().text().await.unwrap();
    assert_eq!(
        sentence,
        "weixin sim：“evil.example:1”不是模拟器的主机名。请使用 127.0.0.1、localhost 或不含点的名称，或在启动时加上 --allow-host。\n\
         \"evil.example:1\" is not a host of the simulator. Use 127.0.0.1, localhost or a name without dots, or start it \
         with --allow-host.\n"
    );
}

#[tokio::test]
async fn uploads_and_long_urls_leave_a_log_of_bounded_size() {
    let sim = Sim::start().await.unwrap();
    let form = format!("secret=hunter2{0}&state={0}", "x".repeat(31_000));
    let path = format!("/sns/auth?lang={}", "x".repeat(16_000));
    for _ in 0..20 {
        let upload = request(&sim, Method::POST, &path, &[]);
        let upload = upload.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(status(upload.body(form.clone())).await, 200);
    }
    let log = request(&sim, Method::GET, "/_sim/api/requests", &[]);
    let log = log.send().await.unwrap().text().await.unwrap();
    assert!(
        log.len() < 20 * 8 * 1024 && !log.contains("hunter2"),
        "{} bytes",
        log.len()
    );
    let last = &serde_json::from_str::<Vec<Value>>(&log)
        .unwrap()
        .pop()
        .unwrap();
    let cut = format!("{}…", "x".repeat(1024));
    let parameters = json!([["lang", cut], ["secret", "***"], ["state", cut]]);
    assert_eq!(
        (&last["parameters"], &last["cut"]),
        (&parameters, &json!(true))
    );

    let long_url = format!("{LOGIN}&state={}", "x".repeat(16 * 1024));
    assert_eq!(
        status(request(&sim, Method::GET, &long_url, &[])).await,
        414
    );
    let large = request(&sim, Method::POST, "/_sim/api/reset", &[]).body(vec![b'x'; 64 * 1024 + 1]);
    assert_eq!(status(large).await, 413);
}

#[tokio::test]
async fn a_login_without_a_user_is_an_error_and_not_an_empty_redirect() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    for user in sim.users() {
        let path = format!("/_sim/api/users/{}", user.id());
        request(&sim, Method::DELETE, &path, &[])
            .send()
            .await
            .unwrap();
    }
    let answer = request(&sim, Method::GET, LOGIN, &[]).send().await.unwrap();
    assert_eq!(answer.headers().get("location"), None);
    let page = answer.text().await.unwrap();
    let remedy = "没有测试用户：请先添加（PUT /_sim/api/users/{id}）";
    assert!(page.contains(remedy), "{page}");
}

#[tokio::test]
async fn a_lifetime_of_any_length_is_accepted() {
    let mut lifetimes = Lifetimes::default();
    for lifetime in [
        &mut lifetimes.qr_code,
        &mut lifetimes.poll,
        &mut lifetimes.code,
        &mut lifetimes.access_token,
        &mut lifetimes.refresh_token,
    ] {
        *lifetime = Duration::MAX;
    }
    let sim = Sim::builder().lifetimes(lifetimes).auto_allow();
    let sim = sim.start().await.unwrap();
    sim.advance(Duration::from_hours(99 * 365 * 24)).unwrap();
    let answer = request(&sim, Method::GET, LOGIN, &[]).send().await.unwrap();
    let callback = answer.headers()["location"].to_str().unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={}&code={code}&grant_type=authorization_code",
        "s".repeat(32)
    );
    let answer = request(&sim, Method::GET, &exchange, &[])
        .send()
        .await
        .unwrap();
    let token: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(token["expires_in"], 100_u64 * 365 * 24 * 3600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_starts_no_login_in_the_background() {
    let sim = Sim::start().await.unwrap();
    let page = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    let inside = "/_sim/inside?to=/connect/oauth2/authorize&conversation=1";
    let site = ("sec-fetch-site", "cross-site");
    let mode = |mode| ("sec-fetch-mode", mode);
    for (path, headers, expected) in [
        (page, &[site, mode("no-cors")][..], 403),
        (page, &[site, mode("cors")], 403),
        (inside, &[site, mode("navigate")], 403),
        // Without HTTPS, browsers say so to loopback only.
        (page, &[("accept", "image/avif,*/*;q=0.8")], 403),
        (
            page,
            &[("accept", "*/*"), ("referer", "http://evil.example/")],
            403,
        ),
        (page, &[site, mode("navigate")], 200),
        (page, &[("accept", "*/*")], 200),
    ] {
        let sent = request(&sim, Method::GET, path, headers);
        assert_eq!(status(sent).await, expected, "{path} {headers:?}");
    }
    assert_eq!((sim.pending().len(), sim.request_count()), (2, 2));
}

#[tokio::test]
async fn no_site_can_show_the_phone_in_a_frame() {
    let sim = Sim::start().await.unwrap();
    for path in [
        "/_sim/",
        "/_sim/phone",
        "/_sim/findings",
        "/_sim/api/apps",
        "/connect/confirm?uuid=x",
    ] {
        let page = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
        let header = |name: &str| {
            page.headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
        };
        let headers = [
            "content-security-policy",
            "x-frame-options",
            "x-content-type-options",
        ];
        let expected = ["frame-ancestors 'self'", "SAMEORIGIN", "nosniff"].map(Some);
        assert_eq!(headers.map(header), expected, "{path}");
    }
    // The QR page is made for frames.
    let page = reqwest::get(format!("{}/connect/qrconnect", sim.url()))
        .await
        .unwrap();
    assert_eq!(page.headers().get("x-frame-options"), None);
}

#[tokio::test]
async fn a_secret_of_a_file_is_masked_wherever_a_client_sends_it() {
    let toml = "[[app]]\nid = \"wxreal\"\nsecret = \"hunter2-is-real\"\n";
    let sim = Sim::builder().config(toml).unwrap().start().await.unwrap();
    for path in [
        "/connect/qrconnect?appid=wxreal&scope=hunter2-is-real&redirect_uri=http%3A%2F%2Flocalhost%2Fhunter2-is-real",
        "/connect/qrconnect?appid=wxreal&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2Fhunter2-is-real",
        "/sns/hunter2-is-real?my_secret=hunter2-is-real",
    ] {
        reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
    }
    let mut all = format!("{:?} {:?}", sim.findings(), sim.requests());
    for path in ["findings", "requests", "timeline", "apps"] {
        let url = format!("{}/_sim/api/{path}", sim.url());
        all += &reqwest::get(url).await.unwrap().text().await.unwrap();
    }
    for path in ["/_sim/", "/_sim/findings"] {
        let url = format!("{}{path}", sim.url());
        all += &reqwest::get(url).await.unwrap().text().await.unwrap();
    }
    assert!(all.contains("/***") && !all.contains("hunter2"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_client_has_left_is_checked_and_logged() {
    let sim = Sim::start().await.unwrap();
    // The response is late: the client does not see it.
    sim.fault(Fault::new(Effect::DelayMs(2000)));
    let mut stream = TcpStream::connect(address(&sim)).unwrap();
    stream
        .write_all(b"GET /sns/oauth2/access_token?secret=x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    drop(stream);
    sim.until(|sim| (sim.request_count() == 1).then_some(()))
        .await;
}

#[tokio::test]
async fn names_and_numbers_of_apps_and_users_are_bounded() {
    let sim = Sim::start().await.unwrap();
    let client = Client::builder().build().unwrap();
    let put = async |path: &str, body: Value| {
        let url = format!("{}/_sim/api/{path}", sim.url());
        let response = client.put(url).json(&body).send().await.unwrap();
        response.json::<Value>().await.unwrap()["error"].clone()
    };
    let long = "x".repeat(1025);
    for (path, body, field) in [
        ("users/me", json!({ "nickname": long }), "nickname"),
        ("apps/wx1", json!({ "name": long }), "name"),
        (&format!("users/{}", &long[..129]), json!({}), "user"),
        (&format!("apps/{}", &long[..129]), json!({}), "app"),
    ] {
        assert_eq!(put(path, body).await["field"], field, "{path}");
    }
    for number in 0..1000 {
        sim.put_user(User::new(number.to_string(), "x"));
    }
    let full = json!({ "field": "user", "rule": "there are 1000 already: delete one first" });
    assert_eq!(put("users/one-more", json!({})).await, full);
    assert_eq!(put("users/1", json!({})).await, Value::Null);
}
