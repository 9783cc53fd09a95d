//! How the response travels to the client.

use serde::{Deserialize, Serialize};

/// The `response_mode` (OAuth 2.0 Multiple Response Types §2.1; OAuth 2.0 Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// What discovery lists.
    pub(crate) const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    pub(crate) fn from_parameter(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
