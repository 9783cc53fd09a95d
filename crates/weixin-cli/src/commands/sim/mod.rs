//! `weixin sim`

mod compare;
mod control;
mod exec;
mod findings;
mod health;
mod hosts_file;
mod init;
mod log;
mod phone;
mod program;
mod start;
mod target;
mod trust;
mod world;

use std::io;

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use weixin::Language;
use weixin_sim::{OtherHosts, Sim, SimBuilder};

use self::{
    log::Log,
    start::{authority, check_loopback, start_with},
};
use crate::{
    args::{self, SimCommand},
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Name, Output, table},
    shutdown::Shutdown,
};

pub(super) async fn run(args: args::Sim, output: Output) -> Result<(), CliError> {
    match &args.command {
        Some(SimCommand::Init { file }) => init::run(file, output),
        Some(SimCommand::Exec(args)) => exec::run(args, output).await,
        Some(SimCommand::Findings(args)) => findings::run(args, output).await,
        Some(SimCommand::Health(args)) => health::run(args, output).await,
        Some(SimCommand::Phone(args)) => phone::run(args, output).await,
        Some(SimCommand::Compare(args)) => compare::run(args, output).await,
        None => listen(&args, output).await,
    }
}

/// Runs the simulator until Ctrl-C, or until standard input ends.
async fn listen(args: &args::Sim, output: Output) -> Result<(), CliError> {
    if !args.i_know_this_is_not_wechat {
        let remedy = message(
            "请用 127.0.0.1，或加上 --i-know-this-is-not-wechat",
            "Use 127.0.0.1, or add --i-know-this-is-not-wechat",
        );
        check_loopback("--listen", Some(args.listen), &remedy)?;
        check_loopback("--tls", args.tls, &remedy)?;
        check_loopback("--proxy", args.proxy, &remedy)?;
        check_loopback("--poll-port", args.poll_port, &remedy)?;
    }
    let mut shutdown = Shutdown::watch()?;
    let sim = start_with(
        &args.options,
        args.listen,
        "weixin sim --listen",
        |builder| with_ports(args, builder),
    );
    let sim = sim.await?;
    let places = places(&sim, args).await?;
    output.note(message(
        "微信模拟器，只用于开发和测试：能访问它的人都可以用任何用户登录。",
        "A WeChat simulator, for development and tests only: anyone who can reach it can log in as any user.",
    ));
    let json: Map<_, _> = places
        .iter()
        .map(|place| (place.name.to_owned(), json!(place.at)))
        .collect();
    output.result(|| lines(&places), &Value::Object(json))?;
    output.note(first_steps(&sim, &args.options));
    let mut log = Log::new(args.options.log, output);
    let stdin_ends = args.until_stdin_ends.then(stdin_ends);
    tokio::select! {
        () = shutdown.requested() => {}
        Some(_) = async { Some(stdin_ends?.await) } => output.note(message(
            "标准输入已结束，模拟器退出",
            "standard input has ended: the simulator ends",
        )),
        never = log.follow(&sim) => match never {},
    }
    log.finish(&sim);
    if args.options.fail_on_findings {
        findings::report(&sim, output)
    } else {
        Ok(())
    }
}

/// The options that only a simulator has that keeps running.
fn with_ports(args: &args::Sim, mut builder: SimBuilder) -> SimBuilder {
    if let Some(address) = args.poll_port {
        builder = builder.poll_listen(address);
    }
    if let Some(ports) = &args.world_ports {
        builder = builder.world_ports(ports.clone());
    }
    if let Some(url) = &args.public_url {
        builder = builder.public_url(url.clone());
    }
    builder
}

/// What a newcomer needs.
fn first_steps(sim: &Sim, options: &args::SimOptions) -> Message {
    let url = sim.url();
    let mut rows = vec![
        (["工作台", "dashboard"], format!("{url}/_sim/").into()),
        (["模拟手机", "phone"], format!("{url}/_sim/phone").into()),
    ];
    if let Some(app) = sim.apps().first() {
        // The secrets in a file may be those of real apps.
        let secret = match &options.config {
            Some(file) => message(
                format!("见 {}", file.display()),
                format!("in {}", file.display()),
            ),
            None => app.secret().to_owned().into(),
        };
        rows.push((["AppID", "app ID"], app.id().to_owned().into()));
        rows.push((["AppSecret", "app secret"], secret));
    }
    let table = table(&rows);
    Message::of(|language| {
        let table = table.pick(language);
        match language {
            Language::English => format!(
                "{table}\nIn your program, use {url} instead of https://open.weixin.qq.com and https://api.weixin.qq.com,\n\
                 or run it unchanged: weixin sim exec -- COMMAND"
            ),
            _ => format!(
                "{table}\n在程序中用 {url} 代替 https://open.weixin.qq.com 和 https://api.weixin.qq.com，\n\
                 或者不改程序直接运行：weixin sim exec -- COMMAND"
            ),
        }
    })
}

/// Each place on a line.
fn lines(places: &[Place]) -> Message {
    Message::of(|language| {
        let line =
            |Place {
                 label: [chinese, english],
                 at,
                 ..
             }: &Place| { format!("{}{at}", language.pick(chinese, english)) };
        places.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// Reads standard input in a thread of its own, which may outlive the simulator, until it ends or cannot be read.
fn stdin_ends() -> oneshot::Receiver<()> {
    let (sender, ends) = oneshot::channel();
    std::thread::spawn(move || {
        let end = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop((end, sender));
    });
    ends
}

/// A URL, address or file of the simulator.
struct Place {
    name: &'static str,
    label: Name,
    at: String,
}

/// Listens on the addresses of the arguments.
async fn places(sim: &Sim, args: &args::Sim) -> Result<Vec<Place>, CliError> {
    let place = |name, label, at| Place { name, label, at };
    let mut places = vec![place(
        "url",
        ["监听地址：", "listening on "],
        sim.url().to_owned(),
    )];
    let Some(directory) = &args.ca_dir else {
        return Ok(places);
    };
    let authority = authority(directory)?;
    let failed = |option, address, source| CliError::Listen {
        option,
        address,
        source,
    };
    if let Some(address) = args.tls {
        let tls = sim.serve_tls(address, &authority).await;
        let tls = tls.map_err(|source| failed("weixin sim --tls", address, source))?;
        let label = ["微信域名的 TLS 地址：", "TLS for WeChat's hosts on "];
        places.push(place("tls", label, tls.to_string()));
    }
    if let Some(address) = args.proxy {
        let proxy = sim.serve_proxy(address, &authority, OtherHosts::Reject);
        let proxy = proxy.await;
        let proxy = proxy.map_err(|source| failed("weixin sim --proxy", address, source))?;
        let proxy = format!("http://{proxy}");
        let label = ["微信域名的代理：", "proxy to WeChat's hosts on "];
        places.push(place("proxy", label, proxy));
    }
    let certificate = directory.join("ca.pem").display().to_string();
    let label = ["CA 证书：", "certificate authority in "];
    places.push(place("ca", label, certificate));
    Ok(places)
}
