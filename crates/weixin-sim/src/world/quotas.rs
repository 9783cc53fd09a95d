//! Quotas of API calls (facts 4.1, 5.4 and 6.2).

use std::{collections::HashMap, time::SystemTime};

use crate::{clock::unix_seconds, wire::api_error::ApiError};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// Maximum number of callers; beyond it, counting restarts.
const MAX_CALLERS: usize = 10_000;

/// Quota of one path, per app or per user.
#[derive(Debug)]
pub(super) struct Quota {
    pub(super) path: &'static str,
    a_minute: u32,
    /// 0 means no daily limit.
    a_day: u32,
}

pub(super) static QUOTAS: [Quota; 5] = [
    Quota::a_minute("/sns/oauth2/access_token", 50_000),
    Quota::a_minute("/sns/oauth2/refresh_token", 50_000),
    Quota::a_minute("/sns/userinfo", 50_000),
    // Per user.
    Quota::a_minute("/sns/jscode2session", 100),
    Quota {
        path: "/cgi-bin/stable_token",
        a_minute: 10_000,
        a_day: 500_000,
    },
];

impl Quota {
    const fn a_minute(path: &'static str, a_minute: u32) -> Self {
        Self {
            path,
            a_minute,
            a_day: 0,
        }
    }
}

/// Calls in the current minute or day of the clock. WeChat's windows are not documented.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    window: u64,
    calls: u32,
}

impl Count {
    /// Counts a call; returns `true` if it exceeds the limit.
    fn exceeds(&mut self, most: u32, window: u64) -> bool {
        if self.window != window {
            *self = Self { window, calls: 0 };
        }
        self.calls = self.calls.saturating_add(1);
        most > 0 && self.calls > most
    }
}

/// A call that exceeds a quota.
#[derive(Debug)]
pub(super) struct Excess {
    pub(super) api_error: ApiError,
    /// Finding to report, for the first excess in this minute or day only.
    pub(super) finding: Option<String>,
}

/// Call counts by caller.
#[derive(Debug, Default)]
pub(crate) struct Quotas(HashMap<String, [(Count, Count); QUOTAS.len()]>);

impl Quotas {
    /// Counts a call; returns the excess, if any.
    pub(super) fn count(&mut self, index: usize, caller: &str, now: SystemTime) -> Option<Excess> {
        if !self.0.contains_key(caller) {
            if self.0.len() == MAX_CALLERS {
                self.0.clear();
            }
            self.0.insert(caller.to_owned(), Default::default());
        }
        let quota = &QUOTAS[index];
        let seconds = unix_seconds(now);
        let (minute, day) = &mut self.0.get_mut(caller)?[index];
        let a_day = day.exceeds(quota.a_day, seconds / DAY);
        if minute.exceeds(quota.a_minute, seconds / MINUTE) {
            let is_first = minute.calls == quota.a_minute + 1;
            let sent = || {
                format!(
                    "{}: more than {} calls per minute",
                    quota.path, quota.a_minute
                )
            };
            return Some(Excess {
                api_error: ApiError::MINUTE_QUOTA,
                finding: is_first.then(sent),
            });
        }
        a_day.then(|| Excess {
            api_error: ApiError::DAILY_QUOTA,
            finding: (day.calls == quota.a_day + 1)
                .then(|| format!("{}: more than {} calls per day", quota.path, quota.a_day)),
        })
    }
}
