//! The body of a POST: a form of at most 16 KiB (RFC 6749 §3.1, §3.2). One that is still arriving keeps a connection of a
//! proxy busy, and all users share these: one address can send so many at one time.

use std::{pin::pin, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::Response,
};
use futures_util::FutureExt;
use tokio::{task::yield_now, time::timeout};

use super::{
    error::Failure,
    places::{Full, Place},
    visitor::Visitor,
};
use crate::{
    oidc::OAuthError,
    params::{MAX_LENGTH, Params},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Longest time in which a form arrives as a whole, however small its pieces are.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// How often what has arrived is read before the form counts as one that is still arriving: a connection passes on 8 KiB at
/// a time, and the longest form was cut by its head.
const READS: usize = 4;

/// Why there is no form.
#[derive(Debug)]
pub(super) enum FormError {
    /// Too many are arriving.
    Failure(Failure),
    Request(OAuthError),
}

/// Reads a form. One that has arrived as a whole is read however many others there are.
///
/// # Errors
///
/// `invalid_request` for another type, and for a form that is too long, too slow or cut off. [`Failure`] at once for one
/// that is still arriving, if too many are.
pub(super) async fn read(visitor: &Visitor, body: Body) -> Result<Params, FormError> {
    if !is_form(&visitor.headers) {
        let error = "the body is not application/x-www-form-urlencoded";
        return Err(OAuthError::invalid_request(error).into());
    }
    let too_long = |_| OAuthError::invalid_request("the form is longer than 16 KiB, or cut off");
    let too_slow =
        |_| OAuthError::invalid_request("the form took longer than 10 seconds to arrive");
    let mut reading = pin!(to_bytes(body, MAX_LENGTH));
    for _ in 0..READS {
        if let Some(bytes) = reading.as_mut().now_or_never() {
            return Ok(Params::parse(&bytes.map_err(too_long)?)?);
        }
        // The connection passes on more of what has arrived.
        yield_now().await;
    }
    let _place = visitor.place_of_form()?;
    let bytes = timeout(FORM_TIMEOUT, reading).await.map_err(too_slow)?;
    Ok(Params::parse(&bytes.map_err(too_long)?)?)
}

/// Whether the body is said to be a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(|it| it.to_str().unwrap_or_default());
    let essence = content_type.and_then(|it| it.split(';').next());
    essence.is_some_and(|it| it.trim().eq_ignore_ascii_case(FORM))
}

impl Visitor {
    /// The place of a form that is still arriving.
    fn place_of_form(&self) -> Result<Option<Place>, Failure> {
        let forms = &self.provider.shared.rate_limit.forms;
        let place = self.address.map(|address| forms.try_take(address));
        place.transpose().map_err(|full| match full {
            Full::Address => Failure::TooManyFormsOfAddress,
            Full::All => Failure::TooManyForms,
        })
    }

    /// The page for a form that was not read.
    pub(super) fn without_form(&self, error: &FormError) -> Response {
        match error {
            FormError::Failure(failure) => self.failed(failure),
            FormError::Request(error) => self.invalid_request(error, None),
        }
    }
}

impl From<Failure> for FormError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<OAuthError> for FormError {
    fn from(error: OAuthError) -> Self {
        Self::Request(error)
    }
}
