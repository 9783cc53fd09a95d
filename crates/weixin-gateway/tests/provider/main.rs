//! The gateway as its clients, users and attackers see it, with the simulator as WeChat.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod attacks;
mod first_login;
mod wechat_errors;
mod world;
