//! Exchange and profile by `weixin`, bare reqwest or bare hyper, for `scripts/bench`: `login CLIENT ORIGIN`.
//!
//! Each line of input is a batch of codes; when all of them are logged in, `done` is printed. The writer of the lines
//! measures this process from outside, as it measures the peers in other languages.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{env, io};

use http::{Request, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::runtime::Builder;
use weixin::{AppSecret, Code, Endpoints, Website};

const APP: &str = "wx0123456789abcdef";
const SECRET: &str = "ssssssssssssssssssssssssssssssss";
const NICKNAME: &str = "小明🐼é";

#[derive(Deserialize)]
struct Token {
    access_token: String,
    openid: String,
}

#[derive(Deserialize)]
struct User {
    nickname: String,
}

enum Login {
    Weixin(Website),
    Reqwest(reqwest::Client, String),
    Hyper(Hyper<HttpsConnector<HttpConnector>, Empty<Bytes>>, String),
}

impl Login {
    fn by(client: &str, origin: String) -> Self {
        match client {
            "weixin" => {
                let secret = AppSecret::new(SECRET).unwrap();
                let endpoints = Endpoints::single(origin.parse().unwrap());
                let website = Website::builder(APP.parse().unwrap(), secret).endpoints(endpoints);
                Self::Weixin(website.build().unwrap())
            }
            "reqwest" => Self::Reqwest(reqwest::Client::builder().build().unwrap(), origin),
            _ => {
                let provider = rustls::crypto::aws_lc_rs::default_provider();
                let connector = HttpsConnectorBuilder::new()
                    .with_provider_and_platform_verifier(provider)
                    .unwrap()
                    .https_or_http()
                    .enable_http1()
                    .build();
                Self::Hyper(
                    Hyper::builder(TokioExecutor::new()).build(connector),
                    origin,
                )
            }
        }
    }

    async fn nickname(&self, code: &str) -> String {
        match self {
            Self::Weixin(website) => {
                let token = website.exchange(Code::new(code).unwrap()).await.unwrap();
                website.user(&token).await.unwrap().nickname
            }
            Self::Reqwest(_, origin) | Self::Hyper(_, origin) => {
                let token: Token = self.get(exchange(origin, code)).await;
                let user: User = self.get(profile(origin, &token)).await;
                user.nickname
            }
        }
    }

    /// One GET, read as JSON.
    async fn get<T: DeserializeOwned>(&self, url: String) -> T {
        match self {
            Self::Reqwest(client, _) => {
                let response = client.get(url).send().await.unwrap();
                response.json().await.unwrap()
            }
            Self::Hyper(client, _) => {
                let url: Uri = url.parse().unwrap();
                let request = Request::get(url).body(Empty::new()).unwrap();
                let response = client.request(request).await.unwrap();
                let body = response.into_body().collect().await.unwrap();
                serde_json::from_slice(&body.to_bytes()).unwrap()
            }
            Self::Weixin(_) => unreachable!("it makes its requests itself"),
        }
    }
}

fn exchange(origin: &str, code: &str) -> String {
    format!(
        "{origin}/sns/oauth2/access_token?appid={APP}&secret={SECRET}&code={code}&grant_type=authorization_code"
    )
}

fn profile(origin: &str, token: &Token) -> String {
    let Token {
        access_token,
        openid,
    } = token;
    format!("{origin}/sns/userinfo?access_token={access_token}&openid={openid}&lang=zh_CN")
}

fn main() {
    let mut arguments = env::args().skip(1);
    let (Some(client), Some(origin)) = (arguments.next(), arguments.next()) else {
        println!("login CLIENT ORIGIN: run by scripts/bench");
        return;
    };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let login = Login::by(&client, origin);
    for batch in io::stdin().lines() {
        for code in batch.unwrap().split_whitespace() {
            assert_eq!(runtime.block_on(login.nickname(code)), NICKNAME);
        }
        println!("done");
    }
}
