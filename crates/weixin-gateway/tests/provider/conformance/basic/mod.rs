//! The plan for basic OpenID Providers: the authorization code flow. `oidcc-refresh-token` is missing, as refresh tokens are.

mod parameters;
mod prompt;
mod rejected;
mod tokens;
mod userinfo;
