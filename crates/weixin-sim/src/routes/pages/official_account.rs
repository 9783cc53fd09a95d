//! `/connect/oauth2/authorize`: login of an official account, in WeChat's built-in browser (docs/wechat.md#official-account-login).

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

use super::error_page::ErrorPage;
use crate::{
    App, AppKind, Effect,
    bilingual::Language,
    lint::{
        authorize_url::{is_alphanumeric, is_in_order, is_too_long},
        violation::Violation,
    },
    parameters::Parameters,
    routes::{
        language::of_headers,
        phone::{PhoneUser, ask, comes_from_conversation, is_wechat_browser, loses_cookies},
        request::{host, texts},
        response::{of_login, page as render, redirect_to_site, refused},
    },
    state::SimState,
    wire::dialog::documented,
    world::{Login, LoginParams, World, auto_allow::AutoAnswer},
};

/// Error dialog (docs/wechat.md#official-account-login).
#[derive(Template)]
#[template(path = "dialog.html")]
struct Dialog {
    /// WeChat's text.
    text: &'static str,
    /// Number after `错误码`, if there is one.
    code: Option<u32>,
}

/// Page for browsers other than WeChat's (docs/wechat.md#official-account-login).
#[derive(Template)]
#[template(path = "outside.html")]
struct OutsidePage<'a> {
    language: Language,
    /// Requested path and query, percent-encoded.
    address: &'a str,
}

pub(super) async fn page(
    State(sim): State<Arc<SimState>>,
    address: Uri,
    headers: HeaderMap,
    phone_user: PhoneUser,
    parameters: Parameters,
) -> Response {
    let language = of_headers(&headers);
    let answer = {
        let world = sim.world();
        world.auto_allow.of(parameters.get("appid")).answer
    };
    if answer == AutoAnswer::Off && !is_wechat_browser(&headers) {
        return outside(&address, language);
    }
    if sim.settings.strict_order
        && let Some(rejection) = out_of_order(&parameters)
    {
        return rejection.show(language);
    }
    let started: Result<_, Rejection> = sim.change(|world, now| {
        let app = check(world, &parameters)?.clone();
        let user = phone_user.chosen(world);
        let user = user.map_err(|_| Rejection::Page(ErrorPage::unknown_user(world)))?;
        let params = LoginParams {
            host: host(&headers),
            parameters: &parameters,
            headers: &texts(&headers),
            user: user.as_deref(),
            scope: parameters.get("scope"),
            redirect_uri: parameters.get("redirect_uri"),
            state: parameters.get("state"),
            // Snapshot pages are those that ask for the profile.
            snapshot: parameters.get("forceSnapShot") == "true"
                && parameters.get("scope") == "snsapi_userinfo",
            loses_cookies: loses_cookies(&headers),
            is_quick: false,
        };
        let login = world.begin(&app, &params, now);
        if let Some(Effect::Dialog(code)) = login.fault {
            return Err(dialog(code).into());
        }
        let answered = if is_silent(&login, &parameters, &headers) {
            let user = silent_user(world, &login, &phone_user);
            world.allow(&login.uuid, user.as_deref(), now).map(Some)
        } else {
            world.answer_login(&login, now)
        };
        let callback =
            answered.map_err(|error| Rejection::Page(ErrorPage::of_user(&error, world)))?;
        Ok((login, callback))
    });
    match started {
        Err(rejection) => rejection.show(language),
        Ok((login, Some(callback))) => {
            of_login(&login, redirect_to_site(&sim, &headers, &login, callback))
        }
        Ok((login, None)) => of_login(&login, ask(&sim, &login.uuid, language, &phone_user)),
    }
}

/// Rejects parameters that are not in the documented order, and a state of other characters than the documented ones.
fn out_of_order(parameters: &Parameters) -> Option<Rejection> {
    if !is_in_order(parameters) {
        return Some(Rejection::Page(ErrorPage {
            text: "Scope 参数错误或没有 Scope 权限",
            why: Violation::ORDER,
            registered: Vec::new(),
        }));
    }
    // The text is an assumption: no page for such a state has been observed.
    let is_documented = is_alphanumeric(parameters.get("state"));
    (!is_documented).then(|| Rejection::Dialog(without_number("state 参数错误")))
}

/// The page for other browsers than WeChat's.
fn outside(address: &Uri, language: Language) -> Response {
    let address = address.path_and_query();
    let address = address.map_or("", |address| address.as_str());
    let address: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
    render(&OutsidePage {
        language,
        address: &address,
    })
}

/// What is shown instead of a login.
enum Rejection {
    /// By WeChat.
    Dialog(Dialog),
    /// By the simulator.
    Page(ErrorPage),
}

impl Rejection {
    fn show(&self, language: Language) -> Response {
        match self {
            Self::Dialog(dialog) => refused(dialog, dialog.text),
            Self::Page(page) => page.show(language),
        }
    }
}

impl From<Dialog> for Rejection {
    fn from(dialog: Dialog) -> Self {
        Self::Dialog(dialog)
    }
}

/// `snsapi_base` and snapshot users are allowed without asking, so auto-allow cannot deny them. So are followers who
/// come from the account's conversation, even with `forcePopup` (docs/wechat.md#official-account-login).
fn is_silent(login: &Login, parameters: &Parameters, headers: &HeaderMap) -> bool {
    let base = &*login.scope == "snsapi_base" && parameters.get("forcePopup") != "true";
    base || login.snapshot || comes_from_conversation(headers)
}

/// The user who is not asked: the one of auto-allow, or else who holds the phone.
fn silent_user(world: &World, login: &Login, phone_user: &PhoneUser) -> Option<String> {
    let is_set = world.auto_allow.of(&login.app).user.is_some();
    (login.user.is_none() && !is_set).then(|| phone_user.id(world))
}

/// Checks the parameters. The dialogs are documented, their order is not.
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
    if app
        .check_redirect_uri(parameters.get("redirect_uri"))
        .is_err()
    {
        return Err(dialog(10003));
    }
    if is_too_long(parameters.get("state")) {
        return Err(without_number("state 参数过长"));
    }
    Ok(app)
}

/// Dialog from WeChat's documentation.
fn dialog(code: u32) -> Dialog {
    Dialog {
        text: documented(code).unwrap_or_default(),
        code: Some(code),
    }
}

fn without_number(text: &'static str) -> Dialog {
    Dialog { text, code: None }
}
