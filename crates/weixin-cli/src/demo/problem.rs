//! The ways in which a login ends without a user, each with a page that says what to do.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use weixin::ErrCode;
use weixin_axum::{CallbackRejection, LoginError};

use super::pages;
use crate::language::Language;

/// What the visitor is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Problem {
    CodeUsed,
    Configuration,
    Declined,
    Expired,
    Malformed,
    NoCookie,
    NotFound,
    Unreachable,
    WrongState,
}

impl Problem {
    pub(super) fn page(self, language: Language) -> Response {
        let (title, text) = self.texts(language);
        (self.status(), pages::problem(language, title, text)).into_response()
    }

    fn status(self) -> StatusCode {
        match self {
            Self::CodeUsed | Self::Expired => StatusCode::GONE,
            Self::Configuration => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Declined | Self::WrongState => StatusCode::FORBIDDEN,
            Self::Malformed | Self::NoCookie => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Title and what to do.
    fn texts(self, language: Language) -> (&'static str, &'static str) {
        match self {
            Self::CodeUsed => (
                language.say("此次登录已被使用", "This login has been used already"),
                language.say("每次登录只能使用一次。请重新登录。", "A login works once. Please log in again."),
            ),
            Self::Configuration => (
                language.say("网站设置有误", "This site is set up wrongly"),
                language.say("微信拒绝了本网站的请求，原因在服务器日志中。", "WeChat refused this site's request; its log has the reason."),
            ),
            Self::Declined => (
                language.say("您已取消登录", "You declined the login"),
                language.say("没有任何资料被传给本网站。您可以随时重新登录。", "Nothing about you was passed on. You can log in whenever you like."),
            ),
            Self::Expired => (
                language.say("登录已过期", "The login has expired"),
                language.say("确认后间隔太久，登录已失效。请重新登录。", "Too much time has passed since you confirmed. Please log in again."),
            ),
            Self::Malformed => (
                language.say("地址不完整", "This address is incomplete"),
                language.say("这不是微信返回的地址。请从登录按钮开始。", "WeChat did not make this address. Please begin with the login button."),
            ),
            Self::NoCookie => (
                language.say("浏览器没有保存 Cookie", "This browser keeps no cookies"),
                language.say("没有 Cookie 就无法确认是您本人。请允许 Cookie，或换用其他浏览器。", "Without a cookie nobody can tell that it is you. Allow cookies, or use another browser."),
            ),
            Self::NotFound => (
                language.say("没有这个页面", "There is no such page"),
                language.say("请返回首页。", "Please go back to the start."),
            ),
            Self::Unreachable => (
                language.say("暂时无法连接微信", "WeChat cannot be reached"),
                language.say("请稍后重新登录。", "Please log in again in a moment."),
            ),
            Self::WrongState => (
                language.say("此次登录不是从这里开始的", "This login did not start here"),
                language.say("地址属于另一个浏览器或另一次登录。请重新登录。", "The address belongs to another browser or another login. Please log in again."),
            ),
        }
    }
}

impl From<&weixin::Error> for Problem {
    fn from(error: &weixin::Error) -> Self {
        match error {
            weixin::Error::Api(api) if api.code == ErrCode::CODE_USED => Self::CodeUsed,
            weixin::Error::AnswerLost(_) => Self::Unreachable,
            error if error.needs_login() => Self::Expired,
            error if error.is_configuration() => Self::Configuration,
            _ => Self::Unreachable,
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Weixin(error) => Self::from(&*error),
            _ => Self::CodeUsed,
        }
    }
}

/// Answers for a callback that logs nobody in; a restart is no problem and goes its way.
pub(super) fn rejected(rejection: CallbackRejection, language: Language) -> Response {
    let problem = match rejection {
        CallbackRejection::Restart(start) => return start.into_response(),
        CallbackRejection::Declined(forget) => {
            return (forget, Problem::Declined.page(language)).into_response();
        }
        CallbackRejection::NoCookie => Problem::NoCookie,
        CallbackRejection::Spent => Problem::CodeUsed,
        CallbackRejection::WrongState => Problem::WrongState,
        _ => Problem::Malformed,
    };
    problem.page(language)
}
