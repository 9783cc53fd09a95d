//! The width of the terminal.

use std::{
    env,
    io::{self, IsTerminal},
};

use crate::layout::wrap;

/// The width if it is not known.
const DEFAULT: usize = 80;

/// Longer lines are hard to read.
const MAX: usize = 100;

/// The columns of a line of help, on a terminal or not.
pub(crate) fn columns() -> usize {
    let variable = env::var("COLUMNS").ok();
    let variable = variable.and_then(|columns| columns.parse().ok());
    let columns = variable.or_else(|| {
        let (width, _) = terminal_size::terminal_size()?;
        Some(width.0.into())
    });
    columns.unwrap_or(DEFAULT).min(MAX)
}

/// The text of a result, after an indent of this width. On a terminal it has lines of its width; in a file or a pipe, one
/// line for programs.
pub(crate) fn fit(text: &str, indent: usize) -> String {
    if !io::stdout().is_terminal() {
        return text.to_owned();
    }
    let columns = columns().saturating_sub(indent);
    let indent = format!("\n{}", " ".repeat(indent));
    wrap(text, columns).join(&indent)
}
