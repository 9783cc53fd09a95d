//! Attacks: one test each, named after what it shows, with the rule or the number in its comment.

mod code_injection;
mod connections;
mod consent;
mod crafted_requests;
mod csrf;
mod ended;
mod forged_tokens;
mod growth;
mod logout;
mod merges;
mod mix_up;
mod nicknames;
mod open_connections;
mod open_redirect;
mod parameters;
mod pkce_downgrade;
mod proxy_headers;
mod pushed_requests;
mod redirect_uri;
mod refresh_races;
mod refresh_tokens;
mod responses;
mod revoked_codes;
mod silent_logins;
mod slow_wechat;
mod waiting_requests;
