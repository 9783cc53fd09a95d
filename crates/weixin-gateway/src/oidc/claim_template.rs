//! Claims that an operator sets for a client: `"{sub}@login.example.com"`.

use std::collections::BTreeMap;

use serde_json::Value;
use weixin::error::ParseError;

use super::{
    profile::{Profile, WechatIds},
    subject::Subject,
};

/// The fewest letters of a shortened `sub`: 80 bits. Eight letters would collide with a probability of 37 % among a
/// million users, and the second user would get the first one's account.
const SHORTEST_SUB: usize = 16;

/// The claims that no template sets: those by which a client trusts the token, and `email_verified`, which would let a user
/// take over an account by an address that is not the user's.
const RESERVED: [&str; 19] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "cnf",
    "email_verified",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "phone_number_verified",
    "sid",
    "sub",
    "typ",
];

/// The user of a token, as far as claims are made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimSource<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) profile: &'a Profile,
    pub(crate) ids: &'a WechatIds,
}

/// The templates of one client, by claim.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct ClaimTemplates(BTreeMap<String, ClaimTemplate>);

impl ClaimTemplates {
    /// Adds the template of a claim: one text, or a list of texts.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if the claim cannot be set, or a text is no template of it.
    pub(crate) fn set(&mut self, claim: &str, template: ClaimTemplate) -> Result<(), ParseError> {
        let error = |rule| Err(ParseError::new("claim template", rule));
        if claim.is_empty() || RESERVED.contains(&claim) {
            return error("a claim that can be set: not one that proves who the user is, or how");
        }
        let is_name = matches!(claim, "name" | "nickname");
        if !is_name && template.uses(|part| *part == Part::Nickname) {
            return error("{nickname} in `name` and `nickname` only, since users choose it");
        }
        if claim == "email" && !template.is_email() {
            return error(
                "an e-mail address with one @ and no placeholder behind it, such as {sub}@login.example.com",
            );
        }
        self.0.insert(claim.to_owned(), template);
        Ok(())
    }

    /// The value of each claim. A claim whose placeholder is unknown for this user is absent.
    pub(crate) fn render<'a>(
        &'a self,
        source: ClaimSource<'a>,
    ) -> impl Iterator<Item = (&'a str, Option<Value>)> {
        self.0
            .iter()
            .map(move |(claim, template)| (claim.as_str(), template.render(source)))
    }

    /// Whether one of them has an OpenID or a UnionID in it.
    pub(crate) fn use_wechat_ids(&self) -> bool {
        let is_id = |part: &Part| matches!(part, Part::OpenId | Part::UnionId);
        self.0.values().any(|template| template.uses(is_id))
    }

    pub(crate) fn get(&self, claim: &str) -> Option<&ClaimTemplate> {
        self.0.get(claim)
    }
}

/// The template of one claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ClaimTemplate {
    Text(Text),
    List(Vec<Text>),
}

impl ClaimTemplate {
    /// The value, unless a placeholder is unknown for this user.
    pub(crate) fn render(&self, source: ClaimSource<'_>) -> Option<Value> {
        match self {
            Self::Text(template) => template.render(source).map(Value::String),
            Self::List(texts) => {
                let known = texts.iter().filter_map(|text| text.render(source));
                Some(known.map(Value::String).collect())
            }
        }
    }

    fn uses(&self, predicate: impl Fn(&Part) -> bool) -> bool {
        match self {
            Self::Text(text) => text.0.iter().any(predicate),
            Self::List(texts) => texts.iter().flat_map(|text| &text.0).any(predicate),
        }
    }

    /// Whether the text is an address whatever the placeholders stand for: the values of all but the nickname contain
    /// letters, digits, `_` and `-` only.
    fn is_email(&self) -> bool {
        let Self::Text(Text(parts)) = self else {
            return false;
        };
        let Some((Part::Literal(last), rest)) = parts.split_last() else {
            return false;
        };
        let (before, domain) = last.split_once('@').unwrap_or_default();
        let local = rest.iter().filter_map(Part::literal).chain([before]);
        let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let has_local = !rest.is_empty() || !before.is_empty();
        has_local
            && local.into_iter().all(|text| text.bytes().all(is_atom))
            && domain.contains('.')
            && domain.bytes().all(is_host)
    }
}

/// A text with placeholders.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text(Vec<Part>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Literal(String),
    Nickname,
    OpenId,
    Sub,
    SubPrefix(usize),
    UnionId,
}

impl Part {
    fn literal(&self) -> Option<&str> {
        if let Self::Literal(text) = self {
            Some(text)
        } else {
            None
        }
    }

    fn value<'a>(&'a self, source: ClaimSource<'a>) -> Option<&'a str> {
        let subject = source.subject.as_str();
        match self {
            Self::Literal(text) => Some(text),
            Self::Nickname => source.profile.nickname.as_deref(),
            Self::OpenId => source.ids.openid.as_ref().map(weixin::OpenId::as_str),
            Self::Sub => Some(subject),
            Self::SubPrefix(length) => Some(subject.get(..*length).unwrap_or(subject)),
            Self::UnionId => source.ids.unionid.as_ref().map(weixin::UnionId::as_str),
        }
    }
}

impl TryFrom<&str> for Text {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Self, ParseError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(PLACEHOLDER)?;
            parts.extend(literal(before)?);
            parts.push(placeholder(name)?);
            rest = after;
        }
        parts.extend(literal(rest)?);
        Ok(Self(parts))
    }
}

impl Text {
    fn render(&self, source: ClaimSource<'_>) -> Option<String> {
        self.0.iter().map(|part| part.value(source)).collect()
    }
}

const PLACEHOLDER: ParseError = ParseError::new(
    "claim template",
    "the placeholders {sub}, {sub:N} with N of at least 16, {openid}, {unionid} and {nickname}",
);

fn literal(text: &str) -> Result<Option<Part>, ParseError> {
    if text.contains('}') {
        return Err(PLACEHOLDER);
    }
    Ok((!text.is_empty()).then(|| Part::Literal(text.to_owned())))
}

fn placeholder(name: &str) -> Result<Part, ParseError> {
    match name {
        "nickname" => Ok(Part::Nickname),
        "openid" => Ok(Part::OpenId),
        "sub" => Ok(Part::Sub),
        "unionid" => Ok(Part::UnionId),
        _ => {
            let length = name
                .strip_prefix("sub:")
                .and_then(|length| length.parse().ok());
            let length = length.filter(|length| *length >= SHORTEST_SUB);
            length.map(Part::SubPrefix).ok_or(PLACEHOLDER)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Result<ClaimTemplate, ParseError> {
        Text::try_from(text).map(ClaimTemplate::Text)
    }

    fn set(claim: &str, template: &str) -> Result<ClaimTemplates, ParseError> {
        let mut templates = ClaimTemplates::default();
        templates.set(claim, text(template)?)?;
        Ok(templates)
    }

    fn render(templates: &ClaimTemplates) -> Value {
        let source = ClaimSource {
            subject: &"abcdefghijklmnopqrstuvwxyz".to_owned().try_into().unwrap(),
            profile: &Profile {
                nickname: Some("admin".into()),
                ..Profile::default()
            },
            ids: &WechatIds {
                unionid: None,
                openid: Some("oA".parse().unwrap()),
                app: "wx1".parse().unwrap(),
            },
        };
        templates
            .render(source)
            .map(|(name, value)| (name.to_owned(), value.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn placeholders_become_values() {
        for (claim, template, expected) in [
            (
                "preferred_username",
                "wx-{sub}",
                json!("wx-abcdefghijklmnopqrstuvwxyz"),
            ),
            ("preferred_username", "{sub:16}", json!("abcdefghijklmnop")),
            (
                "preferred_username",
                "{sub:99}",
                json!("abcdefghijklmnopqrstuvwxyz"),
            ),
            (
                "email",
                "{sub}@wechat.example.com",
                json!("abcdefghijklmnopqrstuvwxyz@wechat.example.com"),
            ),
            ("x", "{openid}.{openid}", json!("oA.oA")),
            ("x", "a{unionid}", json!(null)), // not known for this user
            ("name", "{nickname} (WeChat)", json!("admin (WeChat)")),
            ("x", "", json!("")),
        ] {
            assert_eq!(
                render(&set(claim, template).unwrap()),
                json!({ claim: expected })
            );
        }
        let mut templates = ClaimTemplates::default();
        let list = ["wechat", "{unionid}", "u-{openid}"].map(|it| Text::try_from(it).unwrap());
        templates
            .set("groups", ClaimTemplate::List(list.into()))
            .unwrap();
        assert_eq!(render(&templates), json!({ "groups": ["wechat", "u-oA"] }));
    }

    #[test]
    fn no_template_says_who_the_user_is_or_that_an_address_is_verified() {
        for claim in RESERVED.into_iter().chain([""]) {
            assert!(set(claim, "x").is_err(), "{claim}");
        }
        for claim in ["preferred_username", "groups", "email", "x"] {
            assert!(set(claim, "{nickname}").is_err(), "{claim}");
        }
        let list = ClaimTemplate::List(vec!["{nickname}".try_into().unwrap()]);
        assert!(ClaimTemplates::default().set("groups", list).is_err());
    }

    #[test]
    fn an_email_has_one_at_sign_and_a_domain_of_the_operator() {
        for good in [
            "{sub}@a.b",
            "wx-{openid}.x@login.example.com",
            "all@a.invalid",
        ] {
            assert!(set("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "{sub}",
            "@a.b",
            "{sub}@",
            "{sub}@localhost",
            "{sub}@a@b.c",
            "{sub}@{openid}.a.b",
            "{sub}@a.b{openid}",
            "a b{sub}@a.b",
            "{sub}\"@a.b",
            "{sub}@a.b,c@d.e",
            "微{sub}@a.b",
            "@{sub}@a.b",
        ] {
            assert!(set("email", bad).is_err(), "{bad}");
        }
        let list = ClaimTemplate::List(vec!["{sub}@a.b".try_into().unwrap()]);
        assert!(ClaimTemplates::default().set("email", list).is_err());
    }

    #[test]
    fn a_misspelled_placeholder_is_rejected() {
        for bad in [
            "{Sub}", "{sub:15}", "{sub:}", "{sub:-1}", "{", "}", "{{sub}}", "{sub", "sub}", "{}",
            "{email}",
        ] {
            assert!(text(bad).is_err(), "{bad}");
        }
    }
}
