//! `weixin gateway client`

use std::{path::Path, time::SystemTime};

use serde_json::{Map, Value, json};
use weixin::Language;
use weixin_gateway::{ClientError, ClientOverview, ClientProblem, StoredClientOverview};

use super::{
    admin, client_changes,
    client_error::{failed, no_secret},
    config, date,
};
use crate::{
    args::{ClientAdd, ClientCommand, ClientRemove, ClientSecret, ClientShow, GatewayClient},
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Output, table, visible},
};

pub(super) async fn run(args: GatewayClient, output: Output) -> Result<(), CliError> {
    match args.command {
        ClientCommand::Add(args) => add(args, output).await,
        ClientCommand::List(args) => list(&args.file.config, output).await,
        ClientCommand::Show(args) => show(&args, output).await,
        ClientCommand::Set(args) => client_changes::set(args, output).await,
        ClientCommand::Disable(args) => client_changes::disable(args, output).await,
        ClientCommand::Enable(args) => client_changes::enable(args, output).await,
        ClientCommand::Secret(args) => secret(&args, output).await,
        ClientCommand::Remove(args) => remove(&args, output).await,
    }
}

async fn add(args: ClientAdd, output: Output) -> Result<(), CliError> {
    let (file, id) = (args.file.config.clone(), args.id.clone());
    let settings = settings(args)?;
    let added = admin::with_store(output, &file, async |admin, config| {
        let added = admin.add_client(config, settings).await;
        added.map_err(|error| failed(&id, &error))
    });
    let secret = added.await?;
    output.result(
        || match &secret {
            Some(secret) => {
                let rows = table(&[
                    (["client_id", "client ID"], Message::untranslated(&*id)),
                    (["client_secret", "client secret"], Message::untranslated(&**secret)),
                ]);
                let once = message(
                    "请现在把 client_secret 复制到客户端：数据库只存它的哈希，不会再次显示。运行中的网关 5 秒内生效",
                    "copy the secret to the client now: the database has a hash of it only, and it is not shown again. A running gateway follows within 5 seconds",
                );
                Message::of(|language| format!("{}\n{}", rows.pick(language), once.pick(language)))
            }
            None => message(
                format!("已添加公开客户端 {id}，运行中的网关 5 秒内生效"),
                format!("added the public client {id}: a running gateway follows within 5 seconds"),
            ),
        },
        &json!({ "client_id": id, "client_secret": secret }),
    )
}

/// The members of a table `[[client]]`.
fn settings(args: ClientAdd) -> Result<Map<String, Value>, CliError> {
    let named = [
        ("id", Some(args.id.into())),
        ("redirect_uris", Some(args.redirect_uri.into())),
        ("issuer", args.issuer.map(Into::into)),
        ("name", args.name.map(Into::into)),
        ("public", args.public.then_some(true.into())),
    ];
    client_changes::each_once(named, args.set)
}

/// The clients of the file, and those of the database.
async fn all(
    file: &Path,
    output: Output,
) -> Result<(Vec<ClientOverview>, Vec<StoredClientOverview>), CliError> {
    let all = admin::with_store(output, file, async |admin, config| {
        let stored = admin.clients(config).await;
        let stored = stored.map_err(|error| config::not_started(&error))?;
        Ok((config.clients(), stored))
    });
    all.await
}

/// ID, issuer, where the client is, and why it is not served.
type Row<'a> = (&'a String, String, &'a str, Option<&'a ClientProblem>);

async fn list(file: &Path, output: Output) -> Result<(), CliError> {
    let (in_file, stored) = all(file, output).await?;
    let of_file = in_file
        .iter()
        .map(|it| (&it.id, it.issuer.clone(), "file", None));
    let of_database = stored.iter().map(|it| {
        let issuer = it.settings.get("issuer").and_then(Value::as_str);
        let issuer = issuer.unwrap_or_default().to_owned();
        (&it.id, issuer, "database", it.problem.as_ref())
    });
    let all: Vec<_> = of_file.chain(of_database).collect();
    let json = |(id, issuer, from, problem): &Row<'_>| {
        let problem = problem.map(ToString::to_string);
        json!({ "id": id, "issuer": issuer, "from": from, "problem": problem })
    };
    let objects = all.iter().map(json).collect();
    output.result(
        || {
            if all.is_empty() {
                return message("没有客户端", "there are no clients");
            }
            Message::of(|language| {
                let lines = all.iter().map(|(id, issuer, from, problem)| {
                    let from = match *from {
                        "file" => language.pick("配置文件", "file"),
                        _ => language.pick("数据库", "database"),
                    };
                    let problem = problem.map(|it| in_parentheses(&it.text(language), language));
                    let problem = problem.unwrap_or_default();
                    visible(&format!("{id}  {issuer}  {from}{problem}"))
                });
                lines.collect::<Vec<_>>().join("\n")
            })
        },
        &Value::Array(objects),
    )
}

async fn show(args: &ClientShow, output: Output) -> Result<(), CliError> {
    let (in_file, stored) = all(&args.file.config, output).await?;
    let of_file = in_file.iter().find(|client| client.id == args.id);
    let of_database = stored.iter().find(|client| client.id == args.id);
    let members = |date| {
        let stored = || of_database.map(|client| stored_client(client, date));
        of_file.map(file_client).or_else(stored)
    };
    let shown = members(date::rfc3339);
    let shown = shown.ok_or_else(|| failed(&args.id, &ClientError::Unknown))?;
    output.result(
        || {
            let shown = members(date::utc).unwrap_or_default();
            let members = shown.iter().filter(|(_, value)| !value.is_null());
            let lines = members.map(|(name, value)| visible(&format!("{name} = {value}")));
            Message::untranslated(lines.collect::<Vec<_>>().join("\n"))
        },
        &Value::Object(shown.clone()),
    )
}

fn file_client(client: &ClientOverview) -> Map<String, Value> {
    let mut all = meaning(client);
    all.insert("from".to_owned(), "file".into());
    all
}

/// What is the same for clients of both kinds.
fn meaning(client: &ClientOverview) -> Map<String, Value> {
    let scopes: Vec<_> = client.scopes.split(' ').collect();
    let client = json!({
        "id": client.id,
        "issuer": client.issuer,
        "redirect_uris": client.redirect_uris,
        "public": !client.has_secret,
        "require_pkce": client.needs_pkce,
        "scopes": scopes,
        "id_token_alg": client.id_token_alg,
        "sample_claims": client.sample_claims,
    });
    client.as_object().cloned().unwrap_or_default()
}

fn stored_client(
    client: &StoredClientOverview,
    date: fn(SystemTime) -> String,
) -> Map<String, Value> {
    let secrets = client.secrets.iter();
    let secrets: Vec<_> = secrets.map(|made| date(*made)).collect();
    let more = json!({
        "from": "database",
        "secrets_made": secrets,
        "changed": date(client.updated_at),
        "problem": client.problem.as_ref().map(ToString::to_string),
    });
    let mut all = more.as_object().cloned().unwrap_or_default();
    all.extend(client.settings.clone());
    all.extend(client.meaning.iter().flat_map(meaning));
    all
}

async fn secret(args: &ClientSecret, output: Output) -> Result<(), CliError> {
    let (file, id) = (&args.file.config, &args.id);
    if args.remove_old {
        let removed = admin::with_store(output, file, async |admin, config| {
            let removed = admin.remove_old_client_secret(config, id).await;
            removed.map_err(|error| no_secret(id, &error))
        });
        removed.await?;
        return output.result(
            || {
                message(
                    format!("已移除 {id} 的旧 client_secret"),
                    format!("removed the older secret of {id}"),
                )
            },
            &json!({ "client_id": id, "removed": 1 }),
        );
    }
    let made = admin::with_store(output, file, async |admin, config| {
        let made = admin.add_client_secret(config, id).await;
        made.map_err(|error| no_secret(id, &error))
    });
    let secret = made.await?;
    output.result(
        || {
            let rows = table(&[(["client_secret", "client secret"], Message::untranslated(&*secret))]);
            let next = message(
                format!(
                    "请现在把它复制到客户端，不会再次显示。旧的仍然有效；之后运行：weixin gateway client secret {id} --remove-old"
                ),
                format!(
                    "copy it to the client now: it is not shown again. The older one is still accepted; then run: \
                     weixin gateway client secret {id} --remove-old"
                ),
            );
            Message::of(|language| format!("{}\n{}", rows.pick(language), next.pick(language)))
        },
        &json!({ "client_id": id, "client_secret": secret }),
    )
}

async fn remove(args: &ClientRemove, output: Output) -> Result<(), CliError> {
    let id = &args.id;
    let removed = admin::with_store(output, &args.file.config, async |admin, config| {
        let removed = admin.remove_client(config, id).await;
        removed.map_err(|error| failed(id, &error))
    });
    removed.await?;
    output.result(
        || {
            message(
                format!("已移除 {id}，它的 Token 在 5 秒内失效"),
                format!("removed {id}: its tokens are invalid within 5 seconds"),
            )
        },
        &json!({ "client_id": id }),
    )
}

fn in_parentheses(text: &str, language: Language) -> String {
    match language {
        Language::English => format!("  ({text})"),
        _ => format!("（{text}）"),
    }
}
