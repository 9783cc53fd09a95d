#![deny(unused_must_use)]

use weixin::{Callback, error::CallbackError};

fn example(query: &str) -> Result<(), CallbackError> {
    Callback::parse(query)?;
    Ok(())
}

fn main() {}
