//! Texts of the program as Markdown.

use weixin::Language;

use crate::lang::Pick;

/// An item of a list: a name, and its sentences.
pub(super) fn item(name: &str, sentences: &[String], language: Language) -> String {
    let sentences: Vec<_> = sentences
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| sentence(text, language))
        .collect();
    let text = sentences.join(language.pick("", " "));
    format!("- `{name}`{}{text}\n", language.pick("：", ": "))
}

/// The text with its full stop.
pub(super) fn sentence(text: &str, language: Language) -> String {
    let text = code(text.trim());
    if text.ends_with(['.', '。', '!', '?', '：', ':']) {
        text
    } else {
        format!("{text}{}", language.pick("。", "."))
    }
}

/// A value or several, as code.
pub(super) fn values<'a>(values: impl IntoIterator<Item = &'a str>, language: Language) -> String {
    let values: Vec<_> = values
        .into_iter()
        .map(|value| format!("`{value}`"))
        .collect();
    values.join(language.pick("、", ", "))
}

/// Marks the options, variables, paths and URLs of a text as code; texts of `--help` have no marks.
pub(super) fn code(text: &str) -> String {
    let mut marked = String::new();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            marked = format!("{marked}`{part}`");
            continue;
        }
        let mut rest = part;
        while let Some(start) = rest.find(is_of_word) {
            let (before, word) = rest.split_at(start);
            let end = word.find(|c| !is_of_word(c)).unwrap_or(word.len());
            let word = word[..end].trim_end_matches(['.', ',', ';', ':', ')', ']', '?']);
            marked.push_str(before);
            if is_code(word) {
                marked = format!("{marked}`{word}`");
                rest = &rest[start + word.len()..];
            } else {
                marked.push_str(&rest[start..start + end]);
                rest = &rest[start + end..];
            }
        }
        marked.push_str(rest);
    }
    marked
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '(' | '[' | '"')
}

fn is_code(word: &str) -> bool {
    let is_variable = |word: &str| {
        let is_upper = |c: char| c.is_ascii_uppercase() || c == '_';
        word == "LANG" || word.contains('_') && word.chars().all(is_upper)
    };
    let is_path = word.starts_with('/') && word.len() > 1;
    let is_option = word.strip_prefix("--").is_some_and(|name| !name.is_empty());
    is_option || is_path || is_variable(word) || word.contains("://")
}

#[test]
fn options_variables_paths_and_urls_are_code() {
    for (text, expected) in [
        (
            "a file; by default, WEIXIN_APP_SECRET is the secret [required without --sim]",
            "a file; by default, `WEIXIN_APP_SECRET` is the secret [required without `--sim`]",
        ),
        (
            "WEIXIN_SIM_URL or http://127.0.0.1:9300.",
            "`WEIXIN_SIM_URL` or `http://127.0.0.1:9300`.",
        ),
        (
            "用单独的 /etc/hosts 代替代理（Linux，--proxy）",
            "用单独的 `/etc/hosts` 代替代理（Linux，`--proxy`）",
        ),
        (
            "`weixin --json exchange` and/or -",
            "`weixin --json exchange` and/or -",
        ),
    ] {
        assert_eq!(code(text), expected);
    }
}
