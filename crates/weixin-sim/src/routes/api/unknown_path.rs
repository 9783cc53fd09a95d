//! Every other path of WeChat's (facts 6.2).

use std::sync::Arc;

use axum::{extract::State, http::Uri, response::Response};

use super::checks::answer;
use crate::{
    state::Shared,
    wire::{Family, api_error::Refusal},
};

pub(super) async fn invalid_url(State(sim): State<Arc<Shared>>, address: Uri) -> Response {
    let family = Family::of(address.path()).unwrap_or(Family::Sns);
    answer(&sim, family, Err::<(), _>(Refusal::INVALID_URL))
}
