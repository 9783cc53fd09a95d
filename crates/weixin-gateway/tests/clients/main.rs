//! Unmodified OpenID Connect clients log in at the gateway, with the simulator as WeChat. `./scripts/test` installs those
//! that are not crates, in the versions that it names.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod apache;
mod browser;
mod manual;
mod openidconnect_crate;
mod products;
mod provider;
mod recipes;
mod report;
mod script;
