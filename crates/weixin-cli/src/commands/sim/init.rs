//! `weixin sim init`

use std::{fs::File, io::Write, path::Path};

use serde_json::json;
use weixin_sim::EXAMPLE_CONFIG;

use crate::{failure::Failure, output::Output};

pub(super) fn run(file: &Path, output: Output) -> Result<(), Failure> {
    let created =
        File::create_new(file).and_then(|mut file| file.write_all(EXAMPLE_CONFIG.as_bytes()));
    created.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let name = file.display().to_string();
    output.result(
        || format!("{name} is written: edit it, then start `weixin sim --config {name}`"),
        &json!({ "file": name }),
    );
    Ok(())
}
