//! Faults that tests inject.

use serde::{Deserialize, Serialize};

use super::request_facts::{NamedValue, RequestFacts};

/// Effect of a fault on a response of the API, or on a login.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Replaces the response; the request has no effect.
    Answer(Answer),
    /// Login: the callback arrives twice with the same code, first by `fetch`, then by navigation.
    CallbackTwice,
    /// Changes the content type, possibly to a wrong charset.
    ContentType(String),
    /// Login: the browser returns without its cookies. Works for callbacks on `localhost`, which becomes
    /// `127.0.0.1`, and vice versa.
    CookiesLost,
    /// Login of an official account: shows the dialog of this number instead, such as 10009.
    Dialog(u32),
    /// Truncates the body to its first half.
    Cut,
    /// Delays the response by this many milliseconds.
    DelayMs(u64),
    /// Returns a documented error code; the request has no effect.
    Errcode(i64),
    /// Returns an HTML page with this HTTP status; the request has no effect.
    Html(u16),
    /// Appends half a surrogate pair (`\ud83d`) to the nickname, which is not valid JSON text.
    LoneSurrogate,
    /// Breaks the connection; the request has no effect.
    Reset,
    /// Breaks the connection after the request took effect: a code is used.
    ResetAfter,
    /// Sends the body in chunks, over this many milliseconds.
    SlowBodyMs(u64),
    /// Login: the state returns with its last character changed.
    StateAltered,
    /// Removes this member from the response, such as `unionid`.
    Without(String),
}

impl Effect {
    /// Returns `true` if the effect is on a login and not on a response of the API.
    pub(super) fn is_for_logins(&self) -> bool {
        matches!(
            self,
            Self::CallbackTwice | Self::CookiesLost | Self::Dialog(_) | Self::StateAltered
        )
    }
}

/// A response, byte for byte.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// The content type.
    #[serde(default = "plain")]
    pub content_type: String,
    /// The whole body.
    pub body: String,
}

impl Answer {
    /// Creates a response with status 200 and `text/plain`, like a success of WeChat's.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            status: ok(),
            content_type: plain(),
            body: body.into(),
        }
    }
}

fn ok() -> u16 {
    200
}

fn plain() -> String {
    "text/plain".to_owned()
}

/// A fault: an effect, and the requests or logins that it applies to.
///
/// ```
/// use weixin_sim::{Effect, Fault};
///
/// let busy_twice = Fault::new(Effect::Errcode(-1)).path("/sns/userinfo").times(2);
/// let primary_dead = Fault::new(Effect::Reset).host("api.weixin.qq.com").percent(100);
/// let second_refresh = Fault::new(Effect::Errcode(-1)).parameter("grant_type", "refresh_token").nth(2);
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `None` until the simulator gives it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) effect: Effect,
    /// Path of the API or login page; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// App ID; `None` for all apps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) app: Option<String>,
    /// Host; `None` for all hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// ID or nickname of a user; `None` for all users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parameter: Option<NamedValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<NamedValue>,
    /// Number of the first matching request that it applies to, from 1; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nth: Option<u32>,
    /// Maximum number of occurrences; `None` for no limit.
    #[serde(default = "once")]
    pub(super) times: Option<u32>,
    /// Percentage of matching requests.
    #[serde(default = "always")]
    pub(super) percent: u8,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an option")]
fn once() -> Option<u32> {
    Some(1)
}

fn always() -> u8 {
    100
}

/// Returns `true` if this is the requested host, with or without its port; case does not matter.
fn is_host(mine: &str, requested: &str) -> bool {
    let name = match requested.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => requested,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    [requested, name, bare]
        .iter()
        .any(|its| its.eq_ignore_ascii_case(mine))
}

impl Fault {
    /// Creates a fault that happens once, at the next request to the API or at the next login.
    pub fn new(effect: Effect) -> Self {
        Self {
            id: None,
            effect,
            path: None,
            app: None,
            host: None,
            user: None,
            parameter: None,
            header: None,
            nth: None,
            times: once(),
            percent: always(),
        }
    }

    /// Names the fault; without a name the simulator gives it one, such as `fault-1`.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Limits the fault to this path, such as `/sns/userinfo`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Limits the fault to this app ID.
    #[must_use]
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Limits the fault to this host, such as `api.weixin.qq.com`.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Limits the fault to requests with a code or a token of this user, by ID or nickname; of logins, to those whose
    /// page knows the user (`sim_user`, the phone's cookie, or auto-allow).
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Limits the fault to requests with this parameter in query or form, or this member of a JSON body.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameter = Some(NamedValue::new(name, value));
        self
    }

    /// Limits the fault to requests with this header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.header = Some(NamedValue::new(name, value));
        self
    }

    /// Skips the matching requests before the n-th. With [`times`](Self::times), the fault applies from there on.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Sets the number of occurrences.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Makes the fault permanent for this percentage of requests, drawn by the simulator's seed.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        (self.times, self.percent) = (None, percent);
        self
    }

    pub(super) fn matches(&self, request: &RequestFacts<'_>) -> bool {
        let is =
            |mine: &Option<String>, its: Option<&str>| mine.is_none() || mine.as_deref() == its;
        self.effect.is_for_logins() == request.is_login
            && is(&self.path, Some(request.path))
            && is(&self.app, request.app)
            && is(&self.user, request.user)
            && self.host.iter().all(|host| is_host(host, request.host))
            && (self.parameter.iter()).all(|wanted| request.has_parameter(wanted))
            && (self.header.iter()).all(|wanted| request.has_header(wanted))
    }
}
