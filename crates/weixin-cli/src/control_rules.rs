//! The rules of the control API that commands print, in Chinese. The simulator has them in English.

use crate::message::{Message, message};

/// A rule of the control API in both languages; one that is not known here stays English.
pub(crate) fn text(rule: &str) -> Message {
    let chinese = RULES
        .iter()
        .find_map(|(english, chinese)| fill(rule, english, chinese));
    message(chinese.unwrap_or_else(|| rule.to_owned()), rule)
}

/// The rules that the commands can break. `…` is any text, which is the same in both languages.
const RULES: [(&str, &str); 13] = [
    // Scans.
    (
        "this QR code has been confirmed already: open the login page again",
        "二维码已确认过：请重新打开登录页",
    ),
    (
        "this QR code is unknown or has expired: open the login page again",
        "二维码不存在或已过期：请重新打开登录页",
    ),
    (
        "unknown QR code: see /_sim/api/logins",
        "二维码不存在：见 /_sim/api/logins",
    ),
    (
        "unknown user: expected one of …",
        "没有这个用户，可用的用户有 …",
    ),
    (
        "there is no user: add one with PUT /_sim/api/users/{user}",
        "没有用户：请用 PUT /_sim/api/users/{user} 添加",
    ),
    // Worlds.
    (
        "expected 1 to … characters of a-z, 0-9 and -",
        "应为 1 到 … 个字符，只能包含 a-z、0-9 和 -",
    ),
    (
        "no such world: it was deleted, ended after a time without requests, or was never opened",
        "world 不存在：没有打开过，或者已删除，或者因一段时间没有请求而结束",
    ),
    ("is used by another world", "已被其他 world 使用"),
    (
        "there are … worlds, the maximum: delete one",
        "已有 … 个 world，达到上限：请删除一个",
    ),
    (
        "all ports from … to … are in use: delete a world, or start the simulator with a wider range",
        "从 … 到 … 的端口都已被占用：请删除一个 world，或在启动模拟器时扩大范围",
    ),
    (
        "the simulator's first world ends with it",
        "模拟器的第一个 world 随模拟器结束，不能删除",
    ),
    (
        "a Rust program holds this world: it ends with its handle",
        "这个 world 由 Rust 程序打开，随它的句柄结束",
    ),
    ("cannot listen: …", "无法监听：…"),
];

/// The Chinese text of a rule with the same holes, filled from the rule.
fn fill(rule: &str, english: &str, chinese: &str) -> Option<String> {
    let mut parts = english.split('…');
    let mut rest = rule.strip_prefix(parts.next()?)?;
    let mut filled = chinese.to_owned();
    for part in parts {
        let end = if part.is_empty() {
            rest.len()
        } else {
            rest.find(part)?
        };
        filled = filled.replacen('…', &rest[..end], 1);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(filled)
}

#[cfg(test)]
mod tests {
    use weixin::Language;

    use super::*;

    /// The rules of a source: what stands between these two texts, with `…` for the values in it.
    fn rules(source: &str, start: &str, end: &str) -> Vec<String> {
        let rules = source.split(start).skip(1);
        let rules = rules.filter_map(|rule| rule.split(end).next());
        let rules = rules.map(|rule| {
            let mut parts = rule.split('{');
            let first = parts.next().unwrap_or_default().to_owned();
            let parts = parts.filter_map(|part| part.split_once('}'));
            parts.fold(first, |text, (_, after)| format!("{text}…{after}"))
        });
        rules.collect()
    }

    /// The rules are private to the simulator; a new one must get its text here, or be named as one of other calls.
    #[test]
    fn each_rule_of_the_source_has_a_text() {
        let scan = include_str!("../../weixin-sim/src/world/phone_error.rs");
        let world = include_str!("../../weixin-sim/src/worlds/registry.rs");
        let of_other_calls = [
            "this user has no session with the mini program: call wx-login first",
            "unknown app: see /_sim/api/apps",
            // Made of values: the rules of apps, and those of users above.
            "…",
        ];
        let rules = [scan, world].map(|source| rules(source, "#[error(\"", "\""));
        let known = |rule: &String| RULES.iter().any(|(english, _)| english == rule);
        let rules = rules.concat().into_iter();
        let unknown: Vec<_> = rules
            .filter(|rule| !known(rule) && !of_other_calls.contains(&rule.as_str()))
            .collect();
        assert_eq!(unknown, <[String; 0]>::default());
    }

    #[test]
    fn each_text_is_a_rule_of_the_source() {
        let sources = [
            include_str!("../../weixin-sim/src/routes/control/logins.rs"),
            include_str!("../../weixin-sim/src/routes/control/worlds.rs"),
            include_str!("../../weixin-sim/src/world/phone_error.rs"),
            include_str!("../../weixin-sim/src/worlds/registry.rs"),
        ]
        .concat();
        for (english, chinese) in RULES {
            let parts: Vec<_> = english.split('…').collect();
            let is_in_source = parts.iter().all(|part| sources.contains(part));
            assert!(is_in_source, "{english}");
            assert_eq!(chinese.matches('…').count(), parts.len() - 1, "{chinese}");
        }
    }

    #[test]
    fn the_values_of_a_rule_are_in_both_languages() {
        for (rule, chinese) in [
            (
                "all ports from 1 to 2 are in use: delete a world, or start the simulator with a wider range",
                "从 1 到 2 的端口都已被占用：请删除一个 world，或在启动模拟器时扩大范围",
            ),
            (
                "unknown user: expected one of anna, long",
                "没有这个用户，可用的用户有 anna, long",
            ),
            ("a rule of tomorrow", "a rule of tomorrow"),
        ] {
            let both = [Language::English, Language::Chinese];
            let text = text(rule);
            assert_eq!(both.map(|language| text.pick(language)), [rule, chinese]);
        }
    }
}
