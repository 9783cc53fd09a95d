//! Random secrets.

use aws_lc_rs::rand;
use data_encoding::{BASE64, BASE64URL_NOPAD};

use crate::{error::CliError, message::message};

/// A line of a key file: 32 random bytes in base64.
pub(super) fn master_key() -> Result<String, CliError> {
    Ok(format!("{}\n", BASE64.encode(&random()?)))
}

/// The secret of a client: 32 random bytes in base64url.
pub(super) fn client_secret() -> Result<String, CliError> {
    Ok(BASE64URL_NOPAD.encode(&random()?))
}

fn random() -> Result<[u8; 32], CliError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| {
        CliError::Other(message(
            "操作系统没有提供随机数",
            "the operating system has no random bytes",
        ))
    })?;
    Ok(bytes)
}
