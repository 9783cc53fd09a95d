//! The pages that people see, as templates.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::{
    App, AppKind, Finding, Person, Recorded,
    broken_rule::BrokenRule,
    world::{Event, Login, Step, Story},
};

/// The QR page (facts 1.2).
#[derive(Template)]
#[template(path = "qr.html")]
pub(crate) struct QrPage<'a> {
    pub(crate) login: &'a Login,
    pub(crate) app_name: &'a str,
    pub(crate) english: bool,
    pub(crate) look: Look<'a>,
    /// Where the browser goes instead of the callback, to come back twice.
    pub(crate) twice: Option<String>,
}

/// The QR page in its newer form (`stylelite=1`), which has other class names.
#[derive(Template)]
#[template(path = "qr_lite.html")]
pub(crate) struct LiteQrPage<'a> {
    pub(crate) login: &'a Login,
    pub(crate) app_name: &'a str,
    pub(crate) english: bool,
    pub(crate) look: Look<'a>,
    /// Where the browser goes instead of the callback, to come back twice.
    pub(crate) twice: Option<String>,
}

/// What the site that embeds the QR page may choose of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    /// `black` or `white`.
    pub(crate) text_colour: &'static str,
    pub(crate) stylesheet: Option<&'a str>,
    /// Whether WeChat for PC may be asked.
    pub(crate) quick: bool,
    /// `true`, `false` or `default`: which window goes on after the login.
    pub(crate) self_redirect: &'static str,
}

/// The answer to a page that wants a new QR code without being loaded again.
#[derive(Template)]
#[template(path = "qr.xml")]
pub(crate) struct QrXml<'a> {
    pub(crate) uuid: &'a str,
}

/// The page that says why there is no QR code (facts 1.3).
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// WeChat's own words.
    pub(crate) text: &'static str,
    /// Ours.
    pub(crate) why: BrokenRule,
}

/// What an official account's login shows instead of a login (facts 3).
#[derive(Template)]
#[template(path = "dialog.html")]
pub(crate) struct Dialog {
    /// WeChat's own words.
    pub(crate) text: &'static str,
    /// `错误码`
    pub(crate) code: Option<u32>,
}

/// What an official account's login shows outside WeChat's own browser (facts 3).
#[derive(Template)]
#[template(path = "outside.html")]
pub(crate) struct OutsidePage<'a> {
    /// The path and query that were opened, percent-encoded.
    pub(crate) address: &'a str,
}

/// Sends the browser back to the site twice.
#[derive(Template)]
#[template(path = "twice.html")]
pub(crate) struct TwicePage<'a> {
    pub(crate) callback: &'a str,
}

/// The pretend phone.
#[derive(Template)]
#[template(path = "phone.html")]
pub(crate) struct PhonePage<'a> {
    pub(crate) screen: Screen<'a>,
}

pub(crate) enum Screen<'a> {
    Choose {
        uuid: &'a str,
        app_name: &'a str,
        people: &'a [Person],
        owner: &'a str,
    },
    Allowed,
    Cancelled {
        uuid: &'a str,
    },
    Problem {
        text: String,
    },
}

/// The pretend phone's first screen.
#[derive(Template)]
#[template(path = "phone_home.html")]
pub(crate) struct PhoneHome<'a> {
    pub(crate) owner: &'a str,
    pub(crate) people: &'a [Person],
    pub(crate) version: u64,
    /// What waits to be scanned, as HTML.
    pub(crate) waiting: &'a str,
    /// Whether the browser inside it loses the cookies of sites.
    pub(crate) forgets: bool,
    pub(crate) mini_programs: &'a [&'a App],
    /// Of the mini program that was just opened.
    pub(crate) code: Option<&'a str>,
}

/// What waits to be scanned now.
#[derive(Template)]
#[template(path = "phone_waiting.html")]
pub(crate) struct PhoneWaiting<'a> {
    pub(crate) pending: &'a [Login],
}

/// The desk: what a browser finds at the root.
#[derive(Template)]
#[template(path = "desk.html")]
pub(crate) struct DeskPage<'a> {
    pub(crate) version: u64,
    /// What is on it, as HTML.
    pub(crate) now: &'a str,
}

/// What is on the desk now.
#[derive(Template)]
#[template(path = "desk_now.html")]
pub(crate) struct DeskNow<'a> {
    pub(crate) origin: &'a str,
    /// The time of day.
    pub(crate) now: String,
    pub(crate) runs: bool,
    pub(crate) apps: &'a [App],
    pub(crate) people: &'a [Person],
    pub(crate) pending: &'a [Login],
    pub(crate) stories: &'a [&'a Story],
    pub(crate) requests: &'a [Recorded],
    pub(crate) findings: &'a [Finding],
    /// How many are still to strike.
    pub(crate) faults: usize,
}

/// The time of day (UTC) of Unix seconds.
pub(crate) fn time_of_day(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

impl Step {
    fn time(&self) -> String {
        time_of_day(self.at)
    }
}

impl Recorded {
    fn time(&self) -> String {
        time_of_day(self.at)
    }
}

impl Event {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Opened => ("打开", "opened"),
            Self::Scanned => ("扫描", "scanned"),
            Self::Cancelled => ("取消", "cancelled"),
            Self::Allowed => ("允许", "allowed"),
            Self::CodeGiven => ("交出 code", "code given"),
            Self::Exchanged => ("换取令牌", "code exchanged"),
            Self::CodeUsedAgain => ("code 重复使用", "code used again"),
            Self::Refreshed => ("刷新", "refreshed"),
            Self::Profile => ("读取资料", "profile"),
            Self::Expired => ("过期", "expired"),
        }
    }
}

impl AppKind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Website => ("网站应用", "website app"),
            Self::OfficialAccount => ("公众号", "official account"),
            Self::MobileApp => ("移动应用", "mobile app"),
            Self::MiniProgram => ("小程序", "mini program"),
        }
    }
}

/// What WeChat would not have had.
#[derive(Template)]
#[template(path = "findings.html")]
pub(crate) struct FindingsPage<'a> {
    pub(crate) findings: &'a [Finding],
}

/// A page, always under 200 as WeChat does.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => error.to_string().into_response(),
    }
}
