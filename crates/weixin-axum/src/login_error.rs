//! A login that did not come to its end.

use std::sync::Arc;

use axum_core::response::{IntoResponse, Response};
use http::{StatusCode, header::CACHE_CONTROL};
use thiserror::Error;

/// A login that did not come to its end. As a response it is a short text in English and Chinese,
/// without the details: those are in the log.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The login has been used up: another code came with its state, or the same one too late.
    #[error("this login has been used already")]
    Spent,
    /// WeChat said no, or could not be reached.
    #[error(transparent)]
    Weixin(#[from] Arc<weixin::Error>),
}

impl LoginError {
    /// Whether the user must start the login again.
    pub fn needs_login(&self) -> bool {
        match self {
            Self::Spent => true,
            Self::Weixin(error) => error.needs_login(),
        }
    }

    /// Whether a new login may succeed in a moment: WeChat was busy or unreachable.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Weixin(error) if error.is_retryable())
    }

    /// The HTTP status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Spent => StatusCode::GONE,
            Self::Weixin(error) if error.is_configuration() => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Weixin(error) if error.needs_login() => StatusCode::GONE,
            Self::Weixin(error) if error.is_retryable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Weixin(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn text(&self) -> &'static str {
        match self.status() {
            StatusCode::GONE => {
                "This login has expired or has been used. Please start it again.\n此次登录已过期或已被使用，请重新登录。\n"
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                "WeChat could not be reached. Please start the login again in a moment.\n暂时无法连接微信，请稍后重新登录。\n"
            }
            _ => {
                "The login failed. The operator of this site finds the reason in the log.\n登录失败，网站管理员可在日志中查看原因。\n"
            }
        }
    }
}

impl From<weixin::Error> for LoginError {
    fn from(error: weixin::Error) -> Self {
        Self::Weixin(Arc::new(error))
    }
}

impl IntoResponse for LoginError {
    fn into_response(self) -> Response {
        tracing::warn!(error = %self, "login failed");
        (self.status(), [(CACHE_CONTROL, "no-store")], self.text()).into_response()
    }
}
