//! `weixin gateway explain-login`: the events of one login in words, and what to do.

use serde_json::{Value, json};
use weixin::{
    Action, Language,
    error::{ErrCode, Explanation},
};
use weixin_gateway::AuditEvent;

use super::{admin, date, login_events};
use crate::{
    args::GatewayExplainLogin,
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Output, visible},
};

pub(super) async fn run(args: GatewayExplainLogin, output: Output) -> Result<(), CliError> {
    let events = admin::with_existing_store(output, &args.file.config, async |admin, _| {
        let events = admin.events(&args.reference).await;
        events.map_err(|error| admin::failed(&error))
    });
    let events = events.await?;
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
        Some(date::utc(event.at)),
        Some(event.kind.clone()),
        event.client.clone(),
        event.user.clone(),
    ];
    let head: Vec<_> = head.into_iter().flatten().collect();
    let head = visible(&head.join("  "));
    Message::of(|language| {
        let what = explanation.what.pick(language);
        let to_do = to_do(event, language);
        let label = language.pick("处理办法：", "What to do: ");
        let mut text = format!("{head}\n  {what}");
        let lines = [
            cause(event, language),
            app_line(event, language),
            users(event),
        ];
        for line in lines.into_iter().flatten() {
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
    let both = |text: &dyn Fn(Language) -> String| match &*text(Language::English) {
        "" => Value::Null,
        en => json!({ "en": en, "zh": text(Language::Chinese) }),
    };
    json!({
        "time": date::rfc3339(event.at),
        "event": event.kind,
        "client": event.client,
        "user": event.user,
        "detail": event.detail,
        "errcode": code(event),
        "app": app(event),
        "explanation": both(&|language| explanation.what.pick(language).to_owned()),
        "cause": both(&|language| cause(event, language).unwrap_or_default()),
        "remedy": both(&|language| to_do(event, language)),
    })
}

/// WeChat's error code with what it means, as the log of the gateway has them.
fn cause(event: &AuditEvent, language: Language) -> Option<String> {
    let code = code(event)?;
    Some(match code.explanation() {
        Some(Explanation { message, cause, .. }) => {
            let cause = cause.pick(language);
            match language {
                Language::English => format!("errcode {code} ({message}): {cause}"),
                _ => format!("errcode {code}（{message}）：{cause}"),
            }
        }
        None => format!("errcode {code}"),
    })
}

/// The remedy for WeChat's error code is the more exact one, except where it is for the program that exchanges the code: that
/// is the gateway itself.
fn to_do(event: &AuditEvent, language: Language) -> String {
    let code = code(event).filter(|code| code.action() != Action::LogIn);
    let explanation = code.and_then(ErrCode::explanation);
    let general = login_events::explain(event).to_do;
    explanation
        .map_or(general, |code| code.remedy)
        .pick(language)
        .to_owned()
}

/// WeChat's error code in a rejection.
fn code(event: &AuditEvent) -> Option<ErrCode> {
    let code = rejection(event)?.split(' ').nth(1)?;
    Some(ErrCode(code.parse().ok()?))
}

/// The name of the app that WeChat was called for, in a rejection.
fn app(event: &AuditEvent) -> Option<&str> {
    let (_, app) = rejection(event)?.split_once(" app=")?;
    Some(app)
}

fn app_line(event: &AuditEvent, language: Language) -> Option<String> {
    let app = visible(app(event)?);
    Some(match language {
        Language::English => format!("App: [app.{app}] in the configuration"),
        _ => format!("应用：配置文件中的 [app.{app}]"),
    })
}

fn rejection(event: &AuditEvent) -> Option<&str> {
    let detail = event.detail.as_deref()?;
    (event.kind == "login.rejected").then_some(detail)
}

/// The other users of a merge or a conflict.
fn users(event: &AuditEvent) -> Option<String> {
    let users = event.detail.as_deref()?;
    event.kind.starts_with("user.").then(|| visible(users))
}
