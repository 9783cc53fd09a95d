//! HTTP requests of the client, recorded.

use http::{Request, Response, header};
use serde_json::Value as Json;
use url::form_urlencoded;
use weixin::{
    Bilingual,
    transport::{Https, Transport, TransportError},
};

use super::steps::Exchange;

/// A request that is to be sent.
pub(super) struct Call<'a> {
    pub(super) caption: Bilingual,
    pub(super) url: &'a str,
    pub(super) authorization: Option<String>,
    /// By POST.
    pub(super) form: Option<&'a [(&'a str, &'a str)]>,
    pub(super) is_long: bool,
}

impl Call<'_> {
    /// Sends it. Returns the record, and the JSON of a success.
    pub(super) async fn send(self, https: &Https) -> (Exchange, Option<Json>) {
        let sent = self.text();
        let response = match self.request() {
            Ok(request) => https.send(request).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let mut exchange = Exchange {
            caption: self.caption,
            sent,
            status: String::new(),
            received: String::new(),
            is_long: self.is_long,
            is_error: true,
        };
        match response {
            Ok(response) => {
                let json = parse(&response);
                exchange.status = response.status().to_string();
                exchange.received = match &json {
                    Some(json) => format!("{json:#}"),
                    None => String::from_utf8_lossy(response.body()).into_owned(),
                };
                exchange.is_error = !response.status().is_success() || json.is_none();
                let json = json.filter(|_| !exchange.is_error);
                (exchange, json)
            }
            Err(error) => {
                exchange.status = error;
                (exchange, None)
            }
        }
    }

    fn request(&self) -> http::Result<Request<Vec<u8>>> {
        let method = if self.form.is_some() { "POST" } else { "GET" };
        let mut request = Request::builder().method(method).uri(self.url);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if self.form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let form = self.form.unwrap_or_default();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        request.body(body.into_bytes())
    }

    /// The request as the page shows it: each parameter of the form on a line of its own.
    fn text(&self) -> String {
        let method = if self.form.is_some() { "POST" } else { "GET" };
        let mut text = format!("{method} {}", self.url);
        if let Some(authorization) = &self.authorization {
            text.push_str("\nAuthorization: ");
            text.push_str(authorization);
        }
        if self.form.is_some() {
            text.push_str("\nContent-Type: application/x-www-form-urlencoded\n");
        }
        let form = self.form.unwrap_or_default().iter();
        text.extend(form.map(|(name, value)| format!("\n{name}={value}")));
        text
    }
}

fn parse(response: &Response<Vec<u8>>) -> Option<Json> {
    serde_json::from_slice(response.body()).ok()
}

/// The HTTP client. Its requests go to this machine.
pub(super) fn https() -> Result<Https, TransportError> {
    Https::new()
}
