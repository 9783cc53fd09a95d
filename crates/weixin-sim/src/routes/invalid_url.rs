//! Every other path of WeChat's (facts 6.2).

use std::sync::Arc;

use axum::{extract::State, http::Uri, response::Response};

use super::checks::answer;
use crate::{refusal::Refusal, sim::Shared, wire::Family};

pub(super) async fn invalid_url(State(sim): State<Arc<Shared>>, address: Uri) -> Response {
    let family = if address.path().starts_with("/cgi-bin/") {
        Family::Cgi
    } else if address.path().starts_with("/wxa/") {
        Family::Wxa
    } else {
        Family::Sns
    };
    answer(&sim, family, Err::<(), _>(Refusal::INVALID_URL))
}
