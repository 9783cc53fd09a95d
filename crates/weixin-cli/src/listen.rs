//! Listening on an address.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::error::CliError;

/// Listens on an address. An error names the option with which another one is chosen.
pub(crate) async fn bind(
    address: SocketAddr,
    option: &'static str,
) -> Result<TcpListener, CliError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| CliError::Listen {
        option,
        address,
        source,
    })
}
