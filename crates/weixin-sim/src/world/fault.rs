//! What goes wrong on demand; off until asked for.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// What happens instead of, or to, an answer of the API, or to a login on its way back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Exactly this is the answer; nothing else happens.
    Answer(Answer),
    /// A login: the browser comes back twice with the same code, first by itself and then for all to see.
    CallbackTwice,
    /// The answer has another content type, or one with a charset that is not its own.
    ContentType(String),
    /// A login: the browser comes back without its cookies. For callbacks on `localhost`, which becomes
    /// `127.0.0.1`, and the other way round; no other host can be made to lose them.
    CookiesLost,
    /// A login inside WeChat: the dialog of this number instead, such as 10009.
    Dialog(u32),
    /// Half of the answer, as if that were all.
    Cut,
    /// The answer comes this many milliseconds later.
    DelayMs(u64),
    /// An error code of WeChat's documentation instead of the answer; nothing else happens.
    Errcode(i64),
    /// An HTML page under this HTTP status instead of the answer; nothing else happens.
    Html(u16),
    /// The nickname ends in half an emoji: `\ud83d`, which is no text in JSON.
    LoneSurrogate,
    /// The connection breaks; nothing else happens.
    Reset,
    /// The connection breaks after the request has had its effect: a code is spent.
    ResetAfter,
    /// The body comes bit by bit, over this many milliseconds.
    SlowBodyMs(u64),
    /// A login: the state comes back with its last character changed.
    StateAltered,
    /// The answer lacks this member, such as `unionid`.
    Without(String),
}

impl Effect {
    /// Whether it is about the way back to the site, and not about an answer of the API.
    fn is_for_logins(&self) -> bool {
        matches!(
            self,
            Self::CallbackTwice | Self::CookiesLost | Self::Dialog(_) | Self::StateAltered
        )
    }
}

/// An answer, word for word.
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
    /// With status 200 and as `text/plain`, like a success of WeChat's.
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

/// When something goes wrong, and what.
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
    /// `None`: every path of the API, or every login page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// An app id; `None`: every app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// `None`: every host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// How often still; `None`: for ever.
    #[serde(default = "once")]
    times: Option<u32>,
    /// Of a hundred requests, how many.
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

/// What may be struck.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) is_login: bool,
    pub(crate) path: &'a str,
    /// With or without a port.
    pub(crate) host: &'a str,
    /// `None` if nobody knows.
    pub(crate) app: Option<&'a str>,
}

impl Fault {
    /// Once, at the next request to any path of the API, or at the next login.
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

    /// At this path only, such as `/sns/userinfo`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// For this app id only.
    #[must_use]
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// For requests to this host only, such as `api.weixin.qq.com`, while the others live.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// This often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// For ever, at this many of a hundred requests; which ones is a matter of the simulator's seed.
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
        if self.percent < 100 && random.percent() >= self.percent {
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        true
    }
}

/// Everything that is to go wrong, in the order in which it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn pending(&self) -> &[Fault] {
        &self.0
    }

    /// What happens to a request.
    pub(crate) fn take(&mut self, target: &Target<'_>, random: &mut Random) -> Option<Effect> {
        let fault = self
            .0
            .iter_mut()
            .find_map(|fault| fault.draw(target, random).then(|| fault.effect.clone()));
        self.0.retain(|fault| fault.times != Some(0));
        fault
    }
}
