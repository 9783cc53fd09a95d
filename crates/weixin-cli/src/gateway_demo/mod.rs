//! The page of `weixin gateway demo`: an OpenID Connect client, written from the specifications, that shows each of its
//! requests and what it gets.

mod callback;
mod handlers;
mod http_log;
mod id_token;
mod login;
mod meanings;
mod pages;
mod refusal;
mod registration;
mod relying_party;
mod response;
mod site;
mod steps;
mod visits;
mod wechat;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderValue,
    middleware,
    routing::{get, post},
};
use weixin_sim::Sim;

pub(crate) use self::registration::{CLIENT_ID, REDIRECT_PATH, Registration};
use self::{relying_party::RelyingParty, site::Site, visits::Visits};
use crate::{
    demo::{protect, request},
    error::CliError,
};

/// Allows nothing but the style sheet: the pages have no scripts.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The gateway's endpoints, and the pages of the client beside them.
pub(crate) fn site(
    gateway: Router,
    registration: Registration,
    sim: Sim,
) -> Result<Router, CliError> {
    let site = Site(Arc::new(site::Shared {
        client: RelyingParty::new(registration)?,
        visits: Visits::default(),
        sim,
    }));
    let pages = Router::new()
        .route("/", get(handlers::home))
        .route("/demo/start", get(handlers::start))
        .route(REDIRECT_PATH, get(handlers::callback))
        .route("/demo/forget", post(handlers::forget))
        .layer(middleware::from_fn_with_state(
            site.clone(),
            handlers::at_issuer,
        ))
        .route("/demo/style.css", get(pages::style))
        .layer(middleware::map_response_with_state(
            CONTENT_SECURITY_POLICY,
            protect,
        ));
    let gateway = gateway.layer(middleware::from_fn_with_state(
        site.clone(),
        refusal::refuse,
    ));
    let all = pages.with_state(site).merge(gateway);
    Ok(all.layer(middleware::map_request(request::prepare)))
}
