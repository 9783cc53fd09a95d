//! Takes secrets out of a text that a server has written.

/// How often a secret is percent-encoded at most where it is still found: once by us, once by a server or proxy that
/// puts a URL into a message.
const ENCODED_AT_MOST: usize = 2;

/// Longest text that is searched. What is longer is cut: of a message, 300 characters are kept.
const LONGEST: usize = 4096;

const MASK: &str = "***";

/// Replaces each secret in `text`, also where all or some of its characters are percent-encoded.
pub(crate) fn mask(mut text: String, mut secrets: Vec<&str>) -> String {
    secrets.retain(|secret| !secret.is_empty());
    // The longest first: one that is a part of another would leave the rest of it.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let is_cut = text.len() > LONGEST;
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    secrets
        .into_iter()
        .fold(text, |text, secret| mask_one(&text, secret, is_cut))
}

fn mask_one(text: &str, secret: &str, is_cut: bool) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = end_of(rest.as_bytes(), secret.as_bytes(), is_cut);
        if end.is_some() {
            masked.push_str(MASK);
        } else {
            masked.push(c);
        }
        rest = &rest[end.unwrap_or(c.len_utf8())..];
    }
    masked
}

/// The end of the secret at the start of `text`. In a text that was cut, it may end there before it is complete.
///
/// A `%` can be one of the secret's own or begin an escape: every way to read it is followed, and there are few.
fn end_of(text: &[u8], secret: &[u8], is_cut: bool) -> Option<usize> {
    let mut ends = vec![0];
    for byte in secret {
        if is_cut && ends.iter().any(|end| text.len() - end < LONGEST_SPELLING) {
            return Some(text.len());
        }
        ends = ends
            .into_iter()
            .flat_map(|end| spellings(&text[end..], *byte).map(move |length| end + length))
            .collect();
        ends.sort_unstable();
        ends.dedup();
        if ends.is_empty() {
            return None;
        }
    }
    ends.last().copied()
}

/// How long a character is at most: `A`, encoded as often as it is looked for.
const LONGEST_SPELLING: usize = "%2541".len();

/// How long the spellings of `byte` are that `text` begins with.
fn spellings(text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    // Some servers read any `+` as a space.
    let is_raw = move |found: u8| found == byte || (byte == b'+' && found == b' ');
    let raw = text
        .first()
        .is_some_and(|found| is_raw(*found))
        .then_some(1);
    let encoded = (1..=ENCODED_AT_MOST).filter_map(move |times| {
        let length = 1 + 2 * times;
        let spelling = text.get(..length)?;
        let (escapes, digits) = spelling.split_last_chunk::<2>()?;
        let is_escape = escapes[0] == b'%' && escapes[1..].chunks(2).all(|pair| pair == b"25");
        (is_escape && is_raw(hexadecimal(*digits)?)).then_some(length)
    });
    raw.into_iter().chain(encoded)
}

/// The byte that two hexadecimal digits stand for.
fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');

    fn every_byte(secret: &str) -> String {
        secret
            .bytes()
            .fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
    }

    /// A secret as servers write it.
    fn spellings(secret: &str) -> Vec<String> {
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let uri = utf8_percent_encode(secret, UNRESERVED).to_string();
        let all = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let twice = utf8_percent_encode(&uri, UNRESERVED).to_string();
        // Its own letters stay as they are.
        let lower: String = secret
            .chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() => c.to_string(),
                c => every_byte(&c.to_string()),
            })
            .collect();
        let plus_as_space = secret.replace('+', " ");
        let plus_as_encoded_space = uri.replace("%2B", "%20");
        vec![
            secret.to_owned(),
            every_byte(secret),
            every_byte(secret).to_uppercase(),
            form,
            uri,
            all,
            twice,
            lower,
            plus_as_space,
            plus_as_encoded_space,
        ]
    }

    #[test]
    fn a_secret_is_masked_however_it_is_written() {
        let secret = "a+/=~%Z9";
        for spelling in spellings(secret) {
            for (before, after) in [("", ""), ("é", "é"), ("100%", "%"), ("%e5%b0%8f", "%zz")] {
                let text = format!("{before}{spelling}{after}");
                assert_eq!(
                    mask(text, vec![secret]),
                    format!("{before}***{after}"),
                    "{spelling}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        for text in [
            "",
            "invalid code",
            "100 % sure +1",
            "%41bc %2541bc %c3%a9 é",
            "%4",
        ] {
            assert_eq!(mask(text.to_owned(), vec!["", "071v"]), text);
        }
    }

    #[test]
    fn every_occurrence_of_every_secret_is_masked() {
        let text = "abcd abc %61bc a%62cd bcd".to_owned();
        assert_eq!(mask(text, vec!["abc", "abcd"]), "*** *** *** *** bcd");
    }

    #[test]
    fn a_percent_sign_hides_no_secret() {
        for (text, secret, expected) in [
            ("%0a0%21A", "0a0!A", "%***"),
            ("%%410a", "A0a", "%***"),
            ("%2541%41A", "AAA", "***"),
            ("x%2525y", "%25", "x***y"),
            ("x%252525y", "%25", "x***y"),
            ("%252541", "AA", "%252541"),
            ("%4", "A", "%4"),
            ("%9941", "A", "%9941"),
            ("25241", "A", "25241"),
        ] {
            assert_eq!(mask(text.to_owned(), vec![secret]), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_shows_no_part_of_a_secret_where_it_is() {
        let secret = "0123456789abcdef";
        for length in LONGEST - 40..LONGEST {
            let before = "é".repeat(length / 2);
            let masked = mask(format!("{before}%30123456789abcdef"), vec![secret]);
            let kept = "é".repeat(length / 2 - LONGEST_SPELLING / 2);
            assert!(masked.starts_with(&kept), "{length}");
            assert!(!masked.contains('1'), "{length}");
        }
        let whole = "x".repeat(LONGEST);
        assert_eq!(mask(whole.clone(), vec![secret]), whole);
        let kept = "x".repeat(LONGEST + 1 - LONGEST_SPELLING);
        assert_eq!(mask(whole + "x", vec![secret]), kept + "***");
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_secret_is_left(
            secret in "[!-)+-~]{6,12}", other in "[!-)+-~]{6,12}", before in "[ -~é]{0,6}", after in "[ -~é]{0,6}",
        ) {
            for spelling in spellings(&secret) {
                let masked = mask(format!("{before}{spelling}{after}"), vec![&other, &secret]);
                prop_assert!(!masked.contains(&spelling), "{masked} of {spelling}");
            }
        }
    }
}
