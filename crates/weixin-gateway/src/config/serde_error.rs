//! Errors of the libraries that read a configuration, as problems of a key. Their messages may repeat a value: only the names
//! of keys and the expected types are taken over.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::{
    error::ConfigError,
    nearest::is_plain_name,
    problem::{Expected, Known, Problem, both},
    syntax,
};

/// Reads a TOML file.
pub(super) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    let syntax_error = |error: toml::de::Error| {
        let (line, content) = line_of(&error, text);
        let (key, value) = content.split_once('=').unwrap_or_default();
        let key = key.trim();
        // A line may be a secret that ends in `=`.
        let key = if key.split('.').all(is_plain_name) {
            key
        } else {
            ""
        };
        ConfigError::new(key, syntax_problem(error.message(), key, value.trim())).at_line(line)
    };
    let parsed = toml::Deserializer::parse(text).map_err(syntax_error)?;
    serde_path_to_error::deserialize(parsed).map_err(|error| {
        let (line, _) = line_of(error.inner(), text);
        of_key(error.path(), error.inner().message(), "").at_line(line)
    })
}

/// Reads the members of a stored client.
pub(super) fn from_json<T: DeserializeOwned>(
    table: &str,
    value: serde_json::Value,
) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| of_key(error.path(), &error.inner().to_string(), table))
}

/// The number of the line of an error, counted from 1, and the line.
fn line_of<'a>(error: &toml::de::Error, text: &'a str) -> (usize, &'a str) {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let index = before.matches('\n').count();
    (index + 1, text.lines().nth(index).unwrap_or_default())
}

/// The problem of a message, and of the key and the value in its line.
fn syntax_problem(message: &str, key: &str, value: &str) -> Problem {
    if message.starts_with("duplicate key") {
        return Problem::Duplicate;
    }
    let word = value.split([' ', '\t', '#']).next().unwrap_or_default();
    let is_boolean = ["true", "false", "yes", "no", "on", "off"]
        .iter()
        .any(|it| word.eq_ignore_ascii_case(it));
    Problem::Syntax(match value.chars().next() {
        _ if syntax::is_unclosed(message) => syntax::reason(message),
        Some(_) if is_boolean => Some(syntax::BOOLEAN),
        // A secret that begins with a digit is a wrong number to the library.
        Some(first) if first.is_alphanumeric() => Some(syntax::UNQUOTED),
        None if !key.is_empty() => Some(syntax::NO_VALUE),
        _ => syntax::reason(message),
    })
}

/// The problem of a message of serde's, and the key that it names.
fn of_key(path: &Path, message: &str, table: &str) -> ConfigError {
    let (named, problem) = problem(message);
    let mut keys: Vec<_> = path.iter().filter_map(key).collect();
    keys.insert(0, table);
    // The path ends at the table of a key that is missing, and may end at one that is unknown.
    if let Some(named) = named
        && keys.last() != Some(&named)
    {
        keys.push(named);
    }
    keys.retain(|key| !key.is_empty());
    let is_near = matches!(&problem, Problem::UnknownKey(known) if known.has_nearest());
    for key in &mut keys {
        // It may be a secret that was written in place of its key.
        let is_shown = is_plain_name(key) || is_near && Some(*key) == named;
        if !is_shown {
            *key = "…";
        }
    }
    // A table in single brackets of what is a list of tables.
    let problem = match (&keys[..], problem) {
        ([table @ ("client" | "issuer")], Problem::WrongType(Expected::List)) => {
            Problem::Rule(if *table == "client" {
                both(
                    "应写作 [[client]]，两层方括号",
                    "write [[client]], in double brackets",
                )
            } else {
                both(
                    "应写作 [[issuer]]，两层方括号",
                    "write [[issuer]], in double brackets",
                )
            })
        }
        (["lifetimes", _] | ["server", "stop_delay"], Problem::WrongType(Expected::Text)) => {
            Problem::WrongType(Expected::Duration)
        }
        (_, problem) => problem,
    };
    ConfigError::new(keys.join("."), problem)
}

/// The index of a list is left out: the line tells.
fn key(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Map { key } => Some(key),
        _ => None,
    }
}

/// The key that a message names, and the problem.
fn problem(message: &str) -> (Option<&str>, Problem) {
    let (head, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    if head.starts_with("unknown field `") {
        // Of two lists in one message, the known names are the second.
        let (head, known) = message.split_once("`,").unwrap_or((message, ""));
        let key = head
            .trim_start_matches("unknown field `")
            .trim_end_matches('`');
        let known = Known::new(key, quoted(known));
        return (Some(key), Problem::UnknownKey(known));
    }
    if let Some(key) = in_backticks(head, "missing field `") {
        return (Some(key), Problem::Missing);
    }
    if let Some(key) = in_backticks(head, "duplicate field `") {
        return (Some(key), Problem::Duplicate);
    }
    if head.starts_with("unknown variant `") {
        return (None, Problem::OneOf(quoted(expected)));
    }
    (None, Problem::WrongType(expected_type(message, expected)))
}

fn in_backticks<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.split('`').next()
}

/// The words in backticks.
fn quoted(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

fn expected_type(message: &str, expected: &str) -> Expected {
    match expected {
        "a boolean" => Expected::Boolean,
        "a sequence" => Expected::List,
        "a string" | "path string" | "string or map" => Expected::Text,
        "a map" => Expected::Table,
        "i64" | "u16" | "u32" | "u64" => Expected::Number,
        other if other.starts_with("struct ") => Expected::Table,
        "socket address" => Expected::Address,
        _ if message.starts_with("invalid socket address") => Expected::Address,
        _ if message == TEXT => Expected::Text,
        _ if message == TEXT_OR_TEXTS => Expected::TextOrTexts,
        _ => Expected::Other,
    }
}

/// The messages of our own implementations of `Deserialize`.
pub(super) const TEXT: &str = "expected a text";
pub(super) const TEXT_OR_TEXTS: &str = "expected a text or a list of texts";
