//! WeChat's rules of an official account's login URL (facts 3).

use crate::parameters::Parameters;

/// The order that WeChat's documentation demands.
pub(crate) const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// Longest state, in bytes.
const MAX_STATE: usize = 128;

/// Letters and digits, not too many; none at all is allowed.
pub(crate) fn is_valid_state(state: &str) -> bool {
    state.len() <= MAX_STATE && state.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether the parameters stand as WeChat's documentation demands.
pub(crate) fn is_in_order(parameters: &Parameters) -> bool {
    let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
    let known: Vec<_> = names.filter(|name| ORDER.contains(name)).collect();
    // `state` is the one that may be left out.
    known == ORDER || known == ORDER[..4]
}
