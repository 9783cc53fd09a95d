//! The state of the simulated WeChat. Pure methods that take the time: no clock, no network, no HTTP.

pub(crate) mod app;
mod app_tokens;
mod desktop;
mod expiring_map;
pub(crate) mod fault;
mod flows;
mod grants;
mod logins;
mod masking;
mod mini_programs;
pub(crate) mod phone_error;
mod quotas;
pub(crate) mod request_log;
mod setup;
mod snapshot;
mod state;
mod timeline;
pub(crate) mod user;

pub(crate) use self::{
    app_tokens::IssuedAppToken,
    desktop::Desktop,
    flows::{Exchange, IssuedUserToken, Profile},
    logins::{Login, LoginParams, Poll, Stage},
    setup::Setup,
    snapshot::WorldCopy,
    state::World,
    timeline::{Event, LoginTrace, Step},
};
pub use self::{desktop::DesktopAnswer, phone_error::PhoneError};
