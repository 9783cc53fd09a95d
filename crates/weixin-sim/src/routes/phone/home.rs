//! `/_sim/phone`: home screen of the simulated phone.

use std::{cmp::Reverse, sync::Arc, time::SystemTime};

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

use super::{
    browser::{comes_from_conversation, loses_cookies},
    confirm::ask_again,
    frame::Frame,
    user::PhoneUser,
    who::who,
};
use crate::{
    App, AppKind, PhoneError,
    bilingual::Language,
    clock::unix_milliseconds,
    parameters,
    routes::{
        long_poll, people,
        response::{bad_request, newest, page, text},
    },
    state::SimState,
    world::{Login, World},
};

/// Home screen of the simulated phone.
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    language: Language,
    frame: Frame,
    /// `scan`, `open` or `mini`.
    tab: &'a str,
    version: u64,
    /// Rendered [`WaitingList`].
    waiting: &'a str,
    /// The phone's browser loses the cookies of sites.
    loses_cookies: bool,
    /// The phone's browser is opened from an official account's conversation.
    comes_from_conversation: bool,
    mini_programs: &'a [App],
    /// Code of the mini program that was just opened.
    code: Option<&'a str>,
}

/// QR codes that wait to be scanned.
#[derive(Template)]
#[template(path = "waiting_list.html")]
struct WaitingList {
    language: Language,
    /// Time of the simulator, in milliseconds since the Unix epoch.
    now: u64,
    /// Its clock runs.
    runs: bool,
    pending: Vec<Waiting>,
}

/// A QR code that waits.
struct Waiting {
    login: Login,
    /// HTML.
    mark: String,
    app: String,
    /// When it expires, in milliseconds since the Unix epoch.
    until: u64,
    left: String,
}

pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    address: Uri,
    headers: HeaderMap,
    language: Language,
    phone_user: PhoneUser,
) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    match (parameters.get("screen"), parameters.get("ask")) {
        ("who", uuid) => who(&sim, uuid, language, &phone_user),
        ("", uuid) if !uuid.is_empty() => ask_again(&sim, uuid, language, &phone_user),
        (tab, _) => {
            let tab = if matches!(tab, "open" | "mini") {
                tab
            } else {
                "scan"
            };
            screen(&sim, tab, (&headers, language, &phone_user), None)
        }
    }
}

/// Renders the home screen, with the code of a mini program that was just opened.
fn screen(
    sim: &SimState,
    tab: &str,
    (headers, language, phone_user): (&HeaderMap, Language, &PhoneUser),
    code: Option<&str>,
) -> Response {
    // Read the version before the content: a change in between is then shown twice instead of missed.
    let version = sim.world_changes.get();
    let waiting = &waiting(sim, language);
    let world = sim.world();
    let frame = Frame::new(sim, &world, phone_user);
    let mini_programs = world
        .apps
        .iter()
        .filter(|app| app.kind == AppKind::MiniProgram);
    let mini_programs: Vec<App> = mini_programs.cloned().collect();
    drop(world);
    page(&HomePage {
        language,
        frame,
        tab,
        version,
        waiting,
        loses_cookies: loses_cookies(headers),
        comes_from_conversation: comes_from_conversation(headers),
        mini_programs: &mini_programs,
        code,
    })
}

/// `/_sim/phone/waiting?after=VERSION`: the QR codes that wait, as soon as they may have changed.
pub(super) async fn update(
    State(sim): State<Arc<SimState>>,
    address: Uri,
    language: Language,
) -> Response {
    long_poll::changed_part(&sim.world_changes, &address, || waiting(&sim, language)).await
}

fn waiting(sim: &SimState, language: Language) -> String {
    let now = sim.now();
    let world = sim.world();
    let (mut pending, apps) = (newest(world.pending(now)), world.apps.clone());
    drop(world);
    pending.sort_by_key(|login| Reverse(login.trace));
    let pending = pending
        .into_iter()
        .map(|login| one(login, &apps, now, language));
    text(&WaitingList {
        language,
        now: unix_milliseconds(now),
        runs: sim.clock.runs(),
        pending: pending.collect(),
    })
}

fn one(login: Login, apps: &[App], now: SystemTime, language: Language) -> Waiting {
    let app = apps.iter().find(|app| app.id == login.app);
    let left = login
        .expires
        .duration_since(now)
        .unwrap_or_default()
        .as_secs();
    Waiting {
        mark: app.map_or_else(String::new, |app| people::app_mark(app, 36)),
        app: app.map_or_else(
            || login.app.clone(),
            |app| app.shown_name(language).to_owned(),
        ),
        until: unix_milliseconds(login.expires),
        left: format!("{}:{:02}", left / 60, left % 60),
        login,
    }
}

/// Opens the URL of a QR code or of an official account's login.
pub(super) async fn open(address: Uri) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let Ok(url) = Url::parse(parameters.get("address").trim()) else {
        return bad_request("address: expected a URL that begins with http:// or https://");
    };
    let query = url.query().unwrap_or_default();
    match url.path() {
        "/connect/confirm" => {
            let uuid = parameters::form(query);
            let uuid: String =
                form_urlencoded::byte_serialize(uuid.get("uuid").as_bytes()).collect();
            Redirect::to(&format!("/connect/confirm?uuid={uuid}")).into_response()
        }
        path @ "/connect/oauth2/authorize" => {
            let to: String =
                form_urlencoded::byte_serialize(format!("{path}?{query}").as_bytes()).collect();
            let switch = |name| match parameters.get(name) {
                "" => String::new(),
                _ => format!("&{name}=1"),
            };
            let switches = switch("forgets") + &switch("conversation");
            Redirect::to(&format!("/_sim/inside?to={to}{switches}")).into_response()
        }
        _ => bad_request(
            "address: expected the URL of a QR code (/connect/confirm) or of an official account's login (/connect/oauth2/authorize)",
        ),
    }
}

/// Opens a mini program, which logs the user in.
pub(super) async fn mini_program(
    State(sim): State<Arc<SimState>>,
    headers: HeaderMap,
    language: Language,
    phone_user: PhoneUser,
    body: String,
) -> Response {
    let form = parameters::form(&body);
    let code: Result<String, PhoneError> = sim.change(|world: &mut World, now| {
        let user = phone_user.id(world);
        world.wx_login(form.get("app"), Some(&user), now)
    });
    match code {
        Ok(code) => screen(&sim, "mini", (&headers, language, &phone_user), Some(&code)),
        Err(error) => bad_request(&format!("app: {error}")),
    }
}
