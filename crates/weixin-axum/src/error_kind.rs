//! The kinds of failed logins, and their texts for the user.

use http::StatusCode;
use weixin::{
    Bilingual,
    error::{ErrCode, Responsible},
};

/// The kind of a failed login. The [front page](crate#an-error-page-of-your-own) says what you do about each; its
/// [`message`](Self::message) tells the user.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LoginErrorKind {
    /// Too many exchanges are under way on this server.
    Busy,
    /// WeChat rejects the app or its settings: the log has the reason.
    Configuration,
    /// The callback belongs to another login than those in progress in this browser.
    CsrfMismatch,
    /// The user declined.
    Declined,
    /// WeChat no longer accepts the code, or its response was lost.
    Expired,
    /// The callback is in a frame, where this site has no cookies: it continues in the top window by itself.
    InFrame,
    /// A URL that WeChat does not make.
    Malformed,
    /// The browser has lost its cookie twice.
    NoCookie,
    /// The browser has no cookie: the login restarts by itself, once.
    Restarted,
    /// A snapshot user: WeChat's stand-in for a visitor who has not logged in (docs/wechat.md#snapshot-users).
    SnapshotUser,
    /// WeChat is busy, cannot be reached, or its response cannot be read.
    Unreachable,
    /// The login was completed before: in another browser, or too long ago.
    Used,
    /// WeChat rejects this user everywhere: restricted, frozen, or flagged as high-risk.
    UserRejected,
}

/// A name, a title and a message for each kind, English first.
type Texts = (&'static str, [&'static str; 2], [&'static str; 2]);

impl LoginErrorKind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Busy,
        Self::Configuration,
        Self::CsrfMismatch,
        Self::Declined,
        Self::Expired,
        Self::InFrame,
        Self::Malformed,
        Self::NoCookie,
        Self::Restarted,
        Self::SnapshotUser,
        Self::Unreachable,
        Self::Used,
        Self::UserRejected,
    ];

    /// A stable name for programs, such as `declined`.
    pub fn as_str(self) -> &'static str {
        self.texts().0
    }

    /// The HTTP status of the response.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Busy | Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Configuration => StatusCode::INTERNAL_SERVER_ERROR,
            Self::CsrfMismatch | Self::Declined | Self::SnapshotUser | Self::UserRejected => {
                StatusCode::FORBIDDEN
            }
            Self::Expired | Self::Used => StatusCode::GONE,
            Self::InFrame => StatusCode::OK,
            Self::Malformed | Self::NoCookie => StatusCode::BAD_REQUEST,
            Self::Restarted => StatusCode::SEE_OTHER,
        }
    }

    /// Returns `true` if a new login may help.
    pub fn is_retryable(self) -> bool {
        !matches!(self, Self::Configuration | Self::InFrame | Self::Restarted)
    }

    /// A title for the user.
    pub fn title(self) -> Bilingual {
        let (_, [en, zh], _) = self.texts();
        Bilingual { en, zh }
    }

    /// A message for the user: the next step.
    pub fn message(self) -> Bilingual {
        let (_, _, [en, zh]) = self.texts();
        Bilingual { en, zh }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn texts(self) -> Texts {
        match self {
            Self::Busy => (
                "busy",
                ["This site is busy", "网站繁忙"],
                [
                    "Too many people are logging in right now. Please try again in a moment.",
                    "当前登录人数过多，请稍后重试。",
                ],
            ),
            Self::Configuration => (
                "configuration",
                ["This site is misconfigured", "网站配置有误"],
                [
                    "The login of this site is not set up correctly. Please tell the operator of the site, whose log says why.",
                    "本网站的登录配置有误。请联系网站管理员，原因在网站的日志中。",
                ],
            ),
            Self::CsrfMismatch => (
                "csrf_mismatch",
                ["This login is no longer valid", "登录已失效"],
                [
                    "It belongs to another browser or to another login. Please log in again.",
                    "此次登录来自其他浏览器或另一次操作，请重新登录。",
                ],
            ),
            Self::Declined => (
                "declined",
                ["You declined the login", "您已取消登录"],
                [
                    "This site received no information about you. You can log in at any time.",
                    "本网站没有获得您的任何信息，您可以随时重新登录。",
                ],
            ),
            Self::Expired => (
                "expired",
                ["The login has expired", "登录已过期"],
                [
                    "WeChat no longer accepts this login: too much time has passed, or it was interrupted. Please log in again.",
                    "此次登录已失效：等待时间过长，或登录过程被中断。请重新登录。",
                ],
            ),
            Self::InFrame => (
                "in_frame",
                ["Logging in", "正在登录"],
                [
                    "If nothing happens, follow the link below.",
                    "如果没有自动跳转，请点击下面的链接。",
                ],
            ),
            Self::Malformed => (
                "malformed",
                ["This URL is incomplete", "地址不完整"],
                [
                    "It did not come from WeChat. Please log in again.",
                    "该地址不是微信返回的，请重新登录。",
                ],
            ),
            Self::NoCookie => (
                "no_cookie",
                ["We could not confirm this login", "无法确认此次登录"],
                [
                    "This browser did not send its cookie: cookies are off, or the login began in another browser. Allow cookies, and log in again here.",
                    "浏览器没有发送对应的 Cookie：Cookie 被禁用，或登录是在其他浏览器中开始的。请允许 Cookie，并在这里重新登录。",
                ],
            ),
            Self::Restarted => (
                "restarted",
                ["Logging in", "正在登录"],
                [
                    "If nothing happens, follow the link below.",
                    "如果没有自动跳转，请点击下面的链接。",
                ],
            ),
            Self::SnapshotUser => (
                "snapshot_user",
                ["Please use the full service", "请使用完整服务"],
                [
                    "You are viewing a snapshot page of WeChat and are not logged in. Tap “使用完整服务” (use the full service) at the bottom of the page, then log in again.",
                    "您正在浏览微信的快照页，尚未登录。请点击页面底部的“使用完整服务”，然后重新登录。",
                ],
            ),
            Self::Unreachable => (
                "unreachable",
                ["WeChat is not available", "暂时无法连接微信"],
                [
                    "WeChat could not be reached or is busy. Please log in again in a moment.",
                    "无法连接微信，或微信系统繁忙，请稍后重新登录。",
                ],
            ),
            Self::Used => (
                "used",
                ["This login has already been used", "此次登录已被使用"],
                [
                    "Each login works only once. Please log in again.",
                    "每次登录只能使用一次，请重新登录。",
                ],
            ),
            Self::UserRejected => (
                "user_rejected",
                ["WeChat rejected this account", "微信拒绝了此账号的登录"],
                [
                    "Check WeChat for notices about your account, or log in another way.",
                    "请到微信中查看账号通知，或换用其他方式登录。",
                ],
            ),
        }
    }
}

impl From<&weixin::Error> for LoginErrorKind {
    fn from(error: &weixin::Error) -> Self {
        match error {
            weixin::Error::Api(api) if api.code == ErrCode::CODE_USED => Self::Used,
            weixin::Error::SnapshotUser => Self::SnapshotUser,
            // WeChat's -1 may have used the code as well, but the user should read that WeChat is not available.
            weixin::Error::OutcomeUnknown { .. } => Self::Unreachable,
            error if error.needs_login() || error.needs_refresh() => Self::Expired,
            error if error.is_retryable() => Self::Unreachable,
            error => match error.responsible() {
                Some(Responsible::User) => Self::UserRejected,
                Some(Responsible::WeChat) => Self::Unreachable,
                _ => Self::Configuration,
            },
        }
    }
}
