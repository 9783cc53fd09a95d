//! `/sns/userinfo`, and the avatars in its responses (docs/wechat.md#the-profile).

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::checks::{answer, check_method, require_bearer};
use crate::{
    parameters::Parameters,
    routes::request::avatar_origin,
    state::SimState,
    wire::{Family, image},
    world::{Profile, user::GRAY_AVATAR},
};

/// Profile with the members in WeChat's order; sex and region are empty since 2021.
#[derive(Serialize)]
struct UserBody {
    openid: String,
    nickname: String,
    sex: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    headimgurl: String,
    privilege: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

impl UserBody {
    fn new(
        Profile {
            user,
            openid,
            unionid,
        }: Profile,
        origin: &str,
    ) -> Self {
        Self {
            openid,
            headimgurl: user.avatar_url(origin),
            unionid,
            nickname: user.nickname,
            sex: 0,
            language: "",
            city: "",
            province: "",
            country: "",
            privilege: [],
        }
    }
}

pub(super) async fn userinfo(
    State(sim): State<Arc<SimState>>,
    method: Method,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let found = check_method(&method).and_then(|()| {
        let (access_token, openid) = require_bearer(&parameters)?;
        let now = sim.now();
        sim.world().user_info(access_token, openid, now)
    });
    answer(
        &sim,
        Family::Sns,
        found.map(|profile| UserBody::new(profile, &avatar_origin(&sim, &headers))),
    )
}

/// Serves an avatar. The last part of the path is the size in pixels, where 0 means 640.
pub(super) async fn avatar(
    State(sim): State<Arc<SimState>>,
    Path((id, size)): Path<(String, String)>,
) -> Response {
    let width = match size.as_str() {
        "0" => 640,
        "46" => 46,
        "64" => 64,
        "96" => 96,
        "132" => 132,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let jpeg = if id == GRAY_AVATAR {
        image::gray(width)
    } else {
        let known = sim.world().users.iter().any(|user| user.avatar_id() == id);
        known.then(|| image::avatar(&id, width)).flatten()
    };
    jpeg.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |jpeg| ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
    )
}
