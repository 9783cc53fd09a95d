//! Checks every request against WeChat's rules and good practice, and reports findings.

use axum::http::Method;
use url::{Host, Url};

use super::request::RequestInfo;
use crate::{
    AppKind,
    lint::{
        authorize_url::{ORDER, is_alphanumeric, is_damaged_in_a_query, is_in_order, is_too_long},
        finding::{BEFORE_RESET, Cause, Findings},
        rule::Rule,
    },
    parameters::Parameters,
    world::World,
};

/// Shorter states can be guessed.
const MIN_STATE: usize = 16;

/// Query parameters with secret values.
const EXPOSED: [&str; 5] = [
    "access_token",
    "code",
    "refresh_token",
    "secret",
    "session_key",
];

/// The outcome of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) errcode: Option<i64>,
    /// Number of the login that it began.
    pub(super) login: Option<u64>,
    /// A fault replaced the response: the request had no effect, and its error code says nothing about it.
    pub(super) is_injected: bool,
}

/// Checks a request that had this outcome.
pub(super) fn check_request(world: &mut World, request: &RequestInfo, outcome: Outcome) {
    let cause = cause(world, request, outcome.login);
    world.set_cause(cause);
    check_any(&mut world.findings, request);
    match request.path.as_str() {
        // The QR page reloads itself when its QR code has expired: it is the same login.
        "/connect/qrconnect" if !request.reloaded => check_login(world, request, AppKind::Website),
        "/connect/oauth2/authorize" => {
            check_login(world, request, AppKind::OfficialAccount);
            check_official_account(&mut world.findings, &request.parameters);
        }
        path if path.starts_with("/sns/") => {
            check_api_call(&mut world.findings, request);
            check_binding(world, request);
            if !outcome.is_injected {
                check_errcode(&mut world.findings, request, outcome.errcode);
                check_exchange(world, request, outcome.errcode);
            }
        }
        _ => {}
    }
}

/// Origin of the findings about a request.
pub(super) fn cause(world: &World, request: &RequestInfo, login: Option<u64>) -> Cause {
    let parameters = &request.parameters;
    Cause {
        app_id: world.app_of(parameters, &request.body),
        login: login.or_else(|| world.login_of(parameters)),
        request: Some(world.requests.next_number()),
        test: world.test.clone(),
        world: world.id().map(str::to_owned),
    }
}

fn check_any(findings: &mut Findings, request: &RequestInfo) {
    let RequestInfo {
        method, path, host, ..
    } = request;
    if matches!(host.as_str(), "long.open.weixin.qq.com" | "wx.qlogo.cn") {
        findings.add(&Rule::OLD_HOST, format!("{host}{path}"));
    }
    let is_plain = !request.secure && crate::hosts::is_wechat(host);
    if is_plain && request.family.is_some() {
        findings.add(&Rule::PLAIN_HTTP, format!("{method} http://{host}{path}"));
    }
    let referer = Url::parse(&request.referer).ok();
    let exposed = referer.and_then(|referer| {
        let mut pairs = referer.query_pairs().into_owned();
        pairs.find_map(|(name, _)| EXPOSED.contains(&name.as_str()).then_some(name))
    });
    if let Some(name) = exposed {
        findings.add(&Rule::TOKEN_EXPOSED, format!("{name} in Referer of {path}"));
    }
}

fn check_login(world: &mut World, request: &RequestInfo, page: AppKind) {
    let parameters = &request.parameters;
    check_callback(world, parameters);
    check_scope(world, request, page);
    let findings = &mut world.findings;
    if let Some(name) = name_in_upper_case(parameters) {
        findings.add(&Rule::PARAMETER_CASE, name.to_owned());
    }
    let state = parameters.get("state");
    if state.is_empty() {
        findings.add(&Rule::STATE_MISSING, "state=".to_owned());
    } else if state.len() < MIN_STATE {
        findings.add(&Rule::STATE_SHORT, format!("state={state}"));
    }
    if is_damaged_in_a_query(state) {
        findings.add(&Rule::STATE_DAMAGED, format!("state={state}"));
    }
    if request.has_raw_redirect_uri {
        let sent = format!("redirect_uri={}", parameters.get("redirect_uri"));
        findings.add(&Rule::REDIRECT_URI_RAW, sent);
    }
    check_exposed(world, parameters);
}

fn check_callback(world: &mut World, parameters: &Parameters) {
    let redirect_uri = parameters.get("redirect_uri");
    // Without the query, which is the site's own and may differ each time.
    let end = redirect_uri.find(['?', '#']).unwrap_or(redirect_uri.len());
    let sent = || redirect_uri[..end].to_owned();
    let app = world.app(parameters.get("appid"));
    let rejected = app.is_ok_and(|app| app.check_redirect_uri(redirect_uri).is_err());
    let findings = &mut world.findings;
    let Ok(url) = Url::parse(redirect_uri) else {
        return;
    };
    let is_a_domain = matches!(url.host(), Some(Host::Domain(host)) if host != "localhost");
    let of_class = |rule: Rule| {
        if is_loopback(&url) {
            rule.local()
        } else {
            rule
        }
    };
    if !is_a_domain {
        findings.add(&of_class(Rule::CALLBACK_HOST), sent());
    } else if url.scheme() == "http" {
        findings.add(&Rule::CALLBACK_HTTP, sent());
    }
    if url.port().is_some() {
        findings.add(&of_class(Rule::CALLBACK_PORT), sent());
    }
    if is_a_domain && rejected {
        findings.add(&Rule::CALLBACK_DOMAIN, sent());
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The kind of app, the page and the scope must match.
fn check_scope(world: &mut World, request: &RequestInfo, page: AppKind) {
    let scope = request.parameters.get("scope");
    let Ok(app) = world.app(request.parameters.get("appid")) else {
        return;
    };
    let fits = match page {
        AppKind::Website => scope.split(',').any(|scope| scope == "snsapi_login"),
        // A missing scope has its own dialog (10010).
        _ => matches!(scope, "" | "snsapi_base" | "snsapi_userinfo"),
    };
    if app.kind != page || !fits {
        let sent = format!("scope={scope} at {}", request.path);
        world.findings.add(&Rule::SCOPE, sent);
    }
}

/// Finds tokens and secrets in a login URL, where they would be logged: by parameter name, or by value.
fn check_exposed(world: &mut World, parameters: &Parameters) {
    for (name, value) in parameters.as_slice() {
        let by_name = name != "code" && EXPOSED.contains(&name.as_str()) && !value.is_empty();
        if by_name || world.contains_secret(value) {
            world
                .findings
                .add(&Rule::TOKEN_EXPOSED, format!("{name} of the login page"));
        }
    }
}

/// The first name of a parameter that differs from WeChat's in upper case only.
fn name_in_upper_case(parameters: &Parameters) -> Option<&str> {
    let mut names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
    names.find(|name| {
        let lower = name.to_ascii_lowercase();
        lower != *name && ORDER.contains(&lower.as_str())
    })
}

/// Rules that apply only to official accounts.
fn check_official_account(findings: &mut Findings, parameters: &Parameters) {
    if name_in_upper_case(parameters).is_none() && !is_in_order(parameters) {
        let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
        findings.add(&Rule::ORDER, names.collect::<Vec<_>>().join(", "));
    }
    let state = parameters.get("state");
    if is_too_long(state) {
        findings.add(&Rule::STATE_LONG, format!("state={state}"));
    } else if !is_alphanumeric(state) && !is_damaged_in_a_query(state) {
        findings.add(&Rule::STATE_SHAPE, format!("state={state}"));
    }
}

/// Finds a website app or a mobile app outside of the Open Platform account, which WeChat does not have.
fn check_binding(world: &mut World, request: &RequestInfo) {
    let app = world.app(request.parameters.get("appid"));
    let unbound = app
        .ok()
        .filter(|app| matches!(app.kind, AppKind::Website | AppKind::MobileApp) && !app.is_bound);
    if let Some(id) = unbound.map(|app| app.id.clone()) {
        let sent = format!("bound = false of {id}");
        world.findings.add(&Rule::UNBOUND, sent);
    }
}

/// A state that belongs to several completed logins is constant or predictable.
///
/// It is checked at the exchange, because the login page may be opened several times for one login: by a reload, by
/// the back button, by a second tab, or to probe it.
fn check_exchange(world: &mut World, request: &RequestInfo, errcode: Option<i64>) {
    if request.path != "/sns/oauth2/access_token" || errcode.is_some() {
        return;
    }
    let Some((state, login)) = world.state_of_code(request.parameters.get("code")) else {
        return;
    };
    if let Some(earlier) = world.findings.earlier_login(state, login) {
        let sent = match earlier {
            BEFORE_RESET => "same state as a login before the reset".to_owned(),
            earlier => format!("same state as login {earlier}"),
        };
        world.findings.add(&Rule::STATE_REPEATED, sent);
    }
}

fn check_api_call(findings: &mut Findings, request: &RequestInfo) {
    let RequestInfo {
        method,
        path,
        parameters,
        ..
    } = request;
    let sent = || format!("{method} {path}");
    let has = |name| !parameters.get(name).is_empty();
    if *method == Method::POST {
        findings.add(&Rule::POST, sent());
    }
    if has("secret")
        && matches!(
            path.as_str(),
            "/sns/oauth2/refresh_token" | "/sns/auth" | "/sns/userinfo"
        )
    {
        findings.add(&Rule::SECRET_MISPLACED, sent());
    }
    let refreshes = has("refresh_token") || parameters.get("grant_type") == "refresh_token";
    if path == "/sns/oauth2/access_token" && refreshes {
        findings.add(&Rule::REFRESH_ELSEWHERE, sent());
    }
}

/// Rules that an error code shows.
fn check_errcode(findings: &mut Findings, request: &RequestInfo, errcode: Option<i64>) {
    let sent = || format!("{} {}", request.method, request.path);
    match (request.path.as_str(), errcode) {
        (_, Some(40163)) => findings.add(&Rule::CODE_TWICE, sent()),
        ("/sns/userinfo", Some(48001)) => findings.add(&Rule::PROFILE_WITH_BASE, sent()),
        _ => {}
    }
}
