//! Flows: what the phone, the apps and the API do to the world.

mod account_events;
mod app_tokens;
mod login;
mod mini_program;
mod quotas;
mod user_tokens;

pub(crate) use self::user_tokens::{Exchange, IssuedUserToken, Profile};
