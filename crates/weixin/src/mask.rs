//! Takes secrets out of a text that a server has written.

/// How often a secret is percent-encoded at most where it is still found: once by us, once by a server or proxy that
/// puts an address into a message.
const ENCODED_AT_MOST: usize = 2;

const MASK: &str = "***";

/// Replaces each secret in `text`, also where all or some of its characters are percent-encoded.
pub(crate) fn mask(text: String, mut secrets: Vec<&str>) -> String {
    secrets.retain(|secret| !secret.is_empty());
    // The longest first: one that is a part of another would leave the rest of it.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(text, |text, secret| {
        (0..=ENCODED_AT_MOST).fold(text, |text, depth| mask_at(&text, secret, depth))
    })
}

/// Replaces `secret` where it is percent-encoded `depth` times.
fn mask_at(text: &str, secret: &str, depth: usize) -> String {
    if depth > 0 && !text.contains('%') {
        return text.to_owned();
    }
    let decoded = (0..depth).fold(Decoded::new(text), |decoded, _| decoded.decode());
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    for (start, end) in decoded.find(secret) {
        masked.push_str(&text[rest..start]);
        masked.push_str(MASK);
        rest = end;
    }
    masked.push_str(&text[rest..]);
    masked
}

/// A text while it is decoded, in which each byte knows where in the original it begins.
struct Decoded {
    /// One `char` for each byte; what is not ASCII matters to no secret.
    text: String,
    starts: Vec<usize>,
    length: usize,
}

impl Decoded {
    fn new(text: &str) -> Self {
        Self {
            text: text.bytes().map(ascii).collect(),
            starts: (0..text.len()).collect(),
            length: text.len(),
        }
    }

    fn decode(self) -> Self {
        let (mut text, mut starts) = (String::with_capacity(self.text.len()), Vec::new());
        let mut index = 0;
        while let Some(c) = self.text[index..].chars().next() {
            starts.push(self.starts[index]);
            let encoded = self.text[index..].strip_prefix('%').and_then(byte);
            text.push(encoded.map_or(c, ascii));
            index += if encoded.is_some() { 3 } else { 1 };
        }
        Self {
            text,
            starts,
            length: self.length,
        }
    }

    /// Where in the original each occurrence begins and ends.
    fn find(&self, secret: &str) -> Vec<(usize, usize)> {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or(self.length);
        let secret: String = secret.bytes().map(ascii).collect();
        let starts = self.text.match_indices(&secret).map(|(start, _)| start);
        starts
            .map(|start| (at(start), at(start + secret.len())))
            .collect()
    }
}

/// The byte that two hexadecimal digits stand for.
fn byte(digits: &str) -> Option<u8> {
    let digits = digits.get(..2)?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(digits, 16).ok())?
}

/// One `char` for a byte, of one byte itself. Forms write a space as `+`, and some servers read any `+` as a space.
fn ascii(byte: u8) -> char {
    match byte {
        b' ' => '+',
        byte if byte.is_ascii() => char::from(byte),
        _ => '\0',
    }
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

    proptest! {
        #[test]
        fn no_spelling_of_a_secret_is_left(
            secret in "[!-~]{6,12}", other in "[!-~]{6,12}", before in "[ -~é]{0,6}", after in "[ -~é]{0,6}",
        ) {
            for spelling in spellings(&secret) {
                let masked = mask(format!("{before}{spelling}{after}"), vec![&other, &secret]);
                prop_assert!(!masked.contains(&spelling), "{masked} of {spelling}");
            }
        }
    }
}
