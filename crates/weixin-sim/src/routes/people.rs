//! Users and apps on the simulator's pages: names with visible control characters, and generated avatars.

use std::fmt::Write;

use crate::{App, User, bilingual::Language};

/// Number of hues in the style sheet.
const HUES: u32 = 12;

/// Escapes a text for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Name of a control character, if it is one.
fn control(c: char) -> Option<String> {
    let known = match u32::from(c) {
        0x07 => "BEL",
        0x09 => "TAB",
        0x0a => "LF",
        0x0d => "CR",
        0x1b => "ESC",
        0x202a => "LRE",
        0x202b => "RLE",
        0x202c => "PDF",
        0x202d => "LRO",
        0x202e => "RLO",
        code @ (0..0x20 | 0x7f..0xa0 | 0x2066..=0x2069) => return Some(format!("U+{code:04X}")),
        _ => return None,
    };
    Some(known.to_owned())
}

/// Nickname as HTML: control characters are boxes, and an empty name is a placeholder.
pub(super) fn name(user: &User, language: Language) -> String {
    if user.nickname.is_empty() {
        let none = language.pick("没有昵称", "No name");
        return format!("<i class=\"soft\">{none}</i>");
    }
    let mut html = String::from("<bdi>");
    for c in user.nickname.chars() {
        match control(c) {
            Some(name) => {
                // Writing to a text cannot fail.
                let _ = write!(html, "<span class=\"ctl\">{name}</span>");
            }
            None => html.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    html + "</bdi>"
}

/// Generated avatar of a user, as HTML; dashed if they have none.
pub(super) fn avatar(user: &User, size: u32) -> String {
    let first = user.nickname.chars().find(|c| c.is_alphanumeric());
    match first {
        Some(letter) if user.has_avatar => {
            let letter: String = letter.to_uppercase().collect();
            mark("", size, &user.id, &letter)
        }
        _ => empty(size, "users"),
    }
}

/// Avatar of a login that was not scanned, and others without a letter.
pub(super) fn empty(size: u32, icon: &str) -> String {
    format!(
        "<span class=\"avatar none s{size}\" aria-hidden=\"true\"><svg class=\"i\"><use href=\"#i-{icon}\"/></svg></span>"
    )
}

/// Mark of an app, as HTML.
pub(super) fn app_mark(app: &App, size: u32) -> String {
    let name = app.name.trim_start_matches("示例");
    let letter = name.chars().next().unwrap_or('?');
    mark("app ", size, &app.id, &letter.to_string())
}

fn mark(class: &str, size: u32, id: &str, letter: &str) -> String {
    // A stable spread of hues, so that a user looks the same on every page.
    let hue = id.bytes().fold(7u32, |hue, byte| {
        hue.wrapping_mul(31).wrapping_add(byte.into())
    }) % HUES;
    format!(
        "<span class=\"avatar {class}s{size} h{hue}\" aria-hidden=\"true\">{}</span>",
        escape(letter)
    )
}

/// Users as the pages list them: ordinary ones, then those with difficult names.
pub(super) fn split(users: &[User]) -> (Vec<&User>, Vec<&User>) {
    users.iter().partition(|user| user.difficulty().is_none())
}

/// What is difficult about a user's name, in words; empty if nothing is.
pub(super) fn difficulty(user: &User, language: Language) -> &'static str {
    user.difficulty().map_or("", |words| language.of(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_control_characters_are_visible() {
        let language = Language::English;
        for (nickname, expected) in [
            ("<b>&", "<bdi>&lt;b&gt;&amp;</bdi>"),
            (
                "a\n\u{202e}\u{1}",
                "<bdi>a<span class=\"ctl\">LF</span><span class=\"ctl\">RLO</span><span class=\"ctl\">U+0001</span></bdi>",
            ),
            ("", "<i class=\"soft\">No name</i>"),
        ] {
            assert_eq!(name(&User::new("x", nickname), language), expected);
        }
    }

    #[test]
    fn ordinary_users_come_first_and_the_others_say_what_is_difficult() {
        let users = crate::world::user::defaults();
        let (ordinary, difficult) = split(&users);
        let ids: Vec<_> = ordinary.iter().map(|user| user.id()).collect();
        assert_eq!(ids, ["linxiaoyu", "anna", "chensiyuan", "wanglei"]);
        let difficult: Vec<_> = difficult
            .iter()
            .map(|user| (user.id(), difficulty(user, Language::English)))
            .collect();
        let expected = [
            ("xiaoming", "emoji, combining accent"),
            ("long", "very long"),
            ("layla", "right to left"),
            ("noname", "no name"),
            ("control", "control characters"),
        ];
        assert_eq!(difficult, expected);
    }
}
