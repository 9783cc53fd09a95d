//! The gateway as its clients, users and attackers see it, with the simulator as WeChat.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod admin;
mod algorithms;
mod attacks;
mod backchannel;
mod claims;
mod conformance;
mod consent;
mod dialog;
mod disabled_clients;
mod errors;
mod failure_limits;
mod first_login;
mod form_post;
mod headers;
mod introspection;
mod issuers;
mod keys;
mod login_events;
mod logout;
mod master_keys;
mod merges;
mod par;
mod references;
mod refresh;
mod reload;
mod restart;
mod revocation;
mod sessions;
mod silent;
mod stored_clients;
mod ui_locales;
mod userinfo;
mod waiting_requests;
mod wechat_errors;
mod world;
