//! Listening on an address.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::error::CliError;

pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| CliError::Listen { address, source })
}
