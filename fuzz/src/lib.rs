//! What each target does with its input: nothing may panic, and what must hold is asserted.

mod answers;
mod decryption;
mod texts;

pub use self::{
    answers::{
        app_token_answer, check_answer, login_page, session_answer, token_answer, user_answer,
    },
    decryption::decryption,
    texts::{callback, error_text, login_url, user_agent},
};
