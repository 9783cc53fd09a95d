//! `weixin gateway demo`: a gateway, a client and the simulator as WeChat, in one process and a temporary folder.

use std::{
    env, fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use weixin_gateway::Gateway;
use weixin_sim::Sim;

use super::{config, key};
use crate::{
    args::{CONFIG_FILE, CONFIG_VARIABLE, GatewayDemo},
    browser,
    error::CliError,
    explanations,
    gateway_demo::{self, CLIENT_ID, REDIRECT_PATH, Registration},
    listen,
    message::{Message, message},
    output::{Output, table},
    shutdown::Shutdown,
};

pub(super) async fn run(args: GatewayDemo, output: Output) -> Result<(), CliError> {
    check_configuration(args.config.as_deref())?;
    check_address(args.listen)?;
    let mut shutdown = Shutdown::watch()?;
    start_log();
    let listener = listen::bind(args.listen, "weixin gateway demo --listen").await?;
    let issuer = format!("http://localhost:{}", listener.local_addr()?.port());
    let sim = Sim::builder().explanations(explanations::all());
    let sim = sim.start().await?;
    let registration = Registration {
        secret: key::client_secret()?,
        redirect_uri: format!("{issuer}{REDIRECT_PATH}"),
        issuer,
    };
    // Removed when it is dropped, with the database and the keys.
    let folder = TempDir::with_prefix("weixin-gateway-demo-")?;
    let gateway = open(folder.path(), &registration, &sim, &args.redirect_uri).await?;
    announce(&registration, sim.url(), output)?;
    if !args.no_open {
        browser::open(&registration.issuer);
    }
    serve(listener, &gateway, registration, sim, &mut shutdown).await?;
    gateway.close().await;
    Ok(())
}

/// Rejects to start where a real gateway is configured: the demo's would be taken for it.
fn check_configuration(given: Option<&Path>) -> Result<(), CliError> {
    let variable = env::var_os(CONFIG_VARIABLE).filter(|value| !value.is_empty());
    let reason = if let Some(file) = given {
        let file = file.display();
        message(
            format!(
                "演示不使用配置文件：要运行 {file} 中的网关，请用 `weixin gateway serve --config {file}`"
            ),
            format!(
                "the demo uses no configuration file: to run the gateway of {file}, use `weixin gateway serve --config {file}`"
            ),
        )
    } else if variable.is_some() {
        message(
            format!(
                "设置了 {CONFIG_VARIABLE}，演示不会启动：要运行它指定的网关，请用 `weixin gateway serve`；要运行演示，请先取消这个环境变量"
            ),
            format!(
                "{CONFIG_VARIABLE} is set, so the demo does not start: to run the gateway that it names, use `weixin gateway serve`; to run the demo, unset it"
            ),
        )
    } else if Path::new(CONFIG_FILE).exists() {
        message(
            format!(
                "当前目录中有 {CONFIG_FILE}，演示不会启动：要运行它的网关，请用 `weixin gateway serve`；要运行演示，请换一个目录"
            ),
            format!(
                "there is a {CONFIG_FILE} in this folder, so the demo does not start: to run its gateway, use `weixin gateway serve`; to run the demo, use another folder"
            ),
        )
    } else {
        return Ok(());
    };
    Err(CliError::Usage(reason))
}

/// Other machines must not reach the demo: its users are simulated, and everyone can log in as each of them.
fn check_address(address: SocketAddr) -> Result<(), CliError> {
    // Those that `localhost`, the host of the issuer, resolves to.
    if [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].contains(&address.ip()) {
        return Ok(());
    }
    Err(CliError::Usage(message(
        format!(
            "--listen {address}：演示只供本机使用，因为任何人都能以任意用户登录。请用 127.0.0.1；正式的网关请用 `weixin gateway init` 和 `weixin gateway serve`"
        ),
        format!(
            "--listen {address}: the demo is for this machine only, since anyone can log in as any user. Use 127.0.0.1; for a real gateway, `weixin gateway init` and `weixin gateway serve`"
        ),
    )))
}

/// Opens a gateway whose WeChat is the simulator.
async fn open(
    folder: &Path,
    registration: &Registration,
    sim: &Sim,
    more_uris: &[String],
) -> Result<Gateway, CliError> {
    let file = folder.join(CONFIG_FILE);
    fs::write(folder.join("gateway.key"), key::master_key()?)?;
    fs::write(&file, configuration(registration, sim.url(), more_uris))?;
    let gateway = Gateway::open(config::load(&file)?).await;
    gateway.map_err(|error| config::not_started(&error))
}

fn configuration(registration: &Registration, simulator: &str, more_uris: &[String]) -> String {
    let Registration {
        issuer,
        secret,
        redirect_uri,
    } = registration;
    let uris = [redirect_uri].into_iter().chain(more_uris);
    let uris: Vec<_> = uris.map(|uri| format!("\"{uri}\"")).collect();
    format!(
        r#"
[server]
key_file = "gateway.key"

[store]
url = "sqlite:gateway.db"

[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
endpoint = "{simulator}"

[[issuer]]
url = "{issuer}"
apps = ["website"]

[[client]]
id = "{CLIENT_ID}"
name = "Demo"
home = "{issuer}/"
secret = "{secret}"
redirect_uris = [{}]
claims = {{ email = "{{sub}}@wechat.invalid" }}
"#,
        uris.join(", ")
    )
}

/// Prints where the page is, and what another client needs.
fn announce(registration: &Registration, simulator: &str, output: Output) -> Result<(), CliError> {
    let Registration { issuer, secret, .. } = registration;
    let value = |text: &str| Message::untranslated(text);
    output.result(
        || {
            let rows = table(&[
                (["页面", "page"], value(&format!("{issuer}/"))),
                (["issuer", "issuer"], value(issuer)),
                (["client_id", "client ID"], value(CLIENT_ID)),
                (["client_secret", "client secret"], value(secret)),
                (["微信模拟器", "simulated WeChat"], value(simulator)),
            ]);
            Message::of(|language| {
                let rows = rows.pick(language);
                let more = message(
                    "其他客户端：使用上面的 issuer、client_id 和 client_secret，并用 --redirect-uri 登记它的 redirect_uri 后重新启动演示",
                    "another client: give it the issuer, the client ID and the secret, and start the demo with --redirect-uri and its redirect URI",
                );
                let end = message("按 Ctrl-C 结束，不保留任何数据", "Ctrl-C ends; nothing is kept");
                format!("{rows}\n{}\n{}", more.pick(language), end.pick(language))
            })
        },
        &json!({
            "page": format!("{issuer}/"),
            "issuer": issuer,
            "client_id": CLIENT_ID,
            "client_secret": secret,
            "simulator": simulator,
        }),
    )
}

/// Serves the gateway and the client's pages, until a signal.
async fn serve(
    listener: TcpListener,
    gateway: &Gateway,
    registration: Registration,
    sim: Sim,
    shutdown: &mut Shutdown,
) -> Result<(), CliError> {
    let site = gateway_demo::site(gateway.router(), registration, sim)?;
    let site = site.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(axum::serve(listener, site).into_future());
    let ended = tokio::select! {
        () = shutdown.requested() => Ok(()),
        () = gateway.maintain() => Err(CliError::Other(message(
            "数据库不再接受写入",
            "the database accepts no writes any more",
        ))),
    };
    server.abort();
    ended
}

/// Logs warnings to standard error. `RUST_LOG` logs more.
fn start_log() {
    let default = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(default.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
}
