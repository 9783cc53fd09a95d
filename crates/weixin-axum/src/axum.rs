//! axum's side of it: what everything else here says in `http`'s types, as extractors and responses. Another
//! framework's would be as long.

use std::convert::Infallible;

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::{header::SET_COOKIE, request::Parts};

use crate::{
    EmbeddedLogin, ForgetState, LoginError, PopUpDone, StartLogin, VerifiedCode, Visitor, WebLogin,
};

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl<S> FromRequestParts<S> for VerifiedCode
where
    WebLogin: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginError> {
        let login = WebLogin::from_ref(state);
        login.verify(parts.uri.query().unwrap_or_default(), &parts.headers)
    }
}

impl IntoResponse for StartLogin {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}

impl IntoResponse for LoginError {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}

impl IntoResponse for PopUpDone {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}

impl IntoResponseParts for ForgetState {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let mut headers = self.into_headers();
        if let Some(cookie) = headers.remove(SET_COOKIE) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response.headers_mut().extend(headers);
        Ok(response)
    }
}

impl IntoResponseParts for EmbeddedLogin {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        for cookie in &self.headers() {
            response.headers_mut().append(SET_COOKIE, cookie.1.clone());
        }
        Ok(response)
    }
}
