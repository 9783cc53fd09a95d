//! The device of a browser, by its `User-Agent`.

/// The device of a browser, which decides the login that it needs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Device {
    /// A browser on a computer: its user scans the QR page with a phone.
    Desktop,
    /// A browser on a phone, which cannot scan its own screen.
    Phone,
    /// WeChat's own browser: the consent page of an official account.
    WeChat,
}

/// Words in the `User-Agent` of mobile browsers.
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
    /// The device of a `User-Agent` header. The header is untrusted: it chooses a page and grants nothing.
    ///
    /// ```
    /// use weixin::authorize::Device;
    ///
    /// let device = Device::from_user_agent("Mozilla/5.0 (iPhone; …) MicroMessenger/8.0.50 NetType/WIFI");
    /// assert_eq!(device, Device::WeChat);
    /// ```
    pub fn from_user_agent(user_agent: &str) -> Self {
        let user_agent = user_agent.to_ascii_lowercase();
        let contains = |word: &str| user_agent.contains(word);
        // WeCom's browser has this word too, but official accounts cannot log in there.
        if contains("micromessenger") && !contains("wxwork") {
            Self::WeChat
        } else if PHONES.into_iter().any(contains) {
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
    fn each_browser_is_recognized_by_its_user_agent() {
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
