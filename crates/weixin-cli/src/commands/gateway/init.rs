//! `weixin gateway init`

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
};

use serde_json::json;
use url::Url;
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

/// The address of the example, on which the proxy of this machine reaches the gateway.
const EXAMPLE_LISTEN: &str = "\"127.0.0.1:8080\"";

pub(super) fn run(args: &GatewayInit, output: Output) -> Result<(), CliError> {
    let example = output
        .language()
        .pick(EXAMPLE_CONFIG_CHINESE, EXAMPLE_CONFIG);
    let files = write_missing(&configuration(example, &args.issuer))?;
    let kept = match files {
        Written::Both => None,
        Written::Config => Some(KEY_FILE),
        Written::Key => Some(CONFIG_FILE),
    };
    output.result(
        || files.text(&args.issuer),
        &json!({ "config": CONFIG_FILE, "key": KEY_FILE, "kept": kept, "issuer": args.issuer }),
    )
}

/// The example for an issuer. One of this machine without TLS needs no proxy: the gateway itself listens on its port.
fn configuration(example: &str, issuer: &str) -> String {
    let config = example.replace(EXAMPLE_ISSUER, &format!("\"{issuer}\""));
    match local_port(issuer) {
        Some(port) => config.replace(EXAMPLE_LISTEN, &format!("\"127.0.0.1:{port}\"")),
        None => config,
    }
}

/// The port of an issuer with http, which is one of this machine.
fn local_port(issuer: &str) -> Option<u16> {
    let url = Url::parse(issuer).ok()?;
    let port = url.port_or_known_default()?;
    (url.scheme() == "http").then_some(port)
}

/// The files that were missing.
#[derive(Clone, Copy)]
enum Written {
    Both,
    Config,
    Key,
}

/// Writes the files that are missing.
fn write_missing(config: &str) -> Result<Written, CliError> {
    let has_written = write(CONFIG_FILE, File::options().write(true), config)?;
    // Without its key file, the configuration would be one that does not start.
    let key = key::master_key().and_then(|key| write(KEY_FILE, owner_only().write(true), &key));
    let key = key.inspect_err(|_| {
        if has_written {
            let _ = fs::remove_file(CONFIG_FILE);
        }
    })?;
    match (has_written, key) {
        (true, true) => Ok(Written::Both),
        (true, false) => Ok(Written::Config),
        (false, true) => Ok(Written::Key),
        (false, false) => Err(CliError::Usage(message(
            format!(
                "{CONFIG_FILE} 和 {KEY_FILE} 已存在，不会覆盖：请在另一个目录运行，或先移走文件"
            ),
            format!(
                "{CONFIG_FILE} and {KEY_FILE} exist already and are not overwritten: run in another folder, or move the files away"
            ),
        ))),
    }
}

impl Written {
    fn text(self, issuer: &str) -> Message {
        let files = match self {
            Self::Both => message(
                format!(
                    "已写入 {CONFIG_FILE} 和 {KEY_FILE}（只有你可以读取，请备份，不要提交到代码仓库）"
                ),
                format!(
                    "wrote {CONFIG_FILE} and {KEY_FILE} (only you can read it: keep a copy, and commit it nowhere)"
                ),
            ),
            Self::Config => message(
                format!("已写入 {CONFIG_FILE}；保留了已有的 {KEY_FILE}"),
                format!("wrote {CONFIG_FILE}, and kept {KEY_FILE} as it was"),
            ),
            Self::Key => {
                return message(
                    format!(
                        "已写入 {KEY_FILE}（只有你可以读取，请备份，不要提交到代码仓库）；保留了已有的 {CONFIG_FILE}，其中的 key_file 应为 \"{KEY_FILE}\"\n\
                         接下来：weixin gateway check"
                    ),
                    format!(
                        "wrote {KEY_FILE} (only you can read it: keep a copy, and commit it nowhere), and kept {CONFIG_FILE} as it was: \
                         its key_file must be \"{KEY_FILE}\"\n\
                         Next: weixin gateway check"
                    ),
                );
            }
        };
        let serve = serve(issuer);
        Message::of(|language| {
            let steps = language.pick(STEPS_CHINESE, STEPS);
            format!("{}{steps}{}", files.pick(language), serve.pick(language))
        })
    }
}

/// The steps before the last one.
const STEPS: &str = "
Next:
  1. set the app_id of your WeChat app in gateway.toml, and write its app secret to website.secret
  2. add a [[client]] to gateway.toml for each program, or run `weixin gateway client add`
  3. weixin gateway check
  4. ";
const STEPS_CHINESE: &str = "
接下来：
  1. 在 gateway.toml 中填写微信应用的 app_id，把 AppSecret 写入 website.secret
  2. 在 gateway.toml 中为每个程序添加一个 [[client]]，或运行 `weixin gateway client add`
  3. weixin gateway check
  4. ";

/// The last step.
fn serve(issuer: &str) -> Message {
    if local_port(issuer).is_some() {
        return message(
            format!(
                "weixin gateway serve，在本机提供 {issuer}，不需要反向代理\n\
                 微信不接受 localhost 作为授权回调域：试用时请运行 `weixin sim`，并在 [app.website] 中把 endpoint 设为它的 URL"
            ),
            format!(
                "weixin gateway serve, which serves {issuer} on this machine, without a proxy\n\
                 WeChat does not accept localhost as callback domain: to try a login, run `weixin sim` and set `endpoint` \
                 of [app.website] to its URL"
            ),
        );
    }
    message(
        format!("weixin gateway serve，前面放一个反向代理，用 HTTPS 提供 {issuer}"),
        format!("weixin gateway serve, behind a reverse proxy that serves {issuer} by HTTPS"),
    )
}

/// Writes a file unless it exists. Returns whether it has.
fn write(file: &str, options: &mut OpenOptions, text: &str) -> Result<bool, CliError> {
    let created = options.create_new(true).open(file);
    match created.and_then(|mut created| created.write_all(text.as_bytes())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(CliError::Usage(Message::from(&error).prefixed(file))),
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
