//! `weixin gateway copy-store`

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value, json};
use weixin::{Bilingual, Language};
use weixin_gateway::{CopiedStore, CopiedTable, CopyError, CopyProgress, Gateway, StartError};

use super::{
    config,
    progress::{each_interval, waiting},
};
use crate::{
    args::GatewayCopyStore,
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::Output,
};

pub(super) async fn run(args: GatewayCopyStore, output: Output) -> Result<(), CliError> {
    let config = config::load(&args.file.config)?;
    // Shared with the copy, which can run on any thread.
    let latest = Mutex::new(None);
    let copy = Gateway::copy_store(&config, &args.to, |progress| {
        *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    });
    let copied = each_interval(copy, |seconds| {
        match *latest.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(progress) => report(progress, output),
            None => output.note(waiting(seconds)),
        }
    });
    let copied = copied.await.map_err(|error| failed(&error))?;
    let tables: Map<_, _> = copied
        .iter()
        .map(|table| (table.name.to_owned(), Value::from(table.rows)))
        .collect();
    output.result(
        || result(&copied, &args.file.config),
        &json!({ "tables": tables }),
    )
}

fn report(progress: CopyProgress, output: Output) {
    let CopyProgress {
        table, rows, total, ..
    } = progress;
    let text = message(
        format!("已复制 {rows} 行，共 {total} 行（{table}）"),
        format!("copied {rows} of {total} rows ({table})"),
    );
    let json = json!({ "table": table, "rows": rows, "total": total });
    output.event(Some(text.pick(output.language()).to_owned()), &json);
}

fn result(copied: &[CopiedTable], file: &Path) -> Message {
    let counts = copied
        .iter()
        .map(|table| format!("  {:18}  {:>9}", table.name, table.rows));
    let counts = counts.collect::<Vec<_>>().join("\n");
    let total: u64 = copied.iter().map(|table| table.rows).sum();
    let file = file.display();
    message(
        format!(
            "已复制并核对 {total} 行：\n{counts}\n\n\
             接下来：\n\
             1. 把 {file} 中的 store.url 改为新数据库的 URL；密钥文件保持不变，新数据库的内容需要它\n\
             2. weixin gateway check --config {file}\n\
             3. 启动网关\n\
             不要再用旧数据库启动网关：此后的登录和吊销都不在其中"
        ),
        format!(
            "copied and counted {total} rows:\n{counts}\n\n\
             Next:\n\
             1. In {file}, set store.url to the URL of the new database. Keep the key file: the new database needs it\n\
             2. weixin gateway check --config {file}\n\
             3. Start the gateway\n\
             Do not start a gateway on the old database again: it lacks all logins and revocations from now on"
        ),
    )
}

fn failed(error: &CopyError) -> CliError {
    match error {
        CopyError::Source(error) => store_failed(error, CopiedStore::Source, "[store] url"),
        CopyError::Target(error) => store_failed(error, CopiedStore::Target, "--to"),
        CopyError::Unconfirmed(error) => unconfirmed(error),
        other => CliError::Other(not_copied(other)),
    }
}

/// In Chinese and in English.
const fn name(store: CopiedStore) -> (&'static str, &'static str) {
    match store {
        CopiedStore::Source => ("源数据库（store.url）", "source (store.url)"),
        CopiedStore::Target => ("目标数据库（--to）", "target (--to)"),
    }
}

/// The error of one store with its remedy, which the gateway words for the one of the configuration.
fn store_failed(error: &StartError, store: CopiedStore, url: &str) -> CliError {
    let (zh, en) = name(store);
    let (store, text) = (message(zh, en), config::start_error(error));
    let text = Message::of(|language| {
        let colon = language.pick("：", ": ");
        format!("{}{colon}{}", store.pick(language), text.pick(language))
    });
    let remedy = error.remedy().map(|Bilingual { en, zh }| {
        let of = |text: &str| text.replace("[store] url", url);
        message(of(zh), of(en))
    });
    CliError::Gateway(text, remedy)
}

/// The commit may have been made or not.
fn unconfirmed(error: &StartError) -> CliError {
    let error = config::start_error(error);
    let text = Message::of(|language| {
        let unknown = language.pick(
            "目标数据库（--to）没有确认提交，无法得知它是有全部内容还是没有内容：",
            "the commit in the target (--to) was not confirmed, so that it has all rows or none: ",
        );
        format!("{unknown}{}", error.pick(language))
    });
    let remedy = message(
        "请删除并重新创建目标数据库（SQLite 则删除文件），再运行一次",
        "drop and create the target database (for SQLite, delete the file), and run the command again",
    );
    CliError::Gateway(text, Some(remedy))
}

fn not_copied(error: &CopyError) -> Message {
    match error {
        CopyError::SameKind => message(
            "--to 与 store.url 是同一种数据库：SQLite 用 `weixin gateway backup` 复制，PostgreSQL 用 pg_dump 复制",
            "--to is the same kind of database as store.url: `weixin gateway backup` copies SQLite, and pg_dump copies PostgreSQL",
        ),
        CopyError::Url(error) => {
            message(error.text(Language::Chinese), error.text(Language::English))
        }
        CopyError::Missing(path) => message(
            format!("{} 不存在：请检查配置文件中的 store.url", path.display()),
            format!(
                "{} does not exist: check store.url in the configuration file",
                path.display()
            ),
        ),
        CopyError::InUse(path) => message(
            format!("网关正在使用 {}：请先停止网关", path.display()),
            format!(
                "a gateway is using {}: stop the gateway first",
                path.display()
            ),
        ),
        CopyError::Connected(others) => message(
            format!(
                "该数据库用户还有 {others} 个连接：请先停止所有节点，并关闭使用同一用户的其他程序"
            ),
            format!(
                "the user of this database has {others} other connections: stop all nodes first, and close other programs of this user"
            ),
        ),
        CopyError::Version {
            store,
            found,
            known,
        } => version(*store, found > known),
        CopyError::NotEmpty { table, rows } => message(
            format!(
                "新数据库不是空的：表 {table} 有 {rows} 行。请换一个空数据库（如果网关在其上启动过，表中就有内容）"
            ),
            format!(
                "the new database is not empty: the table {table} has {rows} rows. Use an empty database; one on which a gateway has been started is not empty"
            ),
        ),
        CopyError::Incomplete {
            table,
            read,
            written,
        } => message(
            format!(
                "表 {table} 有 {read} 行，只复制了 {written} 行：新数据库没有保留任何内容，请重试"
            ),
            format!(
                "{written} of the {read} rows of the table {table} have arrived: nothing was kept in the new database, try again"
            ),
        ),
        other => config::causes(other),
    }
}

fn version(store: CopiedStore, is_later: bool) -> Message {
    let (zh, en) = name(store);
    if is_later {
        return message(
            format!("{zh}的表来自更新的版本：请用该版本的程序复制"),
            format!(
                "the tables of the {en} are of a later version: use the program of that version"
            ),
        );
    }
    message(
        format!("{zh}的表不存在或来自较早的版本：请先运行 `weixin gateway migrate`"),
        format!(
            "the tables of the {en} are missing or of an earlier version: run `weixin gateway migrate` first"
        ),
    )
}
