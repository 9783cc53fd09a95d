//! The width of the terminal.

use std::env;

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
