//! The `claims` parameter, as far as it is supported (Core §5.5).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use weixin::error::ParseError;

use super::{
    scope::{Scope, Scopes},
    subject::Subject,
};

/// A claim that can be requested by name. Those of every ID token, such as `auth_time`, need no request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Claim {
    Name,
    Nickname,
    Picture,
    PreferredUsername,
    UpdatedAt,
    Email,
    EmailVerified,
    WechatUnionid,
    WechatOpenid,
    WechatAppid,
}

impl Claim {
    pub(crate) const ALL: [Self; 10] = [
        Self::Name,
        Self::Nickname,
        Self::Picture,
        Self::PreferredUsername,
        Self::UpdatedAt,
        Self::Email,
        Self::EmailVerified,
        Self::WechatUnionid,
        Self::WechatOpenid,
        Self::WechatAppid,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Nickname => "nickname",
            Self::Picture => "picture",
            Self::PreferredUsername => "preferred_username",
            Self::UpdatedAt => "updated_at",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::WechatUnionid => "wechat_unionid",
            Self::WechatOpenid => "wechat_openid",
            Self::WechatAppid => "wechat_appid",
        }
    }

    /// The scope that brings the claim without a request by name (Core §5.4).
    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::Email | Self::EmailVerified => Scope::Email,
            Self::WechatUnionid | Self::WechatOpenid | Self::WechatAppid => Scope::Wechat,
            _ => Scope::Profile,
        }
    }
}

/// The claims that a client requests by name. Members without a meaning here are left out, as Core §5.5 allows.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) userinfo: BTreeSet<Claim>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) id_token: BTreeSet<Claim>,
}

impl ClaimsRequest {
    /// The claims by name, as far as the client may have them, and the user whom the client expects: the `value` of `sub`
    /// (Core §5.5.1).
    ///
    /// # Errors
    ///
    /// [`ParseError`] for anything but a JSON object of JSON objects.
    pub(crate) fn parse(
        text: &str,
        allowed: Scopes,
    ) -> Result<(Self, Option<Subject>), ParseError> {
        let Ok(Value::Object(claims)) = serde_json::from_str(text) else {
            return Err(INVALID);
        };
        let (userinfo, id_token) = (member(&claims, "userinfo")?, member(&claims, "id_token")?);
        let subjects = [expected_subject(id_token), expected_subject(userinfo)];
        let request = Self {
            userinfo: names(userinfo, allowed),
            id_token: names(id_token, allowed),
        };
        match subjects {
            [Some(one), Some(other)] if one != other => Err(INVALID),
            [one, other] => Ok((request, one.or(other))),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

const INVALID: ParseError = ParseError::new(
    "claims parameter",
    "a JSON object of JSON objects (Core §5.5)",
);

/// A member of the parameter: an object, `null`, or absent.
fn member<'a>(
    claims: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, ParseError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(member)) => Ok(Some(member)),
        Some(_) => Err(INVALID),
    }
}

fn names(member: Option<&Map<String, Value>>, allowed: Scopes) -> BTreeSet<Claim> {
    let is_requested = |claim: &Claim| member.is_some_and(|it| it.contains_key(claim.as_str()));
    let is_allowed = |claim: &Claim| allowed.contains(claim.scope());
    let mut all = Claim::ALL.to_vec();
    all.retain(|claim| is_requested(claim) && is_allowed(claim));
    all.into_iter().collect()
}

/// The `value` of `sub`. A value that is no `sub` of ours is kept, as one that no user has.
fn expected_subject(member: Option<&Map<String, Value>>) -> Option<Subject> {
    let value = member?.get("sub")?.get("value")?.as_str()?;
    let unknown = || Subject::try_from("?".to_owned());
    Subject::try_from(value.to_owned())
        .or_else(|_| unknown())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, scopes: &str) -> Result<(String, Option<String>), ParseError> {
        let (request, subject) = ClaimsRequest::parse(text, Scopes::parse(scopes))?;
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(
            serde_json::from_str::<ClaimsRequest>(&json).unwrap(),
            request
        );
        Ok((json, subject.map(String::from)))
    }

    #[test]
    fn claims_are_requested_by_name_within_the_scopes_of_the_client() {
        let text = r#"{"userinfo":{"name":{"essential":true},"email":null,"wechat_openid":null,"x":{"value":1}},
            "id_token":{"nickname":null,"auth_time":{"essential":true},"acr":{"values":["1"]}},"other":1}"#;
        let (json, subject) = parse(text, "openid profile email").unwrap();
        assert_eq!(
            json,
            r#"{"userinfo":["name","email"],"id_token":["nickname"]}"#
        );
        assert_eq!(subject, None);
        let (json, _) = parse(text, "openid").unwrap();
        assert_eq!(json, "{}");
        assert_eq!(parse(r#"{"userinfo":null}"#, "openid").unwrap().0, "{}");
    }

    #[test]
    fn the_value_of_sub_names_the_user_that_is_expected() {
        let sub = |text| parse(text, "openid").map(|(_, subject)| subject);
        let expected = Some("abc".to_owned());
        assert_eq!(
            sub(r#"{"id_token":{"sub":{"value":"abc"}}}"#),
            Ok(expected.clone())
        );
        assert_eq!(
            sub(r#"{"userinfo":{"sub":{"value":"abc"}}}"#),
            Ok(expected.clone())
        );
        let both = r#"{"id_token":{"sub":{"value":"abc"}},"userinfo":{"sub":{"value":"abc"}}}"#;
        assert_eq!(sub(both), Ok(expected));
        assert!(
            sub(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#).is_err()
        );
        assert_eq!(
            sub(r#"{"id_token":{"sub":{"value":"no sub"}}}"#),
            Ok(Some("?".into()))
        );
        assert_eq!(sub(r#"{"id_token":{"sub":{"values":["a"]}}}"#), Ok(None));
    }

    #[test]
    fn anything_but_objects_is_an_error() {
        for bad in [
            "",
            "{",
            "[]",
            "null",
            "\"x\"",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":"sub"}"#,
        ] {
            assert!(parse(bad, "openid").is_err(), "{bad}");
        }
    }
}
