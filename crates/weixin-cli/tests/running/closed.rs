//! A port that is closed for as long as a test needs it.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port on which nothing listens. No other program gets it while this exists.
pub(crate) struct Closed {
    _socket: TcpSocket,
    pub(crate) address: SocketAddr,
}

pub(crate) fn closed_port() -> Closed {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Closed {
        address: socket.local_addr().unwrap(),
        _socket: socket,
    }
}
