//! `weixin login`: the whole login from a terminal.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
    response::Html,
};
use tokio::sync::mpsc;
use url::Host;
use weixin::{Callback, CallbackError, Code, RedirectUri};

use super::user;
use crate::{
    args::Login,
    browser,
    failure::Failure,
    listen::{self, End},
    output::Output,
};

const REAL_WECHAT: &str = "\
note: real WeChat calls back a registered host on port 80 or 443 only, never localhost, an IP address
      or another port. `weixin login --help` tells how a hosts entry gets that host onto this machine.";

pub(super) async fn run(args: Login, output: Output) -> Result<(), Failure> {
    let mut end = End::watch()?;
    let client = args.app.client()?;
    let listener = listen::bind(listen_address(&args)?).await?;
    let address = listener.local_addr()?;
    let redirect_uri = match args.redirect_uri {
        Some(uri) => uri,
        None => format!("http://{address}/callback")
            .parse()
            .map_err(|error: weixin::InvalidRedirectUri| Failure::Usage(error.to_string()))?,
    };
    if args.app.addresses.endpoints() == weixin::Endpoints::default()
        && cannot_be_registered(&redirect_uri)
    {
        output.note(REAL_WECHAT);
    }
    let login = client.login_url(&redirect_uri)?;
    client.probe(&login).await?;

    let (sender, mut callbacks) = mpsc::channel(1);
    let waiting = Arc::new(Waiting {
        path: redirect_uri.url().path().to_owned(),
        csrf: login.csrf().clone(),
        sender,
    });
    // Not a route: the path may hold what is syntax to a router.
    let router = Router::new().fallback(callback).with_state(waiting);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    output.note(&format!("open {login}"));
    // The proxy or tunnel needs the port, which the system may have chosen.
    let behind = match args.listen {
        Some(_) => format!(", listening at {address}"),
        None => String::new(),
    };
    output.note(&format!("waiting at {redirect_uri}{behind} (Ctrl-C ends)"));
    if !args.no_open {
        browser::open(login.as_str());
    }
    let code = tokio::select! {
        code = callbacks.recv() => code.flatten(),
        () = end.wanted() => {
            return Err(Failure::Other("interrupted before anybody logged in".to_owned()));
        }
    };
    let code = code.ok_or_else(|| Failure::NeedsLogin("the user declined the login".to_owned()))?;
    let token = client.exchange(code).await?;
    let user = client.user(&token).await?;
    server.abort();
    user::print(&user, output);
    Ok(())
}

/// Host and port of the callback; a registered host is taken to lead to this machine.
fn listen_address(args: &Login) -> Result<SocketAddr, Failure> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Some(uri) = &args.redirect_uri else {
        return Ok(local(0));
    };
    if let Some(address) = args.listen {
        return Ok(address);
    }
    let url = uri.url();
    if url.scheme() == "https" {
        return Err(Failure::Usage(
            "an https callback needs something in front that ends TLS: say where it passes requests on with --listen"
                .to_owned(),
        ));
    }
    let port = url.port_or_known_default().unwrap_or(80);
    Ok(match url.host() {
        Some(Host::Ipv4(ip)) => (IpAddr::V4(ip), port).into(),
        Some(Host::Ipv6(ip)) => (IpAddr::V6(ip), port).into(),
        _ => local(port),
    })
}

fn cannot_be_registered(redirect_uri: &RedirectUri) -> bool {
    let url = redirect_uri.url();
    url.port().is_some() || !matches!(url.host(), Some(Host::Domain(host)) if host != "localhost")
}

/// What the callback page needs.
struct Waiting {
    path: String,
    csrf: weixin::CsrfToken,
    /// `None`: declined.
    sender: mpsc::Sender<Option<Code>>,
}

/// Only the callback of this login ends the wait.
async fn callback(
    State(waiting): State<Arc<Waiting>>,
    address: Uri,
) -> (StatusCode, Html<&'static str>) {
    if address.path() != waiting.path {
        return (StatusCode::NOT_FOUND, Html(OTHER));
    }
    let callback = Callback::parse(address.query().unwrap_or_default());
    match callback.and_then(|callback| callback.verify(&waiting.csrf)) {
        Ok(code) => {
            let _ = waiting.sender.try_send(Some(code));
            (StatusCode::OK, Html(DONE))
        }
        Err(CallbackError::Declined) => {
            let _ = waiting.sender.try_send(None);
            (StatusCode::OK, Html(DONE))
        }
        Err(_) => (StatusCode::FORBIDDEN, Html(OTHER)),
    }
}

const DONE: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>weixin</title>\
<p>请回到终端，可以关闭此窗口。<p>Go back to the terminal; you can close this window.";
const OTHER: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>weixin</title>\
<p>这不是终端正在等待的登录。<p>This is not the login that the terminal waits for.";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn the_wait_is_at_host_and_port_of_the_callback_unless_an_address_is_named() {
        let address = |uri: &str, more: &[&str]| {
            let args = [&["weixin", "login", "--redirect-uri", uri], more].concat();
            let Command::Login(args) = Args::parse_from(args).command else {
                unreachable!();
            };
            listen_address(&args).map(|address| address.to_string())
        };
        for (uri, expected) in [
            ("http://127.0.0.2:8080/cb", "127.0.0.2:8080"),
            ("http://[::1]:8080/cb", "[::1]:8080"),
            ("http://localhost:8080/cb", "127.0.0.1:8080"),
            ("http://www.example.com/cb", "127.0.0.1:80"),
        ] {
            assert_eq!(address(uri, &[]).unwrap(), expected);
        }
        let named = ["--listen", "127.0.0.1:0"];
        let behind = address("https://www.example.com/cb", &named);
        assert_eq!(behind.unwrap(), "127.0.0.1:0");
        let alone = address("https://www.example.com/cb", &[]);
        assert!(matches!(alone, Err(Failure::Usage(_))), "{alone:?}");
    }
}
