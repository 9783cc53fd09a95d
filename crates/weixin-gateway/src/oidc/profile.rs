//! What WeChat says about a user.

use std::time::Duration;

use weixin::{AppId, OpenId, UnionId};

use super::timestamp::Timestamp;

/// The profile of a user as it was last read from WeChat and cleaned. A withheld name and the grey picture are absent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Profile {
    pub(crate) nickname: Option<String>,
    /// The URL of the picture, always https.
    pub(crate) picture: Option<String>,
    /// When it was read. `None`: never.
    pub(crate) read_at: Option<Timestamp>,
}

/// How long a profile is used before WeChat is asked again.
const LIFETIME: Duration = Duration::from_hours(24);

impl Profile {
    /// Whether WeChat must be asked.
    pub(crate) fn is_outdated(&self, now: Timestamp) -> bool {
        self.read_at
            .is_none_or(|read_at| now.since(read_at) >= LIFETIME)
    }
}

/// The IDs that WeChat gives a user, for the scope `wechat` and for templates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct WechatIds {
    pub(crate) unionid: Option<UnionId>,
    /// The OpenID in the app below.
    pub(crate) openid: Option<OpenId>,
    /// The app of the session's latest login.
    pub(crate) app: AppId,
}

/// Control characters, and the marks that set a direction (Unicode TR 9). The joiners of emoji are none.
pub(crate) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e001f}'
        )
}
