//! `/connect/qrconnect`: the QR page, its QR code and its script (docs/wechat.md#the-login-page).

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::{
    error_page::ErrorPage,
    qr_options::{PageOptions, language_switch, options, page_language},
    qr_polls::Polls,
};
use crate::{
    App, AppKind,
    bilingual::Language,
    clock::unix_milliseconds,
    lint::violation::Violation,
    parameters::Parameters,
    routes::{
        language,
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
    /// Address of the page in the other language.
    switch: String,
    /// When the QR code expires, and the time now, in milliseconds since the Unix epoch.
    until: u64,
    now: u64,
    runs: bool,
    left: String,
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
    uri: Uri,
    phone_user: PhoneUser,
    parameters: Parameters,
) -> Response {
    let language = page_language(&headers, &parameters);
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
        let callback = answered.map_err(|error| ErrorPage::of_user(&error, world))?;
        Ok((login, app.shown_name(language).to_owned(), callback))
    });
    match opened {
        Err(problem) => problem.show(language::of_headers(&headers)),
        Ok((login, _, Some(callback))) => {
            of_login(&login, redirect_to_site(&sim, &headers, &login, callback))
        }
        Ok((login, app_name, None)) => {
            let opened = OpenedLogin {
                login: &login,
                app_name: &app_name,
                language,
                switch: language_switch(&uri, language),
                polls: Polls::of(&sim, &headers),
                origin: page_origin(&sim, &headers),
            };
            of_login(&login, show(&sim, opened, &parameters))
        }
    }
}

/// A login whose page is shown.
struct OpenedLogin<'a> {
    login: &'a Login,
    app_name: &'a str,
    language: Language,
    switch: String,
    polls: Polls,
    /// Base URL of the simulator for the browser.
    origin: String,
}

fn show(sim: &SimState, opened: OpenedLogin<'_>, parameters: &Parameters) -> Response {
    let OpenedLogin {
        login,
        app_name,
        language,
        switch,
        polls,
        origin,
    } = opened;
    if parameters.get("f") == "xml" {
        let xml = text(&QrXml { uuid: &login.uuid });
        return ([(CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response();
    }
    let options = options(parameters);
    if parameters.get("stylelite") == "1" {
        render(&LiteQrPage {
            login,
            app_name,
            language,
            options,
            twice_url: login.twice_url(&origin),
            polls,
        })
    } else {
        render(&QrPage {
            login,
            app_name,
            language,
            switch,
            until: unix_milliseconds(login.expires),
            now: unix_milliseconds(sim.now()),
            runs: sim.clock.runs(),
            left: minutes(login.expires.duration_since(sim.now()).unwrap_or_default()),
            options,
            twice_url: login.twice_url(&origin),
            polls,
        })
    }
}

/// Minutes and seconds, such as `4:51`.
fn minutes(left: Duration) -> String {
    let seconds = left.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
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

/// Serves the QR code. It encodes the phone's URL at the host that this browser used, which the phone can reach
/// as well.
pub(super) async fn picture(
    State(sim): State<Arc<SimState>>,
    Path(uuid): Path<String>,
    headers: HeaderMap,
) -> Response {
    if sim.world().logins.find(&uuid, sim.now()).is_none() {
        return ErrorPage::UNKNOWN_QR_CODE.show(language::of_headers(&headers));
    }
    let origin = page_origin(&sim, &headers);
    let jpeg = image::qr_code(&format!("{origin}/connect/confirm?uuid={uuid}"));
    jpeg.map_or_else(
        || StatusCode::BAD_REQUEST.into_response(),
        |jpeg| ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
    )
}
