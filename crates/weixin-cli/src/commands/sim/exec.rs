//! `weixin sim exec`: a program that uses the simulator as WeChat.

use std::{ffi::OsString, io, net::SocketAddr, process::ExitStatus};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use serde_json::json;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};
use weixin::Language;
use weixin_sim::{Authority, OtherHosts};

use super::{
    hosts_file::by_hosts,
    log::Log,
    program::Program,
    start::{authority, check_loopback},
    target::Target,
    trust,
};
use crate::{
    args, browser,
    error::CliError,
    exit_code::ExitCode,
    message::{Message, message},
    output::Output,
    shutdown::Shutdown,
};

pub(super) async fn run(args: &args::Exec, output: Output) -> Result<(), CliError> {
    let remedy = message("请用 127.0.0.1", "Use 127.0.0.1");
    check_loopback("--listen", Some(args.listen), &remedy)?;
    let authority = match &args.ca_dir {
        Some(directory) => authority(directory)?,
        None => Authority::new()?,
    };
    let target = Target::start(args).await?;
    let outcome = run_with(&target, args, &authority, output).await;
    let ended = target.end().await;
    outcome.and(ended)
}

/// Runs the program with this WeChat.
async fn run_with(
    target: &Target,
    args: &args::Exec,
    authority: &Authority,
    output: Output,
) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    let files = tempfile::Builder::new().prefix("weixin-sim-").tempdir()?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let tls = target.serve_tls(listen, authority).await?;
    let chromium = browser::arguments(tls, &authority.spki_sha256(), &files.path().join("profile"));
    let mut variables = trust::variables(authority.certificate_pem(), files.path())?;
    variables.extend(for_scripts(target, &chromium).await?);
    let mut command = if args.hosts {
        by_hosts(target, authority, files.path(), &args.command).await?
    } else {
        let others = other_hosts(args.only_wechat, output);
        let proxy = target.serve_proxy(listen, authority, others).await?;
        variables.extend(trust::proxy(&format!("http://{proxy}")));
        directly(&args.command)
    };
    let url = target.url();
    output.note(message(
        format!("微信模拟器在 {url}，只用于开发和测试。模拟手机：{url}/_sim/phone"),
        format!(
            "WeChat simulator at {url}, for development and tests only. Its phone: {url}/_sim/phone"
        ),
    ));
    command.envs(variables);
    let name = args.command[0].to_string_lossy().into_owned();
    let mut program =
        Program::spawn(command, files.path()).map_err(|error| not_started(&name, &error))?;
    // Dropping it closes the browser.
    let mut window = JoinSet::new();
    if let Some(url) = &args.browser {
        window.spawn(watch_browser(browser::window(&chromium, url)?, output));
    }
    let mut log = Log::new(args.options.log, output);
    let status = program.wait(&mut shutdown, target.follow(&mut log)).await?;
    target.finish(log);
    drop(window);
    drop(files);
    let report = report(target, args.options.fail_on_findings, output).await;
    // The program's own failure comes first.
    outcome(status)?;
    report
}

fn not_started(program: &str, error: &io::Error) -> CliError {
    let reason = Message::from(error);
    CliError::Usage(Message::of(|language| {
        let reason = reason.pick(language);
        match language {
            Language::English => format!("cannot start the program {program}: {reason}"),
            _ => format!("无法启动程序 {program}：{reason}"),
        }
    }))
}

/// Reports the findings, and that there was nothing to find them in.
async fn report(target: &Target, fails: bool, output: Output) -> Result<(), CliError> {
    if target.has_no_requests() {
        let text = message(
            "程序没有向模拟器发出任何请求。如果浏览器打开的是真正的微信，请加上 --browser URL，改用指向模拟器的浏览器打开网站。如果程序调用了微信，可能没有使用 HTTPS_PROXY（Node 低于 22.21）：请试试 --hosts",
            "no request of the program reached the simulator. If your browser opened the real WeChat, open the site \
             with --browser URL, in a browser that goes to the simulator. If the program uses WeChat, it may ignore \
             HTTPS_PROXY (Node before 22.21): try --hosts",
        );
        if fails {
            return Err(CliError::Other(text));
        }
        output.note(text);
    }
    if fails {
        target.report(output).await
    } else {
        Ok(())
    }
}

/// Says so if the browser fails, which may be long before the program ends.
async fn watch_browser(mut browser: Child, output: Output) {
    if let Ok(status) = browser.wait().await
        && let Err(error) = browser::ended(status)
    {
        output.note(error.message());
    }
}

/// How the program reaches other hosts than WeChat's: as this command itself would, unless they are rejected.
fn other_hosts(only_wechat: bool, output: Output) -> OtherHosts {
    if only_wechat {
        return OtherHosts::Reject;
    }
    // The program itself obeys NO_PROXY.
    let any = Uri::from_static("https://example.com/");
    let Some(proxy) = Matcher::from_env().intercept(&any) else {
        return OtherHosts::Direct;
    };
    let (uri, authorization) = (proxy.uri(), proxy.basic_auth().cloned());
    let (Some("http"), Some(host)) = (uri.scheme_str(), uri.host()) else {
        output.note(message(
            "HTTPS_PROXY 或 ALL_PROXY 不是 http:// 代理：程序只能访问微信的域名",
            "HTTPS_PROXY or ALL_PROXY is not an http:// proxy: the program can reach WeChat's hosts only",
        ));
        return OtherHosts::Reject;
    };
    OtherHosts::Proxy {
        address: format!("{host}:{}", uri.port_u16().unwrap_or(80)),
        authorization,
    }
}

fn directly(command: &[OsString]) -> Command {
    let mut child = Command::new(&command[0]);
    child.args(&command[1..]);
    child
}

/// Variables for tests and scripts.
async fn for_scripts(
    target: &Target,
    chromium: &[String],
) -> Result<Vec<(&'static str, OsString)>, CliError> {
    let url = target.url();
    let mut variables = vec![
        ("WEIXIN_SIM_URL", url.into()),
        ("WEIXIN_OPEN_URL", url.into()),
        ("WEIXIN_API_URL", url.into()),
        (
            "WEIXIN_SIM_CHROMIUM_ARGS",
            json!(chromium).to_string().into(),
        ),
    ];
    if let Some((id, secret)) = target.app().await? {
        variables.push(("WEIXIN_APP_ID", id.into()));
        variables.push(("WEIXIN_APP_SECRET", secret.into()));
    }
    Ok(variables)
}

/// Passes the program's exit code on: as in a shell, 128 plus the number of the signal that ended it.
fn outcome(status: ExitStatus) -> Result<(), CliError> {
    let code = match (status.code(), signal(status)) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 1,
    };
    let code = u8::try_from(code).unwrap_or(1);
    Err(CliError::Reported(ExitCode::Child(code)))
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.signal()
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}
