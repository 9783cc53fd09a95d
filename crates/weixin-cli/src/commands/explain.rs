//! `weixin explain`

use std::fmt::Write;

use serde_json::{Value, json};
use weixin::{
    Action, Language,
    error::{ApiError, ErrCode, Explanation, Responsible},
};

use crate::{
    args::Explain,
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::{Output, visible},
    style::{BOLD, paint},
    terminal::fit,
};

pub(super) fn run(args: Explain, output: Output) -> Result<(), CliError> {
    let Some(text) = args.code else {
        return output.result(|| Message::of(all_as_text), &all_as_json());
    };
    let question = Question::parse(&text)?;
    let explanation = question.code.explanation();
    if explanation.is_none() && question.response.is_none() {
        let unknown = Message::of(|language| unknown(question.code, language));
        return Err(CliError::Other(unknown));
    }
    let mut json = explanation.map_or_else(|| json!({ "code": question.code }), row);
    if let Some(response) = &question.response {
        json["response"] = json!({
            "errmsg": response.message,
            "rid": response.rid,
            "time": response.time().map(httpdate::fmt_http_date),
            "caller_ip": response.caller_ip(),
        });
    }
    let text = |language| {
        let page = explanation.map_or_else(
            || unknown(question.code, language),
            |explanation| page(explanation, language),
        );
        let facts = question
            .response
            .as_ref()
            .map(|response| facts(response, language));
        format!("{page}{}", facts.unwrap_or_default())
    };
    output.result(|| Message::of(text), &json)
}

/// A code, alone or in a response.
struct Question {
    code: ErrCode,
    response: Option<ApiError>,
}

impl Question {
    fn parse(text: &str) -> Result<Self, CliError> {
        if let Ok(code) = text.trim().parse() {
            return Ok(Self {
                code: ErrCode(code),
                response: None,
            });
        }
        // A log has words before and after the response.
        let json = text.find('{').zip(text.rfind('}'));
        let json = json.and_then(|(first, last)| text.get(first..=last));
        let response = json.and_then(|json| ApiError::from_response("", json.as_bytes()));
        let Some(response) = response else {
            return Err(CliError::Usage(message(
                "CODE 应为数字，例如 40163，或一条响应，例如 {\"errcode\":40163,…}",
                "CODE must be a number such as 40163, or a response such as {\"errcode\":40163,…}",
            )));
        };
        Ok(Self {
            code: response.code,
            response: Some(response),
        })
    }
}

fn page(explanation: &Explanation, language: Language) -> String {
    let title = format!("{}  {}", explanation.code, explanation.message);
    let paragraphs = [
        ("原因", "Cause", explanation.cause.pick(language)),
        ("处理办法", "Remedy", explanation.remedy.pick(language)),
        ("出现位置", "Returned by", explanation.endpoints),
    ]
    .map(|(chinese, english, text)| {
        let heading = paint(BOLD, language.pick(chinese, english));
        format!("\n\n{heading}\n  {}", fit(text, 2))
    });
    let title = paint(BOLD, title.trim_end());
    let summary = summary(explanation.code, language);
    format!("{title}{}\n\n{summary}", paragraphs.concat())
}

/// The action and the responsible party, in one line.
fn summary(code: ErrCode, language: Language) -> String {
    let action = match code.action() {
        Action::FixConfiguration => {
            language.pick("修改配置或请求", "fix the settings or the request")
        }
        Action::LogIn => language.pick("让用户重新登录", "let the user log in again"),
        Action::Refresh => language.pick("刷新 access_token", "refresh the access token"),
        Action::Retry => language.pick("稍后重试", "try again later"),
        _ => language.pick("记录日志，由人工处理", "report it"),
    };
    let responsible = match code.responsible() {
        Some(Responsible::Developer) => language.pick("开发者", "the developer"),
        Some(Responsible::User) => language.pick("用户", "the user"),
        Some(Responsible::WeChat) => language.pick("微信", "WeChat"),
        _ => "-",
    };
    [
        ("程序应当", "Action", action),
        ("责任方", "Responsible", responsible),
    ]
    .map(|(chinese, english, value)| {
        format!(
            "{}{}{value}",
            language.pick(chinese, english),
            language.pick("：", ": ")
        )
    })
    .join(language.pick("；", " · "))
}

/// The details of one response.
fn facts(response: &ApiError, language: Language) -> String {
    let mut facts = String::new();
    let mut add = |chinese: &str, english: &str, value: String| {
        let name = language.pick(chinese, english);
        let _ = write!(
            facts,
            "\n{name}{}{}",
            language.pick("：", ": "),
            visible(&value)
        );
    };
    add("\nerrmsg", "\nerrmsg", response.message.clone());
    if let Some(ip) = response.caller_ip() {
        add("调用方 IP", "Caller's IP address", ip.to_string());
    }
    if let Some(time) = response.time() {
        add("时间", "Time", httpdate::fmt_http_date(time));
    }
    if let Some(rid) = &response.rid {
        add(
            "rid（微信客服可查询七天内的记录）",
            "rid (WeChat's support can look it up for seven days)",
            rid.clone(),
        );
    }
    facts
}

fn unknown(code: ErrCode, language: Language) -> String {
    match language {
        Language::English => format!(
            "{code} is not a known code: read the errmsg next to it, or look it up in WeChat's documentation (全局返回码)."
        ),
        _ => format!("错误码 {code} 未收录：请看同一响应中的 errmsg，或查询微信文档的全局返回码。"),
    }
}

fn all_as_text(language: Language) -> String {
    let line = |row: &Explanation| format!("{:>5}  {}", row.code, fit(row.cause.pick(language), 7));
    let lines: Vec<_> = Explanation::all().map(line).collect();
    lines.join("\n")
}

fn all_as_json() -> Value {
    Explanation::all().map(row).collect()
}

fn row(explanation: &Explanation) -> Value {
    let code = explanation.code;
    let action = match code.action() {
        Action::FixConfiguration => "fix_configuration",
        Action::LogIn => "log_in",
        Action::Refresh => "refresh",
        Action::Retry => "retry",
        _ => "report",
    };
    let responsible = code.responsible().map(|responsible| match responsible {
        Responsible::Developer => "developer",
        Responsible::User => "user",
        _ => "wechat",
    });
    json!({
        "code": code,
        "message": explanation.message,
        "endpoints": explanation.endpoints,
        "cause": { "en": explanation.cause.en, "zh": explanation.cause.zh },
        "remedy": { "en": explanation.remedy.en, "zh": explanation.remedy.zh },
        "action": action,
        "responsible": responsible,
    })
}
