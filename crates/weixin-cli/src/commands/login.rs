//! `weixin login`: the whole login from a terminal.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
    response::Html,
};
use tokio::sync::mpsc;
use url::Host;
use weixin::{Bilingual, Callback, Code, CsrfToken, Language, QrPageOptions, error::CallbackError};

use super::user;
use crate::{
    args::Login, browser, error::CliError, listen, message::message, output::Output,
    shutdown::Shutdown,
};

pub(super) async fn run(args: Login, output: Output) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    let website = args.app.website()?;
    let listener = listen::bind(listen_address(&args)?, "weixin login --listen").await?;
    let address = listener.local_addr()?;
    let redirect_uri = match args.redirect_uri {
        Some(uri) => uri,
        None => format!("http://{address}/callback").parse()?,
    };
    let csrf = CsrfToken::random()?;
    let url = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?;
    website.probe(&redirect_uri).await?;

    let (sender, mut callbacks) = mpsc::channel(1);
    let waiting = Arc::new(Waiting {
        language: output.language(),
        path: redirect_uri.as_url().path().to_owned(),
        csrf,
        sender,
    });
    // Not a route: the path may contain a router's syntax.
    let router = Router::new().fallback(callback).with_state(waiting);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    output.note(message(format!("请打开 {url}"), format!("open {url}")));
    // A proxy or tunnel needs the port, which the operating system may have chosen.
    output.note(match args.listen {
        Some(_) => message(
            format!("在 {address} 等待回调 {redirect_uri}（按 Ctrl-C 结束）"),
            format!("waiting for {redirect_uri}, listening on {address} (Ctrl-C ends)"),
        ),
        None => message(
            format!("等待回调 {redirect_uri}（按 Ctrl-C 结束）"),
            format!("waiting for {redirect_uri} (Ctrl-C ends)"),
        ),
    });
    if !args.no_open {
        browser::open(url.as_str());
    }
    let code = tokio::select! {
        code = callbacks.recv() => code.flatten(),
        () = shutdown.requested() => {
            return Err(CliError::Other(message(
                "登录完成前已中断",
                "interrupted before the login was complete",
            )));
        }
    };
    let declined = || message("用户拒绝了登录", "the user declined the login");
    let code = code.ok_or_else(|| CliError::NeedsLogin(declined()))?;
    let token = website.exchange(code).await?;
    let user = website.user(&token).await?;
    server.abort();
    user::print(&user, output)
}

/// The host and port of the redirect URI. A domain is assumed to resolve to this machine.
fn listen_address(args: &Login) -> Result<SocketAddr, CliError> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Some(uri) = &args.redirect_uri else {
        return Ok(local(0));
    };
    if let Some(address) = args.listen {
        return Ok(address);
    }
    let url = uri.as_url();
    if url.scheme() == "https" {
        return Err(CliError::Usage(message(
            "https 的回调地址需要由代理或内网穿透工具处理 TLS：请用 --listen 指定它转发到的地址",
            "an https redirect URI needs a proxy or tunnel that terminates TLS: use --listen for the address to which it forwards requests",
        )));
    }
    let port = url.port_or_known_default().unwrap_or(80);
    Ok(match url.host() {
        Some(Host::Ipv4(ip)) => (IpAddr::V4(ip), port).into(),
        Some(Host::Ipv6(ip)) => (IpAddr::V6(ip), port).into(),
        _ => local(port),
    })
}

/// The state of the callback page.
struct Waiting {
    language: Language,
    path: String,
    csrf: CsrfToken,
    /// Receives the code, or `None` if the user declined.
    sender: mpsc::Sender<Option<Code>>,
}

/// Ends the wait at the callback of this login, and at no other request.
async fn callback(State(waiting): State<Arc<Waiting>>, uri: Uri) -> (StatusCode, Html<String>) {
    let language = waiting.language;
    if uri.path() != waiting.path {
        return (StatusCode::NOT_FOUND, page(language, &INVALID));
    }
    let callback = Callback::parse(uri.query().unwrap_or_default());
    match callback.and_then(|callback| callback.verify(&waiting.csrf)) {
        Ok(code) => {
            let _ = waiting.sender.try_send(Some(code));
            (StatusCode::OK, page(language, &DONE))
        }
        Err(CallbackError::Declined) => {
            let _ = waiting.sender.try_send(None);
            (StatusCode::OK, page(language, &DECLINED))
        }
        Err(_) => (StatusCode::FORBIDDEN, page(language, &INVALID)),
    }
}

/// A page for the end of a login.
struct End {
    is_done: bool,
    title: Bilingual,
    text: Bilingual,
}

const DONE: End = End {
    is_done: true,
    title: Bilingual {
        en: "WeChat has sent you back",
        zh: "已从微信返回",
    },
    text: Bilingual {
        en: "The terminal shows the result. You can close this window.",
        zh: "请在终端查看结果，可以关闭此窗口。",
    },
};

const DECLINED: End = End {
    is_done: false,
    title: Bilingual {
        en: "You declined the login",
        zh: "你拒绝了登录",
    },
    text: DONE.text,
};

const INVALID: End = End {
    is_done: false,
    title: Bilingual {
        en: "This login is no longer valid",
        zh: "登录已失效",
    },
    text: Bilingual {
        en: "Start again in the terminal.",
        zh: "请在终端重新登录。",
    },
};

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    language: Language,
    is_done: bool,
    title: &'static str,
    text: &'static str,
}

fn page(language: Language, end: &End) -> Html<String> {
    let page = Page {
        language,
        is_done: end.is_done,
        title: end.title.pick(language),
        text: end.text.pick(language),
    };
    // It has nothing that cannot be rendered.
    Html(page.render().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn the_last_page_is_in_the_language_of_the_terminal() {
        for (language, tag, title) in [
            (Language::Chinese, "zh-CN", "已从微信返回"),
            (Language::English, "en", "WeChat has sent you back"),
        ] {
            let Html(page) = page(language, &DONE);
            assert!(page.contains(&format!("<html lang=\"{tag}\">")), "{page}");
            assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
        }
    }

    #[test]
    fn the_wait_is_at_host_and_port_of_the_redirect_uri_unless_an_address_is_given() {
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
        assert!(matches!(alone, Err(CliError::Usage(_))), "{alone:?}");
    }
}
