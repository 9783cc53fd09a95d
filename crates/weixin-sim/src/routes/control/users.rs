//! People: who there is, who comes and goes, and what happens in their lives.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{Person, state::SimState, world::user::PersonChange};

fn to_json(person: &Person) -> Value {
    json!({
        "id": person.id,
        "nickname": person.nickname,
        "avatar": person.has_avatar,
        "blocked": person.is_blocked,
    })
}

/// `GET /people`: the first is the default.
pub(super) async fn list(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(sim.world().people.iter().map(to_json).collect())
}

/// `PUT /people/{person}`: somebody new, or what is named of somebody who is there.
pub(super) async fn put(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let change: PersonChange = read(&body)?;
    let person = sim.change(|world, _| {
        let known = world.people.iter().find(|person| person.id == id).cloned();
        let mut person = known.unwrap_or_else(|| Person::new(&id, &id));
        change.apply(&mut person);
        world.put_person(person.clone());
        person
    });
    Ok(Json(to_json(&person)))
}

/// `DELETE /people/{person}`: also if nobody has that id.
pub(super) async fn delete(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Json<Value> {
    sim.change(|world, _| world.people.retain(|person| person.id != id));
    Json(json!({}))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Of `rename`.
    nickname: Option<String>,
    /// Of `withdraw`: the app id.
    app: Option<String>,
}

const USER_ACTIONS: &str =
    "expected block, unblock, change-avatar, change-password, rename or withdraw";

/// What happens in somebody's life.
pub(super) async fn act(
    State(sim): State<Arc<SimState>>,
    Path((person, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change { nickname, app } = read(&body)?;
    let missing = |field| BadRequest::new(field, "missing");
    let done = sim.change(|world, _| match action.as_str() {
        "block" => Ok(world.change_person(&person, |person| person.is_blocked = true)?),
        "unblock" => Ok(world.change_person(&person, |person| person.is_blocked = false)?),
        "change-avatar" => Ok(world.change_person(&person, |person| person.avatar_version += 1)?),
        "change-password" => Ok(world.change_password(&person)?),
        "rename" => {
            let nickname = nickname.ok_or_else(|| missing("nickname"))?;
            Ok(world.change_person(&person, |person| person.nickname = nickname)?)
        }
        "withdraw" => {
            let app = app.ok_or_else(|| missing("app"))?;
            Ok(world.withdraw(&person, &app)?)
        }
        _ => Err(BadRequest::new("action", USER_ACTIONS)),
    });
    done.map(|()| Json(json!({})))
}
