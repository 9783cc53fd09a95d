//! `weixin sim exec`: a program that uses the simulator as WeChat.

use std::{
    ffi::OsString,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitStatus,
};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use serde_json::json;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};
use weixin_sim::{Authority, OtherHosts, WECHAT_HOSTS};

use super::{
    log::Log,
    program::Program,
    start::{authority, check_loopback},
    target::Target,
    trust,
};
use crate::{
    args, browser, error::CliError, exit_code::ExitCode, output::Output, shutdown::Shutdown,
};

/// Candidates for the address of WeChat's hosts. Each running `--hosts` uses one.
fn free_addresses() -> impl Iterator<Item = Ipv4Addr> {
    (1..=254).map(|last| Ipv4Addr::new(127, 87, 88, last))
}

pub(super) async fn run(args: &args::Exec, output: Output) -> Result<(), CliError> {
    check_loopback("--listen", Some(args.listen), "Use 127.0.0.1")?;
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
    output.note(&format!(
        "WeChat simulator at {}, for development and tests only. Its phone: {0}/_sim/phone",
        target.url()
    ));
    command.envs(variables);
    let name = args.command[0].to_string_lossy().into_owned();
    let mut program = Program::spawn(command, files.path())
        .map_err(|error| CliError::Usage(format!("cannot start the program {name}: {error}")))?;
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

/// Reports the findings, and that there was nothing to find them in.
async fn report(target: &Target, fails: bool, output: Output) -> Result<(), CliError> {
    if target.has_no_requests() {
        let text = "no request of the program reached the simulator. If it uses WeChat, it may ignore HTTPS_PROXY \
                    (Node before 22.21): try --hosts";
        if fails {
            return Err(CliError::Other(text.to_owned()));
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
        output.note(&error.to_string());
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
        output.note(
            "HTTPS_PROXY or ALL_PROXY is not an http:// proxy: the program can reach WeChat's hosts only",
        );
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

/// Listens as WeChat's hosts, and runs the command with an `/etc/hosts` of its own.
async fn by_hosts(
    target: &Target,
    authority: &Authority,
    files: &Path,
    command: &[OsString],
) -> Result<Command, CliError> {
    if !is_root() {
        return Err(CliError::Usage(
            "--hosts is for Linux and needs root, because it mounts a private /etc/hosts: use sudo. \
             Without --hosts, programs that support HTTPS_PROXY find the simulator"
                .to_owned(),
        ));
    }
    let hosts = hosts_file(serve_hosts(target, authority).await?, files)?;
    let mut child = Command::new("unshare");
    child
        .args(["--mount", "--propagation", "private", "--", "sh", "-c"])
        .arg("mount --bind \"$0\" /etc/hosts && exec \"$@\"")
        .arg(hosts)
        .args(command);
    Ok(child)
}

/// Listens on ports 443 and 80 of the first address where both are free, and returns the address.
async fn serve_hosts(target: &Target, authority: &Authority) -> Result<Ipv4Addr, CliError> {
    for ip in free_addresses() {
        let [tls, plain] = [443, 80].map(|port| SocketAddr::from((ip, port)));
        let mut served = target
            .serve_tls(tls, authority)
            .await
            .map_err(|error| (tls, error));
        if served.is_ok() {
            served = target
                .serve_http(plain)
                .await
                .map_err(|error| (plain, error));
        }
        match served {
            Ok(_) => return Ok(ip),
            Err((_, source)) if source.kind() == io::ErrorKind::AddrInUse => {}
            Err((address, source)) => {
                return Err(CliError::Listen {
                    option: "weixin sim exec --hosts",
                    address,
                    source,
                });
            }
        }
    }
    let text = "--hosts: port 443 or 80 is in use on every address of this machine: stop the other program, or omit --hosts";
    Err(CliError::Other(text.to_owned()))
}

/// Writes a copy of the machine's hosts file with WeChat's hosts at this address.
fn hosts_file(ip: Ipv4Addr, files: &Path) -> io::Result<PathBuf> {
    let own = match fs::read_to_string("/etc/hosts") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        own => own?,
    };
    let file = files.join("hosts");
    fs::write(&file, hosts(ip, &own))?;
    Ok(file)
}

/// WeChat's hosts at this address, and all other entries of the machine's own file.
fn hosts(ip: Ipv4Addr, own: &str) -> String {
    let mut hosts = format!("{ip} {}\n", WECHAT_HOSTS.join(" "));
    for line in own.lines() {
        let words = line.split_whitespace();
        let others: Vec<_> = words.filter(|word| !WECHAT_HOSTS.contains(word)).collect();
        hosts.push_str(&others.join(" "));
        hosts.push('\n');
    }
    hosts
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of this process.
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechats_hosts_are_at_one_address_and_other_entries_stay() {
        let own = "127.0.0.1\tlocalhost api.weixin.qq.com\n\n# 127.0.0.1 open.weixin.qq.com\n::1 localhost\n";
        assert_eq!(
            hosts(Ipv4Addr::new(127, 87, 88, 2), own),
            "127.87.88.2 open.weixin.qq.com lp.open.weixin.qq.com long.open.weixin.qq.com api.weixin.qq.com \
             api2.weixin.qq.com sh.api.weixin.qq.com sz.api.weixin.qq.com hk.api.weixin.qq.com res.wx.qq.com \
             thirdwx.qlogo.cn wx.qlogo.cn\n127.0.0.1 localhost\n\n# 127.0.0.1\n::1 localhost\n"
        );
    }
}
