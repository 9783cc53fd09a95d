//! The pretend phone: what a QR code opens, and the answer that its owner gives.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
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
    let scanned = sim.change(|world, now| {
        let app = world.logins.scan(uuid, now)?.app.clone();
        Ok(world
            .app(&app)
            .map(|app| app.name.clone())
            .unwrap_or_default())
    });
    match scanned {
        Err(error) => problem(&error),
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
    let decided = if form.get("action") == "allow" {
        let person = Some(form.get("person")).filter(|person| !person.is_empty());
        sim.change(|world, now| world.allow(&uuid, person, now))
            .map(|_| Screen::Allowed)
    } else {
        sim.change(|world, now| world.cancel(&uuid, now))
            .map(|()| Screen::Cancelled { uuid: &uuid })
    };
    decided.map_or_else(
        |error| problem(&error),
        |screen| page(&PhonePage { screen }),
    )
}

fn problem(error: &PhoneError) -> Response {
    page(&PhonePage {
        screen: Screen::Problem {
            text: error.to_string(),
        },
    })
}
