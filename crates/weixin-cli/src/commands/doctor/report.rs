//! The report: each result is printed as soon as it is known, and the exit code sums them up.

use serde_json::{Map, Value, json};
use weixin::Language;

use super::check::{CheckResult, Status};
use crate::{error::CliError, exit_code::ExitCode, message::message, output::Output};

/// The results so far.
#[derive(Debug)]
pub(crate) struct Report {
    output: Output,
    results: Vec<CheckResult>,
    /// More members of the JSON.
    more: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            results: Vec::new(),
            more: Map::new(),
        }
    }

    /// The language of its texts.
    pub(crate) fn language(&self) -> Language {
        self.output.language()
    }

    /// Adds results and prints them at once, because the next check may take a while. A remedy is not repeated.
    pub(crate) fn add(
        &mut self,
        results: impl IntoIterator<Item = CheckResult>,
    ) -> Result<(), CliError> {
        for result in results {
            let is_repeated = self
                .results
                .iter()
                .any(|before| before.remedy() == result.remedy());
            self.output.line(|| {
                let language = self.output.language();
                let mut line = result.line(language);
                if !is_repeated {
                    line.push_str(&result.remedy_line(language));
                }
                line
            })?;
            self.results.push(result);
        }
        Ok(())
    }

    /// Adds a member to the JSON, and prints it as text unless that is empty.
    pub(crate) fn tell(
        &mut self,
        name: &str,
        value: Value,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        self.more.insert(name.to_owned(), value);
        let text = text();
        if text.is_empty() {
            return Ok(());
        }
        self.output.line(|| text)
    }

    /// Prints the sums. Fails with the exit code of the failed checks.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        let language = self.output.language();
        let count = |status| {
            let has_status = |result: &&CheckResult| result.status == status;
            self.results.iter().filter(has_status).count()
        };
        let (failed, warnings) = (count(Status::Failed), count(Status::Warning));
        let (ok, unproven) = (count(Status::Ok), count(Status::Unproven));
        let checks: Value = self
            .results
            .iter()
            .map(|result| result.json(language))
            .collect();
        let mut json = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "ok": failed == 0,
            "checks": checks,
        });
        if let Value::Object(json) = &mut json {
            json.extend(self.more.clone());
        }
        let text = || {
            let noun = if warnings == 1 { "warning" } else { "warnings" };
            message(
                format!("\n{ok} 项正常，{warnings} 项需注意，{failed} 项失败，{unproven} 项未验证"),
                format!("\n{ok} ok, {warnings} {noun}, {failed} failed, {unproven} unproven"),
            )
        };
        self.output.result(text, &json)?;
        match self.exit_code() {
            ExitCode::Success => Ok(()),
            code => Err(CliError::Reported(code)),
        }
    }

    /// A wrong setting counts more than a failed network.
    fn exit_code(&self) -> ExitCode {
        let failed = self
            .results
            .iter()
            .filter(|result| result.status == Status::Failed);
        let codes: Vec<_> = failed.map(|result| result.check.exit_code()).collect();
        [ExitCode::Configuration, ExitCode::Retry]
            .into_iter()
            .find(|code| codes.contains(code))
            .unwrap_or(ExitCode::Success)
    }
}
