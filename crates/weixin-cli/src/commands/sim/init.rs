//! `weixin sim init`

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use serde_json::json;
use weixin_sim::EXAMPLE_CONFIG;

use crate::{error::CliError, output::Output};

pub(super) fn run(file: &Path, output: Output) -> Result<(), CliError> {
    let created =
        File::create_new(file).and_then(|mut file| file.write_all(EXAMPLE_CONFIG.as_bytes()));
    let name = file.display().to_string();
    created.map_err(|error| CliError::Usage(reason(&name, &error)))?;
    output.result(
        || format!("wrote {name}: edit it, then run `weixin sim --config {name}`"),
        &json!({ "file": name }),
    )
}

fn reason(name: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!(
                "{name} exists already and is not overwritten: use another name, as in `weixin sim init other.toml`"
            )
        }
        _ => format!("{name}: {error}"),
    }
}
