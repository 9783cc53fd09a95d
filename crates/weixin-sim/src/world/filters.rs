//! Filters of logged requests and of steps, for `wait-for` and `verify`.

use serde::Deserialize;

use super::{
    event::Event,
    request_facts::NamedValue,
    request_log::LoggedRequest,
    steps::{HappenedStep, hash},
};

/// Logged requests. A missing member matches everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RequestFilter {
    pub(crate) path: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) app_id: Option<String>,
    /// ID of the user.
    pub(crate) user: Option<String>,
    /// Number of the login in the timeline.
    pub(crate) login: Option<u64>,
    /// As it is logged: secrets are `***`.
    pub(crate) parameter: Option<NamedValue>,
    pub(crate) header: Option<NamedValue>,
    pub(crate) errcode: Option<i64>,
    /// Only requests after the one with this number.
    pub(crate) after: u64,
}

/// Steps of logins. A missing member matches everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StepFilter {
    /// Number of the login in the timeline.
    pub(crate) number: Option<u64>,
    pub(crate) app_id: Option<String>,
    /// ID of the user who allowed the login.
    pub(crate) user: Option<String>,
    /// State in the login URL.
    pub(crate) state: Option<String>,
    pub(crate) step: Option<Event>,
    /// Only steps after the one with this number; `None` for the last step of each login.
    pub(crate) after: Option<u64>,
}

/// Compares a value with a filter.
fn is_wanted<T: PartialEq + ?Sized>(filter: Option<&T>, is: Option<&T>) -> bool {
    filter.is_none() || filter == is
}

impl RequestFilter {
    /// Compares everything but `after`.
    pub(crate) fn matches(&self, request: &LoggedRequest) -> bool {
        let has = |wanted: &NamedValue| {
            let is_wanted =
                |(name, value): &(String, String)| *name == wanted.name && wanted.accepts(value);
            request.parameters.iter().any(is_wanted)
        };
        let has_header = |wanted: &NamedValue| {
            let is_wanted = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case(&wanted.name) && wanted.accepts(value)
            };
            request.request_headers.iter().any(is_wanted)
        };
        is_wanted(self.path.as_ref(), Some(&request.path))
            && is_wanted(self.method.as_ref(), Some(&request.method))
            && is_wanted(self.app_id.as_ref(), request.app_id.as_ref())
            && is_wanted(self.user.as_ref(), request.user.as_ref())
            && is_wanted(self.login.as_ref(), request.login.as_ref())
            && is_wanted(self.errcode.as_ref(), request.errcode.as_ref())
            && self.parameter.as_ref().is_none_or(has)
            && self.header.as_ref().is_none_or(has_header)
    }
}

impl StepFilter {
    /// Compares everything but `after`.
    pub(crate) fn matches(&self, step: &HappenedStep) -> bool {
        is_wanted(self.number.as_ref(), Some(&step.login))
            && is_wanted(hashed(self.app_id.as_deref()).as_ref(), Some(&step.app))
            && is_wanted(hashed(self.user.as_deref()).as_ref(), step.user.as_ref())
            && is_wanted(hashed(self.state.as_deref()).as_ref(), step.state.as_ref())
            && is_wanted(self.step.as_ref(), Some(&step.step))
    }
}

fn hashed(text: Option<&str>) -> Option<u64> {
    text.map(hash)
}
