//! The page that asks the user.

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use url::Url;
use weixin::{Bilingual, Language};
use weixin_axum::pages::{FormAction, Nonce, page_headers};

use super::{texts::isolated, waiting::Waiting};
use crate::oidc::Scope;

/// The names of the form's fields, and the values of the second.
pub(super) const TOKEN: &str = "token";
pub(super) const DECISION: &str = "decision";
pub(super) const ALLOW: &str = "allow";
pub(super) const DECLINE: &str = "decline";

/// What the page shows.
pub(super) struct Question<'a> {
    pub(super) language: Language,
    pub(super) waiting: &'a Waiting<'a>,
    pub(super) nickname: Option<&'a str>,
    /// The URL that the form is posted to.
    pub(super) action: String,
    pub(super) token: String,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    language: &'a str,
    nonce: &'a str,
    title: String,
    user: Option<String>,
    receives: String,
    items: Vec<&'static str>,
    warning: String,
    action: &'a str,
    token: (&'static str, &'a str),
    decision: &'static str,
    allow: (&'static str, &'static str),
    decline: (&'static str, &'static str),
}

impl Question<'_> {
    pub(super) fn into_response(self) -> Response {
        let nonce = Nonce::random();
        let pick = |text: Bilingual| text.pick(self.language);
        let client = self.waiting.client;
        let name = client.name.as_deref().unwrap_or(client.id.as_str());
        let name = isolated(name);
        let destination = destination(self.waiting.request.redirect_uri.as_str());
        let destination = destination.unwrap_or_else(|| pick(APP).to_owned());
        let with_name = |text| pick(text).replace("{name}", &name);
        let page = ConsentPage {
            language: self.language.tag(),
            nonce: nonce.as_str(),
            title: with_name(TITLE),
            user: self
                .nickname
                .map(|nickname| pick(USER).replace("{nickname}", &isolated(nickname))),
            receives: with_name(RECEIVES),
            items: self.items(),
            warning: pick(WARNING)
                .replace("{destination}", &destination)
                .replace("{name}", &name),
            action: &self.action,
            token: (TOKEN, &self.token),
            decision: DECISION,
            allow: (ALLOW, pick(ALLOW_LABEL)),
            decline: (DECLINE, pick(DECLINE_LABEL)),
        };
        // The form ends at the client, and browsers apply `form-action` to each redirect that follows.
        let mut headers = page_headers(&nonce, FormAction::Unrestricted);
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(CONTENT_TYPE, html);
        // The template cannot fail.
        (headers, page.render().unwrap_or_default()).into_response()
    }

    /// What the client receives.
    fn items(&self) -> Vec<&'static str> {
        let scopes = self.waiting.request.consent_scopes();
        let client = self.waiting.client;
        let is_received = |scope: &Scope| *scope != Scope::Email || client.gets_email();
        let scopes = Scope::OFFERED.into_iter().filter(|it| scopes.contains(*it));
        let scopes = scopes.filter(is_received);
        scopes
            .map(|scope| item(scope).pick(self.language))
            .collect()
    }
}

/// The host of a website; none for a program on the device.
fn destination(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    let host = url.host_str().filter(|_| url.scheme().starts_with("http"));
    let host = host.filter(|host| !["127.0.0.1", "[::1]", "localhost"].contains(host));
    host.map(str::to_owned)
}

const fn item(scope: Scope) -> Bilingual {
    match scope {
        Scope::OpenId => Bilingual {
            en: "an ID by which it recognizes you",
            zh: "用于识别您的 ID",
        },
        Scope::Profile => Bilingual {
            en: "your WeChat name and avatar",
            zh: "您的微信昵称和头像",
        },
        Scope::Email => Bilingual {
            en: "an e-mail address that was made for your account here",
            zh: "为您的账号生成的邮箱地址",
        },
        Scope::Wechat => Bilingual {
            en: "your WeChat ID for this site (not the one that friends add you by)",
            zh: "您的微信账号在本网站的标识（不是微信号）",
        },
        Scope::OfflineAccess => Bilingual {
            en: "all this also while you are not using it",
            zh: "在您不使用时，也可以继续获取以上信息",
        },
    }
}

const TITLE: Bilingual = Bilingual {
    en: "Log in to {name}?",
    zh: "是否登录“{name}”？",
};

const USER: Bilingual = Bilingual {
    en: "You are logged in with WeChat as {nickname}.",
    zh: "当前登录的微信用户：{nickname}",
};

const RECEIVES: Bilingual = Bilingual {
    en: "{name} receives:",
    zh: "“{name}”将获得：",
};

const WARNING: Bilingual = Bilingual {
    en: "Continue only if you have just opened {name} yourself. Your browser then goes to {destination}.",
    zh: "请仅在您本人刚刚打开“{name}”时继续。之后浏览器将前往：{destination}",
};

/// In place of a host.
const APP: Bilingual = Bilingual {
    en: "an app on this device",
    zh: "本设备上的应用",
};

const ALLOW_LABEL: Bilingual = Bilingual {
    en: "Allow",
    zh: "允许",
};

const DECLINE_LABEL: Bilingual = Bilingual {
    en: "Decline",
    zh: "拒绝",
};
