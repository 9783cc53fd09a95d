//! Parameters that are repeated, huge or odd (RFC 6749 §3.1, §3.2; keycloak CVE-2026-9689). Nothing panics, nothing is a
//! failure of the gateway's own, and nothing leads elsewhere.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode},
};
use data_encoding::BASE64;

use crate::world::{
    Browser, CALLBACK, Page, SECRET, World,
    browser::{encoded, param},
    database::Rows,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Each parameter that is known to the authorization endpoint, besides those of the client itself.
const OF_AUTHORIZE: [&str; 18] = [
    "acr_values",
    "claims",
    "claims_locales",
    "code_challenge",
    "code_challenge_method",
    "display",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

async fn post(world: &World, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Page {
    let request = Request::post(path).header("content-type", FORM);
    let add = |request: axum::http::request::Builder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    let request = headers.iter().fold(request, add);
    world.respond(request.body(body.into()).unwrap()).await
}

fn basic(id: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{id}:{secret}").as_bytes())
    )
}

/// keycloak CVE-2026-9689: of two values, a proxy or the client checks one, and the provider uses the other.
#[tokio::test]
async fn no_known_parameter_of_a_request_is_repeated() {
    let world = World::start().await;
    let mut browser = Browser::default();
    for name in OF_AUTHORIZE {
        for (one, other) in [("1", "2"), ("1", "1"), ("", "1"), ("1", "")] {
            let url = world.web().authorize_url(&[(name, "")]);
            let url = format!("{url}&{name}={one}&{name}={other}");
            let page = browser.open(&world, &url).await;
            let location = page.location();
            assert!(
                location.starts_with(&format!("{CALLBACK}?error=invalid_request&")),
                "{name}: {location}"
            );
            assert_eq!(
                param(location, "error_description"),
                format!("the parameter {name} is repeated")
            );
            assert_eq!(param(location, "iss"), "https://localhost");
        }
    }
    // Those that are unknown are ignored, repeated or not (RFC 8707 §2).
    let url = format!(
        "{}&resource=a&resource=b&code=c&code=d&iss=e",
        world.web().authorize_url(&[])
    );
    let page = browser.open(&world, &url).await;
    assert!(page.location().starts_with(world.sim.url()));
    assert_eq!(world.count("requests").await, 1);
}

#[tokio::test]
async fn no_known_parameter_of_a_token_request_is_repeated() {
    let world = World::start().await;
    let web = world.web();
    let code = web.code(&mut Browser::default(), &[]).await;
    let form = format!(
        "{}&client_id=web&client_secret={SECRET}",
        web.token_form(&code, &[])
    );
    for name in [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "client_id",
        "client_secret",
    ] {
        for value in ["x", "", &param(&format!("?{form}"), name)] {
            let repeated = format!("{form}&{}", encoded(&[(name, value)]));
            for body in [repeated, format!("{}&{form}", encoded(&[(name, value)]))] {
                let page = post(&world, "/token", &[], body).await;
                assert_eq!(
                    page.status,
                    StatusCode::BAD_REQUEST,
                    "{name}: {}",
                    page.body
                );
                assert_eq!(page.json()["error"], "invalid_request", "{name}");
            }
        }
    }
    // Two headers of which a proxy may check one.
    let (own, other) = (basic("web", SECRET), basic("other", SECRET));
    let headers = [("authorization", &*own), ("authorization", &*other)];
    let page = post(&world, "/token", &headers, web.token_form(&code, &[])).await;
    assert_eq!(page.json()["error"], "invalid_request");
    // What is in the URL is not in the form.
    let path = format!("/token?{form}");
    let page = post(&world, &path, &[], "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let page = post(&world, "/token", &[], form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}

/// RFC 6750 §2; RFC 9700 §4.3.2: one token, in the header or in the form, and never in a URL.
#[tokio::test]
async fn a_token_in_a_url_or_in_two_places_is_not_used() {
    let world = World::start().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    let token = &*tokens.access_token;
    let bearer = format!("Bearer {token}");
    let form = format!("access_token={token}");
    let page = Browser::default()
        .open(&world, &format!("/userinfo?{form}"))
        .await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page.header("www-authenticate"), "Bearer realm=\"userinfo\"");
    let page = post(&world, &format!("/userinfo?{form}"), &[], "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    for (headers, body) in [
        (&[("authorization", &*bearer)][..], form.clone()),
        (
            &[("authorization", &*bearer), ("authorization", &*bearer)],
            String::new(),
        ),
        (
            &[("authorization", &*bearer), ("authorization", "Basic eDp4")],
            String::new(),
        ),
        (&[], format!("{form}&{form}")),
        (&[], format!("{form}&access_token=")),
    ] {
        let page = post(&world, "/userinfo", headers, body).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        assert_eq!(page.json()["error"], "invalid_request");
    }
    for scheme in ["Basic", "DPoP", "Token", "", "Bearer,Bearer", "bearer\t"] {
        let value = format!("{scheme} {token}");
        let request = Request::get("/userinfo").header("authorization", &value);
        let page = world.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    assert_eq!(
        post(&world, "/userinfo", &[], form).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_is_too_long_is_an_error_of_the_client() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let web = world.web();
    let long = |length| "x".repeat(length);
    for (name, longest) in [("state", 4096), ("nonce", 512)] {
        let url = browser
            .open(&world, &web.authorize_url(&[(name, &long(longest))]))
            .await;
        assert!(url.location().starts_with(world.sim.url()));
        let page = browser
            .open(&world, &web.authorize_url(&[(name, &long(longest + 1))]))
            .await;
        assert_eq!(param(page.location(), "error"), "invalid_request");
    }
    // A query and a form end at 16 KiB, and no page repeats them.
    let params = [("extra", &*long(16 * 1024))];
    let page = browser.open(&world, &web.authorize_url(&params)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.len() < 4_096);
    for path in ["/authorize", "/token", "/userinfo"] {
        let page = post(&world, path, &[], encoded(&params)).await;
        assert!(page.status.is_client_error(), "{path}");
        assert!(page.body.len() < 4_096, "{path}");
    }
    for path in [
        format!("/login/{}", long(30_000)),
        format!("/callback?code={}&state=x", long(30_000)),
    ] {
        let page = browser.open(&world, &path).await;
        assert!(page.body.len() < 4_096);
        assert!(!page.status.is_server_error());
    }
}

/// `mod_auth_openidc` CVE-2024-24814: cookies made to cost.
#[tokio::test]
async fn cookies_that_were_made_up_cost_nothing() {
    let world = World::start().await;
    let web = world.web();
    let mut own = Browser::default();
    web.log_in(&mut own, &[]).await;
    let (session, _) = own
        .cookies
        .iter()
        .find(|(name, _)| name.contains("gateway-session"))
        .unwrap()
        .clone();
    let (state, _) = own
        .cookies
        .iter()
        .find(|(name, _)| name.contains("weixin-"))
        .unwrap()
        .clone();
    let prefix = &state[..state.len() - 22];
    let cookie = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let many: Vec<_> = (0..2_000)
        .map(|number| cookie(&format!("{prefix}{number:022}"), &format!("{number:022}")))
        .collect();
    for cookies in [
        vec![cookie(&session, "")],
        vec![cookie(&session, &"x".repeat(43))],
        vec![cookie(&session, &"x".repeat(60_000))],
        vec![cookie(&session, "999999999"); 500],
        vec![cookie(&state, &"~".repeat(500))],
        vec![cookie("", ""); 5_000],
        many,
    ] {
        let mut browser = Browser {
            cookies,
            ..Browser::default()
        };
        for url in [
            web.authorize_url(&[]),
            "/callback?code=071&state=0123456789012345678901".to_owned(),
            "/login/x".to_owned(),
        ] {
            let page = browser.clone().open(&world, &url).await;
            assert!(!page.status.is_server_error(), "{}", page.status);
            assert!(page.headers.get_all("set-cookie").iter().count() <= 21);
        }
        let page = browser
            .open(&world, &web.authorize_url(&[("prompt", "none")]))
            .await;
        assert_eq!(param(page.location(), "error"), "login_required");
    }
}

/// Parameters of other endpoints and of the login, and some that are known nowhere.
const OTHERS: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "code",
    "grant_type",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "access_token",
    "login_error",
    "login_again",
    "login_restarted",
    "return_to",
    "reason",
    "resource",
    "",
    "state[]",
];

/// Values as they stand in a URL.
const VALUES: [&str; 56] = [
    "",
    "+",
    "%20",
    "%00",
    "%",
    "%z",
    "%zz",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%f0%9f%98%80",
    "%e2%80%ae",
    "%0d%0aX:1",
    "[]",
    "[1]",
    "{}",
    "%7b%7d",
    "%7b%22userinfo%22:%7b%22name%22:null%7d%7d",
    "%7b%22id_token%22:%7b%22sub%22:%7b%22value%22:7%7d%7d%7d",
    "%7b%22id_token%22:7%7d",
    "%5b%5b%5b%5b",
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1e9",
    "99999999999999999999",
    "0x10",
    "%d9%a3",
    "NaN",
    "code",
    "token",
    "code+token",
    "none",
    "login",
    "none+login",
    "login+login",
    "S256",
    "plain",
    "query",
    "form_post",
    "fragment",
    "openid",
    "openid+openid",
    "phone+address",
    "web",
    "other",
    "app",
    "unknown",
    "https://rp.example/callback",
    "https://evil.example",
    "authorization_code",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "wxc_AQ",
];

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

/// A valid request with some parameters in another form, or odd ones alone.
fn query(numbers: &mut Numbers, world: &World) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    if numbers.below(3) > 0 {
        let valid = world.web().params(&[]);
        pairs.extend(
            valid
                .into_iter()
                .map(|(name, value)| (name, encoded(&[("", &value)]).split_off(1))),
        );
    }
    let names = [&OF_AUTHORIZE[..], &OTHERS].concat();
    for _ in 0..=numbers.below(4) {
        let (name, value) = (numbers.of(&names), numbers.of(&VALUES).to_owned());
        if numbers.below(4) > 0 {
            pairs.retain(|(known, _)| known != name);
        }
        pairs.push((name.to_owned(), value));
    }
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"));
    pairs
        .collect::<Vec<_>>()
        .join(numbers.of(&["&", "&", "&&", ";"]))
}

fn headers(numbers: &mut Numbers) -> Vec<(&'static str, HeaderValue)> {
    let values: [(&str, &[u8]); 18] = [
        ("accept-language", b"\xff\xfe,zh;q=\x80"),
        ("accept-language", b"en;q=NaN,zh;q=-1,*"),
        ("accept", b"application/json"),
        ("accept", b"\xff/*;q="),
        ("user-agent", b"\xffMicroMessenger/\xff"),
        ("user-agent", b"MicroMessenger/99999999999999999999"),
        ("cookie", b"\xff=\xff; ; =; a"),
        ("authorization", b"\xff"),
        ("authorization", b"Basic"),
        ("authorization", b"Basic %%%"),
        ("authorization", b"Basic d2Vi"),
        ("authorization", b"Bearer"),
        ("authorization", b"Bearer wxa_AQ"),
        ("content-type", b"multipart/form-data; boundary="),
        ("content-type", b"\xff"),
        ("sec-fetch-dest", b"iframe"),
        ("sec-fetch-site", b"\xff"),
        ("origin", b"\xff"),
    ];
    let count = numbers.below(3);
    (0..count)
        .map(|_| values[numbers.below(values.len())])
        .map(|(name, value)| (name, HeaderValue::from_bytes(value).unwrap()))
        .collect()
}

/// A request with odd parameters and headers, and what it is.
fn odd_request(numbers: &mut Numbers, world: &World, path: &str) -> (Request<Body>, String) {
    let query = query(numbers, world);
    let what = format!("{path} {query}");
    let headers = headers(numbers);
    let (mut request, body) = if numbers.below(2) == 0 {
        (Request::post(path), Body::from(query))
    } else {
        (Request::get(format!("{path}?{query}")), Body::empty())
    };
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", FORM);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    (request.body(body).unwrap(), what)
}

fn assert_harmless(world: &World, page: &Page, what: &str) {
    // A stranger's URL may name a failure that has such a status.
    let is_failure = page.status.is_server_error() && !what.contains("login_error");
    assert!(!is_failure, "{what}: {}", page.body);
    let location = page.header("location");
    let is_allowed = location.is_empty()
        || location.starts_with("/login/")
        || location.starts_with("/callback?login_error=")
        || location.starts_with(&format!("{CALLBACK}?"))
        || location.starts_with(world.sim.url());
    assert!(
        is_allowed && !location.contains("?code="),
        "{what}: {location}"
    );
    let is_path = |link: &String| link.starts_with('/') && !link.starts_with("//");
    let is_own = |link: &String| is_path(link) || link.starts_with(CALLBACK);
    assert!(page.links().iter().all(is_own), "{what}: {}", page.body);
    let mut cookies = page.headers.get_all("set-cookie").iter();
    let has_session = cookies.any(|it| it.to_str().unwrap().contains("session"));
    assert!(!has_session, "{what}");
}

#[tokio::test]
async fn no_odd_request_is_a_failure_or_leads_elsewhere() {
    let world = World::start().await;
    let mut numbers = Numbers(0x5eed_cafe_f00d);
    let paths = [
        "/authorize",
        "/authorize",
        "/callback",
        "/token",
        "/userinfo",
        "/login/x",
        "/jwks",
    ];
    let mut seen = BTreeSet::new();
    for _ in 0..4_000 {
        let path = numbers.of(&paths);
        let (request, what) = odd_request(&mut numbers, &world, path);
        let page = world.respond(request).await;
        assert_harmless(&world, &page, &what);
        seen.insert((path, page.status.as_u16()));
    }
    // The requests were of many kinds.
    for kind in [
        ("/authorize", 303),
        ("/authorize", 400),
        ("/callback", 303),
        ("/token", 400),
        ("/token", 401),
        ("/userinfo", 401),
    ] {
        assert!(seen.contains(&kind), "{seen:?}");
    }
    assert_eq!(world.rows().await, Rows::default());
    assert_eq!(world.events().await, 0);
}

/// What a claims parameter, a hint and a body may hold at most, nested as deep as it fits.
#[tokio::test]
async fn deep_nesting_exhausts_no_stack() {
    let world = World::start().await;
    let mut browser = Browser::default();
    for value in [
        "[".repeat(14_000),
        "{\"a\":".repeat(2_800),
        "{\"userinfo\":{\"name\":".repeat(700),
    ] {
        let params = world.web().params(&[("claims", &value)]);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let page = browser.post(&world, "/authorize", &form).await;
        assert!(
            page.status == StatusCode::BAD_REQUEST
                || param(page.location(), "error") == "invalid_request"
        );
    }
}

/// keycloak CVE-2020-10770: the provider fetched the URL that a stranger had sent.
#[tokio::test]
async fn no_url_of_a_request_is_fetched() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let inside = format!("{}/sns/auth", world.sim.url());
    let jku = format!("{{\"alg\":\"RS256\",\"jku\":\"{inside}\",\"x5u\":\"{inside}\"}}");
    let jwt = format!(
        "{}.e30.AA",
        data_encoding::BASE64URL_NOPAD.encode(jku.as_bytes())
    );
    for (name, value, error) in [
        ("request_uri", &*inside, "request_uri_not_supported"),
        (
            "request_uri",
            "urn:ietf:params:oauth:request_uri:x",
            "request_uri_not_supported",
        ),
        (
            "request_uri",
            "file:///etc/passwd",
            "request_uri_not_supported",
        ),
        ("request", &jwt, "request_not_supported"),
        (
            "request",
            "eyJhbGciOiJub25lIn0.e30.",
            "request_not_supported",
        ),
        ("id_token_hint", &jwt, ""),
        ("jwks_uri", &inside, ""),
        ("sector_identifier_uri", &inside, ""),
        ("logo_uri", &inside, ""),
        ("resource", &inside, ""),
    ] {
        let page = browser
            .open(&world, &world.web().authorize_url(&[(name, value)]))
            .await;
        assert_eq!(param(page.location(), "error"), error, "{name}");
    }
    assert_eq!(world.sim.request_count(), 0);
}
