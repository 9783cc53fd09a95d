//! Masks what a report must not contain: the test account, tokens, and this machine's IP address.

use std::net::IpAddr;

use url::form_urlencoded::byte_serialize;

use super::{account::Account, pattern::Names};

/// Members of WeChat's responses whose values are secret or name a user.
const MEMBERS: [&str; 7] = [
    "access_token",
    "openid",
    "refresh_token",
    "secret",
    "session_key",
    "ticket",
    "unionid",
];

/// The text without secrets.
pub(super) fn mask(text: &str, account: &Account, names: &Names) -> String {
    let mut text = text.to_owned();
    if let Some(secret) = &account.secret {
        let encoded: String = byte_serialize(secret.expose().as_bytes()).collect();
        for form in [secret.expose(), &encoded] {
            text = text.replace(form, "<app-secret>");
        }
    }
    if let Some(id) = &account.id {
        text = text.replace(id.as_str(), "<app-id>");
    }
    for (name, value) in names {
        text = text.replace(value.as_str(), &format!("<{name}>"));
    }
    for member in MEMBERS {
        text = without_values(&text, member);
    }
    without_addresses(&text)
}

/// Replaces the texts that a member has.
fn without_values(text: &str, member: &str) -> String {
    let name = format!("\"{member}\"");
    let mut parts = text.split(name.as_str());
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str(&name);
        let rest = part.trim_start();
        let rest = rest.strip_prefix(':').map(str::trim_start);
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix('"')) else {
            masked.push_str(part);
            continue;
        };
        // The end is missing in a response that is not complete.
        let after = rest.find('"').map_or("", |end| &rest[end..]);
        let value = &rest[..rest.len() - after.len()];
        let is_placeholder = value.starts_with('<') && value.ends_with('>');
        let shown = if is_placeholder { value } else { "…" };
        masked = masked + &part[..part.len() - rest.len()] + shown + after;
    }
    masked
}

/// Replaces IP addresses: 40164 names the caller's.
fn without_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let address = word.trim_end_matches(['.', ':']);
        masked.push_str(before);
        if address.len() > 3 && address.parse::<IpAddr>().is_ok() {
            masked.push_str("<ip>");
            masked.push_str(&word[address.len()..]);
        } else {
            masked.push_str(word);
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            id: Some("wx1234567890abcdef".parse().unwrap()),
            secret: Some("0f9de62fce790f9a083d5c99e95740ce".parse().unwrap()),
        }
    }

    #[test]
    fn secrets_and_addresses_are_masked_and_the_rest_stays() {
        let names = Names::from([("one".to_owned(), "82_first".to_owned())]);
        for (text, masked) in [
            (
                "GET /cgi-bin/token?appid=wx1234567890abcdef&secret=0f9de62fce790f9a083d5c99e95740ce",
                "GET /cgi-bin/token?appid=<app-id>&secret=<app-secret>",
            ),
            (
                r#"{"access_token":"82_second","expires_in":7200}"#,
                r#"{"access_token":"…","expires_in":7200}"#,
            ),
            (
                r#"{"access_token":"82_first","x":1}"#,
                r#"{"access_token":"<one>","x":1}"#,
            ),
            (r#"{"ticket":"kgt8ON7y"#, r#"{"ticket":"…"#),
            (
                r#"{"access_token" : "82_second", "openid": "oA", "ticket": 1}"#,
                r#"{"access_token" : "…", "openid": "…", "ticket": 1}"#,
            ),
            (
                "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6aac007a-6c02c771-26bf69c4",
                "invalid ip <ip> ipv6 <ip>, not in whitelist rid: 6aac007a-6c02c771-26bf69c4",
            ),
            ("a: b. 10:30", "a: b. 10:30"),
        ] {
            assert_eq!(mask(text, &account(), &names), masked);
        }
    }
}
