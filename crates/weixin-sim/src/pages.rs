//! The pages that people see, as templates.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::{App, Finding, Person, broken_rule::BrokenRule, world::Login};

/// The QR page (facts 1.2).
#[derive(Template)]
#[template(path = "qr.html")]
pub(crate) struct QrPage<'a> {
    pub(crate) login: &'a Login,
    pub(crate) app_name: &'a str,
    pub(crate) english: bool,
    pub(crate) look: Look<'a>,
}

/// The QR page in its newer form (`stylelite=1`), which has other class names.
#[derive(Template)]
#[template(path = "qr_lite.html")]
pub(crate) struct LiteQrPage<'a> {
    pub(crate) login: &'a Login,
    pub(crate) app_name: &'a str,
    pub(crate) english: bool,
    pub(crate) look: Look<'a>,
}

/// What the site that embeds the QR page may choose of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    /// `black` or `white`.
    pub(crate) text_colour: &'static str,
    pub(crate) stylesheet: Option<&'a str>,
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
    pub(crate) pending: &'a [Login],
    pub(crate) mini_programs: &'a [&'a App],
    /// Of the mini program that was just opened.
    pub(crate) code: Option<&'a str>,
}

/// What a browser finds at the root.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    pub(crate) origin: &'a str,
    pub(crate) app_id: &'a str,
    pub(crate) app_secret: &'a str,
    pub(crate) pending: &'a [Login],
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
