//! The arrows of a login: acts of the phone, requests, and what follows from them.

use super::{
    arrow::{Arrow, Meaning},
    call,
    snapshot::Snapshot,
};
use crate::{
    AppKind, LoggedRequest,
    bilingual::Language,
    hosts::is_wechat,
    routes::people,
    world::{Event, LoginTrace, timeline::Step},
};

/// Builds the arrows of one login.
pub(super) struct Builder<'a> {
    pub(super) sim: &'a Snapshot,
    pub(super) language: Language,
    pub(super) kind: AppKind,
    /// When the story begins, in milliseconds.
    pub(super) start: u64,
    pub(super) arrows: Vec<Arrow>,
}

impl Builder<'_> {
    /// The request that began the login, and what the browser did while it waited.
    pub(super) fn beginning(&mut self, trace: &LoginTrace, requests: &[&LoggedRequest]) {
        let opened = requests.iter().find(|request| is_login_page(request));
        let pictures = requests
            .iter()
            .filter(|request| is_picture(request))
            .count();
        if let Some(opened) = opened {
            self.push(begin_guess(self.kind, opened, self.language), opened.at_ms);
            self.request(opened);
        }
        if trace.polls > 0 || pictures > 0 {
            let polls = trace.polls;
            let text = match self.language {
                Language::Chinese if polls == 0 => format!("{pictures} 张图片"),
                Language::English if polls == 0 => {
                    format!(
                        "{pictures} {}",
                        if pictures == 1 { "picture" } else { "pictures" }
                    )
                }
                Language::Chinese => format!("{polls} 次轮询、{pictures} 张图片"),
                Language::English => format!(
                    "{polls} {}, {pictures} {}",
                    if polls == 1 { "poll" } else { "polls" },
                    if pictures == 1 { "picture" } else { "pictures" }
                ),
            };
            let mut arrow = Arrow::new("polls", (1, 3), "fold", text);
            arrow.meaning = Meaning::Polls;
            self.arrows.push(arrow);
        }
    }

    /// What happened then: acts of the phone and requests, in the order in which they were recorded.
    pub(super) fn rest(&mut self, trace: &LoginTrace, requests: &[&LoggedRequest]) {
        let mut requests = requests
            .iter()
            .filter(|request| !is_folded(request))
            .peekable();
        for (index, step) in trace.steps.iter().enumerate() {
            if !is_act(step.what) {
                continue;
            }
            while let Some(request) = requests.next_if(|next| next.number <= step.after_request) {
                self.request(request);
            }
            self.act(trace, index, step);
        }
        for request in requests {
            self.request(request);
        }
    }

    fn act(&mut self, trace: &LoginTrace, index: usize, step: &Step) {
        let (language, key) = (self.language, format!("a{index}"));
        let is_website = self.kind == AppKind::Website;
        let answer =
            |class, text, chip| Arrow::new(format!("{key}w"), (1, 3), class, text).chip(chip);
        let phone = |class: &str, text: String| Arrow::new(key.clone(), (3, 4), class, text);
        let user = trace.user.as_deref().and_then(|id| self.sim.user(id));
        let name = user.map_or_else(String::new, |user| people::name(user, language));
        let arrows = match step.what {
            Event::Scanned => {
                let text = language.pick("“扫描成功”", "“Scanned”");
                let scan = phone("back end", language.pick("扫描", "Scan").to_owned());
                vec![Some(scan), is_website.then(|| answer("back", text, "404"))]
            }
            Event::Canceled => {
                let text = language.pick("“您已取消此次登录”", "“You canceled this login”");
                let cancel = phone("back end bad", language.pick("取消", "Cancel").to_owned());
                vec![
                    Some(cancel),
                    is_website.then(|| answer("back", text, "403")),
                ]
            }
            Event::Allowed => {
                let text =
                    language.pick("带着 code 前往回调地址", "Go to the callback, with a code");
                let allow = format!("{}{name}", language.pick("允许：", "Allow as "));
                let lanes = if is_website { (1, 2) } else { (2, 4) };
                let class = if is_website { "" } else { "back" };
                vec![
                    Some(phone("back end good", allow)),
                    is_website.then(|| answer("back good", text, "405")),
                    Some(Arrow::new(format!("{key}c"), lanes, class, callback(trace)).guess()),
                ]
            }
            Event::CodeGiven => {
                let is_mini = self.kind == AppKind::MiniProgram;
                let call = if is_mini { "wx.login" } else { "SendAuth" };
                let text = format!("<code>{call}</code> {name}");
                let sends = language.pick("应用把 code 发给服务器", "the app sends the code");
                vec![
                    Some(phone("end good", text)),
                    Some(Arrow::new(format!("{key}c"), (2, 4), "back", sends).guess()),
                ]
            }
            _ => Vec::new(),
        };
        for mut arrow in arrows.into_iter().flatten() {
            if step.times > 1 && arrow.key == key {
                arrow
                    .chips
                    .push((String::new(), format!("× {}", step.times)));
            }
            self.push(arrow, step.at_ms);
        }
    }

    pub(super) fn request(&mut self, request: &LoggedRequest) {
        let arrow = call::arrow(self.sim, request, self.language);
        self.push(arrow, request.at_ms);
    }

    fn push(&mut self, mut arrow: Arrow, at: u64) {
        let since = at.saturating_sub(self.start);
        arrow.time = if since < 1000 {
            format!("{since} ms")
        } else if since < 600_000 {
            format!("{}.{:02} s", since / 1000, since % 1000 / 10)
        } else {
            format!("{} min", since / 60_000)
        };
        self.arrows.push(arrow);
    }
}

/// The site starts the login: unseen, but its address is known if the browser names it.
fn begin_guess(kind: AppKind, opened: &LoggedRequest, language: Language) -> Arrow {
    let mut headers = opened.request_headers.iter();
    let referer = headers.find(|(name, _)| name == "referer");
    let url = referer.and_then(|(_, value)| url::Url::parse(value).ok());
    // A page that reloads itself names itself, which is no page of the site.
    let of_site = url.filter(|url| !is_wechat(url.authority()) && url.authority() != opened.host);
    let text = match of_site.as_ref().map(url::Url::path) {
        Some(path) if path != "/" => format!(
            "<span class=\"mono\"><b>GET</b> {}</span>",
            people::escape(path)
        ),
        _ => language.pick("打开登录", "Start the login").to_owned(),
    };
    let (lanes, class) = if kind == AppKind::OfficialAccount {
        ((2, 4), "back")
    } else {
        ((1, 2), "")
    };
    Arrow::new("begin", lanes, class, text).guess()
}

/// The callback, without its secrets.
fn callback(trace: &LoginTrace) -> String {
    let url = url::Url::parse(&trace.redirect_uri).ok();
    let path = url.as_ref().map_or("/", url::Url::path);
    format!(
        "<span class=\"mono\"><b>GET</b> {}?code=•••&amp;state=•••</span>",
        people::escape(path)
    )
}

fn is_login_page(request: &LoggedRequest) -> bool {
    matches!(
        request.path.as_str(),
        "/connect/qrconnect" | "/connect/oauth2/authorize"
    )
}

fn is_picture(request: &LoggedRequest) -> bool {
    request.path.starts_with("/connect/qrcode/")
}

/// Requests that other arrows stand for.
fn is_folded(request: &LoggedRequest) -> bool {
    is_login_page(request) || is_picture(request) || request.path == "/connect/confirm"
}

/// Steps that are no request of the site.
fn is_act(what: Event) -> bool {
    matches!(
        what,
        Event::Scanned | Event::Canceled | Event::Allowed | Event::CodeGiven
    )
}
