//! The layout of text in a terminal: widths of characters, and lines that end between words.

/// The columns that a text takes. A Chinese character takes two.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// The text with spaces up to this width.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks a text into lines of at most this width: at spaces, and beside Chinese characters. A longer word is a line of
/// its own, and what is in brackets stays together up to a list's `、`. A no-break space (U+00A0) keeps two words together, and is a space in the lines.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for Unit { text, after_space } in units(text) {
        let space = if after_space { " " } else { "" };
        let is_full = width(&line) + space.len() + width(&text) > columns;
        if is_full && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push_str(space);
        }
        line.push_str(&text);
    }
    lines.push(line);
    lines
        .iter()
        .map(|line| line.replace('\u{a0}', " "))
        .collect()
}

/// A part of a text in which no line may end.
struct Unit {
    text: String,
    after_space: bool,
}

fn units(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let (mut before, mut after_space) = (None, false);
    let mut in_brackets = false;
    for c in text.chars() {
        in_brackets = c == '[' || in_brackets && before != Some(']');
        if c == ' ' || c == '\n' {
            after_space = true;
            before = None;
            continue;
        }
        match units.last_mut() {
            Some(unit)
                if before.is_some_and(|before| {
                    !may_end_between(before, c) || in_brackets && before != '、'
                }) =>
            {
                unit.text.push(c);
            }
            _ => units.push(Unit {
                text: c.into(),
                after_space: after_space && !units.is_empty(),
            }),
        }
        (before, after_space) = (Some(c), false);
    }
    units
}

fn may_end_between(before: char, after: char) -> bool {
    const OPENING: &str = "（《“‘【([`<";
    const CLOSING: &str = "，。：；、！？）》”’】…—)]`>,.:;!?/";
    (is_wide(before) || is_wide(after)) && !OPENING.contains(before) && !CLOSING.contains(after)
}

/// Returns `true` for characters of two columns: Chinese ones, their punctuation, and emoji.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}' | '\u{1f900}'..='\u{1f9ff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_a_space() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("a https://example.com/ b", 7),
            ["a", "https://example.com/", "b"]
        );
        assert_eq!(wrap("see [env:\u{a0}NAME]", 8), ["see", "[env: NAME]"]);
        assert_eq!(wrap("", 7), [""]);
        assert_eq!(
            wrap("语言 [可选值：中、英]", 12),
            ["语言", "[可选值：中、", "英]"]
        );
    }

    #[test]
    fn a_line_ends_beside_a_chinese_character_but_not_before_its_punctuation() {
        assert_eq!(wrap("打开二维码，等待", 8), ["打开二维", "码，等待"]);
        assert_eq!(wrap("打开二维码，等待", 10), ["打开二维", "码，等待"]);
        assert_eq!(
            wrap("使用 `weixin sim` 登录", 9),
            ["使用", "`weixin", "sim` 登录"]
        );
        assert_eq!(
            wrap("端口（0 表示任意）", 6),
            ["端口", "（0 表", "示任", "意）"]
        );
    }

    #[test]
    fn a_chinese_character_takes_two_columns() {
        assert_eq!((width("ab"), width("微信ab，"), width("🐼")), (2, 8, 2));
        assert_eq!(pad("微信", 6), "微信  ");
    }
}
