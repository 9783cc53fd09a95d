//! `weixin sim init`

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use serde_json::json;
use weixin_sim::EXAMPLE_CONFIG;

use crate::{
    error::CliError,
    message::{Message, message},
    output::Output,
};

pub(super) fn run(file: &Path, output: Output) -> Result<(), CliError> {
    let created =
        File::create_new(file).and_then(|mut file| file.write_all(EXAMPLE_CONFIG.as_bytes()));
    let name = file.display().to_string();
    created.map_err(|error| CliError::Usage(reason(&name, &error)))?;
    output.result(
        || {
            message(
                format!("已写入 {name}：修改后运行 `weixin sim --config {name}`"),
                format!("wrote {name}: edit it, then run `weixin sim --config {name}`"),
            )
        },
        &json!({ "file": name }),
    )
}

fn reason(name: &str, error: &io::Error) -> Message {
    match error.kind() {
        io::ErrorKind::AlreadyExists => message(
            format!("{name} 已存在，不会覆盖：请换一个文件名，例如 `weixin sim init other.toml`"),
            format!(
                "{name} exists already and is not overwritten: use another name, as in `weixin sim init other.toml`"
            ),
        ),
        _ => Message::from(error).prefixed(name),
    }
}
