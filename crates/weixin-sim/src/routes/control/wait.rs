//! `/wait-for`: returns when a matching event has happened, so that tests don't need to poll.

use std::{sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::oneshot::Receiver, time::timeout};

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

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingFilter {
    rule: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginFilter {
    app_id: Option<String>,
    /// Last step of the login.
    step: Option<Event>,
}

#[derive(Clone, Deserialize)]
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

/// Looks for an event until there is one. Between two looks it waits for the event itself: other requests do not
/// wake it. A reset, which drops those that wait, is the reason for a second look.
async fn event<T>(mut look: impl FnMut() -> Result<Arc<T>, Receiver<Arc<T>>>) -> Arc<T> {
    loop {
        match look() {
            Ok(event) => return event,
            Err(next) => {
                if let Ok(event) = next.await {
                    return event;
                }
            }
        }
    }
}

/// What the request waits for.
enum Filter {
    Finding(FindingFilter),
    Login(LoginFilter),
    Request(RequestFilter),
}

impl Filter {
    async fn wait(self, sim: &SimState) -> Value {
        match self {
            Self::Finding(filter) => {
                let wants = move |finding: &Finding| filter.matches(finding);
                let found = event(|| sim.world().findings.find(wants.clone())).await;
                json!({ "finding": *found })
            }
            Self::Login(filter) => {
                let wants = move |trace: &LoginTrace| filter.matches(trace);
                let found = event(|| sim.world().timeline.find(wants.clone())).await;
                json!({ "login": *found })
            }
            Self::Request(filter) => {
                let wants = move |request: &LoggedRequest| filter.matches(request);
                let found = event(|| sim.world().requests.find(wants.clone())).await;
                json!({ "request": *found })
            }
        }
    }
}

impl WaitFor {
    /// The only filter; `None` if there is none, or more than one.
    fn filter(self) -> Option<Filter> {
        match (self.finding, self.login, self.request) {
            (Some(filter), None, None) => Some(Filter::Finding(filter)),
            (None, Some(filter), None) => Some(Filter::Login(filter)),
            (None, None, Some(filter)) => Some(Filter::Request(filter)),
            _ => None,
        }
    }
}

pub(super) async fn wait_for(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let wait: WaitFor = read(&body)?;
    let timeout_ms = wait.timeout_ms;
    let Some(filter) = wait.filter() else {
        let rule = "expected one of finding, login and request";
        return Err(BadRequest::new("body", rule));
    };
    if timeout_ms > MAX_WAIT {
        let rule = format!("expected at most {MAX_WAIT}");
        return Err(BadRequest::new("timeout_ms", rule));
    }
    let happened = timeout(Duration::from_millis(timeout_ms), filter.wait(&sim)).await;
    let rule = format!("no matching event within {timeout_ms} ms");
    happened
        .map(Json)
        .map_err(|_| BadRequest::timed_out("timeout_ms", rule))
}
