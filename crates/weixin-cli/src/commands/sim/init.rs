//! `weixin sim init`

use std::{fs::File, io::Write, path::Path};

use serde_json::json;
use weixin_sim::EXAMPLE_CONFIG;

use crate::{error::CliError, output::Output};

pub(super) fn run(file: &Path, output: Output) -> Result<(), CliError> {
    let created =
        File::create_new(file).and_then(|mut file| file.write_all(EXAMPLE_CONFIG.as_bytes()));
    created.map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
    let name = file.display().to_string();
    output.result(
        || format!("wrote {name}: edit it, then run `weixin sim --config {name}`"),
        &json!({ "file": name }),
    )
}
