//! The metrics of the SDK, as it describes them to a program's recorder.

use std::{cell::RefCell, collections::BTreeMap};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use weixin::{AppSecret, Language, Website};

use super::{
    chinese::METRICS,
    markdown::{item, sentence},
};
use crate::lang::Pick;

/// Keeps the kind and the description of each metric.
#[derive(Default)]
struct Descriptions(RefCell<BTreeMap<String, (&'static str, String)>>);

impl Descriptions {
    fn add(&self, name: &KeyName, kind: &'static str, text: &SharedString) {
        let text = text.to_string();
        self.0
            .borrow_mut()
            .insert(name.as_str().to_owned(), (kind, text));
    }
}

impl Recorder for Descriptions {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "counter", &text);
    }
    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "gauge", &text);
    }
    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "histogram", &text);
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The metrics by name, each with its kind and description.
fn described() -> BTreeMap<String, (&'static str, String)> {
    let descriptions = Descriptions::default();
    with_local_recorder(&descriptions, || {
        let secret = AppSecret::new("unused").unwrap();
        Website::builder("wx1".parse().unwrap(), secret)
            .build()
            .unwrap();
    });
    descriptions.0.into_inner()
}

pub(super) fn section(language: Language) -> String {
    let mut page = format!(
        "## {}\n\n{}\n\n",
        language.pick("指标", "Metrics"),
        language.pick(
            "启用特性 `metrics` 后，SDK 通过 `metrics` 记录以下指标；`path` 是微信接口的路径。请在创建应用（`Website` 等）之前安装 recorder，它才能得到各指标的说明。",
            "With the feature `metrics`, the SDK records these metrics through the `metrics` facade; `path` is the path of WeChat's API.\nInstall the recorder before you build the app (such as `Website`), so that it receives the descriptions.",
        )
    );
    for (name, (kind, english)) in described() {
        let text = language.pick(chinese(&name), &english).to_owned();
        let kind = match (kind, language) {
            (kind, Language::English) => format!("Type: {kind}"),
            ("counter", _) => "类型：计数器（counter）".to_owned(),
            ("gauge", _) => "类型：测量值（gauge）".to_owned(),
            (_, _) => "类型：直方图（histogram）".to_owned(),
        };
        page += &item(&name, &[sentence(&text, language), kind], language);
    }
    page
}

fn chinese(name: &str) -> &'static str {
    let text = METRICS.iter().find(|(of, _)| *of == name);
    text.map(|(_, text)| *text).unwrap_or_default()
}

#[test]
fn each_metric_has_one_text_in_chinese() {
    let described: Vec<_> = described().into_keys().collect();
    assert_eq!(METRICS.map(|(name, _)| name.to_owned()), *described);
}
