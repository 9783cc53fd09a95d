//! Memory of the simulator during an hour of 500 logins per second. The clock is moved, so it takes minutes.
//!
//! `cargo run --release --package weixin-sim --example an_hour_of_logins`
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "prints a measurement"
)]

use std::{
    error::Error,
    fs,
    time::{Duration, SystemTime},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use weixin_sim::Sim;

const LOGINS_A_SECOND: usize = 500;
const CONNECTIONS: usize = 4;

const PAGE: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&f=xml\
                    &redirect_uri=http%3A%2F%2Flocalhost%2F";
const EXCHANGE: &str = "/sns/oauth2/access_token?appid=wx0123456789abcdef\
                        &secret=ssssssssssssssssssssssssssssssss&grant_type=authorization_code&code=";

struct Connection(TcpStream);

impl Connection {
    async fn ask(&mut self, method: &str, path: &str) -> String {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        loop {
            let read = self.0.read(&mut buffer).await.unwrap();
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = between(head, "content-length: ", "\r\n").parse();
                if body.len() >= length.unwrap_or(0) {
                    return body.to_owned();
                }
            }
        }
    }

    /// Runs a whole login: page, phone, exchange and profile.
    async fn log_in(&mut self) {
        let page = self.ask("GET", PAGE).await;
        let uuid = between(&page, "<uuid>", "<").replace("<![CDATA[", "");
        let allow = format!("/_sim/api/logins/{uuid}/allow");
        let allowed = self.ask("POST", &allow).await;
        let code = between(&allowed, "code=", "&");
        let token = self.ask("GET", &format!("{EXCHANGE}{code}")).await;
        let member = |name| between(&token, &format!("\"{name}\":\""), "\"").to_owned();
        let bearer = format!(
            "access_token={}&openid={}",
            member("access_token"),
            member("openid")
        );
        let user = self.ask("GET", &format!("/sns/userinfo?{bearer}")).await;
        assert!(user.contains("小明"), "{page}\n{allowed}\n{token}\n{user}");
    }
}

/// Text after `begin`, up to `end` or the end of the text.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let rest = text.split_once(begin).map_or("", |(_, rest)| rest);
    rest.split(end).next().unwrap_or_default()
}

fn resident_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = between(&status, "VmRSS:", "kB").trim().parse::<f64>();
    kilobytes.unwrap_or_default() / 1024.0
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .start()
        .await?;
    let address = sim.url().trim_start_matches("http://").to_owned();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection(TcpStream::connect(&address).await?));
    }
    for second in 1..=3600 {
        let tasks: Vec<_> = connections
            .drain(..)
            .map(|mut connection| {
                tokio::spawn(async move {
                    for _ in 0..LOGINS_A_SECOND / CONNECTIONS {
                        connection.log_in().await;
                    }
                    connection
                })
            })
            .collect();
        for task in tasks {
            connections.push(task.await?);
        }
        sim.advance(Duration::from_secs(1)).unwrap();
        if second % 300 == 0 || second == 60 {
            let logins = second * LOGINS_A_SECOND;
            println!(
                "after {:2} minutes, {logins:7} logins: {:4.0} MB, this program's own included",
                second / 60,
                resident_megabytes()
            );
        }
    }
    Ok(())
}
