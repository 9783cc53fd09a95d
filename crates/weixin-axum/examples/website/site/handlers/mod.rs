//! One function for each route.

pub(super) mod account;
mod confirmation;
pub(super) mod password;
pub(super) mod wechat;

use std::error::Error;

use axum::response::{IntoResponse, Response};

use super::pages;

/// A page that could not be made. The cause is in the log; the visitor does not see it.
#[derive(Debug)]
pub(crate) struct Failed;

impl<E: Error> From<E> for Failed {
    fn from(error: E) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        pages::failed()
    }
}
