//! All state of this WeChat. Pure methods that take the time; no clock, no network.

pub(crate) mod app;
mod app_tokens;
mod desktop;
mod expiring_map;
pub(crate) mod fault;
mod flows;
mod grants;
mod logins;
mod mini_programs;
mod quotas;
pub(crate) mod request_log;
mod setup;
mod state;
mod timeline;
pub(crate) mod user;

pub(crate) use self::{
    app_tokens::Lent,
    desktop::Desktop,
    flows::{Exchange, Issued, Profile},
    logins::{Asked, Login, Poll, Stage},
    setup::Setup,
    state::World,
    timeline::{Event, Step, Story},
};
pub use self::{desktop::DesktopAnswer, logins::PhoneError};
