//! Makes JSON of what is nearly JSON: WeChat writes nicknames raw, and cuts them in the middle of an emoji.

use std::fmt::Write;

/// Replaces half of a surrogate pair: U+FFFD, the replacement character.
const REPLACEMENT: &str = "\\ufffd";

/// Rewrites what JSON does not allow and leaves the rest as it is: control characters and halves of surrogate pairs
/// inside of strings, and numbers that no `f64` holds.
pub(super) fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (outside, string) = rest.split_at(start);
        push_numbers(&mut repaired, outside);
        let (string, after) = string.split_at(end_of_string(string));
        push_string(&mut repaired, string);
        rest = after;
    }
    push_numbers(&mut repaired, rest);
    repaired
}

/// The end of the string at the start of `text`, quotes included.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        if byte == b'"' && !is_escaped {
            return index + 1;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    text.len()
}

fn push_string(repaired: &mut String, string: &str) {
    let mut rest = string;
    while let Some(c) = rest.chars().next() {
        let (length, replacement) = match c {
            '\\' => escape(rest),
            c if c < ' ' => (1, Some(format!("\\u{:04x}", u32::from(c)))),
            c => (c.len_utf8(), None),
        };
        let (original, after) = rest.split_at(length);
        repaired.push_str(replacement.as_deref().unwrap_or(original));
        rest = after;
    }
}

/// Length of the escape that `text` begins with, and what replaces it if it cannot stay.
fn escape(text: &str) -> (usize, Option<String>) {
    match code_unit(text) {
        Some(0xd800..=0xdbff) if matches!(code_unit(&text[6..]), Some(0xdc00..=0xdfff)) => {
            (12, None)
        }
        Some(0xd800..=0xdfff) => (6, Some(REPLACEMENT.to_owned())),
        Some(_) => (6, None),
        None => match text[1..].chars().next() {
            // The backslash before a raw control character is one of the text's own.
            Some(c) if c >= ' ' => (1 + c.len_utf8(), None),
            _ => (1, Some("\\\\".to_owned())),
        },
    }
}

/// The UTF-16 code unit of `\uXXXX`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` takes a sign.
    if digits.starts_with('+') {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

/// Copies the text between strings. The JSON parser rejects `1e999`, and with it the whole response.
fn push_numbers(repaired: &mut String, text: &str) {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    for part in text.split_inclusive(|c| !is_part(c)) {
        let number = part.trim_end_matches(|c| !is_part(c));
        let value: Option<f64> = number.parse().ok();
        if value.is_some_and(f64::is_infinite) {
            let sign = if number.starts_with('-') { "-" } else { "" };
            // Writing to a `String` cannot fail.
            let _ = write!(repaired, "{sign}1e308{}", &part[number.len()..]);
        } else {
            repaired.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_json_does_not_allow_is_rewritten_and_nothing_else() {
        let table = [
            (r#"{"a":"b","c":[1,-2.5e3]}"#, r#"{"a":"b","c":[1,-2.5e3]}"#),
            ("{\n\t\"a\":\"b\nc\"\r}", "{\n\t\"a\":\"b\\u000ac\"\r}"),
            ("\"a\\\nb\"", r#""a\\\u000ab""#),
            ("\"a\\", r#""a\\"#),
            (r#""\"\\\"" 1e999"#, r#""\"\\\"" 1e308"#),
            (r#""\ud83d\udc3c""#, r#""\ud83d\udc3c""#),
            (r#""\uD83D\uDC3C""#, r#""\uD83D\uDC3C""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ud83d\ud83d\udc3c""#, r#""\ufffd\ud83d\udc3c""#),
            (r#""\udc3c\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            (r#""\ud83dx\udc3c""#, r#""\ufffdx\ufffd""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\u+83d\u12""#, r#""\u+83d\u12""#),
            (r#""\ud83小""#, r#""\ud83小""#),
            (
                "[1e999,-1E+999,1e-999,1e308]",
                "[1e308,-1e308,1e-999,1e308]",
            ),
            (r#"{"1e999":1e999}"#, r#"{"1e999":1e308}"#),
        ];
        for (text, expected) in table {
            assert_eq!(repair(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_string_can_be_read_afterwards(text in r#"([a-z小\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-f]{4}|\\u[dD][89a-fA-F][0-9a-f]{2}){0,12}"#) {
            let json = format!(r#""{text}""#);
            let read: Result<String, _> = serde_json::from_str(&repair(&json));
            prop_assert!(read.is_ok(), "{json:?}: {read:?}");
        }

        #[test]
        fn what_is_json_already_stays_the_same(text in any::<String>(), number in any::<f64>()) {
            let json = serde_json::json!({ "nickname": text, "list": [text, number] }).to_string();
            prop_assert_eq!(&repair(&json), &json);
        }
    }
}
