//! The report that is sent to us, in English for all who read it.

use serde_json::{Value, json};

use super::{
    account::Missing,
    difference::Difference,
    outcome::{Counts, Entry, Outcome},
};
use crate::{
    error::CliError,
    exit_code::ExitCode,
    output::{Output, visible},
};

const NOT_COMPARED: &str = "\
Not compared: the values of rid, hint, tokens, tickets and expires_in. Masked: app ID, app secret, tokens, IP addresses.";

/// The cases with their outcomes, and where they were sent.
#[derive(Debug)]
pub(super) struct Report {
    /// As in HTTP.
    pub(super) date: String,
    pub(super) open_url: String,
    pub(super) api_url: String,
    pub(super) entries: Vec<Entry>,
}

impl Report {
    /// Prints the cases that would be sent.
    pub(super) fn print_plan(&self, output: Output) -> Result<(), CliError> {
        output.result(|| self.plan().into(), &self.json())
    }

    /// Prints the report. Fails if a case differs, or if a case that is possible was not sent.
    pub(super) fn print(&self, output: Output) -> Result<(), CliError> {
        output.result(|| self.text().into(), &self.json())?;
        match self.exit_code() {
            ExitCode::Success => Ok(()),
            code => Err(CliError::Reported(code)),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match Counts::of(&self.entries) {
            Counts { differs: 1.., .. } => ExitCode::Failure,
            Counts {
                unreachable: 1.., ..
            }
            | Counts { not_sent: 1.., .. } => ExitCode::Retry,
            Counts { same: 0, .. } => ExitCode::Usage,
            _ => ExitCode::Success,
        }
    }

    fn plan(&self) -> String {
        let is_possible = |entry: &&Entry| matches!(entry.outcome, Outcome::NotSent);
        let mut lines: Vec<_> = self
            .entries
            .iter()
            .filter(is_possible)
            .map(|entry| format!("{}\n  {}", entry.name, entry.request))
            .collect();
        let count = lines.len();
        lines.push(format!("\n{count} would be sent, {}", self.skipped()));
        lines.join("\n")
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "weixin sim compare {}, {}",
                env!("CARGO_PKG_VERSION"),
                self.date
            ),
            format!("login page {}, API {}", self.open_url, self.api_url),
            String::new(),
        ];
        for entry in &self.entries {
            lines.extend(entry_text(entry));
        }
        let counts = Counts::of(&self.entries);
        lines.push(format!(
            "{} the same, {} different, {} unreachable, {} not sent, {}",
            counts.same,
            counts.differs,
            counts.unreachable,
            counts.not_sent,
            self.skipped()
        ));
        if counts.not_sent > 0 {
            lines.push("The comparison was interrupted: this report is not complete.".to_owned());
        }
        lines.push(NOT_COMPARED.to_owned());
        if counts.differs > 0 {
            lines.push("Please open an issue with this report.".to_owned());
        }
        lines.join("\n")
    }

    /// The number of skipped cases, with the reasons.
    fn skipped(&self) -> String {
        let count = |reason| {
            let is_so = |entry: &&Entry| matches!(entry.outcome, Outcome::Skipped(missing) if missing == reason);
            self.entries.iter().filter(is_so).count()
        };
        let reasons: Vec<_> = [Missing::AppId, Missing::AppSecret, Missing::Value]
            .into_iter()
            .filter(|reason| count(*reason) > 0)
            .map(|reason| format!("{}: {}", reason.text(), count(reason)))
            .collect();
        match (Counts::of(&self.entries).skipped, reasons.as_slice()) {
            (0, _) => "0 skipped".to_owned(),
            (skipped, reasons) => format!("{skipped} skipped ({})", reasons.join(", ")),
        }
    }

    fn json(&self) -> Value {
        let counts = Counts::of(&self.entries);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "date": self.date,
            "open_url": self.open_url,
            "api_url": self.api_url,
            "same": counts.same,
            "differs": counts.differs,
            "unreachable": counts.unreachable,
            "skipped": counts.skipped,
            "not_sent": counts.not_sent,
            "cases": self.entries.iter().map(entry_json).collect::<Value>(),
        })
    }
}

/// The lines of a case that is not the same.
fn entry_text(entry: &Entry) -> Vec<String> {
    let details = match &entry.outcome {
        Outcome::Differs(differences) => differences.iter().flat_map(difference_text).collect(),
        Outcome::Unreachable(reason) => vec![format!("  unreachable: {}", one_line(reason))],
        Outcome::Same | Outcome::Skipped(_) | Outcome::NotSent => return Vec::new(),
    };
    let mut lines = vec![
        format!("{} ({})", entry.name, entry.confidence),
        format!("  {}", entry.request),
    ];
    lines.extend(details);
    let origin = [("date", &entry.date), ("rid", &entry.rid)];
    for (name, value) in origin {
        if let Some(value) = value {
            lines.push(format!("  {name}: {}", one_line(value)));
        }
    }
    lines.push(String::new());
    lines
}

fn difference_text(difference: &Difference) -> [String; 2] {
    let Difference {
        part,
        expected,
        received,
    } = difference;
    [
        format!("  {part}, expected: {}", one_line(expected)),
        format!("  {part}, received: {}", one_line(received)),
    ]
}

/// WeChat's text, which must not control the terminal.
fn one_line(text: &str) -> String {
    visible(&text.replace("\r\n", "\\n").replace('\n', "\\n"))
}

fn entry_json(entry: &Entry) -> Value {
    let (differences, reason) = match &entry.outcome {
        Outcome::Differs(differences) => (differences.as_slice(), None),
        Outcome::Unreachable(reason) => (&[][..], Some(reason.as_str())),
        Outcome::Skipped(missing) => (&[][..], Some(missing.text())),
        Outcome::Same | Outcome::NotSent => (&[][..], None),
    };
    let difference = |one: &Difference| json!({ "part": one.part, "expected": one.expected, "received": one.received });
    json!({
        "case": entry.name,
        "confidence": entry.confidence,
        "request": entry.request,
        "outcome": entry.outcome.name(),
        "reason": reason,
        "differences": differences.iter().map(difference).collect::<Value>(),
        "date": entry.date,
        "rid": entry.rid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: impl IntoIterator<Item = Outcome>) -> Report {
        let entry = |outcome| Entry {
            name: "auth: no access token".to_owned(),
            confidence: "observed",
            request: "GET https://api.weixin.qq.com/sns/auth".to_owned(),
            outcome,
            date: None,
            rid: None,
        };
        Report {
            date: "Sat, 28 Nov 2026 10:00:00 GMT".to_owned(),
            open_url: "https://open.weixin.qq.com".to_owned(),
            api_url: "https://api.weixin.qq.com".to_owned(),
            entries: outcomes.into_iter().map(entry).collect(),
        }
    }

    #[test]
    fn the_exit_code_says_whether_something_differs_or_was_not_sent() {
        let differs = || Outcome::Differs(vec![Difference::new("status", "200", "502")]);
        let unreachable = || Outcome::Unreachable("no connection".to_owned());
        let skipped = || Outcome::Skipped(Missing::AppId);
        for (outcomes, code) in [
            (vec![Outcome::Same, skipped()], ExitCode::Success),
            (
                vec![Outcome::Same, differs(), unreachable()],
                ExitCode::Failure,
            ),
            (vec![Outcome::Same, unreachable()], ExitCode::Retry),
            (vec![Outcome::Same, Outcome::NotSent], ExitCode::Retry),
            (vec![skipped()], ExitCode::Usage),
        ] {
            let text = format!("{outcomes:?}");
            assert_eq!(report(outcomes).exit_code(), code, "{text}");
        }
    }

    #[test]
    fn a_response_cannot_control_the_terminal() {
        let page = "<p>\r\n\u{1b}[31m</p>";
        let text = report([Outcome::Differs(vec![Difference::new("page", "…", page)])]).text();
        assert!(
            text.contains("  page, received: <p>\\n\u{fffd}[31m</p>\n"),
            "{text}"
        );
    }
}
