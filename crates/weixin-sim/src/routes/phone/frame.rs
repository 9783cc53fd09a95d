//! What all screens of the phone have in common.

use crate::{User, clock::unix_milliseconds, state::SimState, world::World};

use super::user::PhoneUser;

/// The frame of a screen.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) user: User,
    /// Number in the timeline of the login that the screen is about.
    pub(super) login: Option<u64>,
    /// Milliseconds since the Unix epoch of the simulator's clock.
    pub(super) now: u64,
    pub(super) runs: bool,
}

impl Frame {
    pub(super) fn new(sim: &SimState, world: &World, phone_user: &PhoneUser) -> Self {
        let user = world.user(Some(&phone_user.id(world)));
        Self {
            user: user.map_or_else(|_| User::new("", ""), Clone::clone),
            login: None,
            now: unix_milliseconds(sim.now()),
            runs: sim.clock.runs(),
        }
    }

    /// Hours and minutes on the phone's clock.
    pub(super) fn time(&self) -> String {
        let minutes = self.now / 60_000;
        format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
    }
}
