//! How long things live, where WeChat's documentation says so or nobody knows.

use std::time::Duration;

use crate::AppKind;

/// The lifetimes of this WeChat.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lifetimes {
    /// A QR code (assumed: 5 minutes).
    pub qr_code: Duration,
    /// How long a poll is held before it answers 408 (assumed: 25 seconds).
    pub poll: Duration,
    /// A website's or mobile app's code (documented for the Open Platform: 10 minutes).
    pub code: Duration,
    /// An official account's or mini program's code (documented: 5 minutes).
    pub short_code: Duration,
    /// An access token (documented: 7200 seconds).
    pub access_token: Duration,
    /// A refresh token, not prolonged by use (documented for websites: 30 days).
    pub refresh_token: Duration,
}

impl Lifetimes {
    pub(crate) fn code_of(&self, kind: AppKind) -> Duration {
        match kind {
            AppKind::Website | AppKind::MobileApp => self.code,
            AppKind::OfficialAccount | AppKind::MiniProgram => self.short_code,
        }
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            qr_code: Duration::from_mins(5),
            poll: Duration::from_secs(25),
            code: Duration::from_mins(10),
            short_code: Duration::from_mins(5),
            access_token: Duration::from_hours(2),
            refresh_token: Duration::from_hours(30 * 24),
        }
    }
}
