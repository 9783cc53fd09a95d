//! Adds a fault, unless it could never strike.

use crate::{
    Answer, App, AppKind, Effect, Fault, PhoneError,
    hosts::is_trusted,
    wire::{API_PATHS, Family, api_error::ApiError, dialog},
    world::{
        World,
        faults::{AddedFault, RejectedFault},
    },
};

/// Maximum delay, in milliseconds.
const MAX_DELAY: u64 = 60_000;

/// Maximum length of an ID, in bytes.
const MAX_ID: usize = 64;

/// Login pages, with the kind of app that uses each.
const LOGIN_PAGES: [(&str, AppKind); 2] = [
    ("/connect/qrconnect", AppKind::Website),
    ("/connect/oauth2/authorize", AppKind::OfficialAccount),
];

impl World {
    /// Adds a fault; a user's nickname becomes the ID. Requests to other hosts than WeChat's, local ones and these are
    /// rejected anyway.
    pub(crate) fn add_fault(
        &mut self,
        mut fault: Fault,
        allowed_hosts: &[String],
    ) -> Result<AddedFault, RejectedFault> {
        self.check_fault(&fault)?;
        check_host(&fault, allowed_hosts)?;
        check_names(&fault)?;
        if let Some(user) = &fault.user {
            let user = self
                .user(Some(user))
                .map_err(|error| unknown_user(&error))?;
            fault.user = Some(user.id.clone());
        }
        self.faults.add(fault)
    }

    fn check_fault(&self, fault: &Fault) -> Result<(), RejectedFault> {
        check_effect(&fault.effect).map_err(|rule| RejectedFault::invalid("effect", rule))?;
        check_numbers(fault)?;
        let app = self.app_of_fault(fault)?;
        if fault.effect.is_for_logins() {
            check_login(fault, app)
        } else {
            check_path(fault)
        }
    }

    fn app_of_fault(&self, fault: &Fault) -> Result<Option<&App>, RejectedFault> {
        let Some(id) = &fault.app else {
            return Ok(None);
        };
        let known = || self.apps.iter().map(|app| app.id.as_str());
        let app = self.app(id).map_err(|_| {
            let rule = format!("unknown app: expected one of {}", list(known()));
            RejectedFault::invalid("app", rule)
        })?;
        Ok(Some(app))
    }
}

fn unknown_user(error: &PhoneError) -> RejectedFault {
    RejectedFault::invalid("user", error.to_string())
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn check_numbers(fault: &Fault) -> Result<(), RejectedFault> {
    let is_id = |id: &String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=MAX_ID).contains(&id.len()) && id.bytes().all(allowed)
    };
    let never = |field, rule| Err(RejectedFault::invalid(field, rule));
    if !fault.id.iter().all(is_id) {
        return never("id", "expected 1 to 64 letters, digits, -, _ or .");
    }
    if !(1..=100).contains(&fault.percent) {
        return never("percent", "expected 1 to 100");
    }
    if fault.times == Some(0) {
        return never("times", "expected at least 1, or null for no limit");
    }
    if fault.nth == Some(0) {
        return never("nth", "expected at least 1: the first match");
    }
    Ok(())
}

fn check_host(fault: &Fault, allowed: &[String]) -> Result<(), RejectedFault> {
    let is_reachable = |host: &String| {
        let name = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name);
        is_trusted(host, allowed) || is_trusted(name, allowed)
    };
    if fault.host.iter().all(is_reachable) {
        return Ok(());
    }
    let rule = "no request reaches the simulator under this host: expected one of WeChat's, such as \
                api.weixin.qq.com, a local one, or one that was allowed at the start";
    Err(RejectedFault::invalid("host", rule))
}

/// A header's name is a token, and its value is text without spaces around it.
fn check_names(fault: &Fault) -> Result<(), RejectedFault> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let never = |field, rule: &str| Err(RejectedFault::invalid(field, rule));
    if let Some(header) = &fault.header {
        if header.name.is_empty() || !header.name.bytes().all(is_token) {
            return never(
                "header",
                "expected the name of a header, such as user-agent",
            );
        }
        let mut value = header.value.iter();
        if value.any(|value| value.trim() != value || !value.is_ascii() || !is_header_value(value))
        {
            return never(
                "header",
                "expected a value of ASCII, without spaces around it",
            );
        }
    }
    if fault
        .parameter
        .iter()
        .any(|parameter| parameter.name.is_empty())
    {
        return never("parameter", "expected the name of a parameter");
    }
    Ok(())
}

/// A login begins at one of two pages, each for one kind of app.
fn check_login(fault: &Fault, app: Option<&App>) -> Result<(), RejectedFault> {
    let invalid = |field, rule: String| Err(RejectedFault::invalid(field, rule));
    let is_dialog = matches!(fault.effect, Effect::Dialog(_));
    let pages = LOGIN_PAGES
        .into_iter()
        .filter(|(_, kind)| !is_dialog || *kind == AppKind::OfficialAccount);
    let mut pages = pages.collect::<Vec<_>>();
    if let Some(path) = &fault.path {
        let paths = list(pages.iter().map(|(page, _)| *page));
        pages.retain(|(page, _)| page == path);
        if pages.is_empty() {
            return invalid(
                "path",
                format!("this effect is on logins: expected {paths}"),
            );
        }
    }
    if app.is_some_and(|app| pages.iter().all(|(_, kind)| *kind != app.kind)) {
        let rule = "apps of this kind do not log in at that page, where this effect happens";
        return invalid("app", rule.to_owned());
    }
    Ok(())
}

/// A canned answer may serve a path of WeChat's API that the simulator does not have.
fn check_path(fault: &Fault) -> Result<(), RejectedFault> {
    let Some(path) = fault.path.as_deref() else {
        return Ok(());
    };
    let is_answer = matches!(fault.effect, Effect::Answer(_));
    if API_PATHS.contains(&path) || (is_answer && Family::of(path).is_some()) {
        return Ok(());
    }
    let known = list(API_PATHS.into_iter());
    Err(RejectedFault::invalid(
        "path",
        format!("this effect is on the API: expected one of {known}"),
    ))
}

fn check_effect(effect: &Effect) -> Result<(), &'static str> {
    let is_status = |status: u16| (200..600).contains(&status);
    match effect {
        Effect::Errcode(errcode) if ApiError::documented(*errcode).is_none() => {
            Err("expected a documented errcode, such as -1 or 45011")
        }
        Effect::Dialog(code) if dialog::documented(*code).is_none() => {
            Err("expected the number of a dialog, from 10003 to 10016")
        }
        Effect::DelayMs(milliseconds) | Effect::SlowBodyMs(milliseconds)
            if *milliseconds > MAX_DELAY =>
        {
            Err("expected a delay of at most 60000 milliseconds")
        }
        Effect::Html(status) | Effect::Answer(Answer { status, .. }) if !is_status(*status) => {
            Err("expected an HTTP status from 200 to 599")
        }
        Effect::ContentType(content_type) | Effect::Answer(Answer { content_type, .. })
            if !is_header_value(content_type) =>
        {
            Err("expected a content type, such as application/json")
        }
        _ => Ok(()),
    }
}

/// Returns `true` for a text that a header can have.
fn is_header_value(text: &str) -> bool {
    let allowed = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    text.bytes().all(allowed)
}
