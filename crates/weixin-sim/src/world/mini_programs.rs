//! Codes and session keys of mini programs (docs/wechat.md#the-session, #encrypted-payloads, #phone-numbers).

use std::{collections::HashMap, time::SystemTime};

use super::expiring_map::{ExpiringMap, Weigh};

/// A code of `wx.login` or of the phone number button.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) app: String,
    pub(super) user: String,
    pub(super) expires: SystemTime,
    pub(super) used: bool,
    /// Number of the login in the timeline; 0 for a phone number.
    pub(super) trace: u64,
}

impl Weigh for Code {}

impl Weigh for (Code, [u8; 16]) {}

/// Codes and session keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct MiniPrograms {
    pub(super) login_codes: ExpiringMap<(Code, [u8; 16])>,
    pub(super) phone_codes: ExpiringMap<Code>,
    /// Session key of the last `wx.login`, by app and user.
    pub(super) keys: HashMap<(String, String), [u8; 16]>,
}

impl MiniPrograms {
    /// ID of the user whose code this is: of `wx.login`, or of the phone number button.
    pub(super) fn user_of(&self, code: &str) -> Option<&str> {
        let login = self.login_codes.get(code).map(|(code, _)| code);
        let code = login.or_else(|| self.phone_codes.get(code))?;
        Some(&code.user)
    }

    /// Number of the login that a code of `wx.login` belongs to.
    pub(super) fn login_of(&self, js_code: &str) -> Option<u64> {
        let (code, _) = self.login_codes.get(js_code)?;
        Some(code.trace)
    }
}
