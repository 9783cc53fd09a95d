//! An authorization request that has passed every check (Core §3.1.2.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    claims_request::ClaimsRequest, client_id::ClientId, id::IssuerId, id_token_hint::Hint,
    pkce::CodeChallenge, prompt::Prompt, redirect_uri::RedirectUri, response_mode::ResponseMode,
    scope::Scopes,
};

/// An authorization request that has passed every check. Waiting for WeChat, it is the body of a row. The row grants
/// nothing: a code goes only to the browser that holds the session.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) issuer: IssuerId,
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: RedirectUri,
    #[serde(default)]
    pub(crate) mode: ResponseMode,
    pub(crate) scopes: Scopes,
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub(crate) claims: ClaimsRequest,
    /// Returned unchanged.
    pub(crate) state: Option<String>,
    /// Returned unchanged in the ID token.
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<CodeChallenge>,
    #[serde(default)]
    pub(crate) prompt: Prompt,
    /// The greatest age of the login, in seconds.
    pub(crate) max_age: Option<u32>,
    /// The user whom the client expects, by `id_token_hint` or by the claim `sub`.
    pub(crate) hint: Option<Hint>,
    /// The languages that the user prefers, as an `Accept-Language` header lists them.
    pub(crate) ui_locales: Option<String>,
}

/// Without `state` and `nonce`, by which the client recognizes the response.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AuthorizationRequest({}, {:?}, ..)",
            self.client, self.scopes
        )
    }
}
