//! A claim of `[client.claims]`.

use serde::Deserialize;

use super::serde_error::TEXT_OR_TEXTS;
use crate::oidc::{ClaimTemplate, Text};

/// A claim template: a text or a list of texts.
#[derive(Debug)]
pub(super) struct ClaimEntry(pub(super) Result<ClaimTemplate, weixin::error::ParseError>);

impl<'de> Deserialize<'de> for ClaimEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |value: &toml::Value| value.as_str().map(Text::try_from);
        let template = match toml::Value::deserialize(deserializer)? {
            toml::Value::Array(values) => {
                let texts = values
                    .iter()
                    .map(text)
                    .collect::<Option<Result<Vec<_>, _>>>();
                texts.map(|texts| texts.map(ClaimTemplate::List))
            }
            value => text(&value).map(|text| text.map(ClaimTemplate::Text)),
        };
        let no_text = || serde::de::Error::custom(TEXT_OR_TEXTS);
        template.map(Self).ok_or_else(no_text)
    }
}
