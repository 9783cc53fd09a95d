//! In front of which device the user sits, as far as its browser says.

/// What opened the site, and so which login it needs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Device {
    /// A browser on a computer: the QR page, scanned by a phone.
    Desktop,
    /// Another browser on a phone, which cannot scan its own screen.
    Phone,
    /// WeChat's own browser: the login of an official account.
    WeChat,
}

/// What mobile browsers call themselves.
const PHONES: [&str; 7] = [
    "android",
    "harmonyos",
    "iphone",
    "ipad",
    "ipod",
    "mobile",
    "openharmony",
];

impl Device {
    /// Reads a `User-Agent` header, which anybody can make up: it chooses a page and grants nothing.
    ///
    /// ```
    /// use weixin::Device;
    ///
    /// let device = Device::from_user_agent("Mozilla/5.0 (iPhone; …) MicroMessenger/8.0.50 NetType/WIFI");
    /// assert_eq!(device, Device::WeChat);
    /// ```
    pub fn from_user_agent(user_agent: &str) -> Self {
        let user_agent = user_agent.to_ascii_lowercase();
        let says = |word: &str| user_agent.contains(word);
        // WeCom's browser says so too, and is not WeChat's: official accounts do not log in there.
        if says("micromessenger") && !says("wxwork") {
            Self::WeChat
        } else if PHONES.into_iter().any(says) {
            Self::Phone
        } else {
            Self::Desktop
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_browser_is_told_by_what_it_calls_itself() {
        for (user_agent, expected) in [
            ("", Device::Desktop),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
                Device::Desktop,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
                Device::Desktop,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/142.0.0.0 Mobile Safari/537.36",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI",
                Device::WeChat,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) Chrome/116 MicroMessenger/7.0.20 NetType/WIFI WindowsWechat",
                Device::WeChat,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/7.0.1 wxwork/4.1.0",
                Device::Phone,
            ),
        ] {
            assert_eq!(
                Device::from_user_agent(user_agent),
                expected,
                "{user_agent}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            Device::from_user_agent(&text);
        }
    }
}
