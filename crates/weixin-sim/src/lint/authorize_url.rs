//! WeChat's rules for the login URL of an official account (docs/wechat.md#official-account-login).

use crate::parameters::Parameters;

/// Parameter order that WeChat's documentation requires.
pub(crate) const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// Maximum length of a state, in bytes.
const MAX_STATE: usize = 128;

/// Accepts up to 128 letters and digits; a state may also be missing.
pub(crate) fn is_valid_state(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Compares the order of the parameters with WeChat's documentation.
pub(crate) fn is_in_order(parameters: &Parameters) -> bool {
    let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
    let known: Vec<_> = names.filter(|name| ORDER.contains(name)).collect();
    // `state` is the only optional one.
    known == ORDER || known == ORDER[..4]
}
