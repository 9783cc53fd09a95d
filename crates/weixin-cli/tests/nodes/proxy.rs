//! One address for several nodes, as a load balancer gives them: each connection goes to the next node that accepts it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) struct Proxy {
    pub(crate) port: u16,
    nodes: Arc<Mutex<Vec<SocketAddr>>>,
    serving: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let nodes = Arc::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&nodes)));
        Self {
            port,
            nodes,
            serving,
        }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
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

async fn serve(listener: TcpListener, nodes: Arc<Mutex<Vec<SocketAddr>>>) {
    let next = Arc::new(AtomicUsize::new(0));
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let (nodes, next) = (Arc::clone(&nodes), Arc::clone(&next));
        tokio::spawn(async move {
            if let Some(mut node) = connect(&nodes, &next).await {
                let _ = copy_bidirectional(&mut client, &mut node).await;
            }
        });
    }
}

async fn connect(nodes: &Mutex<Vec<SocketAddr>>, next: &AtomicUsize) -> Option<TcpStream> {
    let nodes = nodes.lock().unwrap().clone();
    for _ in &nodes {
        let node = nodes[next.fetch_add(1, Ordering::Relaxed) % nodes.len()];
        if let Ok(stream) = TcpStream::connect(node).await {
            return Some(stream);
        }
    }
    None
}
