//! The state of the simulated WeChat. Pure methods that take the time: no clock, no network, no HTTP.

pub(crate) mod app;
pub(crate) mod app_kind;
mod app_tokens;
pub(crate) mod auto_allow;
pub(crate) mod counts;
mod desktop;
mod event;
pub(crate) mod expectation;
mod expiring_map;
pub(crate) mod fault;
pub(crate) mod faults;
pub(crate) mod filters;
mod flows;
mod grants;
mod logins;
pub(crate) mod masking;
mod mini_programs;
pub(crate) mod phone_error;
mod quotas;
pub(crate) mod request_facts;
pub(crate) mod request_log;
mod setup;
mod snapshot;
mod state;
pub(crate) mod steps;
pub(crate) mod timeline;
pub(crate) mod user;

pub(crate) use self::{
    app_tokens::IssuedAppToken,
    desktop::Desktop,
    event::Event,
    flows::{Exchange, IssuedUserToken, Profile},
    logins::{Login, LoginParams, Poll, Stage},
    setup::Setup,
    snapshot::WorldCopy,
    state::World,
    timeline::{LoginTrace, Outcome},
};
pub use self::{desktop::DesktopAnswer, phone_error::PhoneError};
