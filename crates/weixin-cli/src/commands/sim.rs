//! `weixin sim`

use std::{
    fmt::Display,
    fs::{self, File},
    io::Write,
    path::Path,
};

use serde_json::json;
use weixin_sim::{App, EXAMPLE_CONFIG, Finding, Sim, SimBuilder};

use crate::{
    args::{self, SimCommand},
    failure::Failure,
    listen::End,
    output::{Output, visible},
};

pub(super) async fn run(args: args::Sim, output: Output) -> Result<(), Failure> {
    if let Some(SimCommand::Init { file }) = &args.command {
        return init(file, output);
    }
    if !args.listen.ip().is_loopback() && !args.i_know_this_is_not_wechat {
        return Err(Failure::Usage(format!(
            "--listen {}: other machines could reach it, and whoever reaches it is anybody. \
             Use 127.0.0.1, or add --i-know-this-is-not-wechat",
            args.listen
        )));
    }
    let mut end = End::watch()?;
    let mut builder = builder(&args)?.listen(args.listen);
    if args.auto_allow {
        builder = builder.auto_allow();
    }
    if let Some(content_type) = args.token_content_type.clone() {
        builder = builder.token_content_type(content_type);
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

/// Apps and people, from the file or the arguments.
fn builder(args: &args::Sim) -> Result<SimBuilder, Failure> {
    let Some(file) = &args.config else {
        let app = App::new(args.app_id.as_str(), args.app_secret.as_str());
        let others = [
            App::official_account(),
            App::mobile_app(),
            App::mini_program(),
        ];
        return Ok(others
            .into_iter()
            .fold(Sim::builder().app(app), SimBuilder::app));
    };
    let problem = |error: &dyn Display| Failure::Usage(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| problem(&error))?;
    Sim::builder()
        .config(&text)
        .map_err(|error| problem(&error))
}

/// `weixin sim init`
fn init(file: &Path, output: Output) -> Result<(), Failure> {
    let created =
        File::create_new(file).and_then(|mut file| file.write_all(EXAMPLE_CONFIG.as_bytes()));
    created.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let name = file.display().to_string();
    output.result(
        || format!("{name} is written: edit it, then start `weixin sim --config {name}`"),
        &json!({ "file": name }),
    );
    Ok(())
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
