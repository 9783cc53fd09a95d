//! The report of `--fail-on-findings`, and `weixin sim findings`.

use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use weixin::{
    Language,
    transport::{Https, Transport, TransportErrorKind},
};
use weixin_sim::Sim;

use crate::{
    args,
    error::CliError,
    exit_code::ExitCode,
    lang::Pick,
    message::{Message, message},
    output::{Output, visible},
    style::{BOLD, paint},
};

/// Most places of a rule that are printed.
const MAX_PLACES: usize = 50;

/// A finding, as the control API describes it.
#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    class: String,
    answer: Bilingual,
    remedy: Bilingual,
    sent: String,
    times: u32,
    fails: bool,
    app_id: Option<String>,
    login: Option<u64>,
    request: Option<u64>,
    test: Option<String>,
    world: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Bilingual {
    zh: String,
    en: String,
}

impl Bilingual {
    fn pick(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}

impl Finding {
    /// The offending part of the request, and the origin of the first occurrence.
    fn place(&self, language: Language) -> String {
        let number = |zh, en, number: Option<u64>| {
            number.map(|number| format!("{} {number}", language.pick(zh, en)))
        };
        let text = |zh, en, text: &Option<String>| {
            text.as_ref()
                .map(|text| format!("{} {text}", language.pick(zh, en)))
        };
        let parts = [
            text("应用", "app", &self.app_id),
            number("登录", "login", self.login),
            number("请求", "request", self.request),
            text("测试", "test", &self.test),
            text("world", "world", &self.world),
        ];
        let origin = parts.into_iter().flatten().collect::<Vec<_>>();
        let origin = origin.join(language.pick("，", ", "));
        let sent = visible(&self.sent);
        match language {
            Language::English => format!("× {} {sent} ({origin})", self.times),
            _ => format!("× {} {sent}（{origin}）", self.times),
        }
    }

    /// The reason why it does not fail the run.
    fn excuse(&self) -> &str {
        match self.class.as_str() {
            "rejected" | "unsafe" => "accepted",
            class => class,
        }
    }

    fn is_of_rule_of(&self, other: &Self) -> bool {
        self.id == other.id && self.class == other.class && self.fails == other.fails
    }
}

/// The findings by rule: each rule with its remedy once, and its places.
fn by_rule(findings: &[&Finding], language: Language) -> Vec<String> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        match groups
            .iter_mut()
            .find(|group| group[0].is_of_rule_of(finding))
        {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.iter().map(|group| text(group, language)).collect()
}

/// The findings of one rule.
fn text(group: &[&Finding], language: Language) -> String {
    let first = group[0];
    let class = if first.fails {
        &first.class
    } else {
        first.excuse()
    };
    let times: u32 = group.iter().map(|finding| finding.times).sum();
    let response = format!(
        "  {}{}",
        language.pick("微信的响应：", "WeChat's response: "),
        first.answer.pick(language)
    );
    let remedy = format!(
        "  {}{}",
        language.pick("修改方法：", "Fix: "),
        first.remedy.pick(language)
    );
    let mut lines = vec![
        paint(
            BOLD,
            &format!("{} × {times}", with_class(&first.id, class, language)),
        ),
        response,
        remedy,
    ];
    let places = group.iter().take(MAX_PLACES);
    lines.extend(places.map(|finding| format!("  {}", visible(&finding.place(language)))));
    if let Some(more @ 1..) = group.len().checked_sub(MAX_PLACES) {
        lines.push(format!(
            "  {}{more}",
            language.pick("其余：", "and others: ")
        ));
    }
    lines.join("\n")
}

/// Prints the findings of a simulator that ends. Fails if one of them fails the run.
pub(super) fn report(sim: &Sim, output: Output) -> Result<(), CliError> {
    let findings = serde_json::to_value(sim.findings_since_start());
    let findings = findings.map_err(|error| CliError::Other(error.to_string().into()))?;
    report_json(&findings, output)
}

/// Prints findings as the control API describes them. Fails if one of them fails the run.
pub(super) fn report_json(findings: &Value, output: Output) -> Result<(), CliError> {
    let json = json!({ "findings": findings });
    let findings = Deserialize::deserialize(&json["findings"]);
    let findings: Vec<Finding> =
        findings.map_err(|error: serde_json::Error| CliError::Other(error.to_string().into()))?;
    let (failing, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.fails);
    let text = || {
        let language = output.language();
        let mut texts = by_rule(&failing, language);
        if !others.is_empty() {
            let label = language.pick("不计入：", "not counted: ");
            texts.push(format!("{label}{}", summary(&others, language)));
        }
        texts.join("\n")
    };
    if !findings.is_empty() {
        output.event(Some(text()), &json);
    }
    if failing.is_empty() {
        return Ok(());
    }
    let options = distinct(
        failing
            .iter()
            .map(|finding| format!("--accept {}", finding.id)),
    );
    let (count, options) = (failing.len(), options.join(" "));
    let noun = if count == 1 { "finding" } else { "findings" };
    Err(CliError::Other(message(
        format!("{count} 个问题：请修改，或用 {options} 接受"),
        format!("{count} {noun}: fix, or accept by {options}"),
    )))
}

/// The rules of findings, each with the reason why it does not fail the run.
fn summary(findings: &[&Finding], language: Language) -> String {
    let rules = findings
        .iter()
        .map(|finding| with_class(&finding.id, finding.excuse(), language));
    distinct(rules).join(language.pick("、", ", "))
}

/// A rule with its class.
fn with_class(id: &str, class: &str, language: Language) -> String {
    let chinese = match class {
        "accepted" => "已接受",
        "local" => "仅限本机",
        "rejected" => "微信会拒绝",
        "undocumented" => "无文档依据",
        "unsafe" => "不安全",
        other => other,
    };
    match language {
        Language::English => format!("{id} ({class})"),
        _ => format!("{id}（{chinese}）"),
    }
}

/// Removes repeats, and keeps the order.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts.fold(Vec::new(), |mut all, text| {
        if !all.contains(&text) {
            all.push(text);
        }
        all
    })
}

/// Prints the findings of a running simulator.
pub(super) async fn run(args: &args::Findings, output: Output) -> Result<(), CliError> {
    let json = fetch(args).await?;
    let findings: Vec<Finding> =
        serde_json::from_value(json.clone()).map_err(|_| not_a_simulator(args))?;
    let (failing, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.fails);
    let text = |language| {
        let (fail, all) = (failing.len(), findings.len());
        let mut texts = by_rule(&[&*failing, &*others].concat(), language);
        texts.push(match (all, language) {
            (0, Language::English) => "no findings".to_owned(),
            (0, _) => "没有问题".to_owned(),
            (_, Language::English) => format!("{fail} of {all} fail a test run"),
            _ => format!("{all} 个问题，其中 {fail} 个会使测试失败"),
        });
        texts.join("\n")
    };
    output.result(|| Message::of(text), &json)?;
    if failing.is_empty() {
        Ok(())
    } else {
        Err(CliError::Reported(ExitCode::Failure))
    }
}

async fn fetch(args: &args::Findings) -> Result<Value, CliError> {
    let url = args.running.sim.join("/_sim/api/findings?since=start");
    let invalid = |error: String| CliError::Usage(Message::from(error).prefixed("--sim"));
    let url = url.map_err(|error| invalid(error.to_string()))?;
    let request = Request::get(url.as_str()).body(Vec::new());
    let request = request.map_err(|error| invalid(error.to_string()))?;
    let response = Https::new()?.send(request).await;
    let response = response.map_err(|error| match error.kind() {
        TransportErrorKind::Connect => {
            let url = &args.running.sim;
            CliError::Unreachable(message(
                format!("{url} 没有运行模拟器：请运行 `weixin sim`，或用 --sim 或 WEIXIN_SIM_URL 指定其他模拟器"),
                format!("no simulator runs at {url}: start `weixin sim`, or name another one by --sim or WEIXIN_SIM_URL"),
            ))
        }
        _ => error.into(),
    })?;
    serde_json::from_slice(response.body()).map_err(|_| not_a_simulator(args))
}

fn not_a_simulator(args: &args::Findings) -> CliError {
    let url = &args.running.sim;
    CliError::Usage(message(
        format!("{url} 不是模拟器：请检查 --sim 或 WEIXIN_SIM_URL"),
        format!("{url} is not a simulator: correct --sim or WEIXIN_SIM_URL"),
    ))
}
