//! The rules of OpenID Connect. They are pure: no HTTP, no database, no clock, no random bytes.
//!
//! The order of an authorization request: [`Client`] and [`RegisteredUri`] (an error is a page), all other parameters (an
//! error goes to the client), [`AuthorizationRequest::decide`], [`Code::new`], [`AuthorizationResponse`].
//!
//! The order of a token request: [`Credentials::authenticate`], [`TokenRequest::read`], the MAC of the code,
//! [`Code::redeem`], the grant is inserted, [`IdToken`]. With a refresh token: its MAC, [`RefreshToken::refresh`], the grant is
//! updated, [`IdToken`].
//!
//! The order of a logout: [`LogoutRequest::check`], [`LogoutRequest::decide`], the sessions end.

mod access_token;
mod algorithm;
mod authorization_request;
mod authorize;
mod claim_template;
mod claims;
mod claims_request;
mod client;
mod client_auth;
mod client_id;
mod client_logout;
mod code;
mod consent;
mod decision;
mod discovery;
mod error;
mod error_target;
mod grant;
mod id;
mod id_token_hint;
mod introspection;
mod issuer;
mod logout;
mod logout_token;
mod pkce;
mod profile;
mod prompt;
mod public_address;
mod pushed_request;
mod redirect_uri;
mod refresh_token;
mod response;
mod response_mode;
mod scope;
mod session;
mod subject;
mod timestamp;
mod token_request;

#[cfg(test)]
pub(crate) use self::redirect_uri::UriHash;
pub(crate) use self::{
    access_token::AccessToken,
    algorithm::Algorithm,
    authorization_request::AuthorizationRequest,
    authorize::{AuthorizeError, find_client},
    claim_template::{ClaimSource, ClaimTemplate, ClaimTemplates, Text},
    claims::{Authentication, IdToken, userinfo},
    client::{Client, ClientAuth, ClientSecret, Clients, RefreshPolicy},
    client_auth::{AuthenticatedClient, ClientAuthError, Credentials},
    client_id::ClientId,
    client_logout::{BackChannelUri, ClientLogout},
    code::{Code, NewGrant, Proof},
    consent::{Consent, ConsentForm, ConsentPolicy},
    decision::{Context, Decision, Dialog},
    discovery::{ProviderMetadata, path},
    error::{ErrorCode, OAuthError},
    error_target::ErrorTarget,
    grant::{Grant, GrantLifetimes, RedeemOutcome},
    id::{GrantId, IssuerId, RequestId, SessionId, UserId},
    id_token_hint::{Hint, VerifyJwt, client_of_hint},
    introspection::Inquiry,
    issuer::Issuer,
    logout::{Logout, LogoutConfirmation, LogoutRequest},
    logout_token::LogoutToken,
    profile::{Profile, WechatIds, is_invisible},
    public_address::is_public,
    pushed_request::RequestUri,
    redirect_uri::{RegisteredUri, UriPolicy},
    refresh_token::{Refresh, RefreshOutcome, RefreshToken},
    response::{AuthorizationResponse, Delivery},
    scope::{Scope, Scopes},
    session::{LoginMethod, Session},
    subject::Subject,
    timestamp::Timestamp,
    token_request::{RefreshRequest, TokenRequest},
};

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod one_login;
