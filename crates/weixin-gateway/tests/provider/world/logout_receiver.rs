//! The endpoint of a client to which logout tokens are posted.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedReceiver},
};

use super::World;

/// What the endpoint does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// It closes the connection.
    Close,
    Status(u16),
}

/// The endpoint of a client.
pub(crate) struct LogoutReceiver {
    pub(crate) url: String,
    tokens: UnboundedReceiver<String>,
}

impl LogoutReceiver {
    /// An endpoint that replies so to its first requests, and with 200 after that.
    pub(crate) async fn start(replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/logout", listener.local_addr().unwrap());
        let (sender, tokens) = mpsc::unbounded_channel();
        let mut replies: VecDeque<_> = replies.iter().copied().collect();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let token = token(&mut stream).await;
                if let Some(Reply::Close) = replies.front() {
                    replies.pop_front();
                } else {
                    let status = match replies.pop_front() {
                        Some(Reply::Status(status)) => status,
                        _ => 200,
                    };
                    let head = format!(
                        "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                    );
                    stream.write_all(head.as_bytes()).await.unwrap();
                }
                drop(stream);
                let _ = sender.send(token);
            }
        });
        Self { url, tokens }
    }

    /// The lines of a client that is told of logouts here.
    pub(crate) fn config(&self) -> String {
        format!(
            "backchannel_logout_uri = \"{}\"\nbackchannel_logout_session_required = true\nallow_private = true",
            self.url
        )
    }

    /// The next logout token. The clock is moved meanwhile, since the outbox is looked at each second.
    pub(crate) async fn next(&mut self, world: &World) -> String {
        let mut seconds = 0;
        loop {
            let next = tokio::time::timeout(Duration::from_millis(20), self.tokens.recv());
            match next.await {
                Ok(token) => return token.unwrap(),
                Err(_) => world.clock.advance(Duration::from_secs(1)),
            }
            seconds += 1;
            assert!(seconds < 600, "no logout token came");
        }
    }

    /// Whether a token has come that was not read.
    pub(crate) fn has_another(&mut self) -> bool {
        self.tokens.try_recv().is_ok()
    }
}

/// The token of a request.
async fn token(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        let text = std::str::from_utf8(&request).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("POST /logout HTTP/1.1\r\n"), "{head}");
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() == length {
            return body.strip_prefix("logout_token=").unwrap().to_owned();
        }
    }
}

impl World {
    /// Runs a test beside the tasks of the gateway.
    pub(crate) async fn maintained<T>(&self, test: impl Future<Output = T>) -> T {
        tokio::select! {
            () = self.gateway.maintain() => panic!("the tasks of the gateway have ended"),
            result = test => result,
        }
    }
}
