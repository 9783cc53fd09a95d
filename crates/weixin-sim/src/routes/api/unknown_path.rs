//! Every other path: 40066 of WeChat's API (docs/wechat.md#errors), and a page of its login pages.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

use super::checks::answer;
use crate::{
    routes::{language::of_headers, pages, request::host},
    state::SimState,
    wire::{Family, api_error::ApiError},
};

pub(super) async fn respond(
    State(sim): State<Arc<SimState>>,
    address: Uri,
    headers: HeaderMap,
) -> Response {
    let family = Family::of(address.path());
    if family.is_none() && is_of_the_login_pages(&address, &headers) {
        return pages::unknown_path(of_headers(&headers));
    }
    let family = family.unwrap_or(Family::Sns);
    answer(&sim, family, Err::<(), _>(ApiError::INVALID_URL))
}

/// Returns `true` for `open.weixin.qq.com` and its paths.
fn is_of_the_login_pages(address: &Uri, headers: &HeaderMap) -> bool {
    let host = host(headers).split(':').next().unwrap_or_default();
    host.ends_with("open.weixin.qq.com") || address.path().starts_with("/connect/")
}
