//! Parsers of values.

use std::net::SocketAddr;

use url::Url;

pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080")
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
