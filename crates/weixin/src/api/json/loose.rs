//! Members that no login needs, read without an error: WeChat has changed the types of such members before.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Longest lifetime that is believed. WeChat's tokens are valid for two hours (docs/wechat.md#lifetimes); a bound keeps
/// every later sum of times within its range.
const LONGEST_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A JSON value of any type, as far as a member can be made of it.
#[derive(Debug, Default)]
pub(crate) enum Loose {
    /// Missing, or `null`.
    #[default]
    Absent,
    Flag(bool),
    Fraction(f64),
    /// An object or a list.
    Nested,
    Text(String),
    Whole(i64),
}

impl Loose {
    /// The whole number that it is, also as text: `1`, `1.0` and `"1"`.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self.number()? {
            Self::Whole(number) => Some(number),
            _ => None,
        }
    }

    /// It as a number, [`Whole`](Self::Whole) or [`Fraction`](Self::Fraction).
    fn number(&self) -> Option<Self> {
        match self {
            Self::Whole(number) => Some(Self::Whole(*number)),
            Self::Fraction(number) => Some(Self::Fraction(*number)),
            Self::Text(text) => {
                let whole = text.trim().parse().ok().map(Self::Whole);
                whole.or_else(|| text.trim().parse().ok().and_then(Self::of_float))
            }
            Self::Absent | Self::Flag(_) | Self::Nested => None,
        }
    }

    fn of_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        Some(if number.fract() == 0.0 {
            Self::Whole(saturated(number))
        } else {
            Self::Fraction(number)
        })
    }

    /// The text that it is, or the digits of a number.
    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            Self::Fraction(number) => Some(number.to_string()),
            Self::Absent | Self::Flag(_) | Self::Nested => None,
        }
    }

    fn lifetime(&self) -> Duration {
        let seconds = match self.number() {
            Some(Self::Whole(seconds)) => seconds,
            Some(Self::Fraction(seconds)) => saturated(seconds.floor()),
            _ => 0,
        };
        let seconds = u64::try_from(seconds).unwrap_or(0);
        Duration::from_secs(seconds).min(LONGEST_LIFETIME)
    }

    fn flag(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Flag(flag) => *flag,
            Self::Text(text) if matches!(text.trim(), "" | "false") => false,
            other => other.whole() != Some(0),
        }
    }

    /// No error code: 0, missing, `null` or empty text.
    pub(crate) fn is_zero_or_empty(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) if text.trim().is_empty() => true,
            other => other.whole() == Some(0),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` gives the nearest number in range"
)]
fn saturated(number: f64) -> i64 {
    number as i64
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType)
    }
}

/// Takes every type of value, and does not go into the nested ones.
struct AnyType;

impl<'de> Visitor<'de> for AnyType {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Loose, E> {
        Ok(Loose::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Whole(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::of_float(number).unwrap_or_default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Absent)
    }

    fn visit_none<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Absent)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        Loose::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Loose, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Nested)
    }
}

/// The texts of a list, or the one text that stands in its place; what is no text is left out.
struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(not_empty(text.to_owned()).into_iter().collect())
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(element) = list.next_element::<Loose>()? {
            if let Loose::Text(text) = element {
                texts.extend(not_empty(text));
            }
        }
        Ok(texts)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Vec<String>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}

fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Texts, in a list or alone.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(Texts)
}

/// A text, or a number's digits; empty for anything else.
pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let value = Loose::deserialize(deserializer)?;
    Ok(value.into_text().unwrap_or_default())
}

/// A text that is not empty, or a number's digits: an error for anything else: the call was made for it.
#[cfg(feature = "mini-program")]
pub(crate) fn required_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let text = Loose::deserialize(deserializer)?.into_text();
    text.and_then(not_empty)
        .ok_or_else(|| D::Error::custom("neither text nor number"))
}

/// A text that is not empty, and `None` for anything else.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Text(text) => not_empty(text),
        _ => None,
    })
}

/// A whole number in its range, also as text; 0 for anything else.
pub(crate) fn number_or_zero<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + TryFrom<i64>,
{
    let number = Loose::deserialize(deserializer)?.whole();
    Ok(number
        .and_then(|number| T::try_from(number).ok())
        .unwrap_or_default())
}

/// Whole seconds from 0 to a year: less counts as 0, more as a year, and what is no number as 0, which is "renew it
/// before its first use".
pub(crate) fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(Loose::deserialize(deserializer)?.lifetime())
}

/// A member that is sent only where it holds: `false` if it is missing, `null`, `false`, 0 or empty, also as text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Loose::deserialize(deserializer)?.flag())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A list that is nested deeper than the JSON parser goes by itself.
    fn deep() -> String {
        "[".repeat(500) + &"]".repeat(500)
    }

    fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Answer {
        #[serde(default, deserialize_with = "number_or_zero")]
        number: u8,
        #[serde(default, deserialize_with = "text_or_empty")]
        text: String,
        #[serde(default, deserialize_with = "some_text")]
        some: Option<String>,
        #[serde(default, deserialize_with = "texts")]
        list: Vec<String>,
        #[serde(default, deserialize_with = "flag")]
        flag: bool,
        #[serde(default, deserialize_with = "lifetime")]
        seconds: Duration,
    }

    /// What each member makes of the same value.
    fn answer(value: &str) -> (u8, String, Option<String>, Vec<String>, bool, u64) {
        let Answer {
            number,
            text,
            some,
            list,
            flag,
            seconds,
        } = read(&format!(
            r#"{{"number":{value},"text":{value},"some":{value},"list":{value},"flag":{value},"seconds":{value}}}"#
        ));
        (number, text, some, list, flag, seconds.as_secs())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn every_type_of_value_is_read_as_far_as_it_fits() {
        const YEAR: u64 = 365 * 24 * 60 * 60;
        let none = || (String::new(), None, Vec::new());
        let digits = |digits: &str| (digits.to_owned(), None, Vec::new());
        let text = |text: &str| {
            let text = text.to_owned();
            (text.clone(), Some(text.clone()), vec![text])
        };
        let table = [
            ("null", 0, none(), false, 0),
            ("true", 0, none(), true, 0),
            ("false", 0, none(), false, 0),
            ("{}", 0, none(), true, 0),
            (r#"{"a":{"b":[1]}}"#, 0, none(), true, 0),
            ("[]", 0, none(), true, 0),
            ("0", 0, digits("0"), false, 0),
            ("-0.0", 0, digits("0"), false, 0),
            ("1", 1, digits("1"), true, 1),
            ("1.0", 1, digits("1"), true, 1),
            ("2e2", 200, digits("200"), true, 200),
            ("1.5", 0, digits("1.5"), true, 1),
            ("0.5", 0, digits("0.5"), true, 0),
            ("-1", 0, digits("-1"), true, 0),
            ("-1.5", 0, digits("-1.5"), true, 0),
            ("255", 255, digits("255"), true, 255),
            ("256", 0, digits("256"), true, 256),
            ("31536000", 0, digits("31536000"), true, YEAR),
            ("31536001", 0, digits("31536001"), true, YEAR),
            (
                "9223372036854775807",
                0,
                digits("9223372036854775807"),
                true,
                YEAR,
            ),
            (
                "18446744073709551615",
                0,
                digits("9223372036854775807"),
                true,
                YEAR,
            ),
            (
                "-9223372036854775808",
                0,
                digits("-9223372036854775808"),
                true,
                0,
            ),
            ("1e308", 0, digits("9223372036854775807"), true, YEAR),
            ("-1e308", 0, digits("-9223372036854775808"), true, 0),
            (r#""""#, 0, none(), false, 0),
            (r#"" ""#, 0, text(" "), false, 0),
            (r#""0""#, 0, text("0"), false, 0),
            (r#""false""#, 0, text("false"), false, 0),
            (r#""1""#, 1, text("1"), true, 1),
            (r#"" 7 ""#, 7, text(" 7 "), true, 7),
            (r#""1.0""#, 1, text("1.0"), true, 1),
            (r#""7200.9""#, 0, text("7200.9"), true, 7200),
            (r#""inf""#, 0, text("inf"), true, 0),
            (r#""NaN""#, 0, text("NaN"), true, 0),
            (r#""1e999""#, 0, text("1e999"), true, 0),
            (
                r#""99999999999999999999""#,
                0,
                text("99999999999999999999"),
                true,
                YEAR,
            ),
            (r#""male""#, 0, text("male"), true, 0),
        ];
        for (value, number, (text, some, list), flag, seconds) in table {
            assert_eq!(
                answer(value),
                (number, text, some, list, flag, seconds),
                "{value}"
            );
        }
        let nested = answer(&deep());
        assert_eq!((nested.0, nested.4, nested.5), (0, true, 0));
    }

    #[test]
    fn a_missing_member_is_like_null() {
        assert_eq!(
            read::<Answer>("{}"),
            read(r#"{"number":null,"seconds":null}"#)
        );
    }

    #[test]
    fn the_texts_of_a_mixed_list_are_kept() {
        let list = format!(
            r#"{{"list":["a",1,null,"",true,{{"b":"c"}},["d"],{},"e"]}}"#,
            deep()
        );
        assert_eq!(read::<Answer>(&list).list, ["a", "e"]);
    }

    #[test]
    fn a_store_that_keeps_values_reads_them_alike() {
        let value = json!({"number": "7", "text": 7, "list": "x", "some": null, "flag": 1});
        let read: Answer = serde_json::from_value(value).unwrap();
        assert_eq!((read.number, read.text.as_str(), read.flag), (7, "7", true));
        assert_eq!((read.list, read.some), (vec!["x".to_owned()], None));
    }

    #[test]
    fn no_error_code_is_zero_or_nothing() {
        for (value, expected) in [
            ("0", true),
            ("0.0", true),
            (r#""0""#, true),
            ("null", true),
            (r#""""#, true),
            (r#"" ""#, true),
            ("0.5", false),
            ("1", false),
            ("-1", false),
            ("false", false),
            ("[]", false),
            (r#""ok""#, false),
        ] {
            assert_eq!(read::<Loose>(value).is_zero_or_empty(), expected, "{value}");
        }
    }
}
