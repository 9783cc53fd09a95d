//! `weixin sim`

use serde_json::json;
use weixin_sim::{App, Finding, Sim};

use crate::{
    args,
    failure::Failure,
    listen::End,
    output::{Output, visible},
};

pub(super) async fn run(args: args::Sim, output: Output) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() && !args.i_know_this_is_not_wechat {
        return Err(Failure::Usage(format!(
            "--listen {}: other machines could reach it, and whoever reaches it is anybody. \
             Use 127.0.0.1, or add --i-know-this-is-not-wechat",
            args.listen
        )));
    }
    let mut end = End::watch()?;
    let app = App::new(args.app_id.as_str(), args.app_secret);
    let mut builder = Sim::builder().listen(args.listen).app(app);
    for other in [
        App::official_account(),
        App::mobile_app(),
        App::mini_program(),
    ] {
        builder = builder.app(other);
    }
    if args.auto_allow {
        builder = builder.auto_allow();
    }
    if args.strict_order {
        builder = builder.strict_order();
    }
    let address = args.listen;
    let sim = builder
        .start()
        .await
        .map_err(|source| Failure::Listen { address, source })?;
    output.note(
        "WeChat login simulated, for development and tests only: whoever reaches it is anybody.",
    );
    output.result(
        || format!("listening on {}", sim.url()),
        &json!({ "url": sim.url() }),
    );
    end.wanted().await;
    if args.fail_on_findings {
        report(&sim.findings(), output)
    } else {
        Ok(())
    }
}

/// The findings in both languages; a failure if there are any.
fn report(findings: &[Finding], output: Output) -> Result<(), Failure> {
    for Finding {
        rule, sent, times, ..
    } in findings
    {
        output.note(&format!(
            "{} (× {times}): {}\n  微信：{}。{}。\n  WeChat: {}. {}.",
            rule.id,
            visible(sent),
            rule.answer.zh,
            rule.mend.zh,
            rule.answer.en,
            rule.mend.en
        ));
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::Other(format!(
            "{count} findings: WeChat would not have it so"
        ))),
    }
}
