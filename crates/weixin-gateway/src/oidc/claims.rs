//! The claims of ID tokens and of userinfo (Core §2, §3.1.3.6, §5.1 to §5.5).

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    algorithm::Algorithm,
    claim_template::ClaimSource,
    claims_request::Claim,
    client::Client,
    grant::Grant,
    issuer::Issuer,
    scope::{Scope, Scopes},
    session::LoginMethod,
    timestamp::Timestamp,
};

/// The claims of an ID token.
#[derive(Debug, Serialize)]
pub(crate) struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    sid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<[&'static str; 2]>,
    /// The claims of scopes and templates. None of them has the name of one above: templates cannot set those.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The login that an ID token tells of, and when it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Authentication<'a> {
    /// `None`: the session has ended or was renewed since then.
    pub(crate) method: Option<LoginMethod>,
    pub(crate) nonce: Option<&'a str>,
    /// The text of the access token that is issued with it.
    pub(crate) access_token: &'a str,
    /// The scopes of that access token.
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: Timestamp,
    /// The end of that access token.
    pub(crate) expires_at: Timestamp,
}

impl<'a> IdToken<'a> {
    /// The ID token of a grant. It expires with the access token. `None`: the access token does not
    /// have the scope `openid`.
    pub(crate) fn new(
        issuer: &'a Issuer,
        client: &'a Client,
        grant: &'a Grant,
        user: ClaimSource<'a>,
        authentication: Authentication<'a>,
    ) -> Option<Self> {
        if !authentication.scopes.contains(Scope::OpenId) {
            return None;
        }
        let scopes = if client.profile_in_id_token {
            authentication.scopes
        } else {
            Scopes::default()
        };
        Some(Self {
            iss: issuer.as_str(),
            sub: grant.subject.as_str(),
            aud: client.id.as_str(),
            exp: authentication.expires_at.seconds(),
            iat: authentication.issued_at.seconds(),
            auth_time: grant.auth_time.seconds(),
            nonce: authentication.nonce,
            at_hash: at_hash(client.algorithm, authentication.access_token),
            sid: grant.sid.to_string(),
            amr: authentication.method.map(LoginMethod::amr),
            others: claims(client, scopes, &grant.claims.id_token, user),
        })
    }
}

/// The claims of userinfo, for the scopes of an access token.
pub(crate) fn userinfo(
    client: &Client,
    grant: &Grant,
    scopes: Scopes,
    user: ClaimSource<'_>,
) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("sub".to_owned(), grant.subject.as_str().into());
    all.extend(claims(client, scopes, &grant.claims.userinfo, user));
    all
}

/// The claims that these scopes or a request by name bring, those of templates in place of ours.
fn claims(
    client: &Client,
    scopes: Scopes,
    requested: &BTreeSet<Claim>,
    user: ClaimSource<'_>,
) -> Map<String, Value> {
    let is_due = |claim: Claim| {
        let is_requested = requested.contains(&claim) && client.scopes.contains(claim.scope());
        scopes.contains(claim.scope()) || is_requested
    };
    let mut all = Map::new();
    for claim in Claim::ALL.into_iter().filter(|claim| is_due(*claim)) {
        let value = match client.templates.get(claim.as_str()) {
            Some(template) => template.render(user),
            None => own_value(claim, user),
        };
        all.extend(value.map(|value| (claim.as_str().to_owned(), value)));
    }
    if all.contains_key("email") {
        // An address that we have made up is never verified, whatever was asked for.
        all.insert("email_verified".to_owned(), false.into());
    } else {
        all.remove("email_verified");
    }
    // Claims without a scope of their own belong to the client whose operator has set them.
    if scopes.contains(Scope::OpenId) {
        let is_own = |name: &str| Claim::ALL.into_iter().any(|claim| claim.as_str() == name);
        let rendered = client
            .templates
            .render(user)
            .filter(|(name, _)| !is_own(name));
        all.extend(rendered.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    all
}

/// The value of a claim that has no template. `preferred_username` is the `sub`: users choose their nicknames, and products
/// find accounts by this claim (Core §5.7).
fn own_value(claim: Claim, user: ClaimSource<'_>) -> Option<Value> {
    let ids = user.ids;
    match claim {
        Claim::Name | Claim::Nickname => user.profile.nickname.as_deref().map(Value::from),
        Claim::Picture => user.profile.picture.as_deref().map(Value::from),
        Claim::PreferredUsername => Some(user.subject.as_str().into()),
        Claim::UpdatedAt => user
            .profile
            .read_at
            .map(Timestamp::seconds)
            .map(Value::from),
        Claim::Email => None,
        Claim::EmailVerified => Some(false.into()),
        Claim::WechatUnionid => ids.unionid.as_ref().map(|id| id.as_str().into()),
        Claim::WechatOpenid => ids.openid.as_ref().map(|id| id.as_str().into()),
        Claim::WechatAppid => ids.openid.as_ref().map(|_| ids.app.as_str().into()),
    }
}

/// The left half of the hash of the access token, by the hash function of the signature (Core §3.1.3.6): SHA-512 for
/// Ed25519.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let function = match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => &digest::SHA256,
        Algorithm::EdDsa => &digest::SHA512,
    };
    let hash = digest::digest(function, access_token.as_bytes());
    let half = hash.as_ref().len() / 2;
    BASE64URL_NOPAD.encode(hash.as_ref().split_at(half).0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::oidc::{
        claim_template::{ClaimTemplate, Text},
        claims_request::ClaimsRequest,
        fixtures::{grant, issuer_url, web},
        profile::{Profile, WechatIds},
    };

    const SUB: &str = "aqcaibaeaqcaibaeaqcaibaeaq";

    fn profile(nickname: Option<&str>) -> Profile {
        let picture = Some("https://thirdwx.qlogo.cn/x".to_owned());
        let nickname = nickname.map(str::to_owned);
        Profile {
            nickname,
            picture,
            read_at: Some(Timestamp::from_seconds(1020)),
        }
    }

    fn ids() -> WechatIds {
        let (unionid, openid) = ("uA".parse().unwrap(), "oA".parse().unwrap());
        WechatIds {
            unionid: Some(unionid),
            openid: Some(openid),
            app: "wx1".parse().unwrap(),
        }
    }

    /// ID token and userinfo of a user.
    fn tokens(client: &Client, grant: &Grant, profile: &Profile) -> [Value; 2] {
        let (issuer, ids) = (issuer_url(), ids());
        let user = ClaimSource {
            subject: &grant.subject,
            profile,
            ids: &ids,
        };
        let authentication = Authentication {
            method: Some(LoginMethod::Qr),
            nonce: Some("n"),
            access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            scopes: grant.scopes,
            issued_at: Timestamp::from_seconds(1030),
            expires_at: grant.expires_at,
        };
        let token = IdToken::new(&issuer, client, grant, user, authentication).unwrap();
        let userinfo = userinfo(client, grant, grant.scopes, user);
        [serde_json::to_value(token).unwrap(), userinfo.into()]
    }

    fn with_template(claim: &str, template: &str) -> Client {
        let mut client = web();
        let template = ClaimTemplate::Text(Text::try_from(template).unwrap());
        client.templates.set(claim, template).unwrap();
        client
    }

    #[test]
    fn an_id_token_says_who_logged_in_when_and_where() {
        let client = Client {
            profile_in_id_token: false,
            ..web()
        };
        let [token, userinfo] = tokens(
            &client,
            &grant("openid", ClaimsRequest::default()),
            &profile(None),
        );
        let expected = json!({
            "iss": "https://op.example",
            "sub": SUB,
            "aud": "web",
            "exp": 4630,
            "iat": 1030,
            "auth_time": 1000,
            "nonce": "n",
            "at_hash": "77QmUPtjPfzWtF2AnpK9RQ", // of the example of OpenID Connect Core, appendix A.3
            "sid": "aibaeaqcaibaeaqcaibaeaqcai",
            "amr": ["wechat", "qr"],
        });
        assert_eq!(token, expected);
        assert_eq!(userinfo, json!({ "sub": SUB }));
    }

    #[test]
    fn without_openid_there_is_no_id_token() {
        let (issuer, client, ids, profile) = (issuer_url(), web(), ids(), profile(None));
        let grant = grant("profile email", ClaimsRequest::default());
        let user = ClaimSource {
            subject: &grant.subject,
            profile: &profile,
            ids: &ids,
        };
        let authentication = Authentication {
            method: Some(LoginMethod::Qr),
            nonce: None,
            access_token: "x",
            scopes: grant.scopes,
            issued_at: grant.auth_time,
            expires_at: grant.expires_at,
        };
        assert!(IdToken::new(&issuer, &client, &grant, user, authentication).is_none());
    }

    #[test]
    fn scopes_bring_their_claims() {
        let all = Scopes::parse("openid profile email wechat");
        let client = Client {
            scopes: all,
            ..with_template("email", "{sub}@wechat.example.com")
        };
        let [token, userinfo] = tokens(
            &client,
            &grant("openid profile email wechat", ClaimsRequest::default()),
            &profile(Some("admin")),
        );
        let expected = json!({
            "sub": SUB,
            "name": "admin",
            "nickname": "admin",
            "picture": "https://thirdwx.qlogo.cn/x",
            "preferred_username": SUB, // never the nickname
            "updated_at": 1020,
            "email": format!("{SUB}@wechat.example.com"),
            "email_verified": false,
            "wechat_unionid": "uA",
            "wechat_openid": "oA",
            "wechat_appid": "wx1",
        });
        assert_eq!(userinfo, expected);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(token.get(name), Some(value));
        }
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let [_, userinfo] = tokens(
            &web(),
            &grant("openid profile email", ClaimsRequest::default()),
            &Profile::default(),
        );
        assert_eq!(userinfo, json!({ "sub": SUB, "preferred_username": SUB }));
    }

    #[test]
    fn a_nickname_changes_no_claim_but_the_names() {
        let of = |name| {
            tokens(
                &web(),
                &grant("openid profile email", ClaimsRequest::default()),
                &profile(Some(name)),
            )
        };
        let [[token, userinfo], [other_token, other_userinfo]] = [of("admin"), of("<b>x</b>@a.b")];
        for (one, other) in [(token, other_token), (userinfo, other_userinfo)] {
            for (name, value) in one.as_object().unwrap() {
                let is_name = matches!(name.as_str(), "name" | "nickname");
                assert_eq!(other.get(name) != Some(value), is_name, "{name}");
            }
        }
    }

    #[test]
    fn claims_are_brought_by_name_within_the_scopes_of_the_client() {
        let text = r#"{"userinfo":{"name":null,"wechat_openid":null},"id_token":{"picture":null}}"#;
        let all = Scopes::parse("openid profile wechat");
        let (claims, _) = ClaimsRequest::parse(text, all).unwrap();
        let client = Client {
            profile_in_id_token: false,
            ..web()
        };
        let [token, userinfo] = tokens(&client, &grant("openid", claims), &profile(Some("x")));
        // The client may not have the scope `wechat`: not even if it could once.
        assert_eq!(userinfo, json!({ "sub": SUB, "name": "x" }));
        assert_eq!(
            token.get("picture"),
            Some(&json!("https://thirdwx.qlogo.cn/x"))
        );
        assert_eq!(token.get("name"), None);
    }

    #[test]
    fn a_template_replaces_a_claim_of_its_scope_and_others_belong_to_the_client() {
        let client = with_template("preferred_username", "wx-{sub}");
        let [_, with] = tokens(
            &client,
            &grant("openid profile", ClaimsRequest::default()),
            &profile(None),
        );
        assert_eq!(
            with.get("preferred_username"),
            Some(&json!(format!("wx-{SUB}")))
        );
        let [_, without] = tokens(
            &client,
            &grant("openid", ClaimsRequest::default()),
            &profile(None),
        );
        assert_eq!(without, json!({ "sub": SUB }));
        let client = with_template("groups", "wechat");
        let [_, userinfo] = tokens(
            &client,
            &grant("openid", ClaimsRequest::default()),
            &profile(None),
        );
        assert_eq!(userinfo, json!({ "sub": SUB, "groups": "wechat" }));
    }

    #[test]
    fn at_hash_has_half_of_the_hash_of_the_signature() {
        assert_eq!(at_hash(Algorithm::Es256, "x").len(), 22);
        assert_eq!(at_hash(Algorithm::EdDsa, "x").len(), 43);
    }
}
