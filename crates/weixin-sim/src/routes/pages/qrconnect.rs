//! `/connect/qrconnect`: the QR page, its QR code and its script (docs/wechat.md#the-login-page).

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use url::Url;

use super::error_page::ErrorPage;
use crate::{
    App, AppKind,
    bilingual::Language,
    hosts::is_wechat,
    lint::violation::Violation,
    parameters::Parameters,
    routes::{
        phone::PhoneUser,
        request::{host, page_origin, texts},
        response::{of_login, page as render, redirect_to_site, text},
    },
    state::SimState,
    wire::image,
    world::{Login, LoginParams, World},
};

/// Maximum number of bytes of a scope, several times that of all of WeChat's together.
const MAX_SCOPE: usize = 256;

/// The QR page (docs/wechat.md#the-login-page).
#[derive(Template)]
#[template(path = "qr.html")]
struct QrPage<'a> {
    login: &'a Login,
    app_name: &'a str,
    language: Language,
    options: PageOptions<'a>,
    /// URL instead of the callback, if the callback is to arrive twice.
    twice_url: Option<String>,
    polls: Polls,
}

/// The newer QR page (`stylelite=1`), with other class names.
#[derive(Template)]
#[template(path = "qr_lite.html")]
struct LiteQrPage<'a> {
    login: &'a Login,
    app_name: &'a str,
    language: Language,
    options: PageOptions<'a>,
    /// URL instead of the callback, if the callback is to arrive twice.
    twice_url: Option<String>,
    polls: Polls,
}

/// Options that the embedding site sets (docs/wechat.md#the-authorize-url).
#[derive(Clone, Copy, Debug)]
struct PageOptions<'a> {
    /// `black` or `white`.
    text_color: &'static str,
    stylesheet: Option<&'a str>,
    /// Offers fast login by WeChat for PC.
    quick: bool,
    /// `true`, `false` or `default`: the window that opens the callback.
    self_redirect: &'static str,
}

/// New QR code for a page that does not reload.
#[derive(Template)]
#[template(path = "qr.xml")]
struct QrXml<'a> {
    uuid: &'a str,
}

/// Checks the parameters, then shows a new QR code.
pub(super) async fn page(
    State(sim): State<Arc<SimState>>,
    headers: HeaderMap,
    phone_user: PhoneUser,
    parameters: Parameters,
) -> Response {
    let opened: Result<_, ErrorPage> = sim.change(|world, now| {
        let app = check(world, &parameters)?.clone();
        let user = phone_user.chosen(world);
        let user = user.map_err(|_| ErrorPage::unknown_user(world))?;
        let params = LoginParams {
            host: host(&headers),
            parameters: &parameters,
            headers: &texts(&headers),
            user: user.as_deref(),
            scope: parameters.get("scope"),
            redirect_uri: parameters.get("redirect_uri"),
            state: parameters.get("state"),
            snapshot: false,
            loses_cookies: false,
            is_quick: false,
        };
        let login = world.begin(&app, &params, now);
        let answered = world.answer_login(&login, now);
        let callback = answered.map_err(|_| ErrorPage::NO_USER)?;
        Ok((login, app.name, callback))
    });
    match opened {
        Err(problem) => render(&problem),
        Ok((login, _, Some(callback))) => {
            of_login(&login, redirect_to_site(&sim, &login, callback))
        }
        Ok((login, app_name, None)) => {
            let opened = OpenedLogin {
                login: &login,
                app_name: &app_name,
                polls: Polls::of(&sim, &headers),
            };
            of_login(&login, show(&sim, opened, &parameters))
        }
    }
}

/// A login whose page is shown.
struct OpenedLogin<'a> {
    login: &'a Login,
    app_name: &'a str,
    polls: Polls,
}

fn show(sim: &SimState, opened: OpenedLogin<'_>, parameters: &Parameters) -> Response {
    let OpenedLogin {
        login,
        app_name,
        polls,
    } = opened;
    if parameters.get("f") == "xml" {
        let xml = text(&QrXml { uuid: &login.uuid });
        return ([(CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response();
    }
    let language = match parameters.get("lang") {
        "en" => Language::English,
        _ => Language::Chinese,
    };
    let options = options(parameters);
    if parameters.get("stylelite") == "1" {
        render(&LiteQrPage {
            login,
            app_name,
            language,
            options,
            twice_url: login.twice_url(sim.own_url()),
            polls,
        })
    } else {
        render(&QrPage {
            login,
            app_name,
            language,
            options,
            twice_url: login.twice_url(sim.own_url()),
            polls,
        })
    }
}

/// Parses the options. A style sheet applies to the classic page only, and must not be a script.
fn options(parameters: &Parameters) -> PageOptions<'_> {
    let stylesheet = Some(parameters.get("href")).filter(|href| {
        let allowed = ["http://", "https://", "data:text/css;base64,"];
        allowed.iter().any(|start| href.starts_with(start))
    });
    PageOptions {
        text_color: if parameters.get("style") == "white" {
            "white"
        } else {
            "black"
        },
        stylesheet,
        quick: parameters.get("fast_login") != "0",
        self_redirect: match parameters.get("self_redirect") {
            "true" => "true",
            "false" => "false",
            _ => "default",
        },
    }
}

/// Checks app ID, scope and callback, in this order.
pub(super) fn check<'a>(world: &'a World, parameters: &Parameters) -> Result<&'a App, ErrorPage> {
    let app = world.app(parameters.get("appid")).map_err(|_| ErrorPage {
        text: "AppID 参数错误",
        why: Violation::UNKNOWN_APP,
        registered: websites(world),
    })?;
    let mut scopes = parameters.get("scope").split(',');
    let is_long = parameters.get("scope").len() > MAX_SCOPE;
    if app.kind != AppKind::Website || is_long || !scopes.any(|scope| scope == "snsapi_login") {
        return Err(ErrorPage {
            text: "Scope 参数错误或没有 Scope 权限",
            why: Violation::SCOPE,
            registered: Vec::new(),
        });
    }
    app.check_redirect_uri(parameters.get("redirect_uri"))
        .map_err(|why| ErrorPage {
            text: "redirect_uri 参数错误",
            registered: match why {
                Violation::OTHER_HOST => callback_hosts(app),
                _ => Vec::new(),
            },
            why,
        })?;
    Ok(app)
}

/// The app IDs of all website apps.
fn websites(world: &World) -> Vec<String> {
    let websites = world.apps.iter();
    let websites = websites.filter(|app| app.kind == AppKind::Website);
    websites.map(|app| app.id.clone()).collect()
}

/// The hosts of callbacks: the registered ones, and this machine.
fn callback_hosts(app: &App) -> Vec<String> {
    let local = ["localhost", "127.0.0.1"].map(str::to_owned);
    [&*app.callback_domains, &local].concat()
}

/// Serves the simulator's own `wxLogin.js`, which shows the QR page in a frame (docs/wechat.md#the-embedded-qr-code).
pub(super) async fn wx_login_script() -> Response {
    let script = include_str!("../../../templates/wxLogin.js");
    ([(CONTENT_TYPE, "application/javascript")], script).into_response()
}

/// Where and how the page polls.
#[derive(Debug)]
struct Polls {
    /// Base URL for programs that read the page's source.
    origin: String,
    /// Base URL for the page itself; empty for its own.
    base: String,
    /// The polls return at once: they share the browser's connections to this host.
    is_short: bool,
}

impl Polls {
    fn of(sim: &SimState, headers: &HeaderMap) -> Self {
        let base = String::new();
        // Under WeChat's host names, the source names the older host (docs/wechat.md#hosts).
        if is_wechat(host(headers)) {
            return Self {
                origin: "https://long.open.weixin.qq.com".to_owned(),
                base,
                is_short: false,
            };
        }
        let origin = page_origin(sim, headers);
        let Some(port) = sim.settings.poll_port else {
            return Self {
                origin,
                base,
                is_short: true,
            };
        };
        let origin = at_port(&origin, port).unwrap_or(origin);
        Self {
            base: origin.clone(),
            origin,
            is_short: false,
        }
    }
}

/// The same host at another port.
fn at_port(origin: &str, port: u16) -> Option<String> {
    let mut url = Url::parse(origin).ok()?;
    url.set_port(Some(port)).ok()?;
    Some(url.origin().ascii_serialization())
}

/// Serves the QR code. It encodes the phone's URL at the host that this browser used, which the phone can reach
/// as well.
pub(super) async fn picture(
    State(sim): State<Arc<SimState>>,
    Path(uuid): Path<String>,
    headers: HeaderMap,
) -> Response {
    if sim.world().logins.find(&uuid, sim.now()).is_none() {
        return render(&ErrorPage::UNKNOWN_QR_CODE);
    }
    let origin = page_origin(&sim, &headers);
    let jpeg = image::qr_code(&format!("{origin}/connect/confirm?uuid={uuid}"));
    jpeg.map_or_else(
        || StatusCode::BAD_REQUEST.into_response(),
        |jpeg| ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
    )
}
