//! `/users`: adds, changes and removes test users, and triggers account events.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, MAX_ENTRIES, MAX_ID, MAX_NAME, check_length, read, too_many};
use crate::{User, state::SimState, world::user::UserChange};

fn to_json(user: &User) -> Value {
    json!({
        "id": user.id,
        "nickname": user.nickname,
        "avatar": user.has_avatar,
        "blocked": user.is_blocked,
    })
}

/// `GET /users`: all users, the default first.
pub(super) async fn list(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(sim.world().users.iter().map(to_json).collect())
}

/// `PUT /users/{user}`: adds a user, or changes the given members of an existing one.
pub(super) async fn put(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let change: UserChange = read(&body)?;
    check_length("user", &id, MAX_ID)?;
    check_length(
        "nickname",
        change.nickname.as_deref().unwrap_or_default(),
        MAX_NAME,
    )?;
    let user = sim.change(|world, _| {
        let known = world.users.iter().find(|user| user.id == id).cloned();
        if known.is_none() && world.users.len() >= MAX_ENTRIES {
            return Err(too_many("user"));
        }
        let mut user = known.unwrap_or_else(|| User::new(&id, &id));
        change.apply(&mut user);
        world.put_user(user.clone());
        Ok(user)
    });
    Ok(Json(to_json(&user?)))
}

/// `DELETE /users/{user}`, by ID.
pub(super) async fn delete(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, BadRequest> {
    sim.change(|world, _| {
        if world.users.iter().all(|user| user.id != id) {
            return Err(BadRequest::unknown(
                "user",
                "unknown user: see /_sim/api/users",
            ));
        }
        world.users.retain(|user| user.id != id);
        world.auto_allow.forget_user(&id);
        Ok(Json(json!({})))
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// New nickname; for `rename`.
    nickname: Option<String>,
    /// App ID; for `withdraw`.
    app: Option<String>,
}

const USER_ACTIONS: &str =
    "expected block, unblock, change-avatar, change-password, rename or withdraw";

/// `POST /users/{user}/{action}`: triggers an account event.
pub(super) async fn act(
    State(sim): State<Arc<SimState>>,
    Path((user, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change { nickname, app } = read(&body)?;
    let missing = |field| BadRequest::new(field, "missing");
    let done = sim.change(|world, _| match action.as_str() {
        "block" => Ok(world.change_user(&user, |user| user.is_blocked = true)?),
        "unblock" => Ok(world.change_user(&user, |user| user.is_blocked = false)?),
        "change-avatar" => Ok(world.change_user(&user, |user| user.avatar_version += 1)?),
        "change-password" => Ok(world.change_password(&user)?),
        "rename" => {
            let nickname = nickname.ok_or_else(|| missing("nickname"))?;
            check_length("nickname", &nickname, MAX_NAME)?;
            Ok(world.change_user(&user, |user| user.nickname = nickname)?)
        }
        "withdraw" => {
            let app = app.ok_or_else(|| missing("app"))?;
            Ok(world.withdraw(&user, &app)?)
        }
        _ => Err(BadRequest::new("action", USER_ACTIONS)),
    });
    done.map(|()| Json(json!({})))
}
