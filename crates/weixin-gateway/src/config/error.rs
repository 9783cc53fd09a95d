//! Errors of the configuration file.

use std::fmt::Display;

/// The configuration is invalid: names the place and the rule, never a value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ConfigError {
    place: String,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, problem: impl Display) -> Self {
        let problem = problem.to_string();
        Self {
            place: place.into(),
            problem,
        }
    }

    /// An error of the syntax or of a field's type, by its line. The message of the TOML library, which may repeat a value,
    /// is used for the names of fields and of their few values only.
    pub(super) fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let line = text
            .bytes()
            .take(start)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        let message = error.message();
        let names_fields = [
            "unknown field",
            "missing field",
            "duplicate key",
            "unknown variant",
        ];
        let is_safe = names_fields
            .into_iter()
            .any(|start| message.starts_with(start));
        let problem = if is_safe {
            message
        } else {
            "not valid TOML, or a value of another type than expected"
        };
        Self::new(format!("line {line}"), problem)
    }

    /// A setting that no stored client may have.
    pub(super) fn only_in_file(place: String) -> Self {
        Self::new(place, "only for clients of the configuration file")
    }
}
