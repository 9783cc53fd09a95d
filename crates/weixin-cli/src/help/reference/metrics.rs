//! The metrics of the SDK and of the gateway, as each describes them to a program's recorder.

use std::{cell::RefCell, collections::BTreeMap};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use weixin::{AppSecret, Language, Website};

use super::{
    chinese::{GATEWAY_METRICS, METRICS},
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
type Described = BTreeMap<String, (&'static str, String)>;

fn described_by(describe: impl FnOnce()) -> Described {
    let descriptions = Descriptions::default();
    with_local_recorder(&descriptions, describe);
    descriptions.0.into_inner()
}

/// Those of the SDK.
fn described() -> Described {
    described_by(|| {
        let secret = AppSecret::new("unused").unwrap();
        Website::builder("wx1".parse().unwrap(), secret)
            .build()
            .unwrap();
    })
}

/// Those of the gateway.
fn described_by_gateway() -> Described {
    described_by(weixin_gateway::describe_metrics)
}

pub(super) fn section(language: Language) -> String {
    let sdk = format!(
        "## {}\n\n{}\n\n{}",
        language.pick("指标", "Metrics"),
        language.pick(
            "启用特性 `metrics` 后，SDK 通过 `metrics` 记录以下指标；`path` 是微信接口的路径。请在创建应用（`Website` 等）之前安装 recorder，它才能得到各指标的说明。",
            "With the feature `metrics`, the SDK records these metrics through the `metrics` facade; `path` is the path of WeChat's API.\nInstall the recorder before you build the app (such as `Website`), so that it receives the descriptions.",
        ),
        list(described(), &METRICS, language),
    );
    let gateway = format!(
        "## {}\n\n{}\n\n{}",
        language.pick("网关的指标", "Metrics of the gateway"),
        language.pick(
            "设置 `[metrics] listen` 后，`weixin gateway serve` 在该地址的 `/metrics` 提供以下指标和 SDK 的指标。标签的值是固定的词或配置文件中的 ID，不含用户，也不含访问者提交的内容。",
            "With `[metrics] listen`, `weixin gateway serve` serves these metrics and those of the SDK at `/metrics` of that address.\nThe values of labels are fixed words or IDs of the configuration file: never a user, and nothing that a visitor writes.",
        ),
        list(described_by_gateway(), &GATEWAY_METRICS, language),
    );
    format!("{sdk}\n{gateway}")
}

fn list(
    described: Described,
    texts: &[(&'static str, &'static str)],
    language: Language,
) -> String {
    let mut list = String::new();
    for (name, (kind, english)) in described {
        let text = language.pick(chinese(&name, texts), &english).to_owned();
        let kind = match (kind, language) {
            (kind, Language::English) => format!("Type: {kind}"),
            ("counter", _) => "类型：计数器（counter）".to_owned(),
            ("gauge", _) => "类型：测量值（gauge）".to_owned(),
            (_, _) => "类型：直方图（histogram）".to_owned(),
        };
        list += &item(&name, &[sentence(&text, language), kind], language);
    }
    list
}

fn chinese(name: &str, texts: &[(&'static str, &'static str)]) -> &'static str {
    let text = texts.iter().find(|(of, _)| *of == name);
    text.map(|(_, text)| *text).unwrap_or_default()
}

#[test]
fn each_metric_has_one_text_in_chinese() {
    let names = |described: Described| described.into_keys().collect::<Vec<_>>();
    let translated = |texts: &[(&str, &str)]| {
        let names = texts.iter().map(|(name, _)| (*name).to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(translated(&METRICS), names(described()));
    assert_eq!(translated(&GATEWAY_METRICS), names(described_by_gateway()));
}
