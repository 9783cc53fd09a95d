//! Flows: what the phone, the apps and the API do to the world.

mod account_events;
mod add_fault;
mod app_tokens;
mod auto_allow;
mod login;
mod mini_program;
mod quotas;
mod request_user;
mod user_tokens;

pub(crate) use self::user_tokens::{Exchange, IssuedUserToken, Profile};
