//! Step 3: code or refresh token to token; and whether a token is still good.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer};

use super::{
    envelope::Empty,
    json,
    request::{Call, Repeat},
    scope::Scopes,
};
use crate::{
    AccessToken, ApiError, AppId, AppSecret, Code, KnownIds, OpenId, RefreshToken, UnionId,
};

/// What a code or a refresh token is worth.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Token {
    /// Reads the profile of the user.
    pub access_token: AccessToken,
    /// How long the access token is valid, counted from the response (WeChat: 7200 seconds). From 0 to a year: a
    /// larger number reads as a year, and a negative one, a missing one or something else than a number as 0.
    #[serde(default, deserialize_with = "json::lifetime")]
    pub expires_in: Duration,
    /// Gets new access tokens for about 30 days. Keep the one that came last.
    pub refresh_token: RefreshToken,
    /// Who the user is, to this application.
    pub openid: OpenId,
    /// What the user has granted. What cannot be a scope is left out.
    #[serde(default, deserialize_with = "readable_scopes")]
    pub scope: Scopes,
    /// Who the user is, to all applications of the Open Platform account. A refresh brings none.
    #[serde(default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
    /// WeChat sends 1, and nothing for all other users.
    #[serde(default, deserialize_with = "json::flag")]
    is_snapshotuser: bool,
}

impl Token {
    /// The IDs of this login, to link an account by.
    ///
    /// A snapshot user's IDs are those of a stand-in, so that these are empty: they have no
    /// [`identities`](KnownIds::identities), and [`KnownIds::link`] finds no account for them and proposes none.
    pub fn ids(&self, app: &AppId) -> KnownIds {
        if self.is_snapshotuser {
            return KnownIds::default();
        }
        KnownIds::new(app.clone(), self.openid.clone(), self.unionid.clone())
    }

    /// Whether this is a stand-in for a user who has not really logged in: do not keep it as an
    /// account (official accounts only).
    pub fn is_snapshot_user(&self) -> bool {
        self.is_snapshotuser
    }
}

fn readable_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
    let texts = json::texts(deserializer)?;
    Ok(texts
        .iter()
        .flat_map(|text| Scopes::readable(text))
        .collect())
}

/// An access token and whose it is: what every call on behalf of a user takes.
///
/// Made of a [`Token`], or of the two parts that were stored.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    pub(crate) access_token: &'a AccessToken,
    pub(crate) openid: &'a OpenId,
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

impl<'a> From<(&'a AccessToken, &'a OpenId)> for Bearer<'a> {
    fn from((access_token, openid): (&'a AccessToken, &'a OpenId)) -> Self {
        Self {
            access_token,
            openid,
        }
    }
}

/// Whether an access token is still good.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenStatus {
    /// It is not, and why.
    Invalid(ApiError),
    /// It is.
    Valid,
}

impl TokenStatus {
    /// Whether the token is good.
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
    type Output = Token;

    fn repeat(&self) -> Repeat {
        Repeat::SpendsCode
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
    type Output = Token;

    fn repeat(&self) -> Repeat {
        Repeat::Harmless
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

    fn repeat(&self) -> Repeat {
        Repeat::Harmless
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("access_token", self.0.access_token.expose()),
            ("openid", self.0.openid.as_str()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Response};

    use super::*;
    use crate::{Endpoints, Error, Linking, Origin};

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
        call.parse(&Response::new(body.as_bytes().to_vec()))
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
            access_token: AccessToken(..),
            expires_in: 7200s,
            refresh_token: RefreshToken(..),
            openid: OpenId(
                "oA",
            ),
            scope: Scopes(
                [
                    Scope(
                        "snsapi_userinfo",
                    ),
                ],
            ),
            unionid: None,
            is_snapshotuser: false,
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
            "wechat answered /sns/oauth2/access_token with 40029 (invalid code)"
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
                "wechat answered /sns/oauth2/access_token with -7 (bad secret *** for code ***)"
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
                insta::assert_snapshot!(call.parse(&answer).unwrap_err(), @"wechat answered /sns/oauth2/access_token with -7 (https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx1&secret=***&code=***&grant_type=authorization_code)");
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
        let app = "wx1".parse().unwrap();
        let real = parse(&body("")).unwrap().ids(&app);
        let snapshot = parse(&body(r#","is_snapshotuser":1"#)).unwrap().ids(&app);
        assert_eq!(snapshot.identities().count(), 0);
        assert_eq!(snapshot, KnownIds::default());
        let nobody = Linking::Conflict(Vec::new());
        for accounts in [
            vec![],
            vec![real.clone()],
            vec![snapshot.clone(), real.clone()],
        ] {
            assert_eq!(snapshot.link(&accounts), nobody, "{accounts:?}");
        }
        // An account that was made of one is nobody's.
        assert_eq!(real.link(std::slice::from_ref(&snapshot)), Linking::New);
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
                format!("/sns/oauth2/access_token answered with an unexpected `{field}`")
            );
        }
    }
}
