//! The responses of golden files are patterns: `<name:shape>` is any value of a shape, `<name>` the same value again.
//!
//! Values differ between WeChat and the simulator in length as well, so a shape has no length here.

use std::collections::BTreeMap;

/// Values of responses, by the names of their placeholders.
pub(super) type Names = BTreeMap<String, String>;

/// Returns `true` if a JSON body has a placeholder of an earlier response whose value is not known.
pub(super) fn has_unknown(pattern: &str, names: &Names) -> bool {
    let inside = pattern.split('<').skip(1);
    let mut inside = inside.filter_map(|rest| rest.split_once('>').map(|(inside, _)| inside));
    inside.any(|inside| !inside.contains(':') && !names.contains_key(inside))
}

/// Returns `true` if the pattern is the whole text. The names get the values of the text.
pub(super) fn is_whole(pattern: &str, text: &str, names: &mut Names) -> bool {
    let mut found = names.clone();
    let matches = rest(pattern, text, &mut found) == Some("");
    if matches {
        *names = found;
    }
    matches
}

/// Returns `true` if the pattern is somewhere in the text. The names get the values of the text.
pub(super) fn is_within(pattern: &str, text: &str, names: &mut Names) -> bool {
    for (at, _) in text.char_indices() {
        let mut found = names.clone();
        if rest(pattern, &text[at..], &mut found).is_some() {
            *names = found;
            return true;
        }
    }
    false
}

/// The text after the pattern; `None` if it does not match.
fn rest<'t>(mut pattern: &str, mut text: &'t str, names: &mut Names) -> Option<&'t str> {
    while let Some((literal, after)) = pattern.split_once('<') {
        text = text.strip_prefix(literal)?;
        let placeholder = after.split_once('>').and_then(|(inside, after)| {
            let placeholder = Placeholder::parse(inside, names)?;
            Some((placeholder, after))
        });
        let Some((placeholder, after)) = placeholder else {
            // A tag of a page, such as `<title>`.
            (pattern, text) = (after, text.strip_prefix('<')?);
            continue;
        };
        (pattern, text) = (after, placeholder.take(text, names)?);
    }
    text.strip_prefix(pattern)
}

enum Placeholder {
    /// A value of the shape, which gets the name unless it is empty.
    New(String, Shape),
    /// This value again.
    Known(String),
}

impl Placeholder {
    fn parse(inside: &str, names: &Names) -> Option<Self> {
        match inside.split_once(':') {
            Some((name, shape)) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Some(Self::New(name.to_owned(), Shape::parse(shape)?))
            }
            _ => names.get(inside).cloned().map(Self::Known),
        }
    }

    /// The text after the value.
    fn take<'t>(self, text: &'t str, names: &mut Names) -> Option<&'t str> {
        match self {
            Self::Known(value) => text.strip_prefix(&value),
            Self::New(name, shape) => {
                let (value, after) = text.split_at(shape.length(text)?);
                if !name.is_empty() {
                    names.insert(name, value.to_owned());
                }
                Some(after)
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Shape {
    /// Three groups of eight hexadecimal digits.
    Rid,
    /// Letters, digits and a few other characters.
    Word,
}

impl Shape {
    fn parse(shape: &str) -> Option<Self> {
        match shape {
            "rid" => Some(Self::Rid),
            "code" | "hint" | "openid" | "ticket" | "token" | "uuid" => Some(Self::Word),
            _ => None,
        }
    }

    /// Length in bytes of the value with which the text begins.
    fn length(self, text: &str) -> Option<usize> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '!');
        let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
        let is_valid = match self {
            Self::Rid => is_rid(&text[..length]),
            Self::Word => length > 0,
        };
        is_valid.then_some(length)
    }
}

pub(super) fn is_rid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let is_group =
        |group: &&str| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.len() == 3 && groups.iter().all(is_group)
}

/// Replaces the number of `expires_in`, which depends on the time.
pub(super) fn without_times(text: &str) -> String {
    const MEMBER: &str = "\"expires_in\":";
    let mut parts = text.split(MEMBER);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = if after.len() < part.len() {
            "<seconds>"
        } else {
            ""
        };
        kept = kept + MEMBER + number + after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_any_length_and_is_the_same_where_it_is_named_again() {
        let mut names = Names::new();
        let pattern = r#"{"access_token":"<one:token>","expires_in":<seconds>}"#;
        for (text, expected) in [
            (r#"{"access_token":"9_abc-d","expires_in":<seconds>}"#, true),
            (r#"{"access_token":"","expires_in":<seconds>}"#, false),
            (
                r#"{"access_token":"9_abc-d","expires_in":<seconds>} "#,
                false,
            ),
            (r#"{"access_token":"9 abc","expires_in":<seconds>}"#, false),
        ] {
            assert_eq!(is_whole(pattern, text, &mut names), expected, "{text}");
        }
        assert!(is_whole("<one>", "9_abc-d", &mut names));
        assert!(!is_whole("<one>", "9_abc-e", &mut names));
    }

    #[test]
    fn a_rid_has_three_groups_of_eight_hexadecimal_digits() {
        let pattern = r#"invalid code, rid: <:rid>""#;
        for (text, expected) in [
            (r#"invalid code, rid: 6aac007a-6c02c771-26bf69c4""#, true),
            (r#"invalid code, rid: 6aac007a-6c02c771""#, false),
            (r#"invalid code rid: 6aac007a-6c02c771-26bf69c4""#, false),
            (r#"invalid code, hints: [ req_id: 5u8NWa0990th40 ]""#, false),
        ] {
            assert_eq!(
                is_whole(pattern, text, &mut Names::new()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn tags_of_a_page_are_text() {
        let mut names = Names::new();
        assert!(is_within(
            "<p id=\"text\"><u:uuid></p>",
            "<p><p id=\"text\">a_b</p>",
            &mut names
        ));
        assert_eq!(names["u"], "a_b");
        assert!(!is_within("<title>", "<p>", &mut names));
    }

    #[test]
    fn the_number_of_seconds_is_replaced_but_not_its_type() {
        let number = |text: &str| without_times(&format!(r#"{{"expires_in":{text}}}"#));
        assert_eq!(number("7200"), number("71"));
        assert_ne!(number("7200"), number("\"7200\""));
        assert_eq!(without_times("{}"), "{}");
    }
}
