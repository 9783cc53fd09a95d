//! What strangers send to the gateway: its own router responds, with a store that has no user.

use std::{cell::LazyCell, fs, str};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{
        HeaderMap, HeaderValue, Request, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS},
    },
};
use form_urlencoded::Serializer;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};
use tower::ServiceExt;
use weixin_gateway::{Config, Gateway};

const FORM: &str = "application/x-www-form-urlencoded";
const CALLBACK: &str = "https://rp.example/callback";
/// `web` and a secret of 32 characters, as Basic.
const CREDENTIALS: &str = "Basic d2ViOjAxMjM0NTY3ODlhYmNkZWZnaGlqQUJDREVGR0hJSl8t";
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
key_file = "FOLDER/gateway.key"
[store]
url = "sqlite:FOLDER/gateway.db"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
[[issuer]]
url = "https://login.example.com"
apps = ["website"]
[limits]
waiting_requests = 1000
[[client]]
id = "web"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://rp.example/callback"]
[[client]]
id = "app"
public = true
consent = "never"
redirect_uris = ["com.example.app:/callback"]
"#;

struct World {
    runtime: Runtime,
    router: Router,
    /// With the database.
    _folder: TempDir,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

thread_local! {
    static WORLD: LazyCell<World> = LazyCell::new(World::open);
}

impl World {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("gateway.key");
        fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
        let config = CONFIG.replace("FOLDER", folder.path().to_str().unwrap());
        let config = Config::parse(&config).unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap();
        let gateway = runtime.block_on(Gateway::open(config)).unwrap();
        let router = gateway.router();
        Self {
            runtime,
            router,
            _folder: folder,
        }
    }

    fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap();
            Reply {
                status: parts.status,
                headers: parts.headers,
                body,
            }
        })
    }
}

/// Sends a request, if it is one at all. Whatever a stranger sends is no failure of the gateway's.
fn send(request: Result<Request<Body>, axum::http::Error>) -> Option<Reply> {
    let request = request.ok()?;
    let reply = WORLD.with(|world| world.send(request));
    assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(reply.headers.contains_key(CACHE_CONTROL));
    assert!(reply.headers.contains_key(X_CONTENT_TYPE_OPTIONS));
    Some(reply)
}

/// A configuration file.
pub fn config(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Err(error) = Config::parse(text) {
        assert!(!error.to_string().is_empty());
    }
}

/// The parameters of an authorization request: no browser leaves for another site than WeChat and the client's.
pub fn parameters(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else {
        return;
    };
    let get = Request::get(format!("/authorize?{query}")).body(Body::empty());
    let post = Request::post("/authorize").header(CONTENT_TYPE, FORM);
    for request in [get, post.body(query.to_owned().into())] {
        if let Some(location) = send(request).and_then(|it| it.headers.get(LOCATION).cloned()) {
            assert_is_allowed(&location);
        }
    }
}

fn assert_is_allowed(location: &HeaderValue) {
    let location = location.to_str().unwrap();
    let allowed = [
        "https://open.weixin.qq.com/",
        "https://rp.example/callback?",
        "com.example.app:/callback?",
        "/login/",
        "https://login.example.com/",
    ];
    assert!(
        allowed.iter().any(|start| location.starts_with(start)),
        "{location}"
    );
}

/// The first line is the `Authorization` header, the rest the form: no client is authenticated by chance.
pub fn client_authentication(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(header), Some(form)) = (parts.next(), parts.next()) else {
        return;
    };
    let Ok(header) = HeaderValue::from_bytes(header) else {
        return;
    };
    for path in ["/token", "/par", "/introspect", "/revoke"] {
        let request = Request::post(path).header(CONTENT_TYPE, FORM);
        let request = request.header(AUTHORIZATION, &header);
        if let Some(reply) = send(request.body(form.to_vec().into())) {
            let success = reply.status.is_success();
            // Schemes are compared without their case (RFC 7235, section 2.1).
            let scheme = header.as_bytes().get(..6);
            let is_basic = scheme.is_some_and(|it| it.eq_ignore_ascii_case(b"Basic "));
            let is_known = is_basic || has_credentials(form);
            assert!(!success || is_known, "{path} {header:?}");
            assert_gives_nothing(&reply);
        }
    }
}

fn has_credentials(form: &[u8]) -> bool {
    form_urlencoded::parse(form).any(|(name, _)| name == "client_id")
}

/// A text in the place of each code and token: none is ever valid.
pub fn tokens(data: &[u8]) {
    if let Ok(header) = HeaderValue::from_bytes(&[b"Bearer ", data].concat()) {
        let request = Request::get("/userinfo").header(AUTHORIZATION, header);
        if let Some(reply) = send(request.body(Body::empty())) {
            assert!(reply.status.is_client_error());
        }
    }
    let text = String::from_utf8_lossy(data);
    let code = [
        ("grant_type", "authorization_code"),
        ("code", &text),
        ("redirect_uri", CALLBACK),
    ];
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &text),
        ("", ""),
    ];
    for form in [code, refresh] {
        assert_gives_nothing(&post("/token", &form));
    }
    for path in ["/introspect", "/revoke"] {
        assert_gives_nothing(&post(path, &[("token", &text)]));
    }
}

fn post(path: &str, form: &[(&str, &str)]) -> Reply {
    let form = Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(path).header(CONTENT_TYPE, FORM);
    let request = request.header(AUTHORIZATION, CREDENTIALS).body(form.into());
    send(request).unwrap()
}

fn assert_gives_nothing(reply: &Reply) {
    let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
        return assert!(reply.body.is_empty() || !reply.status.is_success());
    };
    for member in ["access_token", "refresh_token", "id_token", "sub"] {
        assert_eq!(body.get(member), None);
    }
    assert_ne!(body.get("active"), Some(&Value::Bool(true)));
}

/// A text as `id_token_hint`: it logs no user in, none out, and takes no browser anywhere but to the client with an error.
pub fn id_token_hint(data: &[u8]) {
    let hint = String::from_utf8_lossy(data);
    let query = Serializer::new(String::new())
        .append_pair("client_id", "web")
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("post_logout_redirect_uri", CALLBACK)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("prompt", "none")
        .append_pair("id_token_hint", &hint)
        .finish();
    let get = |path| Request::get(format!("{path}?{query}")).body(Body::empty());
    if let Some(reply) = send(get("/authorize")) {
        let location = reply.headers.get(LOCATION).map(|it| it.to_str().unwrap());
        let location = location.unwrap_or_default();
        assert!(!location.contains("code="), "{location}");
    }
    if let Some(reply) = send(get("/end_session")) {
        assert_eq!(reply.headers.get(LOCATION), None);
    }
}
