//! Where metrics are served.

use std::net::SocketAddr;

use serde::Deserialize;

/// The table `[metrics]`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    /// The address of their own listener. Absent: they are not served.
    pub(crate) listen: Option<SocketAddr>,
}
