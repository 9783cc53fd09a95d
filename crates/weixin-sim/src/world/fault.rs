//! Faults that tests inject.

use serde::{Deserialize, Serialize};

use crate::random::Random;

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
    fn is_for_logins(&self) -> bool {
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
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    effect: Effect,
    /// Path of the API or login page; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// App ID; `None` for all apps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// Host; `None` for all hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// Remaining occurrences; `None` for no limit.
    #[serde(default = "once")]
    times: Option<u32>,
    /// Percentage of matching requests.
    #[serde(default = "always")]
    percent: u8,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an option")]
fn once() -> Option<u32> {
    Some(1)
}

fn always() -> u8 {
    100
}

/// Request or login that a fault may apply to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) is_login: bool,
    pub(crate) path: &'a str,
    /// With or without a port.
    pub(crate) host: &'a str,
    /// App ID, if known.
    pub(crate) app: Option<&'a str>,
}

impl Fault {
    /// Creates a fault that happens once, at the next request to the API or at the next login.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            path: None,
            app: None,
            host: None,
            times: once(),
            percent: always(),
        }
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

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    pub(crate) fn has_valid_percent(&self) -> bool {
        self.percent <= 100
    }

    fn matches(&self, target: &Target<'_>) -> bool {
        let name = target.host.split(':').next();
        let is =
            |mine: &Option<String>, its: Option<&str>| mine.is_none() || mine.as_deref() == its;
        self.effect.is_for_logins() == target.is_login
            && is(&self.path, Some(target.path))
            && is(&self.app, target.app)
            && (is(&self.host, name) || is(&self.host, Some(target.host)))
    }

    fn draw(&mut self, target: &Target<'_>, random: &mut Random) -> bool {
        if !self.matches(target) || self.times == Some(0) {
            return false;
        }
        // A certain fault draws nothing, so that it does not shift the seed's sequence of codes.
        if self.percent < 100 && random.percent() >= self.percent {
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        true
    }
}

/// Active faults, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn pending(&self) -> &[Fault] {
        &self.0
    }

    /// Takes the effect of the first fault that matches, and removes faults that have run out.
    pub(crate) fn take(&mut self, target: &Target<'_>, random: &mut Random) -> Option<Effect> {
        let fault = self
            .0
            .iter_mut()
            .find_map(|fault| fault.draw(target, random).then(|| fault.effect.clone()));
        self.0.retain(|fault| fault.times != Some(0));
        fault
    }
}
