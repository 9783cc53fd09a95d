//! The report of `--fail-on-findings`.

use weixin_sim::Finding;

use crate::{
    error::CliError,
    output::{Output, visible},
};

/// Prints the findings in both languages. Fails if there are any.
pub(super) fn report(findings: &[Finding], output: Output) -> Result<(), CliError> {
    for Finding {
        rule, sent, times, ..
    } in findings
    {
        output.note(&format!(
            "{} (× {times}): {}\n  微信：{}。{}。\n  WeChat: {}. {}.",
            rule.id,
            visible(sent),
            rule.answer.zh,
            rule.remedy.zh,
            rule.answer.en,
            rule.remedy.en
        ));
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(CliError::Other("WeChat would reject 1 request".to_owned())),
        count => Err(CliError::Other(format!(
            "WeChat would reject {count} kinds of requests"
        ))),
    }
}
