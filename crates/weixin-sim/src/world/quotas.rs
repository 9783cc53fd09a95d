//! Quotas of API calls (docs/wechat.md#requests-to-the-api, #app-tokens, #errors).

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
    per_minute: u32,
    /// 0 means no daily limit.
    per_day: u32,
}

pub(super) static QUOTAS: [Quota; 5] = [
    Quota::per_minute("/sns/oauth2/access_token", 50_000),
    Quota::per_minute("/sns/oauth2/refresh_token", 50_000),
    Quota::per_minute("/sns/userinfo", 50_000),
    // Per user.
    Quota::per_minute("/sns/jscode2session", 100),
    Quota {
        path: "/cgi-bin/stable_token",
        per_minute: 10_000,
        per_day: 500_000,
    },
];

impl Quota {
    const fn per_minute(path: &'static str, per_minute: u32) -> Self {
        Self {
            path,
            per_minute,
            per_day: 0,
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
    fn exceeds(&mut self, limit: u32, window: u64) -> bool {
        if self.window != window {
            *self = Self { window, calls: 0 };
        }
        self.calls = self.calls.saturating_add(1);
        limit > 0 && self.calls > limit
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas(HashMap<String, [(Count, Count); QUOTAS.len()]>);

impl Quotas {
    /// Counts a call; returns the excess, if any.
    pub(super) fn count(&mut self, index: usize, caller: &str, now: SystemTime) -> Option<Excess> {
        if !self.0.contains_key(caller) {
            // Restarting is simpler than dropping the oldest caller, and only delays a finding.
            if self.0.len() == MAX_CALLERS {
                self.0.clear();
            }
            self.0.insert(caller.to_owned(), Default::default());
        }
        let quota = &QUOTAS[index];
        let seconds = unix_seconds(now);
        let (minute, day) = &mut self.0.get_mut(caller)?[index];
        let exceeds_day = day.exceeds(quota.per_day, seconds / DAY);
        if minute.exceeds(quota.per_minute, seconds / MINUTE) {
            let is_first = minute.calls == quota.per_minute + 1;
            let sent = || {
                format!(
                    "{}: more than {} calls per minute",
                    quota.path, quota.per_minute
                )
            };
            return Some(Excess {
                api_error: ApiError::MINUTE_QUOTA,
                finding: is_first.then(sent),
            });
        }
        exceeds_day.then(|| Excess {
            api_error: ApiError::DAILY_QUOTA,
            finding: (day.calls == quota.per_day + 1)
                .then(|| format!("{}: more than {} calls per day", quota.path, quota.per_day)),
        })
    }
}
