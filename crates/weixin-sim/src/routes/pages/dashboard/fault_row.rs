//! A fault that is set, in words.

use serde_json::Value;

use crate::{bilingual::Language, world::faults::AddedFault};

/// A fault in the dashboard's list.
#[derive(Debug)]
pub(super) struct FaultRow {
    pub(super) id: String,
    /// What happens.
    pub(super) effect: String,
    /// What it is limited to, such as `path /sns/userinfo`; empty for everything.
    pub(super) limits: Vec<String>,
    /// How often it struck, and may strike: `1 / 2`.
    pub(super) struck: String,
}

impl FaultRow {
    pub(super) fn new(fault: &AddedFault, language: Language) -> Self {
        // The control API's form has each field by its name, without those that are not set.
        let json = serde_json::to_value(fault).unwrap_or_default();
        let limits = LIMITS.iter().filter_map(|(name, chinese, english)| {
            let value = words(json.get(name)?);
            Some(format!("{} {value}", language.pick(chinese, english)))
        });
        let percent = json["percent"].as_u64().unwrap_or(100);
        let percent = (percent < 100).then(|| format!("{percent} %"));
        let times = match &json["times"] {
            Value::Null => language.pick("一直", "always").to_owned(),
            times => times.to_string(),
        };
        Self {
            id: fault.id().to_owned(),
            effect: effect(&json["effect"], language),
            limits: limits.chain(percent).collect(),
            struck: format!("{} / {times}", fault.struck()),
        }
    }
}

/// Fields that limit a fault: name, and its words in Chinese and English.
const LIMITS: [(&str, &str, &str); 7] = [
    ("path", "路径", "path"),
    ("app", "应用", "app"),
    ("host", "主机", "host"),
    ("user", "用户", "user"),
    ("parameter", "参数", "parameter"),
    ("header", "请求头", "header"),
    ("nth", "从第几次匹配起：", "from match number"),
];

/// A value of a limit: a text, a number, or a name with its value.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(named) => {
            let part = |key| named.get(key).map(words);
            let name = part("name").unwrap_or_default();
            part("value").map_or_else(|| name.clone(), |value| format!("{name}={value}"))
        }
        other => other.to_string(),
    }
}

/// What a fault does, in words; those without words keep their name in the control API.
fn effect(effect: &Value, language: Language) -> String {
    let pick = |chinese: &str, english: &str| language.pick(chinese, english).to_owned();
    let (name, value) = match effect {
        Value::Object(members) => members
            .iter()
            .next()
            .map(|(name, value)| (name.as_str(), words(value)))
            .unwrap_or_default(),
        name => (name.as_str().unwrap_or_default(), String::new()),
    };
    match name {
        "answer" => pick("固定的响应", "a canned answer"),
        "callback_twice" => pick("回调到达两次", "callback arrives twice"),
        "content_type" => format!("Content-Type: {value}"),
        "cookies_lost" => pick("浏览器丢失 Cookie", "browser loses its cookies"),
        "cut" => pick("JSON 不完整", "half the JSON"),
        "delay_ms" => format!("{} {value} ms", pick("延迟", "late by")),
        "dialog" => format!("{} {value}", pick("对话框", "dialog")),
        "errcode" => format!("errcode {value}"),
        "html" => format!("{} ({value})", pick("HTML 页面", "an HTML page")),
        "lone_surrogate" => pick(
            "昵称里有半个代理对",
            "half a surrogate pair in the nickname",
        ),
        "reset" => pick("断开连接", "connection breaks"),
        "reset_after" => pick("断开连接，code 已使用", "connection breaks, code used"),
        "slow_body_ms" => format!(
            "{} {value} ms",
            pick("响应体分段发送，历时", "body in parts, over")
        ),
        "state_altered" => pick("返回的 state 被改动", "state comes back altered"),
        "without" => format!("{} {value}", pick("没有", "no")),
        other => format!("{other} {value}"),
    }
}
