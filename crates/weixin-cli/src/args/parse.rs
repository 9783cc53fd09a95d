//! Parsers of values.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
};

use clap::{
    Arg,
    builder::{PossibleValuesParser, TypedValueParser},
};
use http::HeaderValue;
use serde_json::Value;
use url::Url;
use weixin::{Language, transport::Origin};
use weixin_sim::{Rule, UnknownRule};

use crate::message::Invalid;

/// An IP address and a port; `localhost`, or a port alone, is 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, Invalid> {
    let port = text.strip_prefix("localhost:");
    let port = port.or(text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse()
        .map_err(|_| {
        Invalid::new(
            "应为 IP 地址和端口，或本机的端口，例如 127.0.0.1:8080 或 8080",
            "expected an IP address and a port, or a port of this machine, such as 127.0.0.1:8080 or 8080",
        )
    })
}

/// A setting of a client. The value is JSON, or else a text.
pub(super) fn setting(text: &str) -> Result<(String, Value), Invalid> {
    let (key, value) = text.split_once('=').ok_or(Invalid::new(
        "应为 KEY=VALUE，例如 require_pkce=true",
        "expected KEY=VALUE, such as require_pkce=true",
    ))?;
    let key = key.trim();
    if key.contains('.') {
        return Err(Invalid::new(
            "KEY 应为顶层的设置，嵌套的内容写成 JSON，例如 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
            "expected a setting without dots: what is nested is JSON, such as 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
        ));
    }
    match serde_json::from_str(value) {
        Ok(json) => Ok((key.to_owned(), json)),
        Err(_) if value.trim_start().starts_with(['{', '[']) => Err(Invalid::new(
            "VALUE 应为 JSON，例如 'scopes=[\"openid\", \"profile\"]' 或 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
            "expected a value in JSON, such as 'scopes=[\"openid\", \"profile\"]' or 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
        )),
        Err(_) => Ok((key.to_owned(), value.into())),
    }
}

/// The reference of an error page, as it was read out or copied.
pub(super) fn reference(text: &str) -> Result<String, Invalid> {
    let text = text.trim().to_ascii_lowercase();
    let is_base32 = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
    if text.len() == 8 && text.bytes().all(is_base32) {
        Ok(text)
    } else {
        Err(Invalid::new(
            "应为错误页面上的编号：8 位，由字母和数字 2 到 7 组成，例如 k3zqv6n4",
            "expected the reference of an error page: 8 letters and digits from 2 to 7, such as k3zqv6n4",
        ))
    }
}

/// The name of a language.
pub(super) fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["zh", "en"]).map(|name| match name.as_str() {
        "en" => Language::English,
        _ => Language::Chinese,
    })
}

/// The value of a switch in the environment. An empty variable is as good as none, as in shells.
pub(super) fn switch(text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Invalid::new("应为 1 或 0", "expected 1 or 0")),
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

pub(super) fn number(text: &str) -> Result<u64, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("应为整数，例如 1", "expected a whole number, such as 1"))
}

/// The seconds between two requests.
pub(super) fn pace(text: &str) -> Result<u64, Invalid> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= 60);
    seconds.ok_or(Invalid::new(
        "应为 0 到 60 的整数",
        "expected a whole number from 0 to 60",
    ))
}

/// The longest wait for a response, in seconds.
pub(super) fn timeout(text: &str) -> Result<u64, Invalid> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (1..=300).contains(seconds));
    seconds.ok_or(Invalid::new(
        "应为 1 到 300 的整数",
        "expected a whole number from 1 to 300",
    ))
}

/// The value of a header.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, Invalid> {
    text.parse().map_err(|_| {
        Invalid::new(
            "应为可见的 ASCII 字符，例如 application/json",
            "expected visible ASCII characters, such as application/json",
        )
    })
}

/// A host name or an IP address, without scheme and port.
pub(super) fn host(text: &str) -> Result<String, Invalid> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if bare.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.chars().all(is_name)) {
        Ok(bare.to_owned())
    } else {
        Err(Invalid::new(
            "应为主机名或 IP 地址，不含协议和端口",
            "expected a host name or an IP address, without scheme and port",
        ))
    }
}

/// The first and the last port of a range.
pub(crate) type Ports = RangeInclusive<u16>;

/// Two ports, or a single one.
pub(super) fn ports(text: &str) -> Result<Ports, Invalid> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = first.parse().ok().zip(last.parse().ok());
    let range = range.filter(|(first, last)| 0 < *first && first <= last);
    range.map(|(first, last)| first..=last).ok_or(Invalid::new(
        "应为起始端口和结束端口，例如 9400-9450",
        "expected the first and the last port, such as 9400-9450",
    ))
}

pub(super) fn web_url(text: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or(Invalid::new(
        "应为以 http:// 或 https:// 开头的完整 URL",
        "expected an absolute URL that starts with http:// or https://",
    ))
}

/// The issuer of a gateway. Endpoints are appended to it, and clients compare it as text. The gateway checks the rest when it
/// reads the configuration.
pub(super) fn issuer(text: &str) -> Result<String, Invalid> {
    let url = web_url(text).map_err(|_| {
        Invalid::new(
            "应为完整的 URL，主机前面要写 https://，例如 https://login.example.com",
            "expected an absolute URL: write https:// before the host, such as https://login.example.com",
        )
    })?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    if !is_plain(text) || url.scheme() == "http" && !is_local {
        return Err(Invalid::new(
            "应为 https URL，本机可以用 http://localhost",
            "expected an https URL, or http on localhost",
        ));
    }
    let has_more = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
    if has_more || url.as_str().trim_end_matches('/') != text {
        return Err(Invalid::new(
            "应为 https://login.example.com 形式的 URL：小写的协议和主机，可以带路径，不带查询参数、# 片段和用户名，不以斜杠结尾",
            "expected a URL such as https://login.example.com: scheme and host in lower case, and a path if need be, \
             without query, fragment and user name, and without a slash at its end",
        ));
    }
    Ok(text.to_owned())
}

/// A redirect URI, which is compared as text. That of an app may have a scheme of its own; the gateway checks the rest.
pub(super) fn redirect_uri(text: &str) -> Result<String, Invalid> {
    Url::parse(text).map_err(|_| {
        Invalid::new(
            "应为完整的 URL，例如 https://wiki.example.com/callback；公开客户端也可以是 com.example.app:/callback",
            "expected an absolute URL, such as https://wiki.example.com/callback, or for public clients com.example.app:/callback",
        )
    })?;
    if is_plain(text) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new(
            "只能包含 URL 允许的字符",
            "expected only characters that a URL may contain",
        ))
    }
}

/// Whether a text is the same in a TOML string.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// Marks an option of shared arguments that a command does not use, and rejects it.
pub(super) fn unused(option: Arg) -> Arg {
    let reject = |_: &str| -> Result<Origin, Invalid> {
        Err(Invalid::new(
            "该命令不使用这个选项",
            "this command does not use it",
        ))
    };
    option.hide(true).value_parser(reject)
}

/// The ID of an element, which is printed in HTML and in a script.
pub(super) fn element_id(text: &str) -> Result<String, Invalid> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new(
            "只能包含字母、数字、- 和 _",
            "expected letters, digits, - and _",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_json_or_a_text_and_nested_ones_are_json() {
        for (text, value) in [
            (
                "home=https://a.example/?b=c",
                "https://a.example/?b=c".into(),
            ),
            ("require_pkce=true", true.into()),
            ("home=null", Value::Null),
            ("scopes=[\"openid\"]", vec!["openid"].into()),
            (
                "claims={\"email\": \"{sub}@a.example\"}",
                serde_json::json!({ "email": "{sub}@a.example" }),
            ),
        ] {
            assert_eq!(setting(text).unwrap().1, value, "{text}");
        }
        for text in [
            "home",
            "claims={ email = \"a\" }",
            "scopes=[openid]",
            "claims.email=a",
        ] {
            assert!(setting(text).is_err(), "{text}");
        }
    }

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
