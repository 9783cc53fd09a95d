//! Query and form, merged: WeChat reads a parameter from either.

use std::sync::Arc;

/// The parameters of a request, the query's first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Arc<[(String, String)]>);

impl Parameters {
    pub(crate) fn new(query: &str, form: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of that name; empty if there is none, as WeChat makes no difference.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn as_slice(&self) -> &[(String, String)] {
        &self.0
    }
}

/// The fields of a form of our own.
pub(crate) fn form(body: &str) -> Parameters {
    Parameters::new(body, &[])
}
