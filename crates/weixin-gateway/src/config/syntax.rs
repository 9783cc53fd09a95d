//! What a text that is not TOML has wrong. The parser's descriptions are fixed texts; those of frequent mistakes are put into
//! our words here, and the others are left out.

use weixin::Bilingual;

use super::problem::both;

/// The reason for a message of the parser, if it is a frequent one.
pub(super) fn reason(message: &str) -> Option<Bilingual> {
    let description = message.split(", expected ").next()?;
    let of = |(descriptions, reason): &(&[&str], Bilingual)| {
        descriptions.contains(&description).then_some(*reason)
    };
    REASONS.iter().find_map(of)
}

/// A value that is no number, and begins as one or has no quotes.
pub(super) const UNQUOTED: Bilingual = both(
    "文本必须带引号，例如 \"a\"",
    "a text must be in quotes, such as \"a\"",
);

/// A key without a value.
pub(super) const NO_VALUE: Bilingual = both("= 的后面缺少值", "the value after the = is missing");

/// `True` or `yes`, as some languages write it.
pub(super) const BOOLEAN: Bilingual = both(
    "应为小写的 true 或 false；文本必须带引号，例如 \"a\"",
    "expected true or false, in lower case, or a text in quotes, such as \"a\"",
);

/// Whether a list or an inline table has no end before the line of the error, whatever is in this line.
pub(super) fn is_unclosed(message: &str) -> bool {
    reason(message).is_some_and(|reason| [COMMA_OF_LIST, COMMA_OF_TABLE].contains(&reason))
}

const COMMA_OF_LIST: Bilingual = both(
    "缺少逗号，或上一行缺少列表的右方括号 ]",
    "a comma is missing, or the ] at the end of a list, in this line or the one before",
);
const COMMA_OF_TABLE: Bilingual = both(
    "缺少逗号，或上一行缺少右花括号 }",
    "a comma is missing, or a closing }, in this line or the one before",
);

/// The descriptions of one mistake, and the reason.
type Reason = (&'static [&'static str], Bilingual);

const REASONS: &[Reason] = &[
    (&["string values must be quoted"], UNQUOTED),
    (
        &[
            "invalid basic string",
            "invalid literal string",
            "missing escaped value",
        ],
        both(
            "缺少右引号，或引号内有不允许的字符（双引号内的反斜杠应写作 \\\\）",
            "the closing quote is missing, or the text has a character that is not allowed (in double quotes, write \\\\ for a backslash)",
        ),
    ),
    (
        &[
            "invalid multi-line basic string",
            "invalid multi-line literal string",
        ],
        both(
            "多行文本缺少结尾的三个引号",
            "the three quotes at the end of a text of several lines are missing",
        ),
    ),
    (
        &["unclosed table", "unclosed array table"],
        both(
            "表名缺少右方括号 ]，[[client]] 和 [[issuer]] 需要两个",
            "the ] after the name of a table is missing ([[client]] and [[issuer]] need two)",
        ),
    ),
    (
        &["unclosed array"],
        both(
            "列表缺少右方括号 ]",
            "the ] at the end of a list is missing",
        ),
    ),
    (
        &["unclosed inline table"],
        both("缺少右花括号 }", "a closing } is missing"),
    ),
    (&["missing comma between array elements"], COMMA_OF_LIST),
    (
        &[
            "extra assignment between key-value pairs",
            "missing comma between key-value pairs",
        ],
        COMMA_OF_TABLE,
    ),
    (
        &["extra comma in array", "extra comma in inline table"],
        both("多了一个逗号", "there is a comma too many"),
    ),
    (
        &[
            "key with no value",
            "missing assignment between key-value pairs",
        ],
        both("键的后面缺少 = 和值", "the key has no = and no value"),
    ),
    (&["missing value for key", "missing value"], NO_VALUE),
    (
        &[
            "invalid key-value pair",
            "invalid unquoted key",
            "unquoted keys cannot be empty",
        ],
        both(
            "键只能包含字母、数字、- 和 _",
            "a key has letters, digits, - and _ only",
        ),
    ),
    (
        &["unexpected content", "unexpected key or value"],
        both(
            "值的后面还有多余的内容：每行只写一个键",
            "there is more after the value: write one key per line",
        ),
    ),
    (
        &[
            "invalid date-time",
            "invalid float",
            "invalid integer number",
            "invalid value",
            "unexpected leading zero",
        ],
        both(
            "值无效：文本必须带引号，数字不能以 0 开头",
            "the value is not valid: a text must be in quotes, and no number begins with 0",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const IN_QUOTES: &str = "the closing quote is missing, or the text has a character that is not allowed (in double quotes, write \\\\ for a backslash)";
    const BRACKET: &str =
        "the ] after the name of a table is missing ([[client]] and [[issuer]] need two)";
    const NAME: &str = "a key has letters, digits, - and _ only";
    const MORE: &str = "there is more after the value: write one key per line";
    const VALUE: &str =
        "the value is not valid: a text must be in quotes, and no number begins with 0";

    /// The descriptions are those of the parser's version: after an update of it, this test tells which have changed.
    #[test]
    fn each_frequent_mistake_has_a_reason() {
        for (text, expected) in [
            ("a = b", UNQUOTED.en),
            ("a = [1 2]", UNQUOTED.en),
            ("a = \"b", IN_QUOTES),
            ("a = 'b", IN_QUOTES),
            ("a = \"\\d\"", IN_QUOTES),
            (
                "a = \"\"\"b",
                "the three quotes at the end of a text of several lines are missing",
            ),
            ("[a", BRACKET),
            ("[[a]", BRACKET),
            ("a = [1", "the ] at the end of a list is missing"),
            ("a = {b = 1", "a closing } is missing"),
            ("a = {b = 1 c = 2}", COMMA_OF_TABLE.en),
            ("a = [\"b\"\nc = 2", COMMA_OF_LIST.en),
            ("a = {b = 1\nc = 2", COMMA_OF_TABLE.en),
            ("a = [1,,2]", "there is a comma too many"),
            ("a", "the key has no = and no value"),
            ("a : 1", "the key has no = and no value"),
            ("微 = 1", NAME),
            ("= 1", NAME),
            ("a = 1 b = 2", MORE),
            ("a = 1.2.3", VALUE),
            ("a = 01", VALUE),
        ] {
            let error = toml::Deserializer::parse(text).err().unwrap();
            let reason = reason(error.message()).map(|reason| reason.en);
            assert_eq!(reason, Some(expected), "{text}: {}", error.message());
        }
    }
}
