//! Request parameters: query and form merged, as WeChat reads a parameter from either.

use std::sync::Arc;

use serde_json::Value;

/// Maximum number of parameters; more are ignored.
const MAX_PARAMETERS: usize = 256;

/// Parameters of a request, those of the query first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Arc<[(String, String)]>);

impl Parameters {
    pub(crate) fn new(query: &str, form: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        Self(
            pairs
                .take(MAX_PARAMETERS)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// First value of that name; empty if there is none, because WeChat treats both alike.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn as_slice(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Members of a JSON object; empty for anything else.
pub(crate) fn json_members(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    members
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// A text of at most `most` bytes, or its beginning with `…`.
pub(crate) fn shortened(mut text: String, most: usize) -> String {
    let kept = text.floor_char_boundary(most);
    if kept < text.len() {
        text.truncate(kept);
        text.push('…');
    }
    text
}

/// A text without these secrets.
pub(crate) fn without(text: String, secrets: &[String]) -> String {
    let mask = |text: String, secret: &String| text.replace(secret.as_str(), "***");
    secrets.iter().fold(text, mask)
}

/// Parses a query or a form of the simulator's own pages.
pub(crate) fn form(body: &str) -> Parameters {
    Parameters::new(body, &[])
}
