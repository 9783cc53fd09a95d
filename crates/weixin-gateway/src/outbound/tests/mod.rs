//! Requests to URLs that a client has chosen.

mod addresses;

use std::{
    collections::VecDeque,
    io,
    net::Ipv4Addr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// The responses of a resolver, one for each question.
#[derive(Default)]
struct Answers {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    questions: AtomicUsize,
}

impl Answers {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |it: &&[&str]| it.iter().map(|it| it.parse().unwrap()).collect();
        let answers = Mutex::new(answers.iter().map(parse).collect());
        let questions = AtomicUsize::new(0);
        Arc::new(Self { answers, questions })
    }
}

impl LookUp for Answers {
    fn look_up(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        Box::pin(async { Ok(answer) })
    }
}

/// A server of this machine that stands for one of the internet.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A client for which the server of this machine is a public one, and no other address is.
fn outbound(answers: &[&[&str]]) -> (Outbound, Arc<Answers>) {
    let answers = Answers::new(answers);
    let resolver: Arc<dyn LookUp> = Arc::<Answers>::clone(&answers);
    let outbound = Outbound::with_resolver(&resolver, |it| it == PUBLIC, TIMEOUT);
    (outbound.unwrap(), answers)
}

/// A client by the rules of the internet, whose resolver knows nothing.
fn strict() -> Outbound {
    let resolver: Arc<dyn LookUp> = Answers::new(&[]);
    Outbound::with_resolver(&resolver, is_public, TIMEOUT).unwrap()
}

async fn post(outbound: &Outbound, url: &str) -> Result<u16, OutboundError> {
    let url = url.parse().unwrap();
    let form = "logout_token=x".to_owned();
    let status = outbound.post_form(&url, form, false).await;
    status.map(|it| it.as_u16())
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((PUBLIC, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Reads a request to the end of its form.
async fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"logout_token=x") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
    }
    String::from_utf8(request).unwrap()
}

/// Responds to one connection after another, and closes each; the requests.
async fn serve(listener: &TcpListener, responses: &[&str]) -> Vec<String> {
    let mut requests = Vec::new();
    for response in responses {
        let (mut stream, _) = listener.accept().await.unwrap();
        requests.push(request(&mut stream).await);
        stream.write_all(response.as_bytes()).await.unwrap();
    }
    requests
}

const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Whether a connection waits in the queue of the operating system.
fn has_connection(listener: TcpListener) -> bool {
    listener.into_std().unwrap().accept().is_ok()
}

#[tokio::test]
async fn a_form_is_posted_to_the_address_that_was_checked() {
    let (listener, port) = listener().await;
    let (outbound, answers) = outbound(&[&["10.0.0.1", "127.0.0.1", "::1"]]);
    let url = format!("http://rp.example:{port}/logout?a=1");
    let (status, requests) = tokio::join!(post(&outbound, &url), serve(&listener, &[OK]));
    assert_eq!(status.unwrap(), 200);
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    let expected = format!(
        "POST /logout?a=1 HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\naccept: */*\r\nuser-agent: weixin-gateway/{}\r\nhost: rp.example:{port}\r\ncontent-length: 14\r\n\r\nlogout_token=x",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(*request, expected);
    assert_eq!(answers.questions.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_client_that_does_not_respond_is_given_up() {
    let (listener, port) = listener().await;
    let resolver: Arc<dyn LookUp> = Answers::new(&[&["127.0.0.1"]]);
    let timeout = Duration::from_millis(50);
    let outbound = Outbound::with_resolver(&resolver, |_| true, timeout).unwrap();
    let error = post(&outbound, &format!("http://rp.example:{port}/")).await;
    assert!(matches!(error, Err(OutboundError::Timeout)), "{error:?}");
    drop(listener);
}

/// Its status counts, and the rest is not read.
#[tokio::test]
async fn a_response_without_end_is_cut_off() {
    let (listener, port) = listener().await;
    let (outbound, _) = outbound(&[&["127.0.0.1"]]);
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut written = 0_usize;
        while let Ok(length) = stream.write(&[b'x'; 16_384]).await {
            written += length;
        }
        written
    };
    let url = format!("http://rp.example:{port}/");
    let (status, written) = tokio::join!(post(&outbound, &url), server);
    assert_eq!(status.unwrap(), 200);
    // What is on its way fills the buffers of the operating system.
    assert!(written < 32 * 1024 * 1024, "{written}");
}

/// The URL may hold a secret of the client's.
#[tokio::test]
async fn an_error_does_not_show_the_url() {
    let (listener, port) = listener().await;
    drop(listener);
    let (outbound, _) = outbound(&[&["127.0.0.1"]]);
    let error = post(&outbound, &format!("http://rp.example:{port}/?key=hunter2")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
