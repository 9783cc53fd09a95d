//! Looks at every request for what WeChat, or a safe login, would not have it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use url::{Host, Url};

use super::{Parameters, authorize::is_in_order};
use crate::{
    finding::{Findings, Rule},
    pages::{FindingsPage, page},
    sim::Shared,
    wire::Errcode,
};

/// Shortest state that is not called a guess.
const MIN_STATE: usize = 16;

pub(super) async fn inspect(
    State(sim): State<Arc<Shared>>,
    parameters: Parameters,
    request: Request,
    next: Next,
) -> Response {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    let reloaded = is_reloaded(request.headers());
    let response = next.run(request).await;
    let errcode = response.extensions().get().map(|Errcode(errcode)| *errcode);
    let findings = &mut sim.world().findings;
    match path.as_str() {
        "/connect/qrconnect" if !reloaded => login(findings, &parameters),
        "/connect/oauth2/authorize" => {
            login(findings, &parameters);
            order(findings, &parameters);
        }
        _ if path.starts_with("/sns/") => call(findings, &path, &method, &parameters, errcode),
        _ => {}
    }
    response
}

/// The QR page loads itself again when its code has expired, with the same state.
fn is_reloaded(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "same-origin")
}

fn login(findings: &mut Findings, parameters: &Parameters) {
    let redirect_uri = parameters.get("redirect_uri");
    if let Ok(url) = Url::parse(redirect_uri) {
        if !matches!(url.host(), Some(Host::Domain(host)) if host != "localhost") {
            findings.add(&Rule::CALLBACK_HOST, redirect_uri.to_owned());
        } else if url.scheme() == "http" {
            findings.add(&Rule::CALLBACK_HTTP, redirect_uri.to_owned());
        }
        if url.port().is_some() {
            findings.add(&Rule::CALLBACK_PORT, redirect_uri.to_owned());
        }
    }
    let state = parameters.get("state");
    if state.is_empty() {
        findings.add(&Rule::STATE_MISSING, "state=".to_owned());
    } else if findings.has_seen(parameters.get("appid"), state) {
        findings.add(&Rule::STATE_REPEATED, format!("state={state}"));
    } else if state.len() < MIN_STATE {
        findings.add(&Rule::STATE_SHORT, format!("state={state}"));
    }
}

fn order(findings: &mut Findings, parameters: &Parameters) {
    if !is_in_order(parameters) {
        let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
        findings.add(&Rule::ORDER, names.collect::<Vec<_>>().join(", "));
    }
}

fn call(
    findings: &mut Findings,
    path: &str,
    method: &Method,
    parameters: &Parameters,
    errcode: Option<i64>,
) {
    let sent = || format!("{method} {path}");
    let has = |name| !parameters.get(name).is_empty();
    if *method == Method::POST {
        findings.add(&Rule::POST, sent());
    }
    if has("secret")
        && matches!(
            path,
            "/sns/oauth2/refresh_token" | "/sns/auth" | "/sns/userinfo"
        )
    {
        findings.add(&Rule::SECRET_MISPLACED, sent());
    }
    let refreshes = has("refresh_token") || parameters.get("grant_type") == "refresh_token";
    if path == "/sns/oauth2/access_token" && refreshes {
        findings.add(&Rule::REFRESH_ELSEWHERE, sent());
    }
    match (path, errcode) {
        (_, Some(40163)) => findings.add(&Rule::CODE_TWICE, sent()),
        ("/sns/userinfo", Some(48001)) => findings.add(&Rule::PROFILE_WITH_BASE, sent()),
        _ => {}
    }
}

/// `GET /_sim/api/findings`
pub(super) async fn list(State(sim): State<Arc<Shared>>) -> axum::Json<Value> {
    axum::Json(json!(sim.world().findings.all()))
}

/// `/_sim/findings`, for people.
pub(super) async fn show(State(sim): State<Arc<Shared>>) -> Response {
    page(&FindingsPage {
        findings: sim.world().findings.all(),
    })
    .into_response()
}
