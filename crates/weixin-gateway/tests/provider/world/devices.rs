//! Headers by which browsers tell what they are.

/// A header of a browser's.
pub(crate) type Header = (&'static str, &'static str);

/// The browser of WeChat.
pub(crate) const WECHAT: Header = (
    "user-agent",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50",
);
/// A phone outside WeChat.
pub(crate) const PHONE: Header = (
    "user-agent",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1",
);
pub(crate) const ENGLISH: Header = ("accept-language", "en");
/// A program, which gets JSON in place of pages.
pub(crate) const JSON: Header = ("accept", "application/json");
/// A frame of a page.
pub(crate) const FRAME: Header = ("sec-fetch-dest", "iframe");
/// A link or a form of another site.
pub(crate) const CROSS_SITE: Header = ("sec-fetch-site", "cross-site");
