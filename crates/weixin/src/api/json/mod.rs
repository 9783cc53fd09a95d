//! JSON as WeChat writes it: raw control characters in names, numbers as text, `null` and `""` for
//! "none", bytes that are not UTF-8 (docs/wechat.md#content-types-and-encodings, #the-profile).

mod loose;
mod repair;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};

#[cfg(feature = "mini-program")]
pub(crate) use self::loose::required_text;
pub(crate) use self::loose::{
    Loose, flag, lifetime, number_or_zero, some_text, text_or_empty, texts,
};

const BOM: char = '\u{feff}';

/// Longest path of a field that an error names.
const LONGEST_NAME: usize = 64;

/// The text of a response, without a byte order mark.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(body) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(BOM)),
        Cow::Owned(text) => Cow::Owned(text.trim_start_matches(BOM).to_owned()),
    }
}

/// Parses a response. The error is the path of the wrong member, never its value.
pub(crate) fn parse_text<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    // Repairing the text and tracking the path cost more than all the rest, and few responses need either.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let text = repair::repair(text);
    let mut json = serde_json::Deserializer::from_str(&text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        if is_name(&path) {
            path
        } else {
            "body".to_owned()
        }
    })?;
    json.end().map_err(|_| "body".to_owned())?;
    Ok(value)
}

/// Returns `true` for a path of plain names. The path of a syntax error is "." or "?", and inside an unexpected member it
/// is any text of the server's.
fn is_name(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    path.len() <= LONGEST_NAME
        && path.chars().all(is_plain)
        && path.contains(|c: char| c.is_ascii_alphanumeric())
}

/// An object, as the body of a request.
pub(crate) fn object(members: Vec<(&'static str, serde_json::Value)>) -> Vec<u8> {
    let members = members.into_iter();
    let members = members.map(|(name, value)| (name.to_owned(), value));
    serde_json::Value::Object(members.collect())
        .to_string()
        .into_bytes()
}

/// A value that is absent if it is `null` or empty text.
pub(crate) fn non_empty<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error: fmt::Display>,
{
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty())
        .map(T::try_from)
        .transpose()
        .map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
        parse_text(&text(body))
    }

    #[test]
    fn control_characters_inside_text_are_read_as_themselves() {
        let body = b"{\n\t\"nickname\": \"a\x07b\nc\\\"\x01\\\\\"\r}";
        let value: serde_json::Value = parse(body).unwrap();
        assert_eq!(
            value,
            serde_json::json!({ "nickname": "a\u{7}b\nc\"\u{1}\\" })
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_hide_the_rest() {
        let value: serde_json::Value = parse(b"\xef\xbb\xbf{\"a\":\"x\xff\",\"b\":1}").unwrap();
        assert_eq!(value, serde_json::json!({ "a": "x\u{fffd}", "b": 1 }));
    }

    #[test]
    fn the_error_names_the_field_and_not_the_value() {
        #[derive(Debug, Deserialize)]
        struct Answer {
            #[expect(dead_code, reason = "only read")]
            n: u64,
        }
        assert_eq!(parse::<Answer>(br#"{"n":"hunter2"}"#).unwrap_err(), "n");
        assert_eq!(parse::<Answer>(br#"{"n":-1}"#).unwrap_err(), "n");
        assert_eq!(parse::<Answer>(b"<html>hunter2").unwrap_err(), "body");
        assert_eq!(parse::<Answer>(br#"{"n":1}hunter2"#).unwrap_err(), "body");
        let strange = r#"{"what the hunter2":}"#;
        assert_eq!(parse::<Answer>(strange.as_bytes()).unwrap_err(), "body");
    }

    #[test]
    fn half_an_emoji_does_not_hide_the_rest() {
        let value: serde_json::Value = parse(br#"{"a":"x\ud83d","b":1}"#).unwrap();
        assert_eq!(value, serde_json::json!({ "a": "x\u{fffd}", "b": 1 }));
    }

    proptest! {
        #[test]
        fn what_is_json_already_stays_the_same(text in any::<String>()) {
            let json = serde_json::json!({ "nickname": text, "list": [text] });
            prop_assert_eq!(&parse::<serde_json::Value>(json.to_string().as_bytes()).unwrap(), &json);
            prop_assert_eq!(&parse::<serde_json::Value>(format!("{json:#}").as_bytes()).unwrap(), &json);
        }

        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let _: Result<serde_json::Value, _> = parse(&body);
        }
    }
}
