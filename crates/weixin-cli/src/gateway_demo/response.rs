//! The authorization response: the parameters with which the browser returns.

use url::form_urlencoded;
use weixin::Bilingual;

use super::{meanings, steps::Part};

/// The parameters of an authorization response.
pub(super) struct ResponseParams(Vec<(String, String)>);

impl ResponseParams {
    pub(super) fn parse(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// As the page shows them.
    pub(super) fn table(&self) -> Part {
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        Part::Table {
            caption: Bilingual {
                en: "The browser came back with",
                zh: "浏览器带回的参数",
            },
            rows: pairs.map(meanings::row).collect(),
        }
    }
}
