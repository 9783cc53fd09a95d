//! The golden cases that can be sent to the real WeChat.

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use weixin_sim::GOLDEN_FILES;

use crate::{error::CliError, message::message};

/// What the real WeChat must be told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Needs {
    /// Nothing but the request as it is.
    NoSecret,
    /// The app ID of a test account, and its app secret if the request has one.
    TestAccount,
}

/// A request, and the response of the simulator.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The golden file, which is one scenario.
    pub(super) file: &'static str,
    pub(super) rule: String,
    pub(super) confidence: String,
    pub(super) needs: Needs,
    pub(super) method: Method,
    /// Path and query, with the simulator's app and with placeholders.
    pub(super) path: String,
    pub(super) body: Body,
    pub(super) answer: Answer,
}

impl Case {
    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.file, self.rule)
    }
}

/// The body of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Body {
    None,
    Form(String),
    Json(String),
}

impl Body {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Form(text) | Self::Json(text) => text,
        }
    }
}

/// The simulator's response.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    /// The whole body.
    pub(super) body: Option<String>,
    /// Parts of a page.
    #[serde(default)]
    pub(super) contains: Vec<String>,
}

#[derive(Deserialize)]
struct Scenario {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    real: Option<Needs>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    confidence: String,
    request: Option<String>,
    form: Option<String>,
    json: Option<Value>,
    answer: Option<Answer>,
}

impl Step {
    /// The case, if it can be sent to the real WeChat.
    fn case(self, file: &'static str) -> Option<Case> {
        let needs = self.real?;
        let request = self.request?;
        let (method, path) = request.split_once(' ')?;
        Some(Case {
            file,
            rule: self.rule,
            confidence: self.confidence,
            needs,
            method: method.parse().ok()?,
            path: path.to_owned(),
            body: match (self.form, self.json) {
                (Some(form), _) => Body::Form(form),
                (None, Some(json)) => Body::Json(json.to_string()),
                (None, None) => Body::None,
            },
            answer: self.answer?,
        })
    }
}

/// The cases in the order of the files, whose names contain one of the texts, if there are any.
pub(super) fn selected(texts: &[String]) -> Result<Vec<Case>, CliError> {
    let mut cases = Vec::new();
    for (file, text) in GOLDEN_FILES {
        let scenario: Scenario = serde_json::from_str(text)
            .map_err(|error| CliError::Other(format!("{file}.json: {error}").into()))?;
        let steps = scenario.steps.into_iter();
        cases.extend(steps.filter_map(|step| step.case(file)));
    }
    if !texts.is_empty() {
        cases.retain(|case| texts.iter().any(|text| case.name().contains(text.as_str())));
    }
    if cases.is_empty() {
        return Err(CliError::Usage(message(
            "--only：没有名称包含该文字的请求。`weixin sim compare --dry-run` 列出全部名称",
            "--only: no case has this text in its name. `weixin sim compare --dry-run` lists the names",
        )));
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marked_step_of_the_golden_files_is_a_case() {
        let marked = GOLDEN_FILES
            .iter()
            .map(|(_, text)| text.matches("\"real\":").count());
        assert_eq!(selected(&[]).unwrap().len(), marked.sum::<usize>());
    }
}
