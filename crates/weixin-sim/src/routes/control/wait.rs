//! `/wait-for`: returns when a matching event has happened, so that tests don't need to poll.

use std::{sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::oneshot::Receiver, time::timeout};

use super::bad_request::{BadRequest, read};
use crate::{
    Finding, HappenedStep, LoggedRequest,
    state::SimState,
    world::{
        counts::Counted,
        filters::{RequestFilter, StepFilter},
    },
};

/// Maximum timeout, in milliseconds.
const MAX_WAIT: u64 = 60_000;

/// Exactly one of `finding`, `login` and `request`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitFor {
    finding: Option<FindingFilter>,
    login: Option<StepFilter>,
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

impl FindingFilter {
    fn matches(&self, finding: &Finding) -> bool {
        self.rule
            .as_ref()
            .is_none_or(|rule| rule == finding.rule.id)
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
    Counted(Box<Counted>),
}

impl Filter {
    async fn wait(self, sim: &SimState) -> Value {
        match self {
            Self::Finding(filter) => {
                let wants = move |finding: &Finding| filter.matches(finding);
                let found = event(|| sim.world().findings.find(wants.clone())).await;
                json!({ "finding": *found })
            }
            Self::Counted(counted) => match *counted {
                Counted::Steps(filter) => step(sim, filter).await,
                Counted::Requests(filter) => request(sim, filter).await,
            },
        }
    }
}

async fn step(sim: &SimState, filter: StepFilter) -> Value {
    let after = filter.after;
    let wants = move |step: &HappenedStep| filter.matches(step);
    let step = event(|| sim.world().timeline.steps.find(after, wants.clone())).await;
    let login = sim.world().timeline.get(step.login).cloned();
    json!({ "login": login.as_deref(), "step": *step, "next": step.number })
}

async fn request(sim: &SimState, filter: RequestFilter) -> Value {
    let after = filter.after;
    let wants = move |request: &LoggedRequest| filter.matches(request);
    let found = event(|| sim.world().requests.find(after, wants.clone())).await;
    json!({ "request": *found, "next": found.number })
}

impl WaitFor {
    /// The only filter; `None` if there is none, or more than one.
    fn filter(self) -> Option<Filter> {
        match (self.finding, self.login, self.request) {
            (Some(filter), None, None) => Some(Filter::Finding(filter)),
            (None, Some(filter), None) => Some(Filter::Counted(Counted::Steps(filter).into())),
            (None, None, Some(filter)) => Some(Filter::Counted(Counted::Requests(filter).into())),
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
    let Some(mut filter) = wait.filter() else {
        let rule = "expected one of finding, login and request";
        return Err(BadRequest::new("body", rule));
    };
    if timeout_ms > MAX_WAIT {
        let rule = format!("expected at most {MAX_WAIT}");
        return Err(BadRequest::new("timeout_ms", rule));
    }
    if let Filter::Counted(counted) = &mut filter {
        sim.world().check_names(counted)?;
    }
    let happened = timeout(Duration::from_millis(timeout_ms), filter.wait(&sim)).await;
    let rule = format!("no matching event within {timeout_ms} ms");
    happened
        .map(Json)
        .map_err(|_| BadRequest::timed_out("timeout_ms", rule))
}
