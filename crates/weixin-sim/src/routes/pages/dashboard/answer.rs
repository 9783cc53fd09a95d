//! The body of a response as HTML: indented, colored, and with locks in place of secrets.

use crate::{bilingual::Language, routes::people::escape, world::masking::MASK};

/// Indents JSON, whole or cut; any other text stays as it is.
pub(super) fn html(body: &str, masked: &[(String, usize)], language: Language) -> String {
    if !body.trim_start().starts_with(['{', '[']) {
        return escape(body);
    }
    let mut writer = Writer {
        masked,
        language,
        html: String::new(),
        depth: 0,
        key: String::new(),
    };
    writer.write(body);
    writer.html
}

struct Writer<'a> {
    masked: &'a [(String, usize)],
    language: Language,
    html: String,
    depth: usize,
    /// Name of the last member.
    key: String,
}

impl Writer<'_> {
    fn write(&mut self, mut rest: &str) {
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = match c {
                '"' => self.text(after),
                '{' | '[' => {
                    self.html.push(c);
                    self.open(after)
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                    self.html.push(c);
                    after
                }
                ',' => {
                    self.html.push(c);
                    self.line();
                    after
                }
                ':' => {
                    self.html.push_str(": ");
                    after
                }
                c if c.is_whitespace() => after,
                _ => self.word(rest),
            };
        }
    }

    /// Begins an object or array; an empty one stays on its line.
    fn open<'a>(&mut self, after: &'a str) -> &'a str {
        let trimmed = after.trim_start();
        if let Some(closing) = trimmed.chars().next().filter(|c| matches!(c, '}' | ']')) {
            self.html.push(closing);
            return &trimmed[1..];
        }
        self.depth += 1;
        self.line();
        after
    }

    fn line(&mut self) {
        self.html.push('\n');
        self.html.push_str(&"  ".repeat(self.depth.min(20)));
    }

    /// Writes a string, and returns what follows it.
    fn text<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut is_escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let (text, after) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
        let quote = if end.is_some() { "\"" } else { "" };
        if after.trim_start().starts_with(':') {
            text.clone_into(&mut self.key);
            self.span("k", &format!("\"{text}{quote}"));
        } else if text == MASK {
            let length = self.masked.iter().find(|(name, _)| *name == self.key);
            let length = length.map_or(0, |(_, length)| *length);
            self.html.push_str(&lock(length, self.language));
        } else {
            self.span("s", &format!("\"{text}{quote}"));
        }
        after
    }

    /// Writes a number or a literal, and returns what follows it.
    fn word<'a>(&mut self, rest: &'a str) -> &'a str {
        let end = rest.find([',', '}', ']', ' ', '\n', '"']);
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()).max(1));
        self.span("n", word);
        after
    }

    fn span(&mut self, class: &str, text: &str) {
        let text = escape(text);
        self.html
            .extend(["<span class=\"", class, "\">", &text, "</span>"]);
    }
}

/// A masked value: a lock and its length, never a part of it.
pub(super) fn lock(length: usize, language: Language) -> String {
    let length = match language {
        Language::Chinese => format!("{length} 个字符"),
        Language::English => format!("{length} characters"),
    };
    format!(
        "<span class=\"masked\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#i-lock\"/></svg>•••••••• <span>{length}</span></span>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_indented_and_its_secrets_are_locks() {
        let masked = [("access_token".to_owned(), 86)];
        let body =
            r#"{"access_token":"***","expires_in":7200,"privilege":[],"nickname":"<\"b\">"}"#;
        let lock = lock(86, Language::English);
        let expected = format!(
            "{{\n  <span class=\"k\">&quot;access_token&quot;</span>: {lock},\n  \
             <span class=\"k\">&quot;expires_in&quot;</span>: <span class=\"n\">7200</span>,\n  \
             <span class=\"k\">&quot;privilege&quot;</span>: [],\n  \
             <span class=\"k\">&quot;nickname&quot;</span>: <span class=\"s\">&quot;&lt;\\&quot;b\\&quot;&gt;&quot;</span>\n}}"
        );
        assert_eq!(html(body, &masked, Language::English), expected);
    }

    #[test]
    fn what_was_cut_or_is_no_json_is_shown_as_far_as_it_goes() {
        for (body, expected) in [
            ("<h1>", "&lt;h1&gt;"),
            ("{\"a", "{\n  <span class=\"s\">&quot;a</span>"),
            ("{]}", "{]\n}"),
        ] {
            assert_eq!(html(body, &[], Language::English), expected);
        }
    }
}
