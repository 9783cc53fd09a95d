//! Error codes that WeChat returns.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use thiserror::Error;

use super::ErrCode;

/// Longest text that is kept of a response, in characters.
const MAX_MESSAGE: usize = 300;

/// An error code that WeChat returned, with HTTP status 200.
///
/// See docs/wechat.md#errors, #error-texts.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{path} returned {code} ({message})")]
#[non_exhaustive]
pub struct ApiError {
    /// The path that was called.
    pub path: &'static str,
    /// The code (`errcode`).
    pub code: ErrCode,
    /// The text (`errmsg`) without its suffix. It changes: compare the code.
    pub message: String,
    /// The ID of the request (`rid`), which WeChat's support asks for within seven days.
    pub rid: Option<String>,
}

impl ApiError {
    pub(crate) fn new(path: &'static str, code: ErrCode, errmsg: &str) -> Self {
        let clean = |text: &str| {
            strip_control_chars(text)
                .chars()
                .take(MAX_MESSAGE)
                .collect()
        };
        let (message, rid) = split_suffix(errmsg);
        Self {
            path,
            code,
            message: clean(message),
            rid: rid.map(clean),
        }
    }
}

impl ApiError {
    /// The time of the request, from its ID (docs/wechat.md#error-texts).
    pub fn time(&self) -> Option<SystemTime> {
        let seconds = self.rid.as_deref()?.split('-').next()?;
        // Eight digits: any other ID is not one of a request.
        let seconds = Some(seconds).filter(|digits| digits.len() == 8)?;
        let seconds = u32::from_str_radix(seconds, 16).ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into()))
    }

    /// The caller's IP address that is not on the app's whitelist (40164).
    pub fn caller_ip(&self) -> Option<IpAddr> {
        if self.code != ErrCode::IP_NOT_ALLOWED {
            return None;
        }
        let mut words = self.message.split([' ', ',']);
        words.find_map(|word| word.parse().ok())
    }
}

/// Removes control characters, so that a message cannot forge log lines.
pub(crate) fn strip_control_chars(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The suffixes that WeChat has appended to messages since 2017 (docs/wechat.md#error-texts).
const SUFFIXES: [&str; 6] = [
    ", rid: ",
    " rid: ",
    ", hints: [",
    " hints: [",
    ", hint: [",
    " hint: [",
];

/// Splits `invalid code, rid: 6aac007a-…` into message and ID.
fn split_suffix(errmsg: &str) -> (&str, Option<&str>) {
    let end = SUFFIXES
        .iter()
        .filter_map(|suffix| errmsg.find(suffix))
        .min();
    let (message, suffix) = errmsg.split_at(end.unwrap_or(errmsg.len()));
    let rid = suffix
        .split_once("rid: ")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    (message.trim_end(), rid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_suffix_is_removed() {
        let table = [
            ("invalid code", "invalid code", None),
            (
                "invalid code, hints: [ req_id: 5u8NWa0990th40 ]",
                "invalid code",
                None,
            ),
            (
                "invalid appid, rid: 6aac007a-6c02c771-26bf69c4",
                "invalid appid",
                Some("6aac007a-6c02c771-26bf69c4"),
            ),
            (
                "access_token expired hint: [I9JQua0689a456!]",
                "access_token expired",
                None,
            ),
            (
                "invalid appid rid: 6aac005a-01bfdbee-79769285",
                "invalid appid",
                Some("6aac005a-01bfdbee-79769285"),
            ),
            (
                "invalid code hint: [GiaBxSDNRa-mkSN7] rid: 6246c276-162a85aa-5fb4136b",
                "invalid code",
                Some("6246c276-162a85aa-5fb4136b"),
            ),
            (
                "code blocked, hint: [1], from ip: 1.2.3.4, more info at https://x.example",
                "code blocked",
                None,
            ),
            ("", "", None),
        ];
        for (errmsg, message, rid) in table {
            let error = ApiError::new("/sns/auth", ErrCode::INVALID_CODE, errmsg);
            assert_eq!(
                (error.message.as_str(), error.rid.as_deref()),
                (message, rid),
                "{errmsg}"
            );
        }
    }

    #[test]
    fn time_and_caller_are_read_from_the_text() {
        let error = |errmsg| ApiError::new("/cgi-bin/token", ErrCode::IP_NOT_ALLOWED, errmsg);
        let new = error(
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6aac007a-6c02c771-26bf69c4",
        );
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(0x6aac_007a);
        assert_eq!(
            (new.caller_ip(), new.time()),
            ("1.2.3.4".parse().ok(), Some(time))
        );
        let old = error("invalid ip 1.2.3.4, not in whitelist");
        assert_eq!(
            (old.caller_ip(), old.time()),
            ("1.2.3.4".parse().ok(), None)
        );
        assert_eq!(error("invalid ip").caller_ip(), None);
    }
}
