//! The rules of OpenID Connect. They are pure: no HTTP, no database, no clock, no random bytes.

mod algorithm;
mod authorization_request;
mod claims_request;
mod client_id;
mod code;
mod grant;
mod id;
mod pkce;
mod profile;
mod prompt;
mod redirect_uri;
mod response_mode;
mod scope;
mod session;
mod subject;
mod timestamp;

pub(crate) use self::{
    algorithm::Algorithm,
    authorization_request::AuthorizationRequest,
    claims_request::{Claim, ClaimsRequest},
    client_id::ClientId,
    code::{Code, NewGrant},
    grant::{Grant, RedeemOutcome},
    id::{GrantId, IssuerId, RequestId, SessionId, UserId},
    pkce::{CodeChallenge, CodeVerifier},
    profile::{Profile, WechatIds},
    prompt::Prompt,
    redirect_uri::{RedirectUri, RegisteredUri, UriHash, UriPolicy},
    response_mode::ResponseMode,
    scope::{Scope, Scopes},
    session::{LoginMethod, Session},
    subject::{ReceivedSubject, Subject},
    timestamp::Timestamp,
};
