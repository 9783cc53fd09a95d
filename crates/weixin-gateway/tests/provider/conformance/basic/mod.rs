//! The plan for basic OpenID Providers: the authorization code flow and refresh tokens.

mod parameters;
mod prompt;
mod refresh_token;
mod rejected;
mod tokens;
mod userinfo;
