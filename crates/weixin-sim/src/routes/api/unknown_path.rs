//! 40066 for every other path of WeChat's API (docs/wechat.md#errors).

use std::sync::Arc;

use axum::{extract::State, http::Uri, response::Response};

use super::checks::answer;
use crate::{
    state::SimState,
    wire::{Family, api_error::ApiError},
};

pub(super) async fn invalid_url(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    let family = Family::of(address.path()).unwrap_or(Family::Sns);
    answer(&sim, family, Err::<(), _>(ApiError::INVALID_URL))
}
