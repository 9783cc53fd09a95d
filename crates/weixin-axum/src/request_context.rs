//! The layer's knowledge of one request, shared with its extractors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue, request::Parts};

use crate::{
    LoginError, ReturnPath, WebLogin, browser::BrowserHeaders, context::Context,
    parameters::is_callback,
};

/// The layer's knowledge of one request, in the request's extensions.
#[derive(Clone)]
pub(crate) struct RequestContext(Arc<Shared>);

struct Shared {
    login: WebLogin,
    browser: BrowserHeaders,
    is_callback: bool,
    collected: Mutex<Collected>,
}

/// Parts of the response, from the extractors.
#[derive(Default)]
struct Collected {
    cookies: Vec<HeaderValue>,
    slots: Vec<CookieSlot>,
    return_to: Option<ReturnPath>,
}

/// The cookies of an extractor that can change until the response.
#[derive(Clone, Default)]
pub(crate) struct CookieSlot(Arc<Mutex<Vec<HeaderValue>>>);

impl CookieSlot {
    pub(crate) fn set(&self, cookies: Vec<HeaderValue>) {
        *lock(&self.0) = cookies;
    }
}

impl RequestContext {
    pub(crate) fn new(login: WebLogin, headers: &HeaderMap, query: Option<&str>) -> Self {
        Self(Arc::new(Shared {
            login,
            browser: BrowserHeaders::of(headers),
            // On nested routers, the path says nothing of the callback.
            is_callback: is_callback(query.unwrap_or_default()),
            collected: Mutex::default(),
        }))
    }

    /// The context of a request that has passed the layer.
    pub(crate) fn of(parts: &Parts) -> Result<Self, LoginError> {
        let context = parts.extensions.get::<Self>();
        context.cloned().ok_or_else(LoginError::layer_is_missing)
    }

    pub(crate) fn login(&self) -> &WebLogin {
        &self.0.login
    }

    pub(crate) fn is_callback(&self) -> bool {
        self.0.is_callback
    }

    /// Adds cookies to the response.
    pub(crate) fn add_cookies(&self, cookies: impl IntoIterator<Item = HeaderValue>) {
        self.collected().cookies.extend(cookies);
    }

    /// Reserves a place for cookies that can change until the response.
    pub(crate) fn reserve(&self) -> CookieSlot {
        let slot = CookieSlot::default();
        self.collected().slots.push(slot.clone());
        slot
    }

    pub(crate) fn set_return_to(&self, path: Option<ReturnPath>) {
        self.collected().return_to = path;
    }

    pub(crate) fn return_to(&self) -> Option<ReturnPath> {
        self.collected().return_to.clone()
    }

    pub(crate) fn take_cookies(&self) -> Vec<HeaderValue> {
        let mut collected = self.collected();
        let mut cookies = std::mem::take(&mut collected.cookies);
        for slot in collected.slots.drain(..) {
            cookies.append(&mut lock(&slot.0));
        }
        cookies
    }

    /// The context of an error of the handler's own.
    pub(crate) fn error_context(&self) -> Context {
        let context = self.0.login.context_of(self.0.browser.browser());
        if self.0.is_callback {
            context.at_callback()
        } else {
            context
        }
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        lock(&self.0.collected)
    }
}

/// A poisoned lock is safe to use: nothing is left half done under it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
