//! Facts about a request that faults compare, by methods that know no HTTP.

use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, json_members};

/// A parameter or header that a request must have.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedValue {
    pub(crate) name: String,
    /// `None` for any value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
}

impl NamedValue {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
        }
    }

    /// Returns `true` if this value is accepted.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        self.value.as_ref().is_none_or(|wanted| wanted == value)
    }
}

/// A request, or a login that begins, as faults see it: nothing is masked.
#[derive(Clone, Copy)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) is_login: bool,
    pub(crate) path: &'a str,
    /// With or without a port.
    pub(crate) host: &'a str,
    /// App ID, if known.
    pub(crate) app: Option<&'a str>,
    /// ID of the user, if known.
    pub(crate) user: Option<&'a str>,
    pub(crate) parameters: &'a Parameters,
    /// Body, unless it is a form.
    pub(crate) body: &'a [u8],
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

impl RequestFacts<'_> {
    pub(super) fn has_parameter(&self, wanted: &NamedValue) -> bool {
        let is_wanted =
            |(name, value): &(String, String)| *name == wanted.name && wanted.accepts(value);
        self.parameters.as_slice().iter().any(is_wanted)
            || json_members(self.body).iter().any(is_wanted)
    }

    pub(super) fn has_header(&self, wanted: &NamedValue) -> bool {
        let is_wanted = |(name, value): &(&str, &str)| {
            name.eq_ignore_ascii_case(&wanted.name) && wanted.accepts(value)
        };
        self.headers.iter().any(is_wanted)
    }
}
