//! An OpenID Provider on one side, WeChat login on the other: every OpenID Connect client gets WeChat login.
#![expect(
    dead_code,
    unused_imports,
    reason = "the HTTP endpoints, which use the rules and the store, are not written yet"
)]

mod audit;
mod config;
mod keys;
mod master_key;
mod oidc;
mod params;
mod random;
mod secret;
mod signed;
mod store;
mod time;
mod upstream;
