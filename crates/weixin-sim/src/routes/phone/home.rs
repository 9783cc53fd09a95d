//! `/_sim/phone`: home screen of the simulated phone.

use std::{sync::Arc, time::SystemTime};

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

use super::{
    browser::{comes_from_conversation, loses_cookies},
    confirm::ask_again,
    frame::Frame,
    user::PhoneUser,
};
use crate::{
    App, AppKind, PhoneError, User,
    bilingual::Language,
    clock::unix_milliseconds,
    parameters,
    routes::{
        language::own_path,
        long_poll, people,
        response::{newest, page, text},
    },
    state::SimState,
    world::{Login, World},
};

/// Maximum length of a nickname that is typed on the phone, in characters.
const MAX_NICKNAME: usize = 1000;

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

/// Choice of the phone's user: ordinary names first.
#[derive(Template)]
#[template(path = "who.html")]
struct WhoPage<'a> {
    language: Language,
    frame: Frame,
    ordinary: Vec<&'a User>,
    difficult: Vec<&'a User>,
    back: String,
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

/// Shows who can hold the phone.
fn who(sim: &SimState, uuid: &str, language: Language, phone_user: &PhoneUser) -> Response {
    let world = sim.world();
    let frame = Frame::new(sim, &world, phone_user);
    let users = world.users.clone();
    drop(world);
    let (ordinary, difficult) = people::split(&users);
    let uuid: String = form_urlencoded::byte_serialize(uuid.as_bytes()).collect();
    let back = if uuid.is_empty() {
        "/_sim/phone".to_owned()
    } else {
        format!("/_sim/phone?ask={uuid}")
    };
    page(&WhoPage {
        language,
        frame,
        ordinary,
        difficult,
        back,
    })
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
    let (mut pending, apps) = (newest(world.logins.pending(now)), world.apps.clone());
    drop(world);
    pending.reverse();
    let pending = pending.into_iter().map(|login| one(login, &apps, now));
    text(&WaitingList {
        language,
        pending: pending.collect(),
    })
}

fn one(login: Login, apps: &[App], now: SystemTime) -> Waiting {
    let app = apps.iter().find(|app| app.id == login.app);
    let left = login
        .expires
        .duration_since(now)
        .unwrap_or_default()
        .as_secs();
    Waiting {
        mark: app.map_or_else(String::new, |app| people::app_mark(app, 36)),
        app: app.map_or_else(|| login.app.clone(), |app| app.name.clone()),
        until: unix_milliseconds(login.expires),
        left: format!("{}:{:02}", left / 60, left % 60),
        login,
    }
}

/// Changes the phone's user.
pub(super) async fn choose(State(sim): State<Arc<SimState>>, body: String) -> Response {
    let form = parameters::form(&body);
    let user = sim
        .world()
        .user(Some(form.get("user")))
        .map(|user| user.id.clone());
    match user.map(|id| PhoneUser::cookie(&id)) {
        Ok(Some(cookie)) => back_as(cookie, form.get("back")),
        Ok(None) => bad_request("user: the ID cannot be stored in a cookie"),
        Err(error) => bad_request(&format!("user: {error}")),
    }
}

fn back_as(cookie: HeaderValue, back: &str) -> Response {
    let back = if back.is_empty() {
        "/_sim/phone"
    } else {
        own_path(back)
    };
    ([(SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}

/// Adds a user with any nickname, who then holds the phone.
pub(super) async fn someone(State(sim): State<Arc<SimState>>, body: String) -> Response {
    let form = parameters::form(&body);
    let nickname = form.get("nickname");
    if nickname.chars().count() > MAX_NICKNAME {
        return bad_request(&format!(
            "nickname: expected at most {MAX_NICKNAME} characters"
        ));
    }
    let id = sim.change(|world, _| {
        let is_new = |id: &String| world.users.iter().all(|user| user.id != *id);
        let ids = (1..=world.users.len() + 1).map(|number| format!("someone-{number}"));
        let id = ids.into_iter().find(is_new);
        let id = id.unwrap_or_default();
        world.put_user(User::new(&id, nickname));
        id
    });
    match PhoneUser::cookie(&id) {
        Some(cookie) => back_as(cookie, form.get("back")),
        None => bad_request("user: the ID cannot be stored in a cookie"),
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

fn bad_request(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response()
}
