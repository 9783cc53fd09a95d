//! What `--fail-on-findings` says at the end.

use weixin_sim::Finding;

use crate::{
    failure::Failure,
    output::{Output, visible},
};

/// The findings in both languages; a failure if there are any.
pub(super) fn report(findings: &[Finding], output: Output) -> Result<(), Failure> {
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
        count => Err(Failure::Other(format!(
            "{count} findings: WeChat would not have it so"
        ))),
    }
}
