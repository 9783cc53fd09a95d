//! `docs/errors.md` and `docs/zh/errors.md` are what the table of codes says; `UPDATE_DOCS=1` writes them.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{env, fmt::Write, fs, path::Path};

use weixin::{Bilingual, Blame, ErrCode, Explanation};

/// The words of a page in one language.
struct Words {
    head: &'static str,
    cause: &'static str,
    remedy: &'static str,
    answered_by: &'static str,
    who: &'static str,
    of: fn(Bilingual) -> &'static str,
    blame: fn(Option<Blame>) -> &'static str,
    action: fn(ErrCode) -> &'static str,
}

const ENGLISH: Words = Words {
    head: "# WeChat's error codes\n\n[中文](zh/errors.md) · Each code's cause and remedy, as `weixin explain CODE` prints it. The errors come under HTTP 200: look at `errcode`, and treat\nan absent one as 0. Behind `errmsg` stands a `rid`; WeChat's support looks it up for seven days.\n",
    cause: "Why",
    remedy: "What to do",
    answered_by: "Answered by",
    who: "Who can mend it",
    of: |text| text.en,
    blame: |blame| match blame {
        Some(Blame::You) => "you",
        Some(Blame::User) => "the user",
        Some(Blame::WeChat) => "WeChat",
        _ => "nobody has to",
    },
    action: |code| {
        if code.needs_login() {
            "; log in again"
        } else if code.needs_refresh() {
            "; refresh, or fetch a new token"
        } else if code.is_retryable() {
            "; the same call may work later"
        } else if code.is_configuration() {
            "; something is set up wrongly"
        } else {
            ""
        }
    },
};

const CHINESE: Words = Words {
    head: "# 微信错误码\n\n[English](../errors.md) · 每个错误码的原因和处理办法，与 `weixin explain --lang zh CODE` 的输出相同。出错时 HTTP 状态也是 200：请看 `errcode`，没有就等于 0。\n`errmsg` 后面的 `rid` 可在七天内请微信客服查询。\n",
    cause: "为什么",
    remedy: "怎么办",
    answered_by: "出现在",
    who: "该由谁处理",
    of: |text| text.zh,
    blame: |blame| match blame {
        Some(Blame::You) => "开发者",
        Some(Blame::User) => "用户",
        Some(Blame::WeChat) => "微信",
        _ => "无需处理",
    },
    action: |code| {
        if code.needs_login() {
            "；需要重新登录"
        } else if code.needs_refresh() {
            "；刷新或重新获取凭据"
        } else if code.is_retryable() {
            "；稍后重试同一调用"
        } else if code.is_configuration() {
            "；配置有误"
        } else {
            ""
        }
    },
};

/// One heading for each code, so that a search for it and a link to it lead there.
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
            (words.answered_by, format!("`{}`", row.answered_by)),
            (
                words.who,
                format!("{}{}", (words.blame)(code.blame()), (words.action)(code)),
            ),
        ] {
            writeln!(page, "- **{name}**: {text}").unwrap();
        }
    }
    page
}

#[test]
fn the_errors_pages_are_what_the_table_says() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (file, words) in [("errors.md", &ENGLISH), ("zh/errors.md", &CHINESE)] {
        let (file, expected) = (docs.join(file), page(words));
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&file, &expected).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{} is old: run this test with UPDATE_DOCS=1",
            file.display()
        );
    }
}
