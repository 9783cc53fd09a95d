//! All findings: each is told as it is made, and the exit code is their sum.

use serde_json::{Value, json};

use super::finding::{Finding, Verdict};
use crate::{failure::Failure, language::Language, output::Output};

/// All that was found so far.
#[derive(Debug)]
pub(super) struct Report {
    language: Language,
    output: Output,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(language: Language, output: Output) -> Self {
        Self {
            language,
            output,
            findings: Vec::new(),
        }
    }

    /// Says it at once: the next check may take a while.
    pub(super) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.output.line(|| finding.line(self.language));
            self.findings.push(finding);
        }
    }

    /// The sum, and the exit code that stands for it.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let language = self.language;
        let count = |verdict| {
            let is = |finding: &&Finding| finding.verdict == verdict;
            self.findings.iter().filter(is).count()
        };
        let (failed, warnings) = (count(Verdict::Failed), count(Verdict::Warning));
        let (good, unproven) = (count(Verdict::Good), count(Verdict::Unproven));
        let checks: Value = self
            .findings
            .iter()
            .map(|found| found.json(language))
            .collect();
        let json = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "ok": failed == 0,
            "checks": checks,
        });
        let text = || match language {
            Language::Chinese => format!(
                "\n{good} 项正常，{warnings} 项需注意，{failed} 项失败，{unproven} 项从这里无法证实"
            ),
            Language::English => format!(
                "\n{good} ok, {warnings} {}, {failed} failed, {unproven} that cannot be proved from here",
                if warnings == 1 { "warning" } else { "warnings" }
            ),
        };
        self.output.result(text, &json);
        match self.exit_code() {
            0 => Ok(()),
            code => Err(Failure::Command(code)),
        }
    }

    /// As of every command: 5 for what is set up wrongly, 4 for what may pass by itself.
    fn exit_code(&self) -> u8 {
        let mut failed = self
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Failed)
            .peekable();
        if failed.peek().is_none() {
            0
        } else if failed.all(|finding| finding.check.is_about_the_network()) {
            4
        } else {
            5
        }
    }
}
