//! Style sheet and script of the simulator's pages.

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

pub(super) async fn style() -> Response {
    let css = include_str!("../../../templates/sim.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

pub(super) async fn script() -> Response {
    let script = include_str!("../../../templates/sim.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}
