//! Screens of the simulated phone after a scan: ask, then allow or cancel.

use std::{sync::Arc, time::SystemTime};

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};

use super::user::PhoneUser;
use crate::{
    AppKind, PhoneError, User,
    parameters::{self, Parameters},
    routes::response::{page, redirect},
    state::SimState,
    world::{Login, Stage, World},
};

/// Page that calls the callback twice.
#[derive(Template)]
#[template(path = "twice.html")]
struct TwicePage<'a> {
    callback: &'a str,
}

/// Screen of the simulated phone.
#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage<'a> {
    screen: Screen<'a>,
}

enum Screen<'a> {
    Choose {
        uuid: &'a str,
        app_name: &'a str,
        users: &'a [User],
        phone_user: &'a str,
    },
    Allowed,
    Canceled {
        uuid: &'a str,
    },
    Problem {
        text: String,
    },
}

/// `/connect/confirm`: opening this page is the scan.
pub(super) async fn confirm(
    State(sim): State<Arc<SimState>>,
    phone_user: PhoneUser,
    parameters: Parameters,
) -> Response {
    let uuid = parameters.get("uuid");
    match sim.change(|world, now| world.scan(uuid, now)) {
        Ok(app_name) => ask(&sim, uuid, &app_name, &phone_user),
        Err(error) => page(&PhonePage {
            screen: Screen::Problem {
                text: error.to_string(),
            },
        }),
    }
}

/// Shows the question: which user, and allow or cancel?
pub(crate) fn ask(sim: &SimState, uuid: &str, app_name: &str, phone_user: &PhoneUser) -> Response {
    let world = sim.world();
    let (users, phone_user) = (&world.users, &phone_user.id(&world));
    page(&PhonePage {
        screen: Screen::Choose {
            uuid,
            app_name,
            users,
            phone_user,
        },
    })
}

/// `/_sim/phone/{uuid}`: handles the form, `action=allow&user=…` or `action=cancel`.
pub(super) async fn decide(
    State(sim): State<Arc<SimState>>,
    Path(uuid): Path<String>,
    body: String,
) -> Response {
    let form = parameters::form(&body);
    let user = Some(form.get("user")).filter(|user| !user.is_empty());
    let decided = sim.change(|world, now| match form.get("action") {
        "allow" => {
            let callback = world.allow(&uuid, user, now)?;
            let login = world.logins.find(&uuid, now);
            Ok(Some(after_allow(login, callback, sim.own_url())))
        }
        "cancel" => cancel(world, &uuid, now).map(Some),
        _ => Ok(None),
    });
    match decided {
        Ok(Some(Next::Screen(screen))) => page(&PhonePage { screen }),
        Ok(Some(Next::Callback(url))) => redirect(url),
        Ok(None) => bad_request("action: expected allow or cancel".to_owned()),
        Err(error @ PhoneError::UnknownUser { .. }) => bad_request(format!("user: {error}")),
        Err(error) => bad_request(error.to_string()),
    }
}

/// `/_sim/twice`: calls the callback twice.
pub(super) async fn twice(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let world = sim.world();
    let login = world.logins.find(parameters.get("uuid"), sim.now());
    match login.filter(|login| matches!(login.stage, Stage::Confirmed { .. })) {
        Some(login) => page(&TwicePage {
            callback: &login.callback(),
        }),
        None => bad_request("uuid: expected the UUID of an allowed login".to_owned()),
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

fn bad_request(text: String) -> Response {
    (
        StatusCode::BAD_REQUEST,
        page(&PhonePage {
            screen: Screen::Problem { text },
        }),
    )
        .into_response()
}
