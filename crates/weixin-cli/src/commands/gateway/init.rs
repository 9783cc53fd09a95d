//! `weixin gateway init`

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
};

use serde_json::json;
use weixin_gateway::{EXAMPLE_CONFIG, EXAMPLE_CONFIG_CHINESE};

use super::key;
use crate::{
    args::{CONFIG_FILE, GatewayInit},
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::Output,
};

const KEY_FILE: &str = "gateway.key";

/// The issuer of the example.
const EXAMPLE_ISSUER: &str = "\"https://login.example.com\"";

pub(super) fn run(args: &GatewayInit, output: Output) -> Result<(), CliError> {
    let issuer = &args.issuer;
    let example = output
        .language()
        .pick(EXAMPLE_CONFIG_CHINESE, EXAMPLE_CONFIG);
    let config = example.replace(EXAMPLE_ISSUER, &format!("\"{issuer}\""));
    write(CONFIG_FILE, File::options().write(true), &config)?;
    // Without its key file, the configuration would be one that does not start.
    write(KEY_FILE, owner_only().write(true), &key::master_key()?).inspect_err(|_| {
        let _ = fs::remove_file(CONFIG_FILE);
    })?;
    output.result(
        || {
            message(
                format!(
                    "已写入 {CONFIG_FILE} 和 {KEY_FILE}（只有你可以读取，请备份，不要提交到代码仓库）\n\
                     接下来：\n\
                     \u{20} 1. 在 {CONFIG_FILE} 中填写微信应用的 app_id，把 AppSecret 写入 website.secret\n\
                     \u{20} 2. 在 {CONFIG_FILE} 中为每个程序添加一个 [[client]]\n\
                     \u{20} 3. weixin gateway check\n\
                     \u{20} 4. weixin gateway serve，前面放一个反向代理，用 HTTPS 提供 {issuer}"
                ),
                format!(
                    "wrote {CONFIG_FILE} and {KEY_FILE} (only you can read it: keep a copy, and commit it nowhere)\n\
                     Next:\n\
                     \u{20} 1. set the app_id of your WeChat app in {CONFIG_FILE}, and write its app secret to website.secret\n\
                     \u{20} 2. add a [[client]] to {CONFIG_FILE} for each program\n\
                     \u{20} 3. weixin gateway check\n\
                     \u{20} 4. weixin gateway serve, behind a reverse proxy that serves {issuer} by HTTPS"
                ),
            )
        },
        &json!({ "config": CONFIG_FILE, "key": KEY_FILE, "issuer": issuer }),
    )
}

fn write(file: &str, options: &mut OpenOptions, text: &str) -> Result<(), CliError> {
    let created = options.create_new(true).open(file);
    let written = created.and_then(|mut created| created.write_all(text.as_bytes()));
    written.map_err(|error| CliError::Usage(reason(file, &error)))
}

fn reason(file: &str, error: &io::Error) -> Message {
    match error.kind() {
        io::ErrorKind::AlreadyExists => message(
            format!("{file} 已存在，不会覆盖：请在另一个目录运行，或先移走该文件"),
            format!(
                "{file} exists already and is not overwritten: run in another folder, or move the file away"
            ),
        ),
        _ => Message::from(error).prefixed(file),
    }
}

/// A file that only its owner may read.
fn owner_only() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Without its comments, each file has the same lines; and each comment is translated.
#[test]
fn both_examples_have_the_same_settings() {
    let has_chinese = |text: &str| text.contains(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let is_setting = |line: &&str| {
        let text = line.trim_start_matches(['#', ' ']);
        text.starts_with('[') || text.split(' ').nth(1) == Some("=") || line.is_empty()
    };
    let [english, chinese] = [EXAMPLE_CONFIG, EXAMPLE_CONFIG_CHINESE].map(|file| {
        let (settings, comments): (Vec<_>, Vec<_>) = file.lines().partition(is_setting);
        (settings, comments)
    });
    assert_eq!(english.0, chinese.0);
    assert_eq!(english.1.len(), chinese.1.len());
    assert!(
        chinese.1.iter().all(|line| has_chinese(line)),
        "{chinese:?}"
    );
}
