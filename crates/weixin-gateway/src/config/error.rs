//! Errors of the configuration file.

use std::{
    fmt::{self, Write},
    path::{Path, PathBuf},
};

use weixin::Language;

use super::problem::{Problem, both};

/// The configuration is invalid: names the file, the place and the rule, never a value. [`Display`](fmt::Display) is in
/// English.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    file: Option<PathBuf>,
    /// Of the file.
    line: Option<usize>,
    /// The key, such as `server.listen` or `client wiki, secret`. Empty: the file as a whole.
    place: String,
    /// In a box: errors are small where all is well.
    problem: Box<Problem>,
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<Problem>) -> Self {
        Self {
            file: None,
            line: None,
            place: place.into(),
            problem: Box::new(problem.into()),
        }
    }

    /// A setting that no stored client may have.
    pub(super) fn only_in_file(place: String) -> Self {
        let problem = both(
            "只能用于配置文件中的客户端",
            "only for clients of the configuration file",
        );
        Self::new(place, problem)
    }

    /// A setting of a stored client that stays as it is.
    pub(crate) fn fixed(key: &str) -> Self {
        let problem = both(
            "不能修改：请添加另一个客户端",
            "it cannot be changed: add another client",
        );
        Self::new(format!("client.{key}"), problem)
    }

    /// Whether a client names an issuer that the file does not have.
    pub(crate) const fn is_of_issuer(&self) -> bool {
        matches!(*self.problem, Problem::NoIssuer(_))
    }

    /// The file of secrets that has to be changed, or created if it does not exist, unless the configuration file itself has
    /// an error.
    pub fn secret_file(&self) -> Option<&Path> {
        self.problem.secret_file()
    }

    pub(super) const fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The error of this configuration file. What it names is relative to the folder of the file.
    pub(super) fn in_file(mut self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        self.problem = Box::new(self.problem.below(folder));
        self.file = Some(file.to_owned());
        self
    }

    /// The error in one line, in one language.
    pub fn text(&self, language: Language) -> String {
        let is_english = language == Language::English;
        let colon = if is_english { ": " } else { "：" };
        let mut text = String::new();
        // A text accepts all that is written to it.
        if let Some(file) = &self.file {
            let _ = write!(text, "{}{colon}", file.display());
        }
        if let Some(line) = self.line {
            let _ = match (is_english, self.place.is_empty()) {
                (true, true) => write!(text, "line {line}{colon}"),
                (true, false) => write!(text, "line {line}, "),
                (false, true) => write!(text, "第 {line} 行{colon}"),
                (false, false) => write!(text, "第 {line} 行，"),
            };
        }
        if !self.place.is_empty() {
            let place = if is_english {
                self.place.clone()
            } else {
                self.place.replace(", ", "，")
            };
            let _ = write!(text, "{place}{colon}");
        }
        text.push_str(&self.problem.text(&self.place, language));
        text
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}
