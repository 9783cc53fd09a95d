//! A request as a command of curl, with variables in place of secrets.
//!
//! Any program, and any web page, can send requests that are shown here, and a user runs the command in a shell: so every
//! text is quoted, and only variables that this file names stand outside of the quotes.

use std::fmt::Write;

use crate::{LoggedRequest, world::masking::MASK};

/// Part of a word of the shell.
enum Part {
    Text(String),
    /// Name of a variable.
    Variable(String),
}

/// The command that repeats the request at the simulator.
pub(super) fn command(request: &LoggedRequest, origin: &str) -> String {
    let is_get = request.method == "GET";
    let is_json = !is_get && has_json(request);
    let (in_query, in_body): (Vec<_>, Vec<_>) = request
        .parameters
        .iter()
        .partition(|(name, _)| is_get || (is_json && name == "access_token"));
    let mut url = vec![Part::Text(format!("{origin}{}", request.path))];
    if let (false, Some((name, value))) = (is_get, in_query.first()) {
        url.push(Part::Text(format!("?{name}=")));
        url.push(value_of(request, name, value));
    }
    // Without it, curl reads brackets in a URL as several URLs.
    let brackets = request.path.contains(['[', ']', '{', '}']);
    let globoff = if brackets { " --globoff" } else { "" };
    let get = if is_get && !in_query.is_empty() {
        " -G"
    } else {
        ""
    };
    let mut command = format!("curl{get}{globoff} {}", word(&url));
    let mut argument = |option: &str, parts: &[Part]| {
        // Writing to a text cannot fail.
        let _ = write!(command, " \\\n  {option} {}", word(parts));
    };
    if is_json {
        argument("--json", &json(request, &in_body));
        return command;
    }
    if !is_get && in_body.is_empty() {
        argument("-X", &[Part::Text(request.method.clone())]);
    }
    for (name, value) in if is_get { in_query } else { in_body } {
        let name_first = Part::Text(format!("{name}="));
        argument(
            "--data-urlencode",
            &[name_first, value_of(request, name, value)],
        );
    }
    command
}

fn has_json(request: &LoggedRequest) -> bool {
    let mut headers = request.request_headers.iter();
    let content_type = headers.find(|(name, _)| name == "content-type");
    content_type.is_some_and(|(_, value)| value.contains("json"))
}

/// The parameters as a JSON object. Their types are not in the log: `true` and `false` are not texts.
fn json(request: &LoggedRequest, parameters: &[&(String, String)]) -> Vec<Part> {
    let mut parts = Vec::new();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    for (name, value) in parameters {
        let start = if parts.is_empty() { '{' } else { ',' };
        parts.push(Part::Text(format!("{start}{}:", quoted(name))));
        match value_of(request, name, value) {
            Part::Text(text) if text == "true" || text == "false" => parts.push(Part::Text(text)),
            Part::Text(text) => parts.push(Part::Text(quoted(&text))),
            variable @ Part::Variable(_) => {
                parts.push(Part::Text("\"".to_owned()));
                parts.push(variable);
                parts.push(Part::Text("\"".to_owned()));
            }
        }
    }
    parts.push(Part::Text(
        if parts.is_empty() { "{}" } else { "}" }.to_owned(),
    ));
    parts
}

/// The value of a parameter, or a variable if it is masked.
fn value_of(request: &LoggedRequest, name: &str, value: &str) -> Part {
    let mut masked = request.masked_parameters.iter();
    let is_masked = value == MASK && masked.any(|(masked, _)| masked == name);
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    match name {
        _ if !is_masked || !is_name => Part::Text(value.to_owned()),
        "secret" | "client_secret" => Part::Variable("WEIXIN_APP_SECRET".to_owned()),
        "code" | "js_code" => Part::Variable("CODE".to_owned()),
        name => Part::Variable(name.to_ascii_uppercase()),
    }
}

/// Returns `true` for what means nothing to a shell, not even between double quotes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_=".contains(&byte)
}

/// The parts as one word of the shell, whatever is in the texts.
fn word(parts: &[Part]) -> String {
    if let [Part::Text(text), Part::Variable(name)] = parts
        && text.bytes().all(is_plain)
    {
        // Easier to read.
        return format!("\"{text}${name}\"");
    }
    let mut word = String::new();
    let mut text = String::new();
    let end = |text: &mut String, word: &mut String| {
        if !text.is_empty() {
            // Writing to a text cannot fail.
            let _ = write!(word, "'{}'", text.replace('\'', "'\\''"));
            text.clear();
        }
    };
    for part in parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Variable(name) => {
                end(&mut text, &mut word);
                let _ = write!(word, "\"${name}\"");
            }
        }
    }
    end(&mut text, &mut word);
    word
}
