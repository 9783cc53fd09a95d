//! WeChat's rules for login URLs (docs/wechat.md#the-state, #official-account-login).

use crate::parameters::Parameters;

/// Parameter order that WeChat's documentation requires.
pub(crate) const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

/// Maximum length of an official account's state, in bytes.
const MAX_STATE: usize = 128;

/// Returns `true` if an official account's state is longer than WeChat accepts.
pub(crate) fn is_too_long(state: &str) -> bool {
    state.len() > MAX_STATE
}

/// Returns `true` for the documented characters of an official account's state: letters and digits.
pub(crate) fn is_alphanumeric(state: &str) -> bool {
    state.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns `true` if the site reads another state than it sent, because WeChat does not encode it again.
pub(crate) fn is_damaged_in_a_query(state: &str) -> bool {
    state.contains(['&', '#', '+', '%'])
}

/// Returns `true` if the query contains a redirect URI that is not percent-encoded.
pub(crate) fn has_raw_redirect_uri(query: &str) -> bool {
    let values = query.split('&');
    let mut values = values.filter_map(|pair| pair.strip_prefix("redirect_uri="));
    values.any(|value| value.contains("://"))
}

/// Compares the order of the parameters with WeChat's documentation.
pub(crate) fn is_in_order(parameters: &Parameters) -> bool {
    let names = parameters.as_slice().iter().map(|(name, _)| name.as_str());
    let known: Vec<_> = names.filter(|name| ORDER.contains(name)).collect();
    // `state` is the only optional one.
    known == ORDER || known == ORDER[..4]
}
