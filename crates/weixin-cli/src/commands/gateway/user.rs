//! `weixin gateway user`

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use serde_json::{Value, json};
use weixin_gateway::UserReport;

use super::{admin, date, progress};
use crate::{
    args::{GatewayUser, GatewayUserCommand, UserForget},
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Name, Output, table},
};

pub(super) async fn run(args: GatewayUser, output: Output) -> Result<(), CliError> {
    match args.command {
        GatewayUserCommand::Find(args) => find(&args.text, &args.file.config, output).await,
        GatewayUserCommand::Disable(args) => {
            set_disabled(&args.id, true, &args.file.config, output).await
        }
        GatewayUserCommand::Enable(args) => {
            set_disabled(&args.id, false, &args.file.config, output).await
        }
        GatewayUserCommand::Merge(args) => {
            merge(&args.keep, &args.absorb, &args.file.config, output).await
        }
        GatewayUserCommand::Split(args) => split(&args.id, &args.file.config, output).await,
        GatewayUserCommand::Forget(args) => forget(args, output).await,
    }
}

async fn find(text: &str, config: &Path, output: Output) -> Result<(), CliError> {
    let users = admin::with_existing_store(output, config, async |admin, _| {
        let users = progress::noted(output, admin.find_users(text), |seconds| {
            message(
                format!("正在所有用户的昵称中查找：已用 {seconds} 秒"),
                format!("searching the nicknames of all users: {seconds} s so far"),
            )
        });
        let users = users.await;
        users.map_err(|error| admin::failed(&error))
    });
    let users = users.await?;
    let json: Vec<_> = users.iter().map(to_json).collect();
    let text = || {
        if users.is_empty() {
            return message("没有找到用户", "no user was found");
        }
        let tables: Vec<_> = users.iter().map(to_text).collect();
        Message::of(|language| {
            let tables: Vec<_> = tables.iter().map(|one| one.pick(language)).collect();
            tables.join("\n\n")
        })
    };
    output.result(text, &json!({ "users": json }))
}

async fn set_disabled(
    id: &str,
    is_disabled: bool,
    config: &Path,
    output: Output,
) -> Result<(), CliError> {
    let changed = admin::with_existing_store(output, config, async |admin, _| {
        let changed = admin.set_disabled(id, is_disabled).await;
        changed.map_err(|error| admin::failed(&error))
    });
    let user = changed.await?;
    let text = || {
        if is_disabled {
            message(
                format!("已停用用户 {user}：会话和 Token 不再有效，登录会被拒绝"),
                format!(
                    "disabled user {user}: sessions and tokens no longer work, and logins are rejected"
                ),
            )
        } else {
            message(format!("已启用用户 {user}"), format!("enabled user {user}"))
        }
    };
    output.result(text, &json!({ "user": user, "disabled": is_disabled }))
}

async fn merge(keep: &str, absorb: &str, config: &Path, output: Output) -> Result<(), CliError> {
    let merged = admin::with_existing_store(output, config, async |admin, _| {
        let merged = admin.merge(keep, absorb).await;
        merged.map_err(|error| admin::failed(&error))
    });
    merged.await?;
    output.result(
        || {
            message(
                format!("已把用户 {absorb} 合并到 {keep}。撤销：weixin gateway user split {absorb}"),
                format!("merged user {absorb} into {keep}. To undo it: weixin gateway user split {absorb}"),
            )
        },
        &json!({ "kept": keep, "absorbed": absorb }),
    )
}

async fn split(id: &str, config: &Path, output: Output) -> Result<(), CliError> {
    let split = admin::with_existing_store(output, config, async |admin, _| {
        let split = admin.split(id).await;
        split.map_err(|error| admin::failed(&error))
    });
    let (kept, ended) = split.await?;
    let (sessions, grants) = (ended.sessions, ended.grants);
    output.result(
        || {
            message(
                format!("已把用户 {id} 从 {kept} 拆分出来，结束了两者的 {sessions} 个会话和 {grants} 个授权"),
                format!("split user {id} from {kept}, and ended what they had: sessions: {sessions}, grants: {grants}"),
            )
        },
        &json!({ "user": id, "kept": kept, "sessions": sessions, "grants": grants }),
    )
}

async fn forget(args: UserForget, output: Output) -> Result<(), CliError> {
    let removed = admin::with_existing_store(output, &args.file.config, async |admin, _| {
        if !args.yes {
            let user = admin.user(&args.id).await;
            let user = user.map_err(|error| admin::failed(&error))?;
            confirm(&user, output)?;
        }
        let removed = admin.forget(&args.id).await;
        removed.map_err(|error| admin::failed(&error))
    });
    let removed = removed.await?;
    let rows: serde_json::Map<_, _> = removed
        .iter()
        .map(|(table, count)| ((*table).to_owned(), Value::from(*count)))
        .collect();
    let id = &args.id;
    output.result(
        || {
            let rows: Vec<_> = removed
                .iter()
                .map(|(table, count)| (table_name(table), count.to_string().into()))
                .collect();
            let rows = table(&rows);
            Message::of(|language| {
                let title = match language {
                    weixin::Language::English => {
                        format!("removed user {id}, with these rows. Backups still contain them.")
                    }
                    _ => format!("已删除用户 {id} 及以下记录。备份中仍有这些记录。"),
                };
                format!("{title}\n{}", rows.pick(language))
            })
        },
        &json!({ "user": id, "removed": rows }),
    )
}

/// Asks on the terminal. A program must say `--yes`.
fn confirm(user: &UserReport, output: Output) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(message(
            "标准输入不是终端，无法确认：请加 --yes",
            "standard input is no terminal on which to confirm: use --yes",
        )));
    }
    let text = to_text(user);
    output.note(Message::of(|language| {
        let question = language.pick(
            "删除后无法恢复。输入 yes 确认：",
            "This cannot be undone. Type yes to remove this user:",
        );
        format!("{}\n{question}", text.pick(language))
    }));
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    if line.trim() == "yes" {
        return Ok(());
    }
    Err(CliError::Other(message(
        "已取消，没有删除任何内容",
        "canceled: nothing was removed",
    )))
}

fn table_name(table: &str) -> Name {
    match table {
        "grants" => ["授权", "grants"],
        "sessions" => ["会话", "sessions"],
        "consents" => ["用户同意记录", "consents"],
        "subjects" => ["sub", "subjects"],
        "identities" => ["OpenID 和 UnionID", "OpenIDs and UnionIDs"],
        "audit" => ["审计记录", "audit events"],
        _ => ["用户", "users"],
    }
}

/// A `sub` that a client has received.
struct Subject<'a> {
    client: &'a str,
    sub: &'a str,
    /// Whether the client receives it now.
    is_current: bool,
    /// Whether the client has received another one, too.
    is_one_of_several: bool,
}

/// The first one of a client is what it receives now.
fn subjects(user: &UserReport) -> Vec<Subject<'_>> {
    let mut subjects = Vec::new();
    for (client, sub) in &user.subjects {
        let mut of_client = user.subjects.iter().filter(|(other, _)| other == client);
        let first = of_client.next();
        subjects.push(Subject {
            client,
            sub,
            is_current: first.is_some_and(|(_, first)| first == sub),
            is_one_of_several: of_client.next().is_some(),
        });
    }
    subjects
}

impl Subject<'_> {
    fn to_text(&self) -> Message {
        let Self { client, sub, .. } = self;
        match (self.is_one_of_several, self.is_current) {
            (false, _) => format!("{sub} ({client})").into(),
            (true, true) => message(
                format!("{sub} ({client}，合并后返回此 sub)"),
                format!("{sub} ({client}: what it receives since the merge)"),
            ),
            (true, false) => message(
                format!("{sub} ({client}，仅合并前的 Token 使用)"),
                format!("{sub} ({client}: in tokens from before the merge only)"),
            ),
        }
    }

    fn into_json(self) -> Value {
        json!({ "client": self.client, "sub": self.sub, "current": self.is_current })
    }
}

fn to_text(user: &UserReport) -> Message {
    let mut rows: Vec<(Name, Message)> = vec![(["用户 ID", "user ID"], user.id.clone().into())];
    let mut add = |name: Name, value: Message| rows.push((name, value));
    if let Some(nickname) = &user.nickname {
        add(["昵称", "nickname"], nickname.clone().into());
    }
    let date = date::utc;
    add(["首次登录", "created"], date(user.created_at).into());
    add(["最近活动", "last seen"], date(user.last_seen_at).into());
    if let Some(time) = user.disabled_at {
        add(["停用于", "disabled"], date(time).into());
    }
    for (id, time) in &user.merged {
        add(
            ["合并进来的用户", "absorbed"],
            format!("{id} ({})", date(*time)).into(),
        );
    }
    for unionid in &user.unionids {
        add(["UnionID", "UnionID"], unionid.clone().into());
    }
    for (app, openid) in &user.openids {
        add(["OpenID", "OpenID"], format!("{openid} ({app})").into());
    }
    for subject in subjects(user) {
        add(["sub", "sub"], subject.to_text());
    }
    add(["会话", "sessions"], user.sessions.to_string().into());
    add(["授权", "grants"], user.grants.to_string().into());
    table(&rows)
}

fn to_json(user: &UserReport) -> Value {
    let merged = user.merged.iter();
    let openids = user.openids.iter();
    let subjects = subjects(user).into_iter();
    json!({
        "id": user.id,
        "nickname": user.nickname,
        "created_at": date::rfc3339(user.created_at),
        "last_seen_at": date::rfc3339(user.last_seen_at),
        "disabled_at": user.disabled_at.map(date::rfc3339),
        "absorbed": merged.map(|(id, time)| json!({ "id": id, "merged_at": date::rfc3339(*time) })).collect::<Vec<_>>(),
        "unionids": user.unionids,
        "openids": openids.map(|(app, openid)| json!({ "app_id": app, "openid": openid })).collect::<Vec<_>>(),
        "subjects": subjects.map(Subject::into_json).collect::<Vec<_>>(),
        "sessions": user.sessions,
        "grants": user.grants,
    })
}
