//! The client, up to the moment at which the browser leaves it (OpenID Connect Core §3.1.2.1).

use serde_json::Value as Json;
use url::Url;
use weixin::{Bilingual, transport::Https};

use super::{
    http_log::{self, Call},
    login::{Attempt, Pending, Secrets},
    meanings,
    registration::{CLIENT_ID, Registration},
    steps::{Check, Exchange, Part, Row, Stage, Step},
};
use crate::{error::CliError, message::message};

const SCOPE: &str = "openid profile email";

/// An OpenID Connect client with a secret.
#[derive(Debug)]
pub(super) struct RelyingParty {
    pub(super) registration: Registration,
    pub(super) https: Https,
}

impl RelyingParty {
    pub(super) fn new(registration: Registration) -> Result<Self, CliError> {
        Ok(Self {
            registration,
            https: http_log::https()?,
        })
    }

    /// Discovers the issuer and prepares an authorization request. An error is a step that failed.
    pub(super) async fn begin(
        &self,
        attempt: Attempt,
        requests_before: u64,
    ) -> Result<Pending, Vec<Step>> {
        let (discovery, metadata) = self.discover().await;
        let Some(metadata) = metadata else {
            return Err(vec![discovery]);
        };
        let secrets = Secrets::random().map_err(|_| vec![no_random_bytes()])?;
        let url = self.authorize_url(&metadata, attempt, &secrets);
        let Some(url) = url else {
            return Err(vec![Step::failed(Stage::Discovery, discovery.parts)]);
        };
        let steps = vec![discovery, request_step(&url)];
        let Secrets {
            state,
            nonce,
            verifier,
        } = secrets;
        Ok(Pending {
            attempt,
            state,
            nonce,
            verifier,
            url: url.into(),
            requests_before,
            steps,
        })
    }

    /// Reads the metadata (Discovery §4), which must be of the configured issuer.
    async fn discover(&self) -> (Step, Option<Json>) {
        let (exchange, metadata) = self.metadata().await;
        let Some(metadata) = metadata else {
            return (
                Step::failed(Stage::Discovery, vec![Part::Http(exchange)]),
                None,
            );
        };
        let is_same = metadata["issuer"] == *self.registration.issuer;
        let check = Check::new(
            is_same,
            "元数据中的 issuer 与配置的完全相同",
            "The issuer in the metadata is exactly the configured one",
        );
        let endpoint = |name: &str| Row {
            name: name.to_owned(),
            value: metadata[name].as_str().unwrap_or_default().to_owned(),
            meaning: meanings::of(name),
        };
        let endpoints = [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
        ];
        let values = Part::Table {
            caption: Bilingual {
                en: "What the client takes from it",
                zh: "客户端从中读取",
            },
            rows: endpoints.map(endpoint).into(),
        };
        let parts = vec![Part::Http(exchange), values, Part::Checks(vec![check])];
        (
            Step::new(Stage::Discovery, parts),
            is_same.then_some(metadata),
        )
    }

    pub(super) async fn metadata(&self) -> (Exchange, Option<Json>) {
        let issuer = self.registration.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let call = Call {
            caption: Bilingual {
                en: "Client → gateway",
                zh: "客户端 → 网关",
            },
            url: &url,
            authorization: None,
            form: None,
            is_long: true,
        };
        call.send(&self.https).await
    }

    fn authorize_url(&self, metadata: &Json, attempt: Attempt, secrets: &Secrets) -> Option<Url> {
        let mut url = Url::parse(metadata["authorization_endpoint"].as_str()?).ok()?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", CLIENT_ID)
            .append_pair("redirect_uri", &self.registration.redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &secrets.state)
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &secrets.challenge())
            .append_pair("code_challenge_method", "S256");
        if let Some(prompt) = attempt.prompt() {
            url.query_pairs_mut().append_pair("prompt", prompt);
        }
        Some(url)
    }
}

/// The authorization request, parameter by parameter.
fn request_step(url: &Url) -> Step {
    let value = |(name, value): (std::borrow::Cow<'_, str>, _)| Row {
        meaning: meanings::of(&name),
        name: name.into_owned(),
        value: std::borrow::Cow::into_owned(value),
    };
    let parts = vec![
        Part::Url {
            caption: Bilingual {
                en: "The browser opens",
                zh: "浏览器打开",
            },
            url: url.to_string(),
        },
        Part::Table {
            caption: Bilingual {
                en: "Its parameters",
                zh: "其中的参数",
            },
            rows: url.query_pairs().map(value).collect(),
        },
    ];
    Step::new(Stage::Request, parts)
}

fn no_random_bytes() -> Step {
    let note = message(
        "操作系统没有提供随机数。",
        "The operating system has no random bytes.",
    );
    Step::failed(Stage::Request, vec![Part::Note(note)])
}
