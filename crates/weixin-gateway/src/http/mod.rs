//! The endpoints. A handler reads, decides by the rules, stores, and responds.

mod authorize;
mod bearer;
mod callback;
mod claimed_client;
mod client_auth;
mod client_ip;
mod connections;
mod consent;
mod consent_page;
mod discovery;
#[cfg(test)]
mod documented_limits;
mod end_session;
mod error;
mod exchange;
mod failed_request;
mod form;
mod form_post;
mod health;
mod introspect;
mod issuer_page;
mod jwks;
mod login;
mod login_error;
mod logout_page;
mod pages;
mod par;
mod places;
mod proceed;
mod provider;
mod rate_limit;
mod request_log;
mod revoke;
mod running_requests;
mod same_origin;
mod server;
mod session_cookie;
mod silent;
mod texts;
mod token;
mod token_error;
mod tokens;
mod unknown_url;
mod user_profile;
mod userinfo;
mod visitor;
mod waiting;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{
        HeaderValue, Method,
        header::{
            AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, WWW_AUTHENTICATE,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware,
    routing::{MethodRouter, get, post},
};
use tower_http::{
    cors::{Any, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

pub use self::server::serve_metrics;
pub(crate) use self::{
    client_ip::ClientAddresses,
    provider::{CALLBACK, Provider, Shared},
    rate_limit::RateLimit,
    server::{STOP_TIMEOUT, Server},
    session_cookie::SessionCookie,
};
use crate::{oidc::path, telemetry};

/// The routes of an issuer whose failures count from the start.
const ENDPOINTS: [&str; 12] = [
    "/consent/{id}",
    "/login/{id}",
    CALLBACK,
    path::AUTHORIZE,
    path::CONFIGURATION,
    path::END_SESSION,
    path::INTROSPECT,
    path::JWKS,
    path::PAR,
    path::REVOKE,
    path::TOKEN,
    path::USERINFO,
];

/// The endpoints of all issuers, and those of the gateway itself.
pub(crate) fn router(providers: &[Arc<Provider>], shared: &Arc<Shared>) -> Router {
    let own = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .with_state(Arc::clone(shared));
    let issuers = providers.iter().map(issuer);
    let unknown = Router::new().fallback(unknown_url::respond);
    let unknown = unknown.with_state(providers.into());
    let unless_set = SetResponseHeaderLayer::if_not_present;
    issuers
        .fold(unknown, Router::merge)
        .layer(middleware::from_fn(request_log::log))
        .merge(own)
        .layer(unless_set(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(unless_set(
            REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .layer(unless_set(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
}

/// The endpoints of one issuer, below its path.
fn issuer(provider: &Arc<Provider>) -> Router {
    let prefix = provider.issuer.path();
    telemetry::begin_endpoints(ENDPOINTS.into_iter().map(|path| format!("{prefix}{path}")));
    let endpoints = pages(provider).merge(programs(provider));
    let endpoints = endpoints.merge(metadata(prefix));
    let endpoints = endpoints.route(provider.issuer.own_path(), get(issuer_page::page));
    endpoints.with_state(Arc::clone(provider))
}

/// Those that browsers open.
fn pages(provider: &Arc<Provider>) -> Router<Arc<Provider>> {
    let at = |path: &str| format!("{}{path}", provider.issuer.path());
    let limit = middleware::from_fn_with_state(Arc::clone(provider), running_requests::of_browser);
    Router::new()
        .route(
            &at(path::AUTHORIZE),
            get(authorize::get).post(authorize::post),
        )
        .route(&at("/login/{id}"), get(login::login))
        .route(&at("/consent/{id}"), get(consent::get).post(consent::post))
        .route(&at(CALLBACK), get(callback::callback))
        .route(
            &at(path::END_SESSION),
            get(end_session::get).post(end_session::post),
        )
        .layer(provider.web_login.clone())
        .layer(limit)
}

/// Those that programs call.
fn programs(provider: &Arc<Provider>) -> Router<Arc<Provider>> {
    let at = |path: &str| format!("{}{path}", provider.issuer.path());
    let limited = |methods: MethodRouter<Arc<Provider>>| {
        let provider = Arc::clone(provider);
        let limit = middleware::from_fn_with_state(provider, running_requests::of_program);
        methods.layer(limit)
    };
    // Programs in a browser can read that their request was turned away.
    let shared = |methods| shared_with_all_sites(limited(methods));
    Router::new()
        .route(&at(path::PAR), shared(post(par::par)))
        .route(&at(path::TOKEN), shared(post(token::token)))
        .route(&at(path::REVOKE), shared(post(revoke::revoke)))
        .route(&at(path::INTROSPECT), limited(post(introspect::introspect)))
        .route(
            &at(path::USERINFO),
            shared(get(userinfo::get).post(userinfo::post)),
        )
}

/// What is the same for all, and waits for nothing.
fn metadata(prefix: &str) -> Router<Arc<Provider>> {
    let discovery = || shared_with_all_sites(get(discovery::discovery));
    let metadata = Router::new()
        .route(&format!("{prefix}{}", path::CONFIGURATION), discovery())
        .route(&format!("{}{prefix}", path::OAUTH_SERVER), discovery())
        .route(
            &format!("{prefix}{}", path::JWKS),
            shared_with_all_sites(get(jwks::jwks)),
        );
    // Without a path, it is the route above (Discovery §4.1, RFC 8414 §3.1).
    if prefix.is_empty() {
        metadata
    } else {
        metadata.route(&format!("{}{prefix}", path::CONFIGURATION), discovery())
    }
}

/// CORS for any site. None of these endpoints reads a cookie (RFC 9700 §2.6).
fn shared_with_all_sites(methods: MethodRouter<Arc<Provider>>) -> MethodRouter<Arc<Provider>> {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([WWW_AUTHENTICATE])
        .max_age(Duration::from_hours(1));
    methods.layer(cors)
}
