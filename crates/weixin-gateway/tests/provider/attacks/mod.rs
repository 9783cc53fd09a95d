//! Attacks: one test each, named after what it shows, with the rule or the number in its comment.

mod code_injection;
mod csrf;
mod forged_tokens;
mod mix_up;
mod pkce_downgrade;
mod redirect_uri;
