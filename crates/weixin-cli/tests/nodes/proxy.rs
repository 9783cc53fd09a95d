//! One address for several nodes, as a load balancer gives them: each connection goes to the next node that accepts it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) struct Proxy {
    pub(crate) port: u16,
    nodes: Nodes,
    /// The node of each connection that ended without a byte for its client.
    cut: Nodes,
    serving: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (nodes, cut) = (Arc::default(), Arc::default());
        let serving = serve(listener, Arc::clone(&nodes), Arc::clone(&cut));
        Self {
            port,
            nodes,
            cut,
            serving: tokio::spawn(serving),
        }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The connections to this node that ended without a response.
    pub(crate) fn cut(&self, node: SocketAddr) -> usize {
        let cut = self.cut.lock().unwrap();
        cut.iter().filter(|it| **it == node).count()
    }

    pub(crate) fn add(&self, node: SocketAddr) {
        self.nodes.lock().unwrap().push(node);
    }

    pub(crate) fn remove(&self, node: SocketAddr) {
        self.nodes.lock().unwrap().retain(|it| *it != node);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Nodes = Arc<Mutex<Vec<SocketAddr>>>;

async fn serve(listener: TcpListener, nodes: Nodes, cut: Nodes) {
    let next = Arc::new(AtomicUsize::new(0));
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (nodes, cut, next) = (Arc::clone(&nodes), Arc::clone(&cut), Arc::clone(&next));
        tokio::spawn(async move {
            if let Some((address, node)) = connect(&nodes, &next).await {
                let (from_client, to_client) = client.into_split();
                let (from_node, to_node) = node.into_split();
                let request = tokio::spawn(relay(from_client, to_node));
                if relay(from_node, to_client).await == 0 {
                    cut.lock().unwrap().push(address);
                }
                request.abort();
            }
        });
    }
}

/// Copies until one side ends, and returns the number of bytes.
async fn relay(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> usize {
    let (mut buffer, mut copied) = (vec![0; 16_384], 0);
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        copied += read;
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    copied
}

/// The next node that accepts a connection, as load balancers try one after the other.
async fn connect(
    nodes: &Mutex<Vec<SocketAddr>>,
    next: &AtomicUsize,
) -> Option<(SocketAddr, TcpStream)> {
    let nodes = nodes.lock().unwrap().clone();
    let first = next.fetch_add(1, Ordering::Relaxed);
    for number in 0..nodes.len() {
        let node = nodes[(first + number) % nodes.len()];
        if let Ok(stream) = TcpStream::connect(node).await {
            return Some((node, stream));
        }
    }
    None
}
