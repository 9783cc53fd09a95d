//! Steps 1 and 2: the address that the browser is sent to, and what it brings back.

mod callback;
mod csrf_token;
mod embed;
mod official_account;
pub(crate) mod probe;
mod qr_page;
mod redirect_uri;

use std::fmt;

pub use self::{
    callback::{Callback, CallbackError},
    csrf_token::CsrfToken,
    embed::EmbeddedQr,
    official_account::AuthorizeRequest,
    qr_page::{LoginRequest, PageLang, SelfRedirect, TextColour},
    redirect_uri::{InvalidRedirectUri, RedirectUri, UnregistrableRedirectUri},
};

/// The address of a login page, and the token to keep until the callback.
///
/// `Debug` shows the page and nothing of its query, which has the state in it.
#[derive(Clone)]
#[must_use = "send the browser there and keep the token"]
pub struct LoginUrl {
    url: String,
    csrf: CsrfToken,
}

impl LoginUrl {
    /// The address to send the browser to.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Verifies the callback: keep it where only this browser has it.
    pub fn csrf(&self) -> &CsrfToken {
        &self.csrf
    }
}

impl fmt::Debug for LoginUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("LoginUrl")
            .field("page", &page)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for LoginUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
