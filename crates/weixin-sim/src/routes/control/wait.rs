//! `/wait-for`: returns when a matching event has happened, so that tests don't need to poll.

use std::{sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bad_request::{BadRequest, read};
use crate::{
    Finding, LoggedRequest,
    state::SimState,
    world::{Event, LoginTrace},
};

/// Maximum timeout, in milliseconds.
const MAX_WAIT: u64 = 60_000;

/// Exactly one of `finding`, `login` and `request`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitFor {
    finding: Option<FindingFilter>,
    login: Option<LoginFilter>,
    request: Option<RequestFilter>,
    #[serde(default = "ten_seconds")]
    timeout_ms: u64,
}

fn ten_seconds() -> u64 {
    10_000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingFilter {
    rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginFilter {
    app_id: Option<String>,
    /// Last step of the login.
    step: Option<Event>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFilter {
    path: Option<String>,
    errcode: Option<i64>,
    /// Only requests after the one with this number.
    #[serde(default)]
    after: u64,
}

/// Compares a value with a filter; a missing filter matches everything.
fn is_wanted<T: PartialEq>(filter: Option<&T>, is: &T) -> bool {
    filter.is_none_or(|filter| filter == is)
}

impl FindingFilter {
    fn matches(&self, finding: &Finding) -> bool {
        is_wanted(self.rule.as_deref().as_ref(), &finding.rule.id)
    }
}

impl LoginFilter {
    fn matches(&self, trace: &LoginTrace) -> bool {
        let last = trace.steps.last().map(|step| step.what);
        is_wanted(self.app_id.as_ref(), &trace.app_id) && (self.step.is_none() || self.step == last)
    }
}

impl RequestFilter {
    fn matches(&self, request: &LoggedRequest) -> bool {
        request.number > self.after
            && is_wanted(self.path.as_ref(), &request.path)
            && (self.errcode.is_none() || self.errcode == request.errcode)
    }
}

impl WaitFor {
    fn find(&self, sim: &SimState) -> Option<Value> {
        let world = sim.world();
        if let Some(filter) = &self.finding {
            let found = world
                .findings
                .all()
                .iter()
                .find(|found| filter.matches(found));
            found.map(|finding| json!({ "finding": finding }))
        } else if let Some(filter) = &self.login {
            let found = world
                .timeline
                .newest_first()
                .find(|trace| filter.matches(trace));
            found.map(|trace| json!({ "login": trace }))
        } else {
            let filter = self.request.as_ref()?;
            let found = world
                .requests
                .masked()
                .into_iter()
                .find(|found| filter.matches(found));
            found.map(|request| json!({ "request": request }))
        }
    }
}

pub(super) async fn wait_for(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let filter: WaitFor = read(&body)?;
    let kinds = [
        filter.finding.is_some(),
        filter.login.is_some(),
        filter.request.is_some(),
    ];
    if kinds.iter().filter(|filter| **filter).count() != 1 {
        let rule = "expected one of finding, login and request";
        return Err(BadRequest::new("body", rule));
    }
    if filter.timeout_ms > MAX_WAIT {
        let rule = format!("expected at most {MAX_WAIT}");
        return Err(BadRequest::new("timeout_ms", rule));
    }
    let patience = Duration::from_millis(filter.timeout_ms);
    let happened = timeout(patience, sim.until(|sim| filter.find(sim))).await;
    let rule = format!("no matching event within {} ms", filter.timeout_ms);
    happened
        .map(Json)
        .map_err(|_| BadRequest::timed_out("timeout_ms", rule))
}
