//! A visitor who opens connections, and sends no more than the half of a head.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

use super::connections::{Served, read};
use crate::world::{Options, World};

/// Connections of one address.
const SHARE: usize = 256;

const HALF: &[u8] = b"GET /authorize HTTP/1.1\r\nhost: localhost\r\nx: ";
const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A connection from an address of this machine.
async fn connect(served: &Served, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(served.address).await.unwrap()
}

/// What a visitor gets who asks whether the gateway runs.
async fn response(served: &Served, from: Ipv4Addr) -> String {
    let mut stream = connect(served, from).await;
    // It may be closed already.
    let _ = stream.write_all(WHOLE).await;
    read(&mut stream).await
}

async fn half(served: &Served, from: Ipv4Addr) -> TcpStream {
    let mut stream = connect(served, from).await;
    stream.write_all(HALF).await.unwrap();
    stream
}

#[tokio::test]
async fn an_address_that_keeps_connections_open_gets_no_more_and_others_do() {
    let served = Served::start().await;
    let [attacker, user] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
    let mut open = Vec::new();
    for _ in 0..SHARE {
        open.push(half(&served, attacker).await);
    }
    for _ in 0..3 {
        assert_eq!(response(&served, attacker).await, "");
    }
    let page = response(&served, user).await;
    assert!(page.ends_with("\r\n\r\nok\n"), "{page}");
    // A place is free as soon as its connection ends.
    let mut last = open.pop().unwrap();
    last.write_all(b"\r\nbroken\r\n\r\n").await.unwrap();
    assert!(read(&mut last).await.starts_with("HTTP/1.1 400 "));
    drop(last);
    let page = response(&served, attacker).await;
    assert!(page.ends_with("\r\n\r\nok\n"), "{page}");
    drop(open);
    served.stop().await;
}

/// The requests of all users come from the addresses of a few proxies.
#[tokio::test]
async fn a_trusted_proxy_may_open_more_connections_than_one_visitor() {
    let options = Options {
        edit: Some(|text| {
            text.replace(
                "[server]\n",
                "[server]\ntrusted_proxies = [\"127.0.0.2\"]\n",
            )
        }),
        ..Options::default()
    };
    let served = Served::with(World::with(options).await).await;
    let [stranger, proxy] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
    let mut open = Vec::new();
    for _ in 0..SHARE + 40 {
        open.push(half(&served, proxy).await);
    }
    for from in [proxy, stranger] {
        let page = response(&served, from).await;
        assert!(page.ends_with("\r\n\r\nok\n"), "{page}");
    }
    drop(open);
    served.stop().await;
}
