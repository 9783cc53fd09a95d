//! The gateway as its clients, users and attackers see it, with the simulator as WeChat.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod conformance;
mod first_login;
mod world;
