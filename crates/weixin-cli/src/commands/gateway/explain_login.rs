//! `weixin gateway explain-login`: the events of one login in words, and what to do.

use httpdate::fmt_http_date;
use serde_json::{Value, json};
use weixin::{Bilingual, error::ErrCode};
use weixin_gateway::AuditEvent;

use super::{admin, login_events};
use crate::{
    args::GatewayExplainLogin,
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Output, visible},
};

pub(super) async fn run(args: GatewayExplainLogin, output: Output) -> Result<(), CliError> {
    let admin = admin::open(&args.file.config).await?;
    let events = admin.events(&args.reference).await;
    let events = events.map_err(|error| admin::failed(&error))?;
    let reference = visible(&args.reference);
    if events.is_empty() {
        return Err(CliError::Other(unknown(&reference)));
    }
    let json: Vec<_> = events.iter().map(to_json).collect();
    let text = || {
        let events: Vec<_> = events.iter().map(to_text).collect();
        Message::of(|language| {
            let events: Vec<_> = events.iter().map(|event| event.pick(language)).collect();
            events.join("\n\n")
        })
    };
    output.result(text, &json!({ "reference": reference, "events": json }))
}

fn unknown(reference: &str) -> Message {
    message(
        format!(
            "数据库中没有编号为 {reference} 的记录（记录保留 90 天）：请在网关的日志中搜索该编号，\
             例如 journalctl -u weixin-gateway -o cat | grep {reference}"
        ),
        format!(
            "the reference {reference} is not in the store, where events are kept for 90 days: search the log of the \
             gateway for it, such as by journalctl -u weixin-gateway -o cat | grep {reference}"
        ),
    )
}

/// The time and the client, what happened, and what to do.
fn to_text(event: &AuditEvent) -> Message {
    let explanation = login_events::explain(event);
    let head = [
        Some(fmt_http_date(event.at)),
        Some(event.kind.clone()),
        event.client.clone(),
        event.user.clone(),
    ];
    let head: Vec<_> = head.into_iter().flatten().collect();
    let head = visible(&head.join("  "));
    let code = code(event).map(|code| format!("errcode {code}: weixin explain {code}"));
    Message::of(|language| {
        let what = explanation.what.pick(language);
        let to_do = explanation.to_do.pick(language);
        let label = language.pick("处理办法：", "What to do: ");
        let mut text = format!("{head}\n  {what}");
        for line in code.iter().chain(&users(event)) {
            text = format!("{text}\n  {line}");
        }
        if to_do.is_empty() {
            text
        } else {
            format!("{text}\n  {label}{to_do}")
        }
    })
}

fn to_json(event: &AuditEvent) -> Value {
    let explanation = login_events::explain(event);
    json!({
        "time": fmt_http_date(event.at),
        "event": event.kind,
        "client": event.client,
        "user": event.user,
        "detail": event.detail,
        "explanation": both(explanation.what),
        "remedy": both(explanation.to_do),
    })
}

fn both(text: Bilingual) -> Value {
    match text.en {
        "" => Value::Null,
        en => json!({ "en": en, "zh": text.zh }),
    }
}

/// WeChat's error code in a rejection.
fn code(event: &AuditEvent) -> Option<ErrCode> {
    let (_, code) = event.detail.as_deref()?.split_once(' ')?;
    let code = code
        .parse()
        .ok()
        .filter(|_| event.kind == "login.rejected")?;
    Some(ErrCode(code))
}

/// The other users of a merge or a conflict.
fn users(event: &AuditEvent) -> Option<String> {
    let users = event.detail.as_deref()?;
    event.kind.starts_with("user.").then(|| visible(users))
}
