//! The ways in which a login ends without a user, and what the visitor is told.

use http::StatusCode;
use weixin::{Blame, ErrCode};

use crate::Language;

/// Why nobody is logged in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// WeChat refuses the application: the log has the reason, the visitor cannot help it.
    Configuration,
    /// The user said no.
    Declined,
    /// The code is too old, or its answer was lost.
    Expired,
    /// The callback came into a frame, where this site has no cookies: it goes on in the whole window by itself.
    InFrame,
    /// Not an address that WeChat sends a browser to.
    Malformed,
    /// The browser lost its cookie twice.
    NoCookie,
    /// Somebody who looks at an official account's page without logging in.
    SnapshotUser,
    /// The login was completed before, in another browser or too long ago.
    Spent,
    /// The browser has no cookie: the login starts again by itself, once.
    StartsAgain,
    /// WeChat is busy, cannot be reached, or answers what nobody understands.
    Unreachable,
    /// WeChat lets this user in nowhere: restricted, frozen, taken for a risk.
    UserRefused,
    /// The callback of another login than those in progress in this browser.
    WrongState,
}

impl Problem {
    /// The name for programs, as JSON answers have it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::InFrame => "in_frame",
            Self::Malformed => "malformed",
            Self::NoCookie => "no_cookie",
            Self::SnapshotUser => "snapshot_user",
            Self::Spent => "spent",
            Self::StartsAgain => "starts_again",
            Self::Unreachable => "unreachable",
            Self::UserRefused => "user_refused",
            Self::WrongState => "wrong_state",
        }
    }

    /// The HTTP status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Configuration => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Declined | Self::SnapshotUser | Self::UserRefused | Self::WrongState => {
                StatusCode::FORBIDDEN
            }
            Self::Expired | Self::Spent => StatusCode::GONE,
            Self::InFrame => StatusCode::OK,
            Self::Malformed | Self::NoCookie => StatusCode::BAD_REQUEST,
            Self::StartsAgain => StatusCode::SEE_OTHER,
            Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether a new login, begun by the visitor, may help.
    pub fn may_be_tried_again(self) -> bool {
        !matches!(
            self,
            Self::Configuration | Self::InFrame | Self::StartsAgain
        )
    }

    /// A few words.
    pub fn title(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Configuration => ("网站设置有误", "This site is set up wrongly"),
            Self::Declined => ("您已取消登录", "You declined the login"),
            Self::Expired => ("登录已过期", "The login has expired"),
            Self::InFrame | Self::StartsAgain => ("正在登录", "Logging in"),
            Self::Malformed => ("地址不完整", "This address is incomplete"),
            Self::NoCookie => ("浏览器没有保存 Cookie", "This browser keeps no cookies"),
            Self::SnapshotUser => ("请使用完整服务", "Please use the full service"),
            Self::Spent => ("此次登录已被使用", "This login has been used already"),
            Self::Unreachable => ("暂时无法连接微信", "WeChat cannot be reached"),
            Self::UserRefused => ("微信拒绝了此账号", "WeChat refuses this account"),
            Self::WrongState => ("此次登录不是从这里开始的", "This login did not start here"),
        };
        language.say(chinese, english)
    }

    /// What to do.
    pub fn text(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Configuration => (
                "微信拒绝了本网站的请求，原因在服务器日志中。",
                "WeChat refused this site's request; its log has the reason.",
            ),
            Self::Declined => (
                "没有任何资料被传给本网站。您可以随时重新登录。",
                "Nothing about you was passed on. You can log in whenever you like.",
            ),
            Self::Expired => (
                "确认后间隔太久，或者连接中断，登录已失效。请重新登录。",
                "Too much time has passed since you confirmed, or the connection broke. Please log in again.",
            ),
            Self::InFrame | Self::StartsAgain => (
                "如果没有自动跳转，请点击下面的链接。",
                "If nothing happens, follow the link below.",
            ),
            Self::Malformed => (
                "这不是微信返回的地址。请从登录按钮开始。",
                "WeChat did not make this address. Please begin with the login button.",
            ),
            Self::NoCookie => (
                "没有 Cookie 就无法确认是您本人。请允许 Cookie，或换用其他浏览器。",
                "Without a cookie nobody can tell that it is you. Allow cookies, or use another browser.",
            ),
            Self::SnapshotUser => (
                "您正在浏览微信的快照页，还没有真正登录。请点击页面底部的“使用完整服务”，然后重新登录。",
                "You are looking at a snapshot that WeChat has made, and are not logged in. Tap “使用完整服务” (use the full service) at the bottom of the page, then log in again.",
            ),
            Self::Spent => (
                "每次登录只能使用一次。请重新登录。",
                "A login works once. Please log in again.",
            ),
            Self::Unreachable => ("请稍后重新登录。", "Please log in again in a moment."),
            Self::UserRefused => (
                "请到微信里查看账号通知，或换用其他方式登录。",
                "Look into WeChat for notices about your account, or log in another way.",
            ),
            Self::WrongState => (
                "地址属于另一个浏览器或另一次登录。请重新登录。",
                "The address belongs to another browser or another login. Please log in again.",
            ),
        };
        language.say(chinese, english)
    }
}

impl From<&weixin::Error> for Problem {
    fn from(error: &weixin::Error) -> Self {
        match error {
            weixin::Error::Api(api) if api.code == ErrCode::CODE_USED => Self::Spent,
            weixin::Error::SnapshotUser => Self::SnapshotUser,
            // WeChat's own -1 may have spent the code as well, but it is WeChat that is in the way.
            weixin::Error::AnswerLost(_) => Self::Unreachable,
            error if error.needs_login() || error.needs_refresh() => Self::Expired,
            error if error.is_retryable() => Self::Unreachable,
            error => match error.blame() {
                Some(Blame::User) => Self::UserRefused,
                Some(Blame::WeChat) => Self::Unreachable,
                _ => Self::Configuration,
            },
        }
    }
}
