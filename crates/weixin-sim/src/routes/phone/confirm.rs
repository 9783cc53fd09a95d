//! Screens of the simulated phone after a scan: ask, then allow or cancel.

use std::{sync::Arc, time::SystemTime};

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};

use super::{frame::Frame, user::PhoneUser};
use crate::{
    AppKind, PhoneError,
    bilingual::Language,
    parameters::{self, Parameters},
    routes::{
        language, people,
        request::page_origin,
        response::{bad_request, page, redirect},
    },
    state::SimState,
    world::{Login, Stage, World},
};

/// Page that calls the callback twice.
#[derive(Template)]
#[template(path = "twice.html")]
struct TwicePage<'a> {
    language: Language,
    callback: &'a str,
}

/// Screen of the simulated phone.
#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage<'a> {
    language: Language,
    frame: Frame,
    screen: Screen<'a>,
}

enum Screen<'a> {
    Ask {
        uuid: &'a str,
        /// HTML.
        mark: String,
        app_name: String,
    },
    Allowed,
    Canceled {
        uuid: &'a str,
    },
    /// With a sentence, or empty if the QR code cannot be used.
    Problem {
        text: String,
    },
}

/// `/connect/confirm`: opening this page is the scan.
pub(super) async fn confirm(
    State(sim): State<Arc<SimState>>,
    language: Language,
    phone_user: PhoneUser,
    parameters: Parameters,
) -> Response {
    let uuid = parameters.get("uuid");
    match sim.change(|world, now| world.scan(uuid, now)) {
        Ok(_) => ask(&sim, uuid, language, &phone_user),
        Err(error) => problem(&sim, language, &phone_user, &error),
    }
}

/// Shows the question: allow or cancel, and as whom?
pub(crate) fn ask(
    sim: &SimState,
    uuid: &str,
    language: Language,
    phone_user: &PhoneUser,
) -> Response {
    let world = sim.world();
    let mut frame = Frame::new(sim, &world, phone_user);
    let login = world.logins.find(uuid, sim.now());
    let app = login.and_then(|login| world.app(&login.app).ok()).cloned();
    frame.login = login.map(|login| login.trace);
    drop(world);
    page(&PhonePage {
        language,
        frame,
        screen: Screen::Ask {
            uuid,
            mark: app
                .as_ref()
                .map_or_else(String::new, |app| people::app_mark(app, 60)),
            app_name: app.map_or_else(String::new, |app| app.shown_name(language).to_owned()),
        },
    })
}

/// Shows the question again, after another user was chosen.
pub(super) fn ask_again(
    sim: &SimState,
    uuid: &str,
    language: Language,
    phone_user: &PhoneUser,
) -> Response {
    let login = sim.world().logins.find(uuid, sim.now()).cloned();
    match login.filter(|login| !matches!(login.stage, Stage::Confirmed { .. })) {
        Some(_) => ask(sim, uuid, language, phone_user),
        None => problem(sim, language, phone_user, &PhoneError::Expired),
    }
}

fn problem(
    sim: &SimState,
    language: Language,
    phone_user: &PhoneUser,
    error: &PhoneError,
) -> Response {
    let text = match error {
        PhoneError::Expired => String::new(),
        error => error.to_string(),
    };
    show(sim, language, phone_user, Screen::Problem { text })
}

fn show(
    sim: &SimState,
    language: Language,
    phone_user: &PhoneUser,
    screen: Screen<'_>,
) -> Response {
    let frame = Frame::new(sim, &sim.world(), phone_user);
    page(&PhonePage {
        language,
        frame,
        screen,
    })
}

/// `/_sim/phone/{uuid}`: handles the form, `action=allow&user=…` or `action=cancel`.
pub(super) async fn decide(
    State(sim): State<Arc<SimState>>,
    Path(uuid): Path<String>,
    phone_user: PhoneUser,
    headers: HeaderMap,
    body: String,
) -> Response {
    let language = language::of_headers(&headers);
    let form = parameters::form(&body);
    let origin = page_origin(&sim, &headers);
    let user = Some(form.get("user")).filter(|user| !user.is_empty());
    let decided = sim.change(|world, now| match form.get("action") {
        "allow" => {
            let callback = world.allow(&uuid, user, now)?;
            let login = world.logins.find(&uuid, now);
            Ok(Some(after_allow(login, callback, &origin)))
        }
        "cancel" => cancel(world, &uuid, now).map(Some),
        _ => Ok(None),
    });
    match decided {
        Ok(Some(Next::Screen(screen))) => show(&sim, language, &phone_user, screen),
        Ok(Some(Next::Callback(url))) => redirect(url),
        Ok(None) => bad_request("action: expected allow or cancel"),
        Err(error @ PhoneError::UnknownUser { .. }) => bad_request(&format!("user: {error}")),
        Err(error) => (
            StatusCode::BAD_REQUEST,
            problem(&sim, language, &phone_user, &error),
        )
            .into_response(),
    }
}

/// `/_sim/twice`: calls the callback twice.
pub(super) async fn twice(
    State(sim): State<Arc<SimState>>,
    language: Language,
    address: Uri,
) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let world = sim.world();
    let login = world.logins.find(parameters.get("uuid"), sim.now());
    match login.filter(|login| matches!(login.stage, Stage::Confirmed { .. })) {
        Some(login) => page(&TwicePage {
            language,
            callback: &login.callback(),
        }),
        None => bad_request("uuid: expected the UUID of an allowed login"),
    }
}

/// Next page of the phone after the decision.
enum Next<'a> {
    /// The waiting browser continues on its own.
    Screen(Screen<'a>),
    /// Inside WeChat, the phone is the browser.
    Callback(String),
}

/// Next page after `login` was allowed.
fn after_allow<'a>(login: Option<&Login>, callback: String, origin: &str) -> Next<'a> {
    match login {
        Some(login) if login.kind == AppKind::OfficialAccount => {
            Next::Callback(login.twice_url(origin).unwrap_or(callback))
        }
        _ => Next::Screen(Screen::Allowed),
    }
}

fn cancel<'a>(world: &mut World, uuid: &'a str, now: SystemTime) -> Result<Next<'a>, PhoneError> {
    let login = world.cancel(uuid, now)?;
    Ok(match login.kind {
        AppKind::OfficialAccount => Next::Callback(login.denied()),
        _ => Next::Screen(Screen::Canceled { uuid }),
    })
}
