//! Parsers of values.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use url::Url;
use weixin::Language;
use weixin_sim::{Rule, UnknownRule};

/// An IP address and a port; `localhost`, or a port alone, is 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.strip_prefix("localhost:");
    let port = port.or(text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse()
        .map_err(|_| "expected an IP address and a port, or a port of this machine, such as 127.0.0.1:8080 or 8080")
}

/// The name of a language.
pub(super) fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["zh", "en"]).map(|name| match name.as_str() {
        "en" => Language::English,
        _ => Language::Chinese,
    })
}

/// The value of a switch in the environment. An empty variable is as good as none, as in shells.
pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("expected 1 or 0"),
    }
}

/// Rules of findings, separated by commas.
#[derive(Clone, Debug)]
pub(crate) struct Rules(pub(crate) Vec<Rule>);

impl FromStr for Rules {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

pub(super) fn number(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .map_err(|_| "expected a whole number, such as 1")
}

/// A host name or an IP address, without scheme and port.
pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if bare.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.chars().all(is_name)) {
        Ok(bare.to_owned())
    } else {
        Err("expected a host name or an IP address, without scheme and port")
    }
}

/// The first and the last port of a range.
pub(crate) type Ports = RangeInclusive<u16>;

/// Two ports, or a single one.
pub(super) fn ports(text: &str) -> Result<Ports, &'static str> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = first.parse().ok().zip(last.parse().ok());
    let range = range.filter(|(first, last)| 0 < *first && first <= last);
    range
        .map(|(first, last)| first..=last)
        .ok_or("expected the first and the last port, such as 9400-9450")
}

pub(super) fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or("expected an absolute URL that starts with http:// or https://")
}

/// The ID of an element, which is printed in HTML and in a script.
pub(super) fn element_id(text: &str) -> Result<String, &'static str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits, - and _")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_ports_has_a_first_and_a_last_one() {
        assert_eq!(ports("9400-9450"), Ok(9400..=9450));
        assert_eq!(ports("9400"), Ok(9400..=9400));
        for text in ["", "-", "0-1", "2-1", "1-65536", "1-2-3", "a-b"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_alone_is_on_this_machine_only() {
        for (text, expected) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("0.0.0.0:8080", "0.0.0.0:8080"),
            ("[::1]:0", "[::1]:0"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            ":",
            "localhost",
            "65536",
            "-1",
            "www.example.com:80",
            "127.0.0.1",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
