//! The calls of the simulator's control API, from its OpenAPI document.

use std::fmt::Write;

use serde_json::Value;
use weixin::Language;
use weixin_sim::OPENAPI;

use super::{
    chinese::{CALLS, TAGS},
    markdown::{item, sentence, values},
};
use crate::lang::Pick;

/// One method of a path.
struct Call {
    id: String,
    tag: String,
    /// The method and the path.
    name: String,
    summary: String,
    /// Parameters of the path with a fixed set of values.
    choices: Vec<(String, Vec<String>)>,
}

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The tags with their descriptions, in the order of the document.
fn tags(document: &Value) -> Vec<(String, String)> {
    let tags = list(&document["tags"]);
    tags.map(|tag| (text(&tag["name"]), text(&tag["description"])))
        .collect()
}

fn calls(document: &Value) -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = ["get", "post", "put", "delete"];
        for (method, call) in methods.map(|method| (method, &item[method])) {
            if call.is_null() {
                continue;
            }
            let choices = list(&item["parameters"]).filter_map(|parameter| {
                let values: Vec<_> = list(&parameter["schema"]["enum"]).map(text).collect();
                (!values.is_empty()).then(|| (text(&parameter["name"]), values))
            });
            calls.push(Call {
                id: text(&call["operationId"]),
                tag: text(&call["tags"][0]),
                name: format!("{} {path}", method.to_uppercase()),
                summary: text(&call["summary"]),
                choices: choices.collect(),
            });
        }
    }
    calls
}

pub(super) fn section(language: Language) -> String {
    let document = document();
    let mut page = format!(
        "## {}\n\n{}\n",
        language.pick("控制接口", "Control API"),
        language.pick(
            "模拟器在 `http://127.0.0.1:9300` 提供以下调用。参数和响应见 OpenAPI 文档：`GET /_sim/api/openapi.json`。",
            "The simulator serves these calls at `http://127.0.0.1:9300`. The OpenAPI document, `GET /_sim/api/openapi.json`, has their\nparameters and responses.",
        )
    );
    let calls = calls(&document);
    for (tag, description) in tags(&document) {
        let description = language.pick(chinese(&TAGS, &tag), &description).to_owned();
        write!(
            page,
            "\n### {}\n\n",
            description.trim_end_matches(['.', '。'])
        )
        .unwrap();
        for call in calls.iter().filter(|call| call.tag == tag) {
            let mut sentences = vec![sentence(
                language.pick(chinese(&CALLS, &call.id), &call.summary),
                language,
            )];
            for (name, choices) in &call.choices {
                let choices = values(choices.iter().map(String::as_str), language);
                sentences.push(format!(
                    "`{{{name}}}`{}{choices}",
                    language.pick("：", ": ")
                ));
            }
            page += &item(&call.name, &sentences, language);
        }
    }
    page
}

fn chinese<'a>(table: &[(&str, &'a str)], name: &str) -> &'a str {
    let text = table.iter().find(|(of, _)| *of == name);
    text.map(|(_, text)| *text).unwrap_or_default()
}

#[test]
fn each_call_and_group_has_one_text_in_chinese() {
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let of = |table: &[(&str, &str)]| table.iter().map(|(name, _)| (*name).to_owned()).collect();
    let document = document();
    let calls = calls(&document).into_iter().map(|call| call.id).collect();
    assert_eq!(sorted(of(&CALLS)), sorted(calls));
    let tags = tags(&document).into_iter().map(|(name, _)| name).collect();
    assert_eq!(sorted(of(&TAGS)), sorted(tags));
}

#[test]
fn each_call_is_in_a_group() {
    let document = document();
    let tags = tags(&document);
    for call in calls(&document) {
        assert!(tags.iter().any(|(tag, _)| *tag == call.tag), "{}", call.id);
    }
}
