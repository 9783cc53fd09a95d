//! `--log`: one line for each request; with `--json`, also for each step of a login and each new finding.

use std::{collections::HashSet, convert::Infallible, future::pending};

use serde::Serialize;
use serde_json::{Value, json};
use weixin_sim::{Finding, HappenedStep, LoggedRequest, Sim};

use crate::output::{Output, visible};

/// Prints the events of a simulator as they come.
#[derive(Debug)]
pub(super) struct Log {
    is_on: bool,
    output: Output,
    printed: Printed,
}

/// How far the events are printed.
#[derive(Clone, Debug, Default)]
struct Printed {
    /// Number of the last request.
    request: u64,
    /// Number of the last step.
    step: u64,
    /// The findings. Those of another world may come before known ones.
    findings: HashSet<String>,
}

/// Events that are not printed yet.
struct New {
    steps: Vec<HappenedStep>,
    requests: Vec<LoggedRequest>,
    findings: Vec<Finding>,
}

impl New {
    /// `None` if there are none.
    fn since(printed: &Printed, sim: &Sim) -> Option<Self> {
        let mut findings = sim.findings_since_start();
        findings.retain(|finding| !printed.findings.contains(&key(finding)));
        let new = Self {
            steps: sim.steps_after(printed.step),
            requests: sim.requests_after(printed.request),
            findings,
        };
        let is_empty = new.steps.is_empty() && new.requests.is_empty() && new.findings.is_empty();
        (!is_empty).then_some(new)
    }
}

impl Log {
    pub(super) fn new(is_on: bool, output: Output) -> Self {
        Self {
            is_on,
            output,
            printed: Printed::default(),
        }
    }

    /// Prints each event; never ends.
    pub(super) async fn follow(&mut self, sim: &Sim) -> Infallible {
        if !self.is_on {
            return pending().await;
        }
        loop {
            let printed = &self.printed;
            let new = sim.until(|sim| New::since(printed, sim)).await;
            self.print(&new);
        }
    }

    /// Prints what is not printed yet.
    pub(super) fn finish(mut self, sim: &Sim) {
        if self.is_on
            && let Some(new) = New::since(&self.printed, sim)
        {
            self.print(&new);
        }
    }

    fn print(&mut self, new: &New) {
        for step in &new.steps {
            self.output.event(None, &event("step", step));
            self.printed.step = step.number;
        }
        for request in &new.requests {
            let text = visible(&line(request));
            self.output.event(Some(text), &event("request", request));
            self.printed.request = request.number;
        }
        for finding in &new.findings {
            self.output.event(None, &event("finding", finding));
            self.printed.findings.insert(key(finding));
        }
    }
}

/// What makes a finding a new one, and not one more occurrence.
fn key(finding: &Finding) -> String {
    let Finding {
        rule, sent, cause, ..
    } = finding;
    let (app, test, world) = (&cause.app_id, &cause.test, &cause.world);
    format!(
        "{} {:?} {sent:?} {app:?} {test:?} {world:?}",
        rule.id, rule.class
    )
}

/// The members of a value, after the name of the event.
fn event(name: &str, value: &impl Serialize) -> Value {
    let mut event = json!({ "event": name });
    if let (Value::Object(event), Value::Object(members)) = (&mut event, json!(value)) {
        event.extend(members);
    }
    event
}

/// Such as `7 GET api.weixin.qq.com/sns/userinfo 200 40001`.
fn line(request: &LoggedRequest) -> String {
    let LoggedRequest {
        number,
        method,
        host,
        path,
        status,
        errcode,
        ..
    } = request;
    let errcode = errcode.map(|errcode| format!(" {errcode}"));
    let errcode = errcode.unwrap_or_default();
    format!("{number} {method} {host}{path} {status}{errcode}")
}
