//! What each event of a login means, and what the operator can do.

use weixin::Bilingual;
use weixin_gateway::AuditEvent;

/// An event in words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Explained {
    pub(super) what: Bilingual,
    /// Empty if nothing is to be done.
    pub(super) to_do: Bilingual,
}

const NOTHING: Bilingual = Bilingual { en: "", zh: "" };

const fn explained(what: [&'static str; 2], to_do: [&'static str; 2]) -> Explained {
    let ([what_en, what_zh], [to_do_en, to_do_zh]) = (what, to_do);
    Explained {
        what: Bilingual {
            en: what_en,
            zh: what_zh,
        },
        to_do: Bilingual {
            en: to_do_en,
            zh: to_do_zh,
        },
    }
}

const fn only(en: &'static str, zh: &'static str) -> Explained {
    Explained {
        what: Bilingual { en, zh },
        to_do: NOTHING,
    }
}

pub(super) fn explain(event: &AuditEvent) -> Explained {
    match &*event.kind {
        "login.rejected" => {
            let detail = event.detail.as_deref().unwrap_or_default();
            rejected(detail.split(' ').next().unwrap_or_default())
        }
        "login.ok" => only("The user logged in.", "用户已登录。"),
        "login.silent" => only(
            "The user was logged in inside WeChat without a page.",
            "用户已在微信内静默登录。",
        ),
        "consent.given" => only(
            "The user allowed what the client requested.",
            "用户在授权确认页选择了允许。",
        ),
        "consent.declined" => only(
            "The user declined on the gateway's consent page.",
            "用户在授权确认页选择了拒绝。",
        ),
        "user.created" => only(
            "The user logged in for the first time and was created.",
            "用户首次登录，已创建用户。",
        ),
        "user.merged" => explained(
            [
                "The user logged in. WeChat's UnionID showed that two users are one person, so they were merged; the other user follows.",
                "用户已登录。微信返回的 UnionID 表明两个用户是同一个人，已合并。被合并的用户见下。",
            ],
            [
                "Nothing. To undo it: `weixin gateway user split` with the ID of the other user.",
                "无需处理。如需撤销：`weixin gateway user split` 加上被合并的用户 ID。",
            ],
        ),
        "user.conflict" => explained(
            [
                "The IDs from WeChat belong to several users, or contradict those of one. Nothing was changed; the users follow.",
                "微信返回的 ID 属于多个用户，或与某个用户已有的 ID 矛盾，未做任何修改。相关用户见下。",
            ],
            [
                "If several users are listed, look them up with `weixin gateway user find`; if they are one person: `weixin gateway user merge`. If one is listed, WeChat has sent another UnionID than is stored, such as after the app has moved to another Open Platform account: set `union_ids = \"replace\"` for that app, and let the user log in again. The user keeps the `sub`.",
                "如果列出了多个用户，用 `weixin gateway user find` 查看；如果是同一个人：`weixin gateway user merge`。如果只列出一个用户，说明微信返回的 UnionID 与存储的不同，例如应用迁移到了另一个开放平台账号：为该应用设置 `union_ids = \"replace\"`，再让用户重新登录，`sub` 不变。",
            ],
        ),
        _ => only(
            "An event that this version does not explain.",
            "此版本没有该事件的说明。",
        ),
    }
}

/// The reasons of `login.rejected`: those of `weixin_axum::LoginErrorKind`, and the gateway's own.
#[expect(clippy::too_many_lines, reason = "a table")]
fn rejected(reason: &str) -> Explained {
    match reason {
        "busy" => explained(
            [
                "Too many logins were in progress on this server.",
                "服务器同时处理的登录过多。",
            ],
            [
                "The user can try again. If it repeats, check the server's load and its connection to WeChat.",
                "用户可以重试。如果反复出现，请检查服务器负载以及它到微信的网络。",
            ],
        ),
        "configuration" => explained(
            [
                "WeChat rejected the app or its settings.",
                "微信拒绝了该应用或其设置。",
            ],
            [
                "Run `weixin gateway check`, and look up WeChat's error code with `weixin explain`.",
                "运行 `weixin gateway check`，并用 `weixin explain` 查询微信的错误码。",
            ],
        ),
        "csrf_mismatch" => explained(
            [
                "The callback belonged to another login than those in progress in this browser.",
                "回调不属于该浏览器中正在进行的登录。",
            ],
            [
                "The user can log in again. Many of these for different users may be an attack, or a proxy that changes cookies or URLs.",
                "用户可以重新登录。如果大量用户出现，可能是攻击，或代理修改了 Cookie 或 URL。",
            ],
        ),
        "declined" => only("The user declined in WeChat.", "用户在微信中取消了登录。"),
        "disabled" => explained(
            ["The user is disabled.", "该用户已停用。"],
            [
                "`weixin gateway user enable` with the ID of the user below allows logins again.",
                "用 `weixin gateway user enable` 加上下面的用户 ID 恢复登录。",
            ],
        ),
        "expired" => explained(
            [
                "WeChat no longer accepted the code of this login: it had expired.",
                "微信不再接受此次登录的 code：已过期。",
            ],
            [
                "The user can log in again. If it repeats, compare the server's clock, and the time that the callback takes.",
                "用户可以重新登录。如果反复出现，请检查服务器时间，以及回调的处理时间。",
            ],
        ),
        "malformed" => explained(
            [
                "The callback URL was not one that WeChat makes.",
                "回调地址不是微信返回的。",
            ],
            [
                "The user can log in again. If it repeats, check whether a proxy changes the query.",
                "用户可以重新登录。如果反复出现，请检查代理是否修改了查询串。",
            ],
        ),
        "no_cookie" => explained(
            [
                "The browser did not send the cookie of the login, twice: cookies are off, or the login was continued in another browser.",
                "浏览器两次都没有发送登录的 Cookie：Cookie 被禁用，或换了浏览器继续登录。",
            ],
            [
                "The user allows cookies, or logs in again in one browser. If all users are affected, check that the proxy passes cookies and that the issuer is the URL that users open.",
                "请用户允许 Cookie，或在同一浏览器中重新登录。如果所有用户都受影响，请检查代理是否转发 Cookie，以及 issuer 是否就是用户打开的 URL。",
            ],
        ),
        "snapshot_user" => explained(
            [
                "The user viewed a snapshot page inside WeChat and was not logged in.",
                "用户在微信中浏览的是快照页，没有登录。",
            ],
            [
                "The user taps “使用完整服务” at the bottom of the page and logs in again.",
                "请用户点击页面底部的“使用完整服务”，然后重新登录。",
            ],
        ),
        "unreachable" => explained(
            [
                "WeChat was busy or could not be reached, or its response could not be read.",
                "微信繁忙、无法连接，或无法读取它的响应。",
            ],
            [
                "The user can try again. `weixin doctor` checks the network.",
                "用户可以重试。用 `weixin doctor` 检查网络。",
            ],
        ),
        "used" => explained(
            [
                "The callback was opened again after the login was completed, or in another browser.",
                "登录完成后又打开了回调地址，或在其他浏览器中打开。",
            ],
            ["The user can log in again.", "用户可以重新登录。"],
        ),
        "user_rejected" => explained(
            [
                "WeChat rejects this user: restricted, frozen, or flagged as high-risk.",
                "微信拒绝该用户：账号被限制、冻结或被标记为高风险。",
            ],
            [
                "The user checks WeChat for notices about the account.",
                "请用户到微信中查看账号通知。",
            ],
        ),
        _ => only(
            "The login was rejected for a reason that this version does not explain.",
            "登录被拒绝，此版本没有该原因的说明。",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds that the source of weixin-axum names, and the gateway's own.
    #[test]
    fn each_reason_is_explained() {
        let source = include_str!("../../../../weixin-axum/src/error_kind.rs");
        let texts = source.split_once("fn texts").unwrap().1;
        let kinds = texts.split("=> (").skip(1);
        let kinds = kinds.map(|rest| rest.split('"').nth(1).unwrap());
        let kinds: Vec<_> = kinds.collect();
        assert_eq!(kinds.len(), 13);
        let continued = ["in_frame", "restarted"];
        let kinds = kinds.into_iter().filter(|kind| !continued.contains(kind));
        for reason in kinds.chain(["disabled"]) {
            assert_ne!(rejected(reason), rejected("unknown"), "{reason}");
        }
    }
}
