//! What each target does with its input: nothing may panic, and what must hold is asserted.

mod decryption;
pub mod gateway;
mod responses;
mod texts;

pub use self::{
    decryption::decryption,
    responses::{
        app_token_response, check_response, login_page, session_response, token_response,
        user_response,
    },
    texts::{authorize_url, callback, error_text, user_agent},
};
