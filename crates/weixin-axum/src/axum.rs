//! axum's extractors and responses. Everything else speaks the types of the crate `http`.

use std::convert::Infallible;

use axum_core::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header::SET_COOKIE, request::Parts};

use crate::{
    Browser, Login, LoginError, StartLogin, VerifiedCallback, WebLogin, embed::EmbeddedLogin,
    popup::PopupResponse, request_context::RequestContext,
};

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// For handlers that need more than the extractors. Needs the layer.
impl<S: Sync> FromRequestParts<S> for WebLogin {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginError> {
        Ok(RequestContext::of(parts)?.login().clone())
    }
}

impl<S: Sync> FromRequestParts<S> for StartLogin {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginError> {
        let context = RequestContext::of(parts)?;
        context.login().start(&parts.headers)
    }
}

impl<S: Sync> FromRequestParts<S> for EmbeddedLogin {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginError> {
        let context = RequestContext::of(parts)?;
        let mut embedded = context.login().embed(&parts.headers)?;
        let slot = context.reserve();
        slot.set(embedded.cookies());
        embedded.slot = Some(slot);
        Ok(embedded)
    }
}

impl<S: Sync> FromRequestParts<S> for VerifiedCallback {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginError> {
        let context = RequestContext::of(parts)?;
        let query = parts.uri.query().unwrap_or_default();
        let verified = context.login().verify(query, &parts.headers);
        let mut callback = verified.map_err(|error| registered(error, &context))?;
        context.set_return_to(callback.return_to().cloned());
        callback.request = Some(context);
        Ok(callback)
    }
}

impl VerifiedCallback {
    /// Exchanges the code, once, however often the callback comes within a minute. The layer ends the login in the browser.
    ///
    /// # Errors
    ///
    /// As [`WebLogin::exchange`].
    pub async fn exchange(mut self) -> Result<Login, LoginError> {
        let Some(context) = self.request.take() else {
            return Err(LoginError::layer_is_missing());
        };
        match context.login().exchange(self).await {
            Ok((login, headers)) => {
                context.add_cookies(cookies_in(&headers));
                Ok(login)
            }
            Err(error) => Err(registered(error, &context)),
        }
    }
}

fn cookies_in(headers: &HeaderMap) -> impl Iterator<Item = HeaderValue> {
    headers.get_all(SET_COOKIE).iter().cloned()
}

/// Lets the layer set the cookies of an error, since the handler may respond with a page of its own.
fn registered(mut error: LoginError, context: &RequestContext) -> LoginError {
    context.add_cookies(error.take_cookies());
    error
}

impl<S: Sync> FromRequestParts<S> for Login {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginError> {
        let callback = VerifiedCallback::from_request_parts(parts, state).await?;
        callback.exchange().await
    }
}

/// An extractor for the handler that logs a user out: it ends the replay of the browser's last login, so that the back
/// button does not log in again. Of two nested layers it ends the logins of the inner one. See [`WebLogin::end_login`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndLogin;

impl<S: Sync> FromRequestParts<S> for EndLogin {
    type Rejection = LoginError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginError> {
        let context = RequestContext::of(parts)?;
        let headers = context.login().end_login(&parts.headers).await;
        context.add_cookies(cookies_in(&headers));
        Ok(Self)
    }
}

impl IntoResponse for StartLogin {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}

impl IntoResponse for LoginError {
    fn into_response(self) -> Response {
        self.into_layered().map(Body::from)
    }
}

impl IntoResponse for PopupResponse {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}
