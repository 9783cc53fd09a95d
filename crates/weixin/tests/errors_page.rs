//! `docs/errors.md` and `docs/zh/errors.md` are generated from the table of codes; `UPDATE_DOCS=1` writes them.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{env, fmt::Write, fs, path::Path};

use weixin::{
    Action, Bilingual,
    error::{Explanation, Responsible},
};

/// The words of a page in one language.
struct Words {
    head: &'static str,
    cause: &'static str,
    remedy: &'static str,
    endpoints: &'static str,
    who: &'static str,
    colon: &'static str,
    of: fn(Bilingual) -> &'static str,
    responsible: fn(Option<Responsible>) -> &'static str,
    action: fn(Action) -> &'static str,
}

const ENGLISH: Words = Words {
    head: "# WeChat's error codes\n\n[中文](zh/errors.md) · Each code's cause and remedy, as `weixin explain CODE` prints it. Errors have HTTP status 200: read `errcode`, and treat\na missing one as 0. `errmsg` ends with a `rid`, which WeChat's support can look up for seven days.\n",
    cause: "Cause",
    remedy: "Remedy",
    endpoints: "Returned by",
    who: "Who can fix it",
    colon: ": ",
    of: |text| text.en,
    responsible: |party| match party {
        Some(Responsible::Developer) => "you",
        Some(Responsible::User) => "the user",
        Some(Responsible::WeChat) => "WeChat",
        _ => "nothing to fix",
    },
    action: |action| match action {
        Action::LogIn => "; log in again",
        Action::Refresh => "; refresh, or fetch a new token",
        Action::Retry => "; the same call may succeed later",
        Action::FixConfiguration => "; something is misconfigured",
        _ => "",
    },
};

const CHINESE: Words = Words {
    head: "# 微信错误码\n\n[English](../errors.md) · 每个错误码的原因和处理办法，与 `weixin explain --lang zh CODE` 的输出相同。出错时 HTTP 状态码也是 200：请检查 `errcode`，没有 `errcode` 视为 0。\n`errmsg` 后面的 `rid` 可在七天内请微信客服查询。\n",
    cause: "原因",
    remedy: "处理办法",
    endpoints: "出现位置",
    who: "该由谁处理",
    colon: "：",
    of: |text| text.zh,
    responsible: |party| match party {
        Some(Responsible::Developer) => "开发者",
        Some(Responsible::User) => "用户",
        Some(Responsible::WeChat) => "微信",
        _ => "无需处理",
    },
    action: |action| match action {
        Action::LogIn => "；需要重新登录",
        Action::Refresh => "；刷新或重新获取 access_token",
        Action::Retry => "；稍后重试同一调用",
        Action::FixConfiguration => "；配置有误",
        _ => "",
    },
};

/// One heading for each code, so that searches and links find it.
fn page(words: &Words) -> String {
    let mut page = words.head.to_owned();
    for row in Explanation::all() {
        let code = row.code;
        write!(page, "\n## {code}\n\n").unwrap();
        if !row.message.is_empty() {
            write!(page, "`{}`\n\n", row.message).unwrap();
        }
        for (name, text) in [
            (words.cause, (words.of)(row.cause).to_owned()),
            (words.remedy, (words.of)(row.remedy).to_owned()),
            (words.endpoints, format!("`{}`", row.endpoints)),
            (
                words.who,
                format!(
                    "{}{}",
                    (words.responsible)(code.responsible()),
                    (words.action)(code.action())
                ),
            ),
        ] {
            writeln!(page, "- **{name}**{}{text}", words.colon).unwrap();
        }
    }
    page
}

#[test]
fn the_error_pages_match_the_table() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (file, words) in [("errors.md", &ENGLISH), ("zh/errors.md", &CHINESE)] {
        let (file, expected) = (docs.join(file), page(words));
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&file, &expected).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{} is out of date: run this test with UPDATE_DOCS=1",
            file.display()
        );
    }
}
