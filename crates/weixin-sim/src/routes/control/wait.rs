//! `/wait-for`: answers when something has happened, so that a test in any language need not ask again and
//! again.

use std::{sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bad_request::{BadRequest, read};
use crate::{
    Finding, Recorded,
    state::Shared,
    world::{Event, Story},
};

/// Longest wait, in milliseconds.
const MAX_WAIT: u64 = 60_000;

/// One of `finding`, `login` and `request`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitFor {
    finding: Option<FindingLike>,
    login: Option<LoginLike>,
    request: Option<RequestLike>,
    #[serde(default = "ten_seconds")]
    timeout_ms: u64,
}

fn ten_seconds() -> u64 {
    10_000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingLike {
    rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginLike {
    app_id: Option<String>,
    /// The last thing that happened to it.
    step: Option<Event>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestLike {
    path: Option<String>,
    errcode: Option<i64>,
    /// Only later ones than that of this number.
    #[serde(default)]
    after: u64,
}

/// What is not asked for fits.
fn fits<T: PartialEq>(asked: Option<&T>, is: &T) -> bool {
    asked.is_none_or(|asked| asked == is)
}

impl FindingLike {
    fn is(&self, finding: &Finding) -> bool {
        fits(self.rule.as_deref().as_ref(), &finding.rule.id)
    }
}

impl LoginLike {
    fn is(&self, story: &Story) -> bool {
        let last = story.steps.last().map(|step| step.what);
        fits(self.app_id.as_ref(), &story.app_id) && (self.step.is_none() || self.step == last)
    }
}

impl RequestLike {
    fn is(&self, request: &Recorded) -> bool {
        request.number > self.after
            && fits(self.path.as_ref(), &request.path)
            && (self.errcode.is_none() || self.errcode == request.errcode)
    }
}

impl WaitFor {
    fn look(&self, sim: &Shared) -> Option<Value> {
        let world = sim.world();
        if let Some(like) = &self.finding {
            let found = world.findings.all().iter().find(|found| like.is(found));
            found.map(|finding| json!({ "finding": finding }))
        } else if let Some(like) = &self.login {
            let found = world.timeline.newest_first().find(|story| like.is(story));
            found.map(|story| json!({ "login": story }))
        } else {
            let like = self.request.as_ref()?;
            let found = world
                .requests
                .masked()
                .into_iter()
                .find(|found| like.is(found));
            found.map(|request| json!({ "request": request }))
        }
    }
}

pub(super) async fn wait_for(
    State(sim): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let asked: WaitFor = read(&body)?;
    let kinds = [
        asked.finding.is_some(),
        asked.login.is_some(),
        asked.request.is_some(),
    ];
    if kinds.iter().filter(|asked| **asked).count() != 1 {
        let rule = "expected one of finding, login and request";
        return Err(BadRequest::new("body", rule));
    }
    if asked.timeout_ms > MAX_WAIT {
        let rule = format!("expected {MAX_WAIT} at the most");
        return Err(BadRequest::new("timeout_ms", rule));
    }
    let patience = Duration::from_millis(asked.timeout_ms);
    let happened = timeout(patience, sim.until(|sim| asked.look(sim))).await;
    let rule = format!("nothing like it happened within {} ms", asked.timeout_ms);
    happened
        .map(Json)
        .map_err(|_| BadRequest::timed_out("timeout_ms", rule))
}
