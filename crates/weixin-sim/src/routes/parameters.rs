//! Query and form, merged: WeChat reads a parameter from either.

use std::convert::Infallible;

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request},
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::MAX_BODY;

/// The parameters of a request, the query's first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The first value of that name; empty if there is none, as WeChat makes no difference.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn as_slice(&self) -> &[(String, String)] {
        &self.0
    }

    fn extend(&mut self, encoded: &[u8]) {
        self.0.extend(form_urlencoded::parse(encoded).into_owned());
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Reads the parameters once, for the request log and for the answer.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let mut parameters = Parameters::default();
    parameters.extend(request.uri().query().unwrap_or_default().as_bytes());
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return (
            StatusCode::PAYLOAD_TOO_LARGE,
            "a request has 64 KiB at most\n",
        )
            .into_response();
    };
    let content_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        parameters.extend(&bytes);
    }
    parts.extensions.insert(parameters);
    next.run(Request::from_parts(parts, Body::from(bytes)))
        .await
}

/// The fields of a form of our own.
pub(super) fn form(body: &str) -> Parameters {
    let mut fields = Parameters::default();
    fields.extend(body.as_bytes());
    fields
}
