//! The pretend phone: what a QR code opens, and the answer that its owner gives.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{Parameters, parameters};
use crate::{
    PhoneError,
    pages::{PhonePage, Screen, page},
    sim::Shared,
};

/// `/connect/confirm`: opening it is the scan.
pub(super) async fn confirm(State(sim): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let uuid = parameters.get("uuid");
    let scanned: Result<_, PhoneError> = sim.change(|world, now| {
        let app = world.logins.scan(uuid, now)?.app.clone();
        Ok(world
            .app(&app)
            .map(|app| app.name.clone())
            .unwrap_or_default())
    });
    match scanned {
        Err(error) => page(&PhonePage {
            screen: Screen::Problem {
                text: error.to_string(),
            },
        }),
        Ok(app_name) => {
            let people = sim.world().people.clone();
            page(&PhonePage {
                screen: Screen::Choose {
                    uuid,
                    app_name: &app_name,
                    people: &people,
                },
            })
        }
    }
}

/// `/_sim/phone/{uuid}`: the form's answer, `action=allow&person=…` or `action=cancel`.
pub(super) async fn decide(
    State(sim): State<Arc<Shared>>,
    Path(uuid): Path<String>,
    body: String,
) -> Response {
    let form = parameters::form(&body);
    let decided = match form.get("action") {
        "allow" => {
            let person = Some(form.get("person")).filter(|person| !person.is_empty());
            let allowed = sim.change(|world, now| world.allow(&uuid, person, now));
            allowed.map(|_| Screen::Allowed)
        }
        "cancel" => {
            let cancelled = sim.change(|world, now| world.cancel(&uuid, now));
            cancelled.map(|()| Screen::Cancelled { uuid: &uuid })
        }
        _ => return bad_request("action: expected allow or cancel".to_owned()),
    };
    match decided {
        Ok(screen) => page(&PhonePage { screen }),
        Err(error @ PhoneError::UnknownPerson { .. }) => bad_request(format!("person: {error}")),
        Err(error) => bad_request(error.to_string()),
    }
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
