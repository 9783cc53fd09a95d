//! The Chinese help of one command.

use super::shared::SHARED;

/// The Chinese help of a command.
pub(crate) struct Chinese {
    /// The names of the command without `weixin`, such as `sim exec`; of `weixin` itself, nothing.
    pub(crate) command: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// The arguments by their ID, unless they have a shared text.
    pub(crate) arguments: &'static [(&'static str, &'static str)],
    /// The text below the options, which has the examples of the English one.
    pub(crate) after: &'static str,
}

impl Chinese {
    pub(crate) fn argument(&self, id: &str) -> Option<&'static str> {
        let texts = self.arguments.iter().chain(SHARED.into_iter().flatten());
        texts
            .into_iter()
            .find(|(of, _)| *of == id)
            .map(|(_, text)| *text)
    }
}
