//! The state of the simulated WeChat. Pure methods that take the time: no clock, no network, no HTTP.

pub(crate) mod app;
mod app_tokens;
mod desktop;
mod expiring_map;
pub(crate) mod fault;
mod flows;
mod grants;
mod logins;
pub(crate) mod masking;
mod mini_programs;
pub(crate) mod phone_error;
mod quotas;
pub(crate) mod request_log;
mod setup;
mod state;
pub(crate) mod timeline;
pub(crate) mod user;

pub(crate) use self::{
    app_tokens::IssuedAppToken,
    desktop::Desktop,
    flows::{Exchange, IssuedUserToken, Profile},
    logins::{Login, LoginParams, Poll, Stage},
    setup::Setup,
    state::World,
    timeline::{Event, LoginTrace, Outcome},
};
pub use self::{desktop::DesktopAnswer, phone_error::PhoneError};
