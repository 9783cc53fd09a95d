//! Logins in progress: one QR code each, and what the phone did with it (facts 2.1).

use std::time::SystemTime;

use thiserror::Error;
use tokio::sync::watch;

use super::{app::AppKind, expiring_map::ExpiringMap, fault::Effect};

/// One QR code and the browser that waits in front of it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) uuid: String,
    pub(crate) kind: AppKind,
    pub(crate) app: String,
    pub(crate) scope: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    /// Whether a stand-in logs in instead of the user (facts 3).
    pub(crate) snapshot: bool,
    pub(crate) expires: SystemTime,
    /// Its number in the timeline.
    pub(crate) trace: u64,
    /// Whether WeChat for PC is asked, and not a phone.
    pub(crate) fast: bool,
    /// What goes wrong on the way back to the site.
    pub(crate) fault: Option<Effect>,
    pub(crate) stage: Stage,
    /// Wakes the browser that polls, and no other.
    pub(crate) changed: watch::Sender<()>,
}

/// What the login page was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoginParams<'a> {
    /// With or without a port.
    pub(crate) host: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) snapshot: bool,
    /// Whether this browser loses its cookies.
    pub(crate) forgets: bool,
    /// Whether WeChat for PC is asked, and not a phone.
    pub(crate) fast: bool,
}

/// What the phone did.
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

/// The answer to a browser that asks what the phone did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Poll {
    Response {
        errcode: u16,
        code: String,
    },
    /// Nothing new: hold the browser, to this time at the latest.
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

/// What cannot be done with a QR code, or by whom.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PhoneError {
    /// The login is already confirmed.
    #[error("this QR code has been confirmed already: open the login page again")]
    Confirmed,
    /// Never shown, or too long ago.
    #[error("this QR code is unknown or has expired: open the login page again")]
    Expired,
    /// A payload is encrypted with the session key of a `wx.login`.
    #[error("this user has not opened the mini program: wx-login comes first")]
    NotOpened,
    /// No such app, or one that logs in another way.
    #[error("{expected}")]
    WrongApp {
        /// What it would take.
        expected: &'static str,
    },
    /// Nobody has that name.
    #[error("unknown user: expected one of {}", known.join(", "))]
    UnknownUser {
        /// Everybody whom there is.
        known: Vec<String>,
    },
}

impl Login {
    /// The phone did something.
    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
        self.changed.send_replace(());
    }

    pub(crate) fn has_expired(&self, now: SystemTime) -> bool {
        now >= self.expires
    }

    /// The address that the browser is sent to once it was allowed.
    pub(crate) fn callback(&self) -> String {
        let Stage::Confirmed { code } = &self.stage else {
            return self.returns_to();
        };
        self.with_code(&format!("code={code}"))
    }

    /// The address that the browser is sent to if a login inside WeChat is denied (facts 1.5).
    pub(crate) fn denied(&self) -> String {
        self.with_code("code=authdeny&reason=")
    }

    /// Joined by `?`, or by `&` if there is a `?` anywhere in the callback, behind its fragment if
    /// it has one (facts 1.5).
    fn with_code(&self, code: &str) -> String {
        let callback = self.returns_to();
        // WeChat for PC puts it in front of the fragment, the page behind it (facts 1.5).
        let (callback, fragment) = match callback.split_once('#') {
            Some((callback, fragment)) if self.fast => {
                (callback.to_owned(), format!("#{fragment}"))
            }
            _ => (callback, String::new()),
        };
        let join = if callback.contains('?') { '&' } else { '?' };
        let state = self.returned_state();
        let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        format!("{callback}{join}{code}&state={state}{fragment}")
    }

    /// The callback; by another name of this machine, under which the browser has no cookies, if it is to
    /// lose them.
    pub(crate) fn returns_to(&self) -> String {
        let uri = &self.redirect_uri;
        match &self.fault {
            Some(Effect::CookiesLost) if uri.contains("://localhost") => {
                uri.replacen("://localhost", "://127.0.0.1", 1)
            }
            Some(Effect::CookiesLost) => uri.replacen("://127.0.0.1", "://localhost", 1),
            _ => uri.clone(),
        }
    }

    /// The state as it comes back.
    pub(crate) fn returned_state(&self) -> String {
        let mut state = self.state.clone();
        if matches!(self.fault, Some(Effect::StateAltered)) {
            let last = state.pop();
            state.push(if last == Some('0') { '1' } else { '0' });
        }
        state
    }

    /// Where the browser comes back twice from, if it is to. A callback on this machine is called by the
    /// simulator's page under the same name, so that the cookies of its site come both times.
    pub(crate) fn twice(&self, origin: &str) -> Option<String> {
        matches!(self.fault, Some(Effect::CallbackTwice)).then_some(())?;
        let origin = if self.redirect_uri.contains("://localhost") {
            origin.replacen("127.0.0.1", "localhost", 1)
        } else {
            origin.to_owned()
        };
        Some(format!("{origin}/_sim/twice?uuid={}", self.uuid))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Logins(ExpiringMap<Login>);

impl Logins {
    pub(crate) fn add(&mut self, login: Login, now: SystemTime) {
        let (uuid, end) = (login.uuid.clone(), login.expires);
        self.0.insert(uuid, login, end, now);
    }

    pub(crate) fn find(&self, uuid: &str, now: SystemTime) -> Option<&Login> {
        self.0.get(uuid).filter(|login| !login.has_expired(now))
    }

    /// Tells when the phone does something with a QR code.
    pub(crate) fn watch(&self, uuid: &str) -> Option<watch::Receiver<()>> {
        Some(self.0.get(uuid)?.changed.subscribe())
    }

    /// Everything that still waits for a phone, the newest last.
    pub(crate) fn pending(&self, now: SystemTime) -> Vec<Login> {
        let waits = |login: &Login| match login.stage {
            // Its page has a QR code of its own beside it, until WeChat for PC is asked.
            Stage::Waiting => !login.fast,
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

    /// The phone reads the QR code; also again, after it said no.
    pub(super) fn scan(&mut self, uuid: &str, now: SystemTime) -> Result<&mut Login, PhoneError> {
        let login = self.0.get_mut(uuid).filter(|login| !login.has_expired(now));
        let login = login.ok_or(PhoneError::Expired)?;
        if matches!(login.stage, Stage::Confirmed { .. }) {
            return Err(PhoneError::Confirmed);
        }
        login.set_stage(Stage::Scanned);
        Ok(login)
    }

    /// Ends the QR code's time now; returns its number in the timeline.
    pub(super) fn expire(&mut self, uuid: &str, now: SystemTime) -> Result<u64, PhoneError> {
        let login = self.0.get_mut(uuid).ok_or(PhoneError::Expired)?;
        login.expires = now;
        login.changed.send_replace(());
        Ok(login.trace)
    }

    /// `last` is what the browser has seen: it is not told again. At `until` it is told 408.
    pub(crate) fn poll(&self, uuid: &str, last: &str, now: SystemTime, until: SystemTime) -> Poll {
        let Some(login) = self.find(uuid, now) else {
            return Poll::response(402);
        };
        let errcode = match &login.stage {
            Stage::Waiting => None,
            Stage::Scanned => Some(404),
            Stage::Canceled => Some(403),
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
