//! What a client can discover (Discovery 1.0 §3; RFC 8414 §2; RFC 9207 §3).

use serde::Serialize;

use super::{
    algorithm::Algorithm, claims_request::Claim, issuer::Issuer, prompt::Prompt,
    response_mode::ResponseMode, scope::Scope,
};

/// The paths of endpoints below the issuer.
pub(crate) mod path {
    pub(crate) const AUTHORIZE: &str = "/authorize";
    pub(crate) const CONFIGURATION: &str = "/.well-known/openid-configuration";
    pub(crate) const END_SESSION: &str = "/end_session";
    pub(crate) const INTROSPECT: &str = "/introspect";
    pub(crate) const JWKS: &str = "/jwks";
    pub(crate) const PAR: &str = "/par";
    pub(crate) const OAUTH_SERVER: &str = "/.well-known/oauth-authorization-server";
    pub(crate) const REVOKE: &str = "/revoke";
    pub(crate) const TOKEN: &str = "/token";
    pub(crate) const USERINFO: &str = "/userinfo";
}

/// The metadata of an issuer: what is true of it now, and nothing else.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "as the specifications define it"
)]
pub(crate) struct ProviderMetadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    /// RFC 9126 §5.
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: [&'static str; 2],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// Its default is `true`.
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    end_session_endpoint: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

/// How clients authenticate (Core §9). A public one does not.
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const NONE: &str = "none";

/// The claims of each ID token, in its order.
const ALWAYS: [&str; 10] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "sid",
    "amr",
];

impl<'a> ProviderMetadata<'a> {
    /// `algorithms` are those of the clients; RS256 is always there (Discovery §3).
    pub(crate) fn new(issuer: &'a Issuer, algorithms: &[Algorithm]) -> Self {
        let is_used = |it: &Algorithm| *it == Algorithm::Rs256 || algorithms.contains(it);
        let used = Algorithm::ALL.into_iter().filter(is_used);
        Self {
            issuer: issuer.as_str(),
            authorization_endpoint: issuer.endpoint(path::AUTHORIZE),
            pushed_authorization_request_endpoint: issuer.endpoint(path::PAR),
            require_pushed_authorization_requests: false,
            token_endpoint: issuer.endpoint(path::TOKEN),
            userinfo_endpoint: issuer.endpoint(path::USERINFO),
            jwks_uri: issuer.endpoint(path::JWKS),
            introspection_endpoint: issuer.endpoint(path::INTROSPECT),
            revocation_endpoint: issuer.endpoint(path::REVOKE),
            scopes_supported: Scope::OFFERED.map(Scope::as_str).into(),
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::ALL.map(ResponseMode::as_str).into(),
            grant_types_supported: ["authorization_code", "refresh_token"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: used.map(Algorithm::as_str).collect(),
            token_endpoint_auth_methods_supported: [BASIC, POST, NONE],
            introspection_endpoint_auth_methods_supported: [BASIC, POST],
            revocation_endpoint_auth_methods_supported: [BASIC, POST, NONE],
            code_challenge_methods_supported: ["S256"],
            claim_types_supported: ["normal"],
            claims_supported: ALWAYS
                .into_iter()
                .chain(Claim::ALL.map(Claim::as_str))
                .collect(),
            prompt_values_supported: Prompt::SUPPORTED,
            ui_locales_supported: ["zh-CN", "en"],
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
            end_session_endpoint: issuer.endpoint(path::END_SESSION),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::{
        claim_template::{ClaimTemplate, ClaimTemplates, Text},
        fixtures::issuer_url,
    };

    #[test]
    fn no_template_sets_a_claim_of_each_token() {
        for claim in ALWAYS {
            let text = Text::try_from("x").unwrap();
            let result = ClaimTemplates::default().set(claim, ClaimTemplate::Text(text));
            assert!(result.is_err(), "{claim}");
        }
    }

    #[test]
    fn a_client_discovers_what_there_is() {
        let issuer = issuer_url();
        let metadata = ProviderMetadata::new(&issuer, &[Algorithm::EdDsa, Algorithm::EdDsa]);
        let expected = json!({
            "issuer": "https://op.example",
            "authorization_endpoint": "https://op.example/authorize",
            "pushed_authorization_request_endpoint": "https://op.example/par",
            "require_pushed_authorization_requests": false,
            "token_endpoint": "https://op.example/token",
            "userinfo_endpoint": "https://op.example/userinfo",
            "jwks_uri": "https://op.example/jwks",
            "introspection_endpoint": "https://op.example/introspect",
            "revocation_endpoint": "https://op.example/revoke",
            "scopes_supported": ["openid", "profile", "email", "offline_access", "wechat"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "EdDSA"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "claim_types_supported": ["normal"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "amr", "name", "nickname", "picture", "preferred_username", "updated_at", "email", "email_verified", "wechat_unionid", "wechat_openid", "wechat_appid"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "ui_locales_supported": ["zh-CN", "en"],
            "claims_parameter_supported": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
            "end_session_endpoint": "https://op.example/end_session",
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
        });
        assert_eq!(serde_json::to_value(metadata).unwrap(), expected);
    }
}
