//! Lifetimes of codes, tokens and QR codes: documented by WeChat, or assumed.

use std::time::Duration;

/// Lifetimes of codes, tokens, QR codes and polls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lifetimes {
    /// QR code (assumed: 5 minutes).
    pub qr_code: Duration,
    /// Maximum time that a poll is held before it returns 408 (assumed: 25 seconds).
    pub poll: Duration,
    /// Code of a website app or mobile app (documented for the Open Platform: 10 minutes).
    pub code: Duration,
    /// Code of an official account or mini program (documented: 5 minutes).
    pub short_code: Duration,
    /// Access token (documented: 7200 seconds).
    pub access_token: Duration,
    /// Refresh token; a refresh does not extend it (documented for websites: 30 days).
    pub refresh_token: Duration,
}

/// Maximum of each lifetime (about 100 years), so that no date overflows.
const MAX: Duration = Duration::from_hours(100 * 365 * 24);

impl Lifetimes {
    /// No lifetime longer than the maximum.
    pub(crate) fn bounded(mut self) -> Self {
        for lifetime in [
            &mut self.qr_code,
            &mut self.poll,
            &mut self.code,
            &mut self.short_code,
            &mut self.access_token,
            &mut self.refresh_token,
        ] {
            *lifetime = MAX.min(*lifetime);
        }
        self
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
