//! Tokens of users: the exchange of a code, the refresh, and the check.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer};

use super::{
    envelope::Empty,
    json,
    request::{Call, Idempotency},
    scope::Scopes,
};
use crate::{
    error::ApiError,
    identity::{AppId, OpenId, UnionId, UserIds},
    secret::{AccessToken, AppSecret, Code, RefreshToken},
};

/// The tokens of a user, from a code or a refresh token.
///
/// It is not `Serialize`, so that no handler sends it to a browser. See docs/wechat.md#the-exchange, #lifetimes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Token {
    /// The app that the user has logged in to.
    pub app: AppId,
    /// The OpenID of the user.
    pub openid: OpenId,
    /// The UnionID of the user, if the app belongs to an Open Platform account. A refresh brings none.
    pub unionid: Option<UnionId>,
    /// Reads the user's profile.
    pub access_token: AccessToken,
    /// Gets new access tokens for about 30 days. Store the latest one.
    pub refresh_token: RefreshToken,
    /// The lifetime of the access token from the response on (WeChat: 7200 seconds), from 0 to a year: a larger number
    /// reads as a year; a negative one, a missing one, or another type as 0.
    pub expires_in: Duration,
    /// The scopes that the user has granted. Invalid ones are skipped.
    pub scopes: Scopes,
    /// Marks WeChat's stand-in for a visitor who has not logged in (official accounts only). Do not create an account
    /// for it.
    ///
    /// See docs/wechat.md#snapshot-users.
    pub is_snapshot_user: bool,
}

impl Token {
    /// A token without a UnionID and scopes, valid for two hours, for tests. Set the public fields.
    pub fn new(
        app: AppId,
        openid: OpenId,
        access_token: AccessToken,
        refresh_token: RefreshToken,
    ) -> Self {
        Self {
            app,
            openid,
            unionid: None,
            access_token,
            refresh_token,
            expires_in: Duration::from_secs(2 * 60 * 60),
            scopes: Scopes::default(),
            is_snapshot_user: false,
        }
    }

    /// The IDs of the user, to find or create the account by. Those of a snapshot user are empty: they match no account,
    /// and [`UserIds::link`] proposes none.
    pub fn user_ids(&self) -> UserIds {
        if self.is_snapshot_user {
            return UserIds::default();
        }
        UserIds::new(self.app.clone(), self.openid.clone(), self.unionid.clone())
    }
}

/// The response to an exchange or a refresh.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenResponse {
    access_token: AccessToken,
    #[serde(default, deserialize_with = "json::lifetime")]
    expires_in: Duration,
    refresh_token: RefreshToken,
    pub(crate) openid: OpenId,
    #[serde(default, rename = "scope", deserialize_with = "readable_scopes")]
    scopes: Scopes,
    #[serde(default, deserialize_with = "json::non_empty")]
    unionid: Option<UnionId>,
    /// WeChat sends 1, and nothing for all other users (docs/wechat.md#snapshot-users).
    #[serde(default, deserialize_with = "json::flag")]
    is_snapshotuser: bool,
}

impl TokenResponse {
    pub(crate) fn into_token(self, app: AppId) -> Token {
        Token {
            app,
            openid: self.openid,
            unionid: self.unionid,
            access_token: self.access_token,
            refresh_token: self.refresh_token,
            expires_in: self.expires_in,
            scopes: self.scopes,
            is_snapshot_user: self.is_snapshotuser,
        }
    }
}

fn readable_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
    let texts = json::texts(deserializer)?;
    Ok(texts
        .iter()
        .flat_map(|text| Scopes::readable(text))
        .collect())
}

/// An access token and its user, for calls on behalf of a user. A reference to a [`Token`] converts into it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by literals of stored parts"
)]
pub struct Bearer<'a> {
    /// The access token.
    pub access_token: &'a AccessToken,
    /// The user.
    pub openid: &'a OpenId,
}

impl Bearer<'_> {
    pub(super) fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("access_token", self.access_token.expose()),
            ("openid", self.openid.as_str()),
        ]
    }
}

impl<'a> From<&'a Token> for Bearer<'a> {
    fn from(token: &'a Token) -> Self {
        Self {
            access_token: &token.access_token,
            openid: &token.openid,
        }
    }
}

impl<'a> From<&'a Arc<Token>> for Bearer<'a> {
    fn from(token: &'a Arc<Token>) -> Self {
        Self::from(&**token)
    }
}

/// The result of a check of an access token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenStatus {
    /// It is invalid, by this error.
    Invalid(ApiError),
    /// It is valid.
    Valid,
}

impl TokenStatus {
    /// Returns `true` for a valid token.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

/// `/sns/oauth2/access_token`
pub(crate) struct Exchange<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) secret: &'a AppSecret,
    pub(crate) code: Code,
}

impl Call for Exchange<'_> {
    const PATH: &'static str = "/sns/oauth2/access_token";
    type Output = TokenResponse;

    fn idempotency(&self) -> Idempotency {
        Idempotency::OneTime
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("appid", self.app.as_str()),
            ("secret", self.secret.expose()),
            ("code", self.code.expose()),
            ("grant_type", "authorization_code"),
        ]
    }
}

/// `/sns/oauth2/refresh_token`, without the app secret
pub(crate) struct Refresh<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) refresh_token: &'a RefreshToken,
}

impl Call for Refresh<'_> {
    const PATH: &'static str = "/sns/oauth2/refresh_token";
    type Output = TokenResponse;

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("appid", self.app.as_str()),
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose()),
        ]
    }
}

/// `/sns/auth`
pub(crate) struct Check<'a>(pub(crate) Bearer<'a>);

impl Call for Check<'_> {
    const PATH: &'static str = "/sns/auth";
    type Output = Empty;

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        self.0.query()
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Response};

    use super::*;
    use crate::{
        error::Error,
        identity::LinkOutcome,
        transport::{Endpoints, Origin},
    };

    fn api() -> Origin {
        Endpoints::default().api()[0].clone()
    }

    fn parse(body: &str) -> Result<Token, Error> {
        let app = "wx1".parse().unwrap();
        let secret = AppSecret::new("app-secret").unwrap();
        let call = Exchange {
            app: &app,
            secret: &secret,
            code: Code::new("071v").unwrap(),
        };
        let response = call.parse(&Response::new(body.as_bytes().to_vec()))?;
        Ok(response.into_token(app.clone()))
    }

    #[test]
    fn the_exchange_asks_in_the_documented_order() {
        let app = "wx1".parse().unwrap();
        let secret = AppSecret::new("app&secret").unwrap();
        let call = Exchange {
            app: &app,
            secret: &secret,
            code: Code::new("071v").unwrap(),
        };
        let request = call.request(&api()).unwrap();
        assert_eq!((request.method(), request.body().len()), (&Method::GET, 0));
        insta::assert_snapshot!(request.uri(), @"https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx1&secret=app%26secret&code=071v&grant_type=authorization_code");
    }

    #[test]
    fn the_refresh_goes_to_its_own_path_without_the_secret() {
        let app = "wx1".parse().unwrap();
        let refresh_token = RefreshToken::new("66_M").unwrap();
        let request = Refresh {
            app: &app,
            refresh_token: &refresh_token,
        }
        .request(&api())
        .unwrap();
        insta::assert_snapshot!(request.uri(), @"https://api.weixin.qq.com/sns/oauth2/refresh_token?appid=wx1&grant_type=refresh_token&refresh_token=66_M");
    }

    #[test]
    fn numbers_as_text_nulls_and_a_trailing_comma_are_read() {
        let token = parse(
            r#"{"access_token":"66_a","expires_in":"7200","refresh_token":"66_r","openid":"oA","scope":"snsapi_userinfo,","unionid":null,"errcode":"0","extra":[]}"#,
        )
        .unwrap();
        insta::assert_debug_snapshot!(token, @r#"
        Token {
            app: AppId(
                "wx1",
            ),
            openid: OpenId(
                "oA",
            ),
            unionid: None,
            access_token: AccessToken(..),
            refresh_token: RefreshToken(..),
            expires_in: 7200s,
            scopes: Scopes(
                [
                    Scope(
                        "snsapi_userinfo",
                    ),
                ],
            ),
            is_snapshot_user: false,
        }
        "#);
    }

    #[test]
    fn an_error_under_http_200_is_an_error() {
        let error =
            parse(r#"{"errcode":40029,"errmsg":"invalid code, rid: 6aac007a-6c02c771-26bf69c4"}"#)
                .unwrap_err();
        assert_eq!(
            error.to_string(),
            "/sns/oauth2/access_token returned 40029 (invalid code)"
        );
        assert!(error.needs_login() && !error.is_retryable() && !error.is_configuration());
    }

    #[test]
    fn an_error_that_repeats_what_was_sent_does_not_repeat_it_here() {
        for errmsg in [
            "bad secret app-secret for code 071v",
            "bad secret app-s\u{1}ecret for code 07\u{7}1v",
        ] {
            let error = parse(&format!(r#"{{"errcode":-7,"errmsg":"{errmsg}"}}"#)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "/sns/oauth2/access_token returned -7 (bad secret *** for code ***)"
            );
        }
    }

    #[test]
    fn an_error_that_repeats_the_request_does_not_repeat_its_secrets() {
        let app = "wx1".parse().unwrap();
        let secret = AppSecret::new("s/e+c%r~t").unwrap();
        let call = Exchange {
            app: &app,
            secret: &secret,
            code: Code::new("s/e").unwrap(),
        };
        let request = call.request(&api()).unwrap().uri().to_string();
        for request in [
            request.to_lowercase(),
            request.replace("%2B", "%20"),
            request,
        ] {
            let answer = serde_json::json!({ "errcode": -7, "errmsg": request });
            let answer = Response::new(answer.to_string().into_bytes());
            insta::allow_duplicates! {
                insta::assert_snapshot!(call.parse(&answer).unwrap_err(), @"/sns/oauth2/access_token returned -7 (https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx1&secret=***&code=***&grant_type=authorization_code)");
            }
        }
    }

    #[test]
    fn a_snapshot_users_ids_link_to_no_account_and_make_none() {
        let body = |members: &str| {
            format!(
                r#"{{"access_token":"66_a","refresh_token":"66_r","openid":"oA","unionid":"u1"{members}}}"#
            )
        };
        let real = parse(&body("")).unwrap().user_ids();
        let snapshot = parse(&body(r#","is_snapshotuser":1"#)).unwrap().user_ids();
        assert_eq!(snapshot.identities().count(), 0);
        assert_eq!(snapshot, UserIds::default());
        for accounts in [
            vec![],
            vec![(1, real.clone())],
            vec![(1, snapshot.clone()), (2, real.clone())],
        ] {
            let outcome = snapshot.link(accounts.clone());
            assert_eq!(outcome, LinkOutcome::Conflict(Vec::new()), "{accounts:?}");
        }
        // An account that was created for one matches no user.
        assert_eq!(real.link([(1, snapshot)]), LinkOutcome::Create);
    }

    #[test]
    fn a_field_that_is_wrong_is_named_and_not_shown() {
        let table = [
            (
                r#"{"access_token":"66_a b","expires_in":7200,"refresh_token":"r","openid":"oA"}"#,
                "access_token",
            ),
            (
                r#"{"access_token":"66_a","refresh_token":"r","openid":"oA","unionid":7}"#,
                "unionid",
            ),
            (
                r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"r","openid":"o A"}"#,
                "openid",
            ),
            (r#"{"071v":}"#, "***"),
            ("[]", "body"),
            ("", "body"),
        ];
        for (body, field) in table {
            let error = parse(body).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("/sns/oauth2/access_token returned an unexpected `{field}`")
            );
        }
    }
}
