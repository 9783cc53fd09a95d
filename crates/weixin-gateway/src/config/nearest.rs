//! The name that was probably meant by one with a typing error.

/// Names that the protocol and other programs have for the same, and ours.
const SYNONYMS: [(&str, &str); 6] = [
    ("client_id", "id"),
    ("client_name", "name"),
    ("client_secret", "secret"),
    ("client_secret_file", "secret_file"),
    ("secret", "app_secret"),
    ("secret_file", "app_secret_file"),
];

/// Whether a text is a name that may be repeated: a secret has digits, or is longer.
pub(super) fn is_plain_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphabetic() || b"_-".contains(&byte);
    text.len() <= 30 && text.bytes().all(is_allowed)
}

/// The name that a text is a synonym of, or from which it differs least, unless it differs in more than a third of its letters.
pub(super) fn nearest<'a>(text: &str, names: &'a [String]) -> Option<&'a str> {
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == text);
    if let Some(name) = names
        .iter()
        .find(|name| synonym.is_some_and(|(_, own)| own == name))
    {
        return Some(name);
    }
    let distances = names.iter().map(|name| (distance(text, name), name));
    let (least, name) = distances.min_by_key(|(distance, _)| *distance)?;
    let most = text.chars().count().max(3) / 3;
    (least <= most).then_some(name.as_str())
}

/// How many letters must be inserted, removed or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<_> = other.chars().collect();
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        // The distance of the beginnings before both letters.
        let mut before = line;
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(&other) {
            let replaced = before + usize::from(letter != *other);
            before = *cell;
            left = replaced.min(left + 1).min(before + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changed_letters() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("", "abc", 3),
            ("sslmod", "sslmode", 1),
            ("kitten", "sitting", 3),
            ("微信", "微博", 1),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_name_is_suggested_only_for_one_like_it() {
        let names = ["listen", "trusted_proxies", "key_file"].map(str::to_owned);
        for (text, expected) in [
            ("keyfile", Some("key_file")),
            ("lisen", Some("listen")),
            ("trusted_proxy", Some("trusted_proxies")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, &names), expected, "{text}");
        }
        let names = ["id", "secret"].map(str::to_owned);
        for (text, expected) in [
            ("client_id", Some("id")),
            ("client_secret", Some("secret")),
            ("client_name", None),
        ] {
            assert_eq!(nearest(text, &names), expected, "{text}");
        }
    }
}
