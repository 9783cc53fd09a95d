//! Where and how a QR page polls.

use axum::http::HeaderMap;
use url::Url;

use crate::{
    hosts::is_wechat,
    routes::request::{host, page_origin},
    state::SimState,
};

/// Where and how the page polls.
#[derive(Debug)]
pub(super) struct Polls {
    /// Base URL for programs that read the page's source.
    pub(super) origin: String,
    /// Base URL for the page itself; empty for its own.
    pub(super) base: String,
    /// The polls return at once: they share the browser's connections to this host.
    pub(super) is_short: bool,
}

impl Polls {
    pub(super) fn of(sim: &SimState, headers: &HeaderMap) -> Self {
        let base = String::new();
        // Under WeChat's host names, the source names the older host (docs/wechat.md#hosts).
        if is_wechat(host(headers)) {
            return Self {
                origin: "https://long.open.weixin.qq.com".to_owned(),
                base,
                is_short: false,
            };
        }
        let origin = page_origin(sim, headers);
        let Some(port) = sim.settings.poll_port else {
            return Self {
                origin,
                base,
                is_short: true,
            };
        };
        let origin = at_port(&origin, port).unwrap_or(origin);
        Self {
            base: origin.clone(),
            origin,
            is_short: false,
        }
    }
}

/// The same host at another port.
fn at_port(origin: &str, port: u16) -> Option<String> {
    let mut url = Url::parse(origin).ok()?;
    url.set_port(Some(port)).ok()?;
    Some(url.origin().ascii_serialization())
}
