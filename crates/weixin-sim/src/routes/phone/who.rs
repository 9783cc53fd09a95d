//! The choice of the simulated phone's user.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{frame::Frame, user::PhoneUser};
use crate::{
    User,
    bilingual::Language,
    parameters,
    routes::{
        language::own_path,
        people,
        response::{bad_request, page},
    },
    state::SimState,
};

/// Maximum length of a nickname that is typed on the phone, in characters.
const MAX_NICKNAME: usize = 1000;

/// Maximum number of users, with those that are added on the phone.
const MAX_USERS: usize = 1000;

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

/// Shows who can hold the phone.
pub(super) fn who(
    sim: &SimState,
    uuid: &str,
    language: Language,
    phone_user: &PhoneUser,
) -> Response {
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

/// Changes the phone's user.
pub(super) async fn choose(State(sim): State<Arc<SimState>>, body: String) -> Response {
    let form = parameters::form(&body);
    let user = sim
        .world()
        .user(Some(form.get("user")))
        .map(|user| user.id.clone());
    match user.map(|id| PhoneUser::cookie(&id, sim.id.as_deref())) {
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
        if world.users.len() >= MAX_USERS {
            return None;
        }
        let is_new = |id: &String| world.users.iter().all(|user| user.id != *id);
        let ids = (1..=world.users.len() + 1).map(|number| format!("someone-{number}"));
        let id = ids.into_iter().find(is_new);
        let id = id.unwrap_or_default();
        world.put_user(User::new(&id, nickname));
        Some(id)
    });
    let Some(id) = id else {
        return bad_request("user: there are too many: delete one first");
    };
    match PhoneUser::cookie(&id, sim.id.as_deref()) {
        Some(cookie) => back_as(cookie, form.get("back")),
        None => bad_request("user: the ID cannot be stored in a cookie"),
    }
}
