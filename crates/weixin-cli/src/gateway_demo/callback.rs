//! The client, from the moment at which the browser returns (OpenID Connect Core §3.1.2.5 to §3.1.3.8, §5.3).

use data_encoding::BASE64;
use serde_json::{Map, Value as Json};
use weixin::Bilingual;

use super::{
    http_log::Call,
    id_token::{Expected, IdToken},
    login::Pending,
    meanings,
    registration::CLIENT_ID,
    relying_party::RelyingParty,
    response::ResponseParams,
    steps::{Check, Part, Stage, Step},
};
use crate::message::Message;

/// A login that has ended.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) steps: Vec<Step>,
    /// Of userinfo, if the user is logged in.
    pub(super) claims: Option<Map<String, Json>>,
    /// WeChat was not asked.
    pub(super) is_by_session: bool,
    /// The error of the authorization response, such as `access_denied`.
    pub(super) error: Option<String>,
}

/// The tokens of a token response.
struct Tokens {
    id_token: String,
    access_token: String,
}

impl RelyingParty {
    /// A response for which no login of this browser waits: it may be an attacker's (RFC 9700 §2.1).
    pub(super) fn unexpected(params: &ResponseParams) -> Finished {
        let check = Check::new(
            false,
            "state 不属于这个浏览器发起的登录，或者已经用过：客户端拒绝这个响应",
            "state does not belong to a login that this browser began, or was used already: the client rejects the response",
        );
        let step = Step::new(
            Stage::Response,
            vec![params.table(), Part::Checks(vec![check])],
        );
        Finished {
            steps: vec![step],
            claims: None,
            is_by_session: false,
            error: None,
        }
    }

    /// Goes on with a login, as far as it succeeds. `wechat` is what the gateway did meanwhile.
    pub(super) async fn finish(
        &self,
        pending: Pending,
        params: &ResponseParams,
        wechat: Step,
        is_by_session: bool,
    ) -> Finished {
        let mut finished = Finished {
            steps: pending.steps.clone(),
            claims: None,
            is_by_session,
            error: params.get("error").map(str::to_owned),
        };
        finished.steps.push(wechat);
        finished.claims = self.log_in(&pending, params, &mut finished.steps).await;
        finished
    }

    async fn log_in(
        &self,
        pending: &Pending,
        params: &ResponseParams,
        steps: &mut Vec<Step>,
    ) -> Option<Map<String, Json>> {
        let code = self.code(params, steps)?;
        let (_, metadata) = self.metadata().await;
        let metadata = metadata?;
        let tokens = self.tokens(pending, code, &metadata, steps).await?;
        let subject = self.user(pending, &tokens, &metadata, steps).await?;
        self.userinfo(&subject, &tokens, &metadata, steps).await
    }

    /// The code of a valid response.
    fn code<'a>(&self, params: &'a ResponseParams, steps: &mut Vec<Step>) -> Option<&'a str> {
        let checks = vec![
            Check::new(
                true,
                "state 属于这个浏览器发起的登录，只用一次",
                "state belongs to a login that this browser began, and is used once",
            ),
            Check::new(
                params.get("iss") == Some(&*self.registration.issuer),
                "iss 是配置的 issuer（RFC 9207）",
                "iss is the configured issuer (RFC 9207)",
            ),
        ];
        let mut parts = vec![params.table(), Part::Checks(checks)];
        let code = params.get("code").filter(|_| params.get("error").is_none());
        if code.is_none() {
            let error = params.get("error").unwrap_or_default();
            parts.push(Part::Note(meanings::error(error)));
            steps.push(Step::failed(Stage::Response, parts));
            return None;
        }
        let step = Step::new(Stage::Response, parts);
        let is_ok = step.is_ok;
        steps.push(step);
        code.filter(|_| is_ok)
    }

    /// Exchanges the code (Core §3.1.3, RFC 7636 §4.5), with the secret in a header (RFC 6749 §2.3.1).
    async fn tokens(
        &self,
        pending: &Pending,
        code: &str,
        metadata: &Json,
        steps: &mut Vec<Step>,
    ) -> Option<Tokens> {
        let credentials = format!("{CLIENT_ID}:{}", self.registration.secret);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.registration.redirect_uri),
            ("code_verifier", &pending.verifier),
        ];
        let call = Call {
            caption: CLIENT_TO_GATEWAY,
            url: metadata["token_endpoint"].as_str()?,
            authorization: Some(format!("Basic {}", BASE64.encode(credentials.as_bytes()))),
            form: Some(&form),
            is_long: false,
        };
        let (exchange, response) = call.send(&self.https).await;
        let note = Message::from(Bilingual {
            en: "Authorization: Basic is base64(client_id:client_secret). The gateway hashes code_verifier and compares it with code_challenge; the code is single-use and valid for a minute.",
            zh: "Authorization: Basic 之后是 base64(client_id:client_secret)。网关计算 code_verifier 的哈希并与 code_challenge 比较；code 只能使用一次，有效期一分钟。",
        });
        steps.push(Step::new(
            Stage::Token,
            vec![Part::Note(note), Part::Http(exchange)],
        ));
        let response = response?;
        let text = |name: &str| response[name].as_str().map(str::to_owned);
        Some(Tokens {
            id_token: text("id_token")?,
            access_token: text("access_token")?,
        })
    }

    /// Verifies the ID token. Returns its `sub`.
    async fn user(
        &self,
        pending: &Pending,
        tokens: &Tokens,
        metadata: &Json,
        steps: &mut Vec<Step>,
    ) -> Option<String> {
        let call = Call {
            caption: Bilingual {
                en: "Client → gateway: the public keys",
                zh: "客户端 → 网关：公钥",
            },
            url: metadata["jwks_uri"].as_str()?,
            authorization: None,
            form: None,
            is_long: true,
        };
        let (exchange, jwks) = call.send(&self.https).await;
        let mut parts = vec![Part::Jwt(tokens.id_token.clone()), Part::Http(exchange)];
        let (Some(token), Some(jwks)) = (IdToken::decode(&tokens.id_token), jwks) else {
            steps.push(Step::failed(Stage::IdToken, parts));
            return None;
        };
        let expected = Expected {
            issuer: &self.registration.issuer,
            client_id: CLIENT_ID,
            nonce: &pending.nonce,
            access_token: &tokens.access_token,
            jwks: &jwks,
        };
        parts.push(token.header_table());
        parts.push(token.claims_table());
        parts.push(Part::Checks(token.verify(&expected)));
        let step = Step::new(Stage::IdToken, parts);
        let is_ok = step.is_ok;
        steps.push(step);
        let subject = token.claims.get("sub")?.as_str()?.to_owned();
        is_ok.then_some(subject)
    }

    async fn userinfo(
        &self,
        subject: &str,
        tokens: &Tokens,
        metadata: &Json,
        steps: &mut Vec<Step>,
    ) -> Option<Map<String, Json>> {
        let call = Call {
            caption: CLIENT_TO_GATEWAY,
            url: metadata["userinfo_endpoint"].as_str()?,
            authorization: Some(format!("Bearer {}", tokens.access_token)),
            form: None,
            is_long: false,
        };
        let (exchange, response) = call.send(&self.https).await;
        let claims = response.and_then(|response| response.as_object().cloned());
        let is_same =
            |claims: &Map<String, Json>| claims.get("sub").is_some_and(|it| it == subject);
        let check = Check::new(
            claims.as_ref().is_some_and(is_same),
            "sub 与 ID Token 中的相同",
            "sub is the one of the ID token",
        );
        let parts = vec![Part::Http(exchange), Part::Checks(vec![check])];
        let step = Step::new(Stage::UserInfo, parts);
        let is_ok = step.is_ok;
        steps.push(step);
        claims.filter(|_| is_ok)
    }
}

const CLIENT_TO_GATEWAY: Bilingual = Bilingual {
    en: "Client → gateway",
    zh: "客户端 → 网关",
};
