//! `/_sim/phone`: home screen of the simulated phone.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

use super::{
    browser::{comes_from_conversation, loses_cookies},
    user::PhoneUser,
};
use crate::{
    App, AppKind, PhoneError, User, parameters,
    routes::{
        long_poll,
        response::{newest, page, text},
    },
    state::SimState,
    world::{Login, World},
};

/// Home screen of the simulated phone.
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    phone_user: &'a str,
    users: &'a [User],
    version: u64,
    /// Rendered [`WaitingList`].
    waiting: &'a str,
    /// The phone's browser loses the cookies of sites.
    loses_cookies: bool,
    /// The phone's browser is opened from an official account's conversation.
    comes_from_conversation: bool,
    mini_programs: &'a [&'a App],
    /// Code of the mini program that was just opened.
    code: Option<&'a str>,
}

/// QR codes that wait to be scanned.
#[derive(Template)]
#[template(path = "waiting_list.html")]
struct WaitingList<'a> {
    pending: &'a [Login],
}

pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    headers: HeaderMap,
    phone_user: PhoneUser,
) -> Response {
    screen(&sim, &phone_user, &headers, None)
}

/// Renders the home screen, with the code of a mini program that was just opened.
fn screen(
    sim: &SimState,
    phone_user: &PhoneUser,
    headers: &HeaderMap,
    code: Option<&str>,
) -> Response {
    // Read the version before the content: a change in between is then shown twice instead of missed.
    let version = sim.world_changes.get();
    let waiting = &waiting(sim);
    let world = sim.world();
    page(&HomePage {
        phone_user: &phone_user.id(&world),
        users: &world.users,
        version,
        waiting,
        loses_cookies: loses_cookies(headers),
        comes_from_conversation: comes_from_conversation(headers),
        mini_programs: &world
            .apps
            .iter()
            .filter(|app| app.kind == AppKind::MiniProgram)
            .collect::<Vec<_>>(),
        code,
    })
}

/// `/_sim/phone/waiting?after=VERSION`: the QR codes that wait, as soon as they may have changed.
pub(super) async fn update(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    long_poll::changed_part(&sim.world_changes, &address, || waiting(&sim)).await
}

fn waiting(sim: &SimState) -> String {
    let pending = &newest(sim.world().pending(sim.now()));
    text(&WaitingList { pending })
}

/// Changes the phone's user.
pub(super) async fn choose(State(sim): State<Arc<SimState>>, body: String) -> Response {
    let form = parameters::form(&body);
    let user = sim
        .world()
        .user(Some(form.get("user")))
        .map(|user| user.id.clone());
    match user.map(|id| PhoneUser::cookie(&id)) {
        Ok(Some(cookie)) => ([(SET_COOKIE, cookie)], Redirect::to("/_sim/phone")).into_response(),
        Ok(None) => bad_request("user: the ID cannot be stored in a cookie"),
        Err(error) => bad_request(&format!("user: {error}")),
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
    phone_user: PhoneUser,
    body: String,
) -> Response {
    let form = parameters::form(&body);
    let code: Result<String, PhoneError> = sim.change(|world: &mut World, now| {
        let user = phone_user.id(world);
        world.wx_login(form.get("app"), Some(&user), now)
    });
    match code {
        Ok(code) => screen(&sim, &phone_user, &headers, Some(&code)),
        Err(error) => bad_request(&format!("app: {error}")),
    }
}

fn bad_request(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response()
}
