//! The report of `--fail-on-findings`, and `weixin sim findings`.

use http::Request;
use serde::Deserialize;
use serde_json::Value;
use weixin::transport::{Https, Transport};
use weixin_sim::Sim;

use crate::{
    args,
    error::CliError,
    exit_code::ExitCode,
    output::{Output, visible},
};

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

impl Finding {
    fn text(&self) -> String {
        let Self {
            id,
            class,
            answer,
            remedy,
            ..
        } = self;
        format!(
            "{id} ({class}, × {}): {}\n  {}\n  微信的响应：{}。\n  修改方法：{}。\n  WeChat's response: {}.\n  Fix: {}.",
            self.times,
            visible(&self.sent),
            visible(&self.cause()),
            answer.zh,
            remedy.zh,
            answer.en,
            remedy.en
        )
    }

    /// The origin of the first occurrence.
    fn cause(&self) -> String {
        let number = |name, number: Option<u64>| number.map(|number| format!("{name} {number}"));
        let parts = [
            self.app_id.as_ref().map(|app| format!("app {app}")),
            number("login", self.login),
            number("request", self.request),
            self.test.as_ref().map(|test| format!("test {test}")),
            self.world.as_ref().map(|world| format!("world {world}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The reason why it does not fail the run.
    fn excuse(&self) -> &str {
        match self.class.as_str() {
            "rejected" | "unsafe" => "accepted",
            class => class,
        }
    }
}

/// Prints the findings of a simulator that ends. Fails if one of them fails the run.
pub(super) fn report(sim: &Sim, output: Output) -> Result<(), CliError> {
    let findings = serde_json::to_value(sim.findings_since_start());
    let findings = findings.map_err(|error| CliError::Other(error.to_string()))?;
    report_json(findings, output)
}

/// Prints findings as the control API describes them. Fails if one of them fails the run.
pub(super) fn report_json(findings: Value, output: Output) -> Result<(), CliError> {
    let findings: Vec<Finding> =
        serde_json::from_value(findings).map_err(|error| CliError::Other(error.to_string()))?;
    let (failing, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.fails);
    for finding in &failing {
        output.note(&finding.text());
    }
    if !others.is_empty() {
        output.note(&format!("not counted: {}", summary(&others)));
    }
    if failing.is_empty() {
        return Ok(());
    }
    let options = distinct(
        failing
            .iter()
            .map(|finding| format!("--accept {}", finding.id)),
    );
    Err(CliError::Other(format!(
        "{}: fix, or accept by {}",
        count(failing.len()),
        options.join(" ")
    )))
}

/// The rules of findings, each with the reason why it does not fail the run.
fn summary(findings: &[&Finding]) -> String {
    let rules = findings
        .iter()
        .map(|finding| format!("{} ({})", finding.id, finding.excuse()));
    distinct(rules).join(", ")
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

fn count(findings: usize) -> String {
    match findings {
        1 => "1 finding".to_owned(),
        findings => format!("{findings} findings"),
    }
}

/// Prints the findings of a running simulator.
pub(super) async fn run(args: &args::Findings, output: Output) -> Result<(), CliError> {
    let json = fetch(args).await?;
    let findings: Vec<Finding> =
        serde_json::from_value(json.clone()).map_err(|_| not_a_simulator(args))?;
    let text = || {
        let texts: Vec<_> = findings.iter().map(Finding::text).collect();
        if texts.is_empty() {
            "no findings".to_owned()
        } else {
            texts.join("\n")
        }
    };
    output.result(text, &json)?;
    if findings.iter().any(|finding| finding.fails) {
        Err(CliError::Reported(ExitCode::Failure))
    } else {
        Ok(())
    }
}

async fn fetch(args: &args::Findings) -> Result<Value, CliError> {
    let url = args.sim.join("/_sim/api/findings?since=start");
    let url = url.map_err(|error| CliError::Usage(format!("--sim: {error}")))?;
    let request = Request::get(url.as_str()).body(Vec::new());
    let request = request.map_err(|error| CliError::Usage(format!("--sim: {error}")))?;
    let response = Https::new()?.send(request).await?;
    serde_json::from_slice(response.body()).map_err(|_| not_a_simulator(args))
}

fn not_a_simulator(args: &args::Findings) -> CliError {
    CliError::Usage(format!("{} is not a simulator: use --sim", args.sim))
}
