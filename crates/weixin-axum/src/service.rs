//! The tower middleware behind the layer.

use std::{
    fmt,
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
};

use axum_core::body::Body;
use http::{HeaderMap, Request, Response, header::SET_COOKIE};
use tower_layer::Layer;
use tower_service::Service;

use crate::{WebLogin, error::Failure, pages::CALLBACK_HEADERS, request_context::RequestContext};

impl<S> Layer<S> for WebLogin {
    type Service = LoginService<S>;

    fn layer(&self, inner: S) -> LoginService<S> {
        LoginService {
            inner,
            login: self.clone(),
        }
    }
}

/// A service whose handlers can use the extractors of this crate.
///
/// It completes the responses: it sets and removes cookies, keeps the code of a callback out of caches and `Referer`, and
/// renders errors in the browser's language.
#[derive(Clone)]
pub struct LoginService<S> {
    inner: S,
    login: WebLogin,
}

impl<S, B> Service<Request<B>> for LoginService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let query = request.uri().query();
        let context = RequestContext::new(self.login.clone(), request.headers(), query);
        request.extensions_mut().insert(context.clone());
        ResponseFuture {
            inner: Box::pin(self.inner.call(request)),
            context,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for LoginService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginService")
            .field("inner", &self.inner)
            .field("login", &self.login)
            .finish()
    }
}

/// The response of a [`LoginService`].
pub struct ResponseFuture<F> {
    inner: Pin<Box<F>>,
    context: RequestContext,
}

impl<F, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let future = self.get_mut();
        let response = ready!(future.inner.as_mut().poll(task))?;
        Poll::Ready(Ok(complete(response, &future.context)))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

fn complete(mut response: Response<Body>, context: &RequestContext) -> Response<Body> {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let failure = failure.with_return_to(context.return_to());
        response = rendered(response.headers(), &failure, context);
    }
    for cookie in context.take_cookies() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if context.is_callback() {
        // In place of what the handler has set: `public` beside `no-store` would be read differently by each cache.
        for (name, value) in CALLBACK_HEADERS {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Renders an error of the handler's own for its browser, and keeps the cookies that other layers have set.
fn rendered(before: &HeaderMap, failure: &Failure, context: &RequestContext) -> Response<Body> {
    let mut response = failure
        .render(Some(&context.error_context()))
        .map(Body::from);
    for cookie in before.get_all(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    response
}
