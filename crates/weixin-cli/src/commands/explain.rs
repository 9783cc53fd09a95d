//! `weixin explain`

use std::fmt::Write;

use serde_json::{Value, json};
use weixin::{ApiError, Blame, ErrCode, Explanation};

use crate::{
    args::Explain,
    failure::Failure,
    language::Language,
    output::{Output, visible},
};

pub(super) fn run(args: Explain, output: Output) -> Result<(), Failure> {
    let language = args.speech.language();
    let Some(question) = args.question else {
        output.result(|| every_code(language), &table());
        return Ok(());
    };
    let answer = Answer::read(&question)?;
    let explanation = answer.code.explanation();
    if explanation.is_none() && answer.error.is_none() {
        return Err(Failure::Other(unknown(answer.code, language)));
    }
    let mut json = explanation.map_or_else(|| json!({ "code": answer.code }), row);
    if let Some(error) = &answer.error {
        json["answer"] = json!({
            "errmsg": error.message,
            "rid": error.rid,
            "time": error.time().map(httpdate::fmt_http_date),
            "caller_ip": error.caller_ip(),
        });
    }
    let text = || {
        let page = explanation.map_or_else(
            || unknown(answer.code, language),
            |explanation| page(explanation, language),
        );
        let facts = answer.error.as_ref().map(|error| facts(error, language));
        format!("{page}{}", facts.unwrap_or_default())
    };
    output.result(text, &json);
    Ok(())
}

/// What is asked about.
struct Answer {
    code: ErrCode,
    error: Option<ApiError>,
}

impl Answer {
    fn read(question: &str) -> Result<Self, Failure> {
        if let Ok(code) = question.trim().parse() {
            let code = ErrCode(code);
            return Ok(Self { code, error: None });
        }
        // Logs put words before and behind an answer.
        let json = question.find('{').zip(question.rfind('}'));
        let json = json.and_then(|(first, last)| question.get(first..=last));
        let error = json.and_then(|json| ApiError::read("", json.as_bytes()));
        error
            .map(|error| Self {
                code: error.code,
                error: Some(error),
            })
            .ok_or_else(|| {
                Failure::Usage(
                    "CODE must be a number such as 40163, or an answer such as {\"errcode\":40163,…}"
                        .to_owned(),
                )
            })
    }
}

fn page(explanation: &Explanation, language: Language) -> String {
    let title = format!("{}  {}", explanation.code, explanation.message);
    let paragraphs = [
        ("为什么", "Why", language.of(explanation.cause)),
        ("怎么办", "What to do", language.of(explanation.remedy)),
        ("出现在", "Answered by", explanation.answered_by),
    ]
    .map(|(chinese, english, text)| format!("\n\n{}\n  {text}", language.say(chinese, english)));
    let title = title.trim_end();
    let questions = questions(explanation.code, language);
    format!("{title}{}\n\n{questions}", paragraphs.concat())
}

/// What a program would ask.
fn questions(code: ErrCode, language: Language) -> String {
    let is = |yes| match (yes, language) {
        (true, Language::Chinese) => "是",
        (false, Language::Chinese) => "否",
        (true, Language::English) => "yes",
        (false, Language::English) => "no",
    };
    let blame = match code.blame() {
        Some(Blame::You) => language.say("开发者", "you"),
        Some(Blame::User) => language.say("用户", "the user"),
        Some(Blame::WeChat) => language.say("微信", "WeChat"),
        _ => language.say("无人", "nobody"),
    };
    [
        ("需要重新登录", "Log in again", is(code.needs_login())),
        ("刷新有用", "Refresh helps", is(code.needs_refresh())),
        (
            "稍后重试有用",
            "Same call may work later",
            is(code.is_retryable()),
        ),
        ("配置有误", "Set up wrongly", is(code.is_configuration())),
        ("该由谁处理", "Who can mend it", blame),
    ]
    .map(|(chinese, english, answer)| {
        format!(
            "{}{}{answer}",
            language.say(chinese, english),
            language.say("：", ": ")
        )
    })
    .join(language.say("；", " · "))
}

/// What the text of one answer says beyond its code.
fn facts(error: &ApiError, language: Language) -> String {
    let mut facts = String::new();
    let mut add = |chinese: &str, english: &str, value: String| {
        let name = language.say(chinese, english);
        let _ = write!(
            facts,
            "\n{name}{}{}",
            language.say("：", ": "),
            visible(&value)
        );
    };
    add("\n原文", "\nText", error.message.clone());
    if let Some(ip) = error.caller_ip() {
        add("调用方 IP", "Called from", ip.to_string());
    }
    if let Some(time) = error.time() {
        add("时间", "Time", httpdate::fmt_http_date(time));
    }
    if let Some(rid) = &error.rid {
        add(
            "rid（七天内可请微信客服查询）",
            "rid (WeChat's support can look it up for seven days)",
            rid.clone(),
        );
    }
    facts
}

fn unknown(code: ErrCode, language: Language) -> String {
    match language {
        Language::Chinese => format!(
            "{code} 不在已知的错误码里：请看它旁边的 errmsg，或在微信文档的全局返回码里查找。"
        ),
        Language::English => format!(
            "{code} is not among the codes that are known: the errmsg beside it decides; WeChat's documentation lists more (全局返回码)."
        ),
    }
}

fn every_code(language: Language) -> String {
    let line = |row: &Explanation| format!("{:>5}  {}", row.code, language.of(row.cause));
    let lines: Vec<_> = Explanation::all().into_iter().map(line).collect();
    lines.join("\n")
}

fn table() -> Value {
    Explanation::all().into_iter().map(row).collect()
}

fn row(explanation: &Explanation) -> Value {
    let code = explanation.code;
    let blame = code.blame().map(|blame| match blame {
        Blame::You => "you",
        Blame::User => "user",
        _ => "wechat",
    });
    json!({
        "code": code,
        "message": explanation.message,
        "answered_by": explanation.answered_by,
        "cause": { "en": explanation.cause.en, "zh": explanation.cause.zh },
        "remedy": { "en": explanation.remedy.en, "zh": explanation.remedy.zh },
        "needs_login": code.needs_login(),
        "needs_refresh": code.needs_refresh(),
        "is_retryable": code.is_retryable(),
        "is_configuration": code.is_configuration(),
        "blame": blame,
    })
}
