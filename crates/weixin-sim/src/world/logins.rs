//! Logins in progress: one QR code each, with the phone's last action (docs/wechat.md#the-long-poll).

use std::{fmt::Write, sync::Arc, time::SystemTime};

use tokio::sync::watch;

use super::{
    app_kind::AppKind,
    expiring_map::{ExpiringMap, Weigh},
    fault::Effect,
    phone_error::PhoneError,
};
use crate::parameters::Parameters;

/// One QR code, and the browser that shows it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) uuid: String,
    pub(crate) kind: AppKind,
    pub(crate) app: String,
    /// Texts of any length are shared: a login is copied while the world is locked.
    pub(crate) scope: Arc<str>,
    pub(crate) redirect_uri: Arc<str>,
    pub(crate) state: Arc<str>,
    /// A snapshot user logs in instead of the real one (docs/wechat.md#snapshot-users).
    pub(crate) snapshot: bool,
    pub(crate) expires: SystemTime,
    /// Number in the timeline.
    pub(crate) trace: u64,
    /// Fast login by WeChat for PC instead of a phone.
    pub(crate) is_quick: bool,
    /// ID of the user that the login page or its browser chose.
    pub(crate) user: Option<String>,
    /// Effect on the way back to the site.
    pub(crate) fault: Option<Effect>,
    pub(crate) stage: Stage,
    /// Wakes the browser that polls this login, and no other.
    pub(crate) changed: watch::Sender<()>,
}

/// Parameters of a login URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoginParams<'a> {
    /// With or without a port.
    pub(crate) host: &'a str,
    /// All parameters and headers, for faults.
    pub(crate) parameters: &'a Parameters,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// ID of the user that the login page or its browser chose.
    pub(crate) user: Option<&'a str>,
    pub(crate) scope: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) snapshot: bool,
    /// The browser loses the cookies of sites.
    pub(crate) loses_cookies: bool,
    /// Fast login by WeChat for PC instead of a phone.
    pub(crate) is_quick: bool,
}

/// Progress of a login.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    Waiting,
    Scanned,
    Canceled,
    Confirmed { code: String },
}

impl Stage {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Canceled => "canceled",
            Self::Confirmed { .. } => "confirmed",
        }
    }
}

/// Result of a poll.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Poll {
    Response {
        errcode: u16,
        code: String,
    },
    /// Nothing new: hold the request until this time at the latest.
    Wait(SystemTime),
}

impl Poll {
    fn response(errcode: u16) -> Self {
        Self::Response {
            errcode,
            code: String::new(),
        }
    }
}

impl Login {
    /// Changes the stage, and wakes the browser that polls.
    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
        self.changed.send_replace(());
    }

    pub(crate) fn has_expired(&self, now: SystemTime) -> bool {
        now >= self.expires
    }

    /// Callback URL after the login was allowed.
    pub(crate) fn callback(&self) -> String {
        let Stage::Confirmed { code } = &self.stage else {
            return self.returns_to();
        };
        self.with_code(&format!("code={code}"))
    }

    /// Callback URL after a login inside WeChat was denied (docs/wechat.md#the-callback).
    pub(crate) fn denied(&self) -> String {
        self.with_code("code=authdeny&reason=")
    }

    /// Adds code and state to the callback: with `?`, or with `&` if the callback contains a `?` anywhere,
    /// after the fragment if there is one (docs/wechat.md#the-callback).
    fn with_code(&self, code: &str) -> String {
        let callback = self.returns_to();
        // WeChat for PC inserts them before the fragment, the page appends them after it (docs/wechat.md#the-callback).
        let (callback, fragment) = match callback.split_once('#') {
            Some((callback, fragment)) if self.is_quick => {
                (callback.to_owned(), format!("#{fragment}"))
            }
            _ => (callback, String::new()),
        };
        let join = if callback.contains('?') { '&' } else { '?' };
        let state = in_a_url(&self.returned_state());
        format!("{callback}{join}{code}&state={state}{fragment}")
    }

    /// Callback without code. To lose cookies, `localhost` and `127.0.0.1` change places: the browser has no
    /// cookies of the site under the other name.
    pub(crate) fn returns_to(&self) -> String {
        let uri = &self.redirect_uri;
        match &self.fault {
            Some(Effect::CookiesLost) if uri.contains("://localhost") => {
                uri.replacen("://localhost", "://127.0.0.1", 1)
            }
            Some(Effect::CookiesLost) => uri.replacen("://127.0.0.1", "://localhost", 1),
            _ => uri.to_string(),
        }
    }

    /// State as it returns to the site.
    pub(crate) fn returned_state(&self) -> String {
        let mut state = self.state.to_string();
        if matches!(self.fault, Some(Effect::StateAltered)) {
            let last = state.pop();
            state.push(if last == Some('0') { '1' } else { '0' });
        }
        state
    }

    /// URL of the page that calls the callback twice, if the fault asks for it.
    ///
    /// The page has the same host name as a local callback, so that the site's cookies are sent both times.
    pub(crate) fn twice_url(&self, origin: &str) -> Option<String> {
        if !matches!(self.fault, Some(Effect::CallbackTwice)) {
            return None;
        }
        let origin = if self.redirect_uri.contains("://localhost") {
            origin.replacen("127.0.0.1", "localhost", 1)
        } else {
            origin.to_owned()
        };
        Some(format!("{origin}/_sim/twice?uuid={}", self.uuid))
    }
}

impl Weigh for Login {
    fn bytes(&self) -> usize {
        let user = self.user.as_ref().map_or(0, String::len);
        self.scope.len() + self.redirect_uri.len() + self.state.len() + user
    }
}

/// State as WeChat appends it: as it was sent, decoded once and not encoded again (docs/wechat.md#the-state). Only what
/// a URL cannot contain is encoded, as a browser does.
fn in_a_url(state: &str) -> String {
    state.bytes().fold(String::new(), |mut url, byte| {
        if byte.is_ascii_graphic() {
            url.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
        url
    })
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Logins(ExpiringMap<Login>);

impl Logins {
    pub(crate) fn add(&mut self, login: Login, now: SystemTime) {
        let (uuid, end) = (login.uuid.clone(), login.expires);
        self.0.insert(uuid, login, end, now);
    }

    pub(crate) fn find(&self, uuid: &str, now: SystemTime) -> Option<&Login> {
        self.0.get(uuid).filter(|login| !login.has_expired(now))
    }

    /// Number in the timeline of a login that may have expired.
    pub(crate) fn number(&self, uuid: &str) -> Option<u64> {
        Some(self.0.get(uuid)?.trace)
    }

    /// Subscribes to changes of a login.
    pub(crate) fn watch(&self, uuid: &str) -> Option<watch::Receiver<()>> {
        Some(self.0.get(uuid)?.changed.subscribe())
    }

    /// A copy whose browsers are others: those that poll now are not woken by it.
    pub(super) fn copy(&self) -> Self {
        let mut copy = self.clone();
        for login in copy.0.values_mut() {
            login.changed = watch::Sender::new(());
        }
        copy
    }

    /// Logins that wait for a phone, the newest last.
    pub(crate) fn pending(&self, now: SystemTime) -> Vec<Login> {
        let waits = |login: &Login| match login.stage {
            // A fast login's page also shows a QR code of its own, so it is listed only when WeChat for PC
            // asks.
            Stage::Waiting => !login.is_quick,
            Stage::Scanned | Stage::Canceled => true,
            Stage::Confirmed { .. } => false,
        };
        let pending = |login: &&Login| {
            login.kind == AppKind::Website && !login.has_expired(now) && waits(login)
        };
        let mut logins: Vec<_> = self.0.values().filter(pending).cloned().collect();
        logins.sort_by(|a, b| (a.expires, &a.uuid).cmp(&(b.expires, &b.uuid)));
        logins
    }

    /// Scans the QR code, also after it was canceled.
    pub(super) fn scan(&mut self, uuid: &str, now: SystemTime) -> Result<&mut Login, PhoneError> {
        let login = self.0.get_mut(uuid).filter(|login| !login.has_expired(now));
        let login = login.ok_or(PhoneError::Expired)?;
        if matches!(login.stage, Stage::Confirmed { .. }) {
            return Err(PhoneError::Confirmed);
        }
        login.set_stage(Stage::Scanned);
        Ok(login)
    }

    /// Expires the QR code now; returns the login's number in the timeline.
    pub(super) fn expire(&mut self, uuid: &str, now: SystemTime) -> Result<u64, PhoneError> {
        let login = self.0.get_mut(uuid).ok_or(PhoneError::Expired)?;
        login.expires = now;
        login.changed.send_replace(());
        Ok(login.trace)
    }

    /// Returns the stage as error code, or how long to hold the request.
    ///
    /// `last` is the last code that the browser received: the same stage is not reported again. At `until` the
    /// response is 408.
    pub(crate) fn poll(&self, uuid: &str, last: &str, now: SystemTime, until: SystemTime) -> Poll {
        let Some(login) = self.find(uuid, now) else {
            return Poll::response(402);
        };
        let errcode = match &login.stage {
            Stage::Waiting => None,
            Stage::Scanned => Some(404),
            Stage::Canceled => Some(403),
            // Returned regardless of `last`, so that a page whose response was lost still gets the code.
            Stage::Confirmed { code } => {
                return Poll::Response {
                    errcode: 405,
                    code: code.clone(),
                };
            }
        };
        match errcode {
            Some(errcode) if last != errcode.to_string() => Poll::response(errcode),
            _ if now >= until => Poll::response(408),
            _ => Poll::Wait(until.min(login.expires)),
        }
    }
}
