//! Behavior of WeChat that depends on the time, or on the report.

use serde::Deserialize;

/// Behavior of WeChat at other times, or in other reports (default: none of it).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Variants {
    /// A code of `wx.login` returns 40029 at `/sns/oauth2/access_token`, as before January 2023, instead of 40242.
    pub mini_program_code_is_invalid: bool,
    /// Mini programs get the user's name and avatar, as with base libraries before 2.27.1.
    pub mini_program_profiles: bool,
    /// An exchange with another app uses up the code.
    pub wrong_app_uses_code: bool,
}
