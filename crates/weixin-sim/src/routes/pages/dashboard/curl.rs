//! A request as a command of curl, with variables in place of secrets.

use std::fmt::Write;

use crate::{LoggedRequest, world::masking::MASK};

/// The command that repeats the request at the simulator.
pub(super) fn command(request: &LoggedRequest, origin: &str) -> String {
    let mut headers = request.request_headers.iter();
    let content_type = headers.find(|(name, _)| name == "content-type");
    let is_json = content_type.is_some_and(|(_, value)| value.contains("json"));
    let is_get = request.method == "GET";
    let (in_query, in_body): (Vec<_>, Vec<_>) = request
        .parameters
        .iter()
        .partition(|(name, _)| is_get || (is_json && name == "access_token"));
    let mut url = format!("{origin}{}", request.path);
    if !is_get && !in_query.is_empty() {
        url.push_str("?access_token=$ACCESS_TOKEN");
    }
    let mut command = if is_get && !in_query.is_empty() {
        format!("curl -G {}", quoted(&url))
    } else {
        format!(
            "curl {}",
            if url.contains('$') {
                format!("\"{url}\"")
            } else {
                quoted(&url)
            }
        )
    };
    if is_json && !is_get {
        let members = in_body.iter().map(|(name, value)| {
            let value = variable(name, value).unwrap_or_else(|| value.clone());
            format!(
                "\\\"{name}\\\":\\\"{}\\\"",
                value.replace(['"', '`', '\\'], "")
            )
        });
        let members: Vec<_> = members.collect();
        let _ = write!(command, " \\\n  --json \"{{{}}}\"", members.join(","));
        return command;
    }
    let pairs = if is_get { in_query } else { in_body };
    for (name, value) in pairs {
        let pair = match variable(name, value) {
            Some(variable) => format!("\"{name}={variable}\""),
            None => quoted(&format!("{name}={value}")),
        };
        // Writing to a text cannot fail.
        let _ = write!(command, " \\\n  --data-urlencode {pair}");
    }
    command
}

/// Variable of the shell in place of a masked value.
fn variable(name: &str, value: &str) -> Option<String> {
    let variable = match name {
        _ if value != MASK => return None,
        "secret" | "client_secret" => "$WEIXIN_APP_SECRET".to_owned(),
        "code" | "js_code" => "$CODE".to_owned(),
        name => format!("${}", name.to_ascii_uppercase()),
    };
    Some(variable)
}

/// A word of the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
