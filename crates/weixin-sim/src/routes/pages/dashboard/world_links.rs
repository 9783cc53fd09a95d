//! The worlds of the simulator, as the dashboard lists them.

use axum::http::HeaderMap;

use crate::{routes::request::world_url, state::SimState, worlds::Worlds};

/// A world in the dashboard's list.
#[derive(Debug)]
pub(super) struct WorldLink {
    /// `None` for the simulator's first world.
    pub(super) id: Option<String>,
    /// Address of its dashboard.
    pub(super) href: String,
    /// Base URL for programs.
    pub(super) url: String,
    pub(super) logins: usize,
    /// Its clock runs.
    pub(super) runs: bool,
    /// It is the one whose dashboard this is.
    pub(super) is_current: bool,
    /// The dashboard may end it: it is neither the first, nor held by a Rust test.
    pub(super) can_end: bool,
}

/// All worlds, the first one before the others.
pub(super) fn list(worlds: &Worlds, current: &SimState, headers: &HeaderMap) -> Vec<WorldLink> {
    let link = |world: &SimState, can_end| {
        let url = world_url(world, headers);
        WorldLink {
            id: world.id.clone(),
            href: format!("{url}/_sim/"),
            url,
            logins: world.world().timeline.newest_first().count(),
            runs: world.clock.runs(),
            is_current: world.id == current.id,
            can_end,
        }
    };
    let mut links = vec![link(&worlds.first, false)];
    let others = worlds.list();
    links.extend(
        others
            .iter()
            .map(|world| link(&world.state, world.idle.is_some())),
    );
    links
}
