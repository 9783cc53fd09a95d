//! `weixin gateway backup`

use std::fs;

use serde_json::json;
use weixin_gateway::Gateway;

use super::{config, progress};
use crate::{args::GatewayBackup, error::CliError, message::message, output::Output};

pub(super) async fn run(args: GatewayBackup, output: Output) -> Result<(), CliError> {
    let name = args.to.display().to_string();
    if args.to.exists() {
        return Err(CliError::Usage(message(
            format!("{name} 已存在，不会覆盖：请换一个文件名"),
            format!("{name} exists already and is not overwritten: use another name"),
        )));
    }
    let config = config::load(&args.file.config)?;
    let copy = Gateway::backup(&config, &args.to);
    let copied = progress::noted(output, copy, |seconds| {
        let megabytes = fs::metadata(&args.to).map_or(0, |file| file.len() / 1_000_000);
        message(
            format!("正在复制：已用 {seconds} 秒，已写入 {megabytes} MB"),
            format!("copying: {megabytes} MB so far, after {seconds} s"),
        )
    });
    let copied = copied.await;
    copied.map_err(|error| config::not_started(&error))?;
    output.result(
        || {
            message(
                format!("已把数据库复制到 {name}。请把密钥文件也备份在别处：没有它无法使用副本"),
                format!("copied the database to {name}. Keep the key file elsewhere: the copy is useless without it"),
            )
        },
        &json!({ "file": name }),
    )
}
