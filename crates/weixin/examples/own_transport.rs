//! Another HTTP client than the bundled one: hyper, with rustls and the operating system's certificates.
//!
//! `cargo run --example own_transport` calls the simulator by it. It works without the feature `reqwest`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{error::Error, time::Duration};

use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use weixin::{
    AppSecret, Code, Endpoints, Website,
    transport::{MAX_BODY, ResponseFuture, Transport, TransportError, TransportErrorKind},
};
use weixin_sim::Sim;

/// The longest time for one response.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::start().await?;
    let secret = AppSecret::new("s".repeat(32))?;
    let website = Website::builder("wx0123456789abcdef".parse()?, secret)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build_with(ByHyper::new()?);
    match website.exchange(Code::new("made-up")?).await {
        Ok(token) => println!("logged in: {}", token.openid),
        Err(error) => println!("an error: {error}"),
    }
    Ok(())
}

/// hyper follows no redirects, has no time-out, and reads responses of any size. The last two are set here.
#[derive(Debug)]
struct ByHyper(Hyper<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl ByHyper {
    fn new() -> Result<Self, Box<dyn Error>> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Hyper::builder(TokioExecutor::new()).build(connector)))
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let response = self.0.request(request).await.map_err(|error| {
            let kind = if error.is_connect() {
                TransportErrorKind::Connect
            } else {
                TransportErrorKind::Other
            };
            // hyper's errors do not contain the URL, which contains secrets.
            TransportError::new(kind, error)
        })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|error| {
                let kind = if error.is::<LengthLimitError>() {
                    TransportErrorKind::TooLarge
                } else {
                    TransportErrorKind::Other
                };
                TransportError::new(kind, error)
            })?;
        Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
    }
}

impl Transport for ByHyper {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        Box::pin(async {
            let exchange = self.exchange(request);
            match tokio::time::timeout(TIMEOUT, exchange).await {
                Ok(response) => response,
                Err(_) => Err(TransportErrorKind::Timeout.into()),
            }
        })
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }
}
