//! Calls of the control API of a simulator that runs.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{Method, Request, Response};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;
use weixin::{
    Language,
    transport::{Https, Transport},
};

use crate::{
    control_rules,
    error::CliError,
    message::{Message, message},
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// The control API of a simulator, or of one of its worlds.
#[derive(Debug)]
pub(super) struct Control {
    url: Url,
}

impl Control {
    pub(super) fn at(url: &Url) -> Self {
        Self { url: url.clone() }
    }

    /// Calls a path below `/_sim/api`; returns status and JSON. An error says what to do.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<(u16, Value), CliError> {
        let usage = |error: &dyn std::fmt::Display| {
            CliError::Usage(Message::from(error.to_string()).prefixed("--sim"))
        };
        let url = self.url.join(&format!("/_sim/api{path}"));
        let url = url.map_err(|error| usage(&error))?;
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let request = Request::builder().method(method).uri(url.as_str());
        let request = request.body(body).map_err(|error| usage(&error))?;
        let response = if self.url.scheme() == "https" {
            timeout(TIMEOUT, Https::new()?.send(request))
                .await
                .ok()
                .and_then(Result::ok)
        } else {
            timeout(TIMEOUT, send_plain(request)).await.ok().flatten()
        };
        let response = response.ok_or_else(|| self.unreachable())?;
        let json = serde_json::from_slice(response.body());
        let json = json.map_err(|_| self.not_a_simulator())?;
        Ok((response.status().as_u16(), json))
    }

    /// Calls a path that must succeed.
    pub(super) async fn expect(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, CliError> {
        match self.call(method, path, body).await? {
            (200 | 201, json) => Ok(json),
            (_, json) => Err(self.rejected(&json)),
        }
    }

    /// Error for a rejected call, with its field and rule.
    pub(super) fn rejected(&self, json: &Value) -> CliError {
        let error = &json["error"];
        match (error["field"].as_str(), error["rule"].as_str()) {
            (Some(field), Some(rule)) => {
                let rule = control_rules::text(rule);
                let text = message(
                    format!("{field}：{}", rule.pick(Language::Chinese)),
                    format!("{field} {}", rule.pick(Language::English)),
                );
                CliError::Other(text.prefixed(self.url.as_str()))
            }
            _ => self.not_a_simulator(),
        }
    }

    pub(super) fn not_a_simulator(&self) -> CliError {
        let url = &self.url;
        CliError::Usage(message(
            format!("{url} 不是模拟器：请用 --sim 指定"),
            format!("{url} is not a simulator: use --sim"),
        ))
    }

    fn unreachable(&self) -> CliError {
        let url = &self.url;
        CliError::Other(message(
            format!("{url} 没有模拟器响应：请先运行 `weixin sim`，或用 --sim 指定"),
            format!("no simulator responds at {url}: start it with `weixin sim`, or use --sim"),
        ))
    }
}

/// Sends a request without TLS, for which `Https` needs certificates that a container does not have.
async fn send_plain(request: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.map(Body::from)).await.ok()?;
    let (head, body) = response.into_parts();
    let body = to_bytes(Body::new(body), MAX_BODY).await.ok()?;
    Some(Response::from_parts(head, body.to_vec()))
}
