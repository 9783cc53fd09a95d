//! `/connect/oauth2/authorize`: the login of an official account, inside WeChat's own browser (facts 3).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT},
    },
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{Parameters, owner::Owner, parameters, phone::ask, qrconnect::host};
use crate::{
    App, AppKind, Effect,
    broken_rule::BrokenRule,
    pages::{Dialog, ErrorPage, OutsidePage, page as render},
    sim::Shared,
    world::{Asked, Login, World},
};

/// The order that WeChat's documentation demands.
pub(super) const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// Longest state, in bytes.
const MAX_STATE: usize = 128;

/// The cookie of a browser that plays WeChat's own.
const INSIDE: &str = "weixin-sim-inside=1";

/// The cookie of one that loses those of the sites.
const FORGETS: &str = "weixin-sim-forgets=1";

pub(super) async fn page(
    State(sim): State<Arc<Shared>>,
    address: Uri,
    headers: HeaderMap,
    owner: Owner,
    parameters: Parameters,
) -> Response {
    if !sim.settings.auto_allow && !is_inside_wechat(&headers) {
        let address = address
            .path_and_query()
            .map_or("", |address| address.as_str());
        let address: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
        return render(&OutsidePage { address: &address });
    }
    if sim.settings.strict_order && !is_in_order(&parameters) {
        return render(&ErrorPage {
            text: "Scope 参数错误或没有 Scope 权限",
            why: BrokenRule::ORDER,
        });
    }
    let begun: Result<_, Dialog> = sim.change(|world, now| {
        let app = check(world, &parameters)?.clone();
        let asked = Asked {
            host: host(&headers),
            scope: parameters.get("scope"),
            redirect_uri: parameters.get("redirect_uri"),
            state: parameters.get("state"),
            snapshot: parameters.get("forceSnapShot") == "true",
            forgets: forgets(&headers),
            fast: false,
        };
        let login = world.begin(&app, &asked, now);
        match login.fault {
            Some(Effect::Dialog(code)) => Err(dialog(code)),
            _ => Ok((login, app.name)),
        }
    });
    match begun {
        Err(dialog) => render(&dialog),
        Ok((login, _)) if is_silent(&sim, &login, &parameters) => {
            straight_back(&sim, &login, &owner)
        }
        Ok((login, app_name)) => ask(&sim, &login.uuid, &app_name, &owner),
    }
}

/// `snsapi_base` is granted without a question, and so is everything to a stand-in.
fn is_silent(sim: &Shared, login: &Login, parameters: &Parameters) -> bool {
    let base = login.scope == "snsapi_base" && parameters.get("forcePopup") != "true";
    base || login.snapshot || sim.settings.auto_allow
}

/// Grants it as the phone's owner.
fn straight_back(sim: &Shared, login: &Login, owner: &Owner) -> Response {
    let callback = sim.change(|world, now| {
        let person = owner.id(world);
        world.allow(&login.uuid, Some(&person), now)
    });
    super::send_back(sim, login, callback.unwrap_or_default())
}

/// The codes of the dialogs are documented, their order is not.
fn check<'a>(world: &'a World, parameters: &Parameters) -> Result<&'a App, Dialog> {
    let missing = |name| parameters.get(name).is_empty();
    if missing("appid") {
        return Err(dialog(10012));
    }
    let app = world.app(parameters.get("appid"));
    let app = app.map_err(|_| without_number("AppID 参数错误"))?;
    if app.kind != AppKind::OfficialAccount {
        return Err(dialog(10016));
    }
    if app.is_frozen {
        return Err(dialog(10004));
    }
    if missing("redirect_uri") {
        return Err(dialog(10011));
    }
    if missing("scope") {
        return Err(dialog(10010));
    }
    if !matches!(parameters.get("scope"), "snsapi_base" | "snsapi_userinfo") {
        return Err(dialog(10005));
    }
    if app.accepts(parameters.get("redirect_uri")).is_err() {
        return Err(dialog(10003));
    }
    if !has_sound_state(parameters.get("state")) {
        return Err(without_number("state 参数错误"));
    }
    Ok(app)
}

/// A dialog of WeChat's documentation.
fn dialog(code: u32) -> Dialog {
    Dialog {
        text: documented(code).unwrap_or_default(),
        code: Some(code),
    }
}

fn without_number(text: &'static str) -> Dialog {
    Dialog { text, code: None }
}

/// The text of a dialog (facts 3).
pub(super) fn documented(code: u32) -> Option<&'static str> {
    Some(match code {
        10003 => "redirect_uri域名与后台配置不一致",
        10004 => "此公众号被封禁",
        10005 => "此公众号并没有这些scope的权限",
        10006 => "必须关注此测试号",
        10009 => "操作太频繁了，请稍后重试",
        10010 => "scope不能为空",
        10011 => "redirect_uri不能为空",
        10012 => "appid不能为空",
        10013 => "state不能为空",
        10015 => "公众号未授权第三方平台，请检查授权状态",
        10016 => "不支持微信开放平台的Appid，请使用公众号Appid",
        _ => return None,
    })
}

/// Letters and digits, not too many; none at all is allowed.
pub(super) fn has_sound_state(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether the parameters stand as WeChat's documentation demands.
pub(super) fn is_in_order(parameters: &Parameters) -> bool {
    let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
    let known: Vec<_> = names.filter(|name| ORDER.contains(name)).collect();
    // `state` is the one that may be left out.
    known == ORDER || known == ORDER[..4]
}

fn is_inside_wechat(headers: &HeaderMap) -> bool {
    has(headers, USER_AGENT, "MicroMessenger") || has(headers, COOKIE, INSIDE)
}

/// Whether this browser plays one that loses the cookies of sites.
pub(super) fn forgets(headers: &HeaderMap) -> bool {
    has(headers, COOKIE, FORGETS)
}

fn has(headers: &HeaderMap, name: HeaderName, text: &str) -> bool {
    let values = headers.get_all(name);
    let mut values = values.iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.contains(text))
}

/// Makes this browser play WeChat's own from now on, and opens the login again.
pub(super) async fn inside(address: Uri) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let to = parameters.get("to");
    let Some(to) = HeaderValue::try_from(to)
        .ok()
        .filter(|_| to.starts_with("/connect/"))
    else {
        return (
            StatusCode::BAD_REQUEST,
            "to: expected a path under /connect/\n",
        )
            .into_response();
    };
    let lifetime = if parameters.get("forgets").is_empty() {
        "; Max-Age=0"
    } else {
        ""
    };
    let cookies = [
        format!("{INSIDE}; Path=/; HttpOnly; SameSite=Lax"),
        format!("{FORGETS}; Path=/; HttpOnly; SameSite=Lax{lifetime}"),
    ];
    let cookies = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
    let response = (StatusCode::SEE_OTHER, cookies, [(LOCATION, to)]);
    response.into_response()
}
