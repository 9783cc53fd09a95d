//! The extractor of a callback, and the ways in which it says no.

use axum_core::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CACHE_CONTROL, request::Parts};
use thiserror::Error;
use weixin::{CallbackError, Code};

use crate::{ForgetState, StartLogin, WebLogin, state_cookie::StateCookie};

/// The code of a callback that belongs to this browser: pass it to [`WebLogin::exchange`].
#[derive(Debug)]
pub struct VerifiedCode {
    pub(crate) code: Code,
    pub(crate) cookie: StateCookie,
}

impl<S> FromRequestParts<S> for VerifiedCode
where
    WebLogin: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = CallbackRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, CallbackRejection> {
        let login = WebLogin::from_ref(state);
        login.verify(parts.uri.query().unwrap_or_default(), &parts.headers)
    }
}

/// A callback that logs nobody in. As a response it is a short text in English and Chinese; take
/// `Result<VerifiedCode, CallbackRejection>` in the handler to show a page of your own.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallbackRejection {
    /// The user said no.
    #[error("the user declined the login")]
    Declined(ForgetState),
    /// Not an address that WeChat sends a browser to.
    #[error(transparent)]
    Malformed(CallbackError),
    /// The browser lost its cookie twice: the login has started again once already.
    #[error("this browser keeps no cookies, so the login cannot be completed")]
    NoCookie,
    /// The browser has no cookie: as a response this starts the login again, once.
    #[error("this browser has no login in progress: it starts again")]
    Restart(Box<StartLogin>),
    /// The login was completed before, in another browser or too long ago.
    #[error("this login has been used already")]
    Spent,
    /// The callback of another login than those in progress in this browser.
    #[error("the callback does not belong to a login of this browser")]
    WrongState,
}

impl CallbackRejection {
    /// The HTTP status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Restart(_) => StatusCode::SEE_OTHER,
            Self::Declined(_) | Self::WrongState => StatusCode::FORBIDDEN,
            Self::Malformed(_) | Self::NoCookie => StatusCode::BAD_REQUEST,
            Self::Spent => StatusCode::GONE,
        }
    }

    fn text(&self) -> &'static str {
        match self {
            Self::Declined(_) => {
                "You declined the login. You can start it again.\n您已取消登录，可以重新开始。\n"
            }
            Self::Malformed(_) => {
                "This is not an address that WeChat made. Please start the login again.\n这不是微信生成的地址，请重新登录。\n"
            }
            Self::NoCookie => {
                "This browser keeps no cookies, so the login cannot be completed. Allow cookies, or use another browser.\n浏览器没有保存 Cookie，无法完成登录。请允许 Cookie 或换用其他浏览器。\n"
            }
            Self::Restart(_) => "",
            Self::Spent => {
                "This login has been used already. Please start it again.\n此次登录已被使用，请重新登录。\n"
            }
            Self::WrongState => {
                "This login was not started in this browser. Please start it again.\n此次登录不是在这个浏览器中开始的，请重新登录。\n"
            }
        }
    }
}

impl From<CallbackError> for CallbackRejection {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::WrongState => Self::WrongState,
            other => Self::Malformed(other),
        }
    }
}

impl IntoResponse for CallbackRejection {
    fn into_response(self) -> Response {
        tracing::debug!(target: "axum::rejection", reason = %self, "callback rejected");
        let plain = (self.status(), [(CACHE_CONTROL, "no-store")], self.text());
        match self {
            Self::Restart(start) => start.into_response(),
            Self::Declined(forget) => (forget, plain).into_response(),
            _ => plain.into_response(),
        }
    }
}
