//! What WeChat was asked during a login, from the log of the simulator.

use http::StatusCode;
use serde_json::Value as Json;
use weixin::Bilingual;
use weixin_sim::{LoggedRequest, Sim};

use super::{
    login::{Attempt, Pending},
    steps::{Exchange, Part, Stage, Step},
};
use crate::message::message;

/// The step, and whether WeChat was not asked.
pub(super) fn step(pending: &Pending, sim: &Sim) -> (Step, bool) {
    let requests = sim.requests_after(pending.requests_before);
    let mut parts: Vec<_> = requests.iter().filter_map(part).collect();
    if pending.attempt == Attempt::Refused {
        let note = message(
            "用户拒绝了登录。这里由演示代替微信，按微信文档跳转到网关的回调地址：带 state，不带 code。（用户在手机上点“取消”时，微信的二维码页面不会跳转，可以再次扫码。）",
            "The user refused. The demo has played WeChat’s part, as its documentation describes it: back to the gateway’s callback with the state, without a code. (If the user cancels on the phone, WeChat’s QR page redirects nowhere, and can be scanned again.)",
        );
        return (Step::new(Stage::WeChat, vec![Part::Note(note)]), false);
    }
    let is_by_session = parts.is_empty();
    if is_by_session {
        parts.push(Part::Note(message(
            "没有请求微信：由网关自己的会话（cookie）决定。",
            "WeChat was not asked: the gateway’s own session, a cookie, decided.",
        )));
    }
    (Step::new(Stage::WeChat, parts), is_by_session)
}

/// A request that belongs to a login, and is neither a poll nor the phone's.
fn part(request: &LoggedRequest) -> Option<Part> {
    let caption = match request.path.as_str() {
        "/connect/qrconnect" => Bilingual {
            en: "Browser → WeChat: the QR page",
            zh: "浏览器 → 微信：二维码页面",
        },
        "/sns/oauth2/access_token" => Bilingual {
            en: "Gateway → WeChat: who has scanned? The app secret is hidden",
            zh: "网关 → 微信：换取扫码用户的身份，AppSecret 已隐藏",
        },
        "/sns/userinfo" => Bilingual {
            en: "Gateway → WeChat: name and avatar",
            zh: "网关 → 微信：昵称和头像",
        },
        _ => return None,
    };
    let mut sent = format!("{} {}", request.method, host(request));
    let parameters = request.parameters.iter();
    sent.extend(parameters.map(|(name, value)| format!("\n  {name}={value}")));
    let answer = request.answer.as_deref().unwrap_or_default();
    let json = serde_json::from_str::<Json>(answer);
    Some(Part::Http(Exchange {
        caption,
        sent,
        status: status(request.status),
        received: json.map_or_else(|_| answer.to_owned(), |json| format!("{json:#}")),
        is_long: false,
        is_error: false,
    }))
}

/// Such as `200 OK`.
fn status(code: u16) -> String {
    let status = StatusCode::from_u16(code).map(|status| status.to_string());
    status.unwrap_or_else(|_| code.to_string())
}

/// The URL as it is at WeChat: the simulator serves all of its hosts.
fn host(request: &LoggedRequest) -> String {
    let host = if request.path.starts_with("/connect/") {
        "open.weixin.qq.com"
    } else {
        "api.weixin.qq.com"
    };
    format!("https://{host}{}", request.path)
}
