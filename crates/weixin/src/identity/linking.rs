//! Who is it? One person has an open id for each application, and a union id for all applications of one Open Platform
//! account, which may turn up late.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{AppId, OpenId, UnionId};

/// Who somebody is: by union id where there is one, else by open id and application.
///
/// Two identities are equal only if they are the same person for certain. The reverse does not hold: before a union id
/// turns up, one person has an identity for each application ([`KnownIds::link`]).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Identity {
    /// To one application.
    OpenId {
        /// The application.
        app: AppId,
        /// The person, as it knows them.
        openid: OpenId,
    },
    /// To all applications of the Open Platform account.
    UnionId(UnionId),
}

/// As it is stored: `union:UNIONID` or `open:APPID:OPENID`. No id has a colon in it, so that no two can be confused.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenId { app, openid } => write!(f, "open:{app}:{openid}"),
            Self::UnionId(unionid) => write!(f, "union:{unionid}"),
        }
    }
}

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let parts: Vec<_> = text.split(':').collect();
        match parts[..] {
            ["open", app, openid] => Ok(Self::OpenId {
                app: app.parse().map_err(|_| InvalidIdentity)?,
                openid: openid.parse().map_err(|_| InvalidIdentity)?,
            }),
            ["union", unionid] => {
                let unionid = unionid.parse().map_err(|_| InvalidIdentity)?;
                Ok(Self::UnionId(unionid))
            }
            _ => Err(InvalidIdentity),
        }
    }
}

impl TryFrom<String> for Identity {
    type Error = InvalidIdentity;

    fn try_from(text: String) -> Result<Self, InvalidIdentity> {
        text.parse()
    }
}

impl From<Identity> for String {
    fn from(identity: Identity) -> Self {
        identity.to_string()
    }
}

/// Text that no identity is stored as.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not an identity: expected union:UNIONID or open:APPID:OPENID")]
pub struct InvalidIdentity;

/// All that is known of one person's ids. Keep it with the account: other calls of WeChat's need the open id of their
/// application.
///
/// Those of a snapshot user, who has not logged in, are empty ([`Token::ids`](crate::Token::ids)).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct KnownIds {
    unionid: Option<UnionId>,
    openids: BTreeMap<AppId, OpenId>,
}

impl KnownIds {
    /// What one login says.
    pub fn new(app: AppId, openid: OpenId, unionid: Option<UnionId>) -> Self {
        Self {
            unionid,
            openids: [(app, openid)].into(),
        }
    }

    /// The union id, once it is known.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.unionid.as_ref()
    }

    /// The open id in this application, if the person has been seen there.
    pub fn openid(&self, app: &AppId) -> Option<&OpenId> {
        self.openids.get(app)
    }

    /// Every open id, by application.
    pub fn openids(&self) -> impl Iterator<Item = (&AppId, &OpenId)> {
        self.openids.iter()
    }

    /// Under which identities an account of this person may be found: look for each of them, then [`link`](Self::link).
    /// A snapshot user has none.
    pub fn identities(&self) -> impl Iterator<Item = Identity> {
        let union = self.unionid.iter().cloned().map(Identity::UnionId);
        let open = self.openids.iter().map(|(app, openid)| Identity::OpenId {
            app: app.clone(),
            openid: openid.clone(),
        });
        union.chain(open)
    }

    /// Says which account a login belongs to. `accounts` are those that were found under its
    /// [`identities`](Self::identities); others do no harm.
    ///
    /// # The rule
    ///
    /// An account is the login's if it has the same union id, or the same open id in the same application.
    ///
    /// 1. None is: the person is new.
    /// 2. One is, and nothing contradicts: it learns what it did not know, a union id that has turned up included.
    /// 3. Two are, one by union id and one, without a union id, by open id: they are one person who was seen in two
    ///    applications before the union id turned up. They are to be merged, into the one with the union id.
    /// 4. Anything contradicts (another union id for the same open id, another open id for the same application): a
    ///    conflict, as when an application has moved to another Open Platform account. People decide, not this function.
    ///
    /// Without any ID, as for a snapshot user, the answer is a conflict of no accounts: there is nothing to link by, and
    /// no account to create. Names and avatars play no part: they are not evidence.
    pub fn link(&self, accounts: &[Self]) -> Linking {
        if self.is_empty() {
            return Linking::Conflict(Vec::new());
        }
        let matching: Vec<_> = (0..accounts.len())
            .filter(|index| self.is_named_in(&accounts[*index]))
            .collect();
        match matching[..] {
            [] => Linking::New,
            [index] => match accounts[index].joined(self) {
                None => Linking::Conflict(matching),
                Some(ids) if ids == accounts[index] => Linking::Same(index),
                Some(ids) => Linking::Learned { index, ids },
            },
            [one, other] => self.merge(accounts, one, other),
            _ => Linking::Conflict(matching),
        }
    }

    fn is_empty(&self) -> bool {
        self.unionid.is_none() && self.openids.is_empty()
    }

    fn merge(&self, accounts: &[Self], one: usize, other: usize) -> Linking {
        let conflict = || Linking::Conflict(vec![one, other]);
        let (keep, absorb) = match (&accounts[one].unionid, &accounts[other].unionid) {
            (Some(_), None) => (one, other),
            (None, Some(_)) => (other, one),
            _ => return conflict(),
        };
        let joined = accounts[keep].joined(&accounts[absorb]);
        joined
            .and_then(|ids| ids.joined(self))
            .map_or_else(conflict, |ids| Linking::Merge { keep, absorb, ids })
    }

    fn is_named_in(&self, account: &Self) -> bool {
        let by_union = self.unionid.is_some() && self.unionid == account.unionid;
        by_union
            || self
                .openids
                .iter()
                .any(|(app, openid)| account.openid(app) == Some(openid))
    }

    /// Both together; `None` if they contradict each other.
    fn joined(&self, other: &Self) -> Option<Self> {
        let mut ids = self.clone();
        match (&self.unionid, &other.unionid) {
            (Some(one), Some(other)) if one != other => return None,
            (None, _) => ids.unionid.clone_from(&other.unionid),
            _ => {}
        }
        for (app, openid) in &other.openids {
            let known = ids.openids.insert(app.clone(), openid.clone());
            if known.is_some_and(|known| known != *openid) {
                return None;
            }
        }
        Some(ids)
    }
}

/// Which account a login belongs to; accounts are meant by their place among those that were given.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Linking {
    /// These contradict the login or each other: let people decide. None of them, if the login has no IDs.
    Conflict(Vec<usize>),
    /// To this one, which is to be stored with these ids from now on.
    Learned {
        /// The account.
        index: usize,
        /// What it knows now.
        ids: KnownIds,
    },
    /// To both, which are one person.
    Merge {
        /// The account with the union id.
        keep: usize,
        /// The account whose data move there.
        absorb: usize,
        /// What is known now.
        ids: KnownIds,
    },
    /// To none: the person is new.
    New,
    /// To this one, which knew it all.
    Same(usize),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(unionid: &str, openids: &[(&str, &str)]) -> KnownIds {
        KnownIds {
            unionid: unionid.parse().ok(),
            openids: openids
                .iter()
                .map(|(app, openid)| (app.parse().unwrap(), openid.parse().unwrap()))
                .collect(),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_login_is_linked_by_the_rule() {
        let web = |unionid| ids(unionid, &[("web", "oW")]);
        let both = ids("u1", &[("mini", "oM"), ("web", "oW")]);
        let conflict = |indexes: &[usize]| Linking::Conflict(indexes.to_vec());
        let table = [
            ("nobody is known", web("u1"), vec![], Linking::New),
            (
                "nobody fits",
                web(""),
                vec![ids("u1", &[("mini", "oM")])],
                Linking::New,
            ),
            ("as before", web("u1"), vec![web("u1")], Linking::Same(0)),
            (
                "without the union id this time",
                web(""),
                vec![web("u1")],
                Linking::Same(0),
            ),
            (
                "the union id turns up",
                web("u1"),
                vec![web("")],
                Linking::Learned {
                    index: 0,
                    ids: web("u1"),
                },
            ),
            (
                "seen in another application",
                web("u1"),
                vec![ids("u2", &[]), ids("u1", &[("mini", "oM")])],
                Linking::Learned {
                    index: 1,
                    ids: both.clone(),
                },
            ),
            (
                "seen in both before the union id turned up",
                web("u1"),
                vec![web(""), ids("u1", &[("mini", "oM")])],
                Linking::Merge {
                    keep: 1,
                    absorb: 0,
                    ids: both.clone(),
                },
            ),
            (
                "another union id",
                web("u2"),
                vec![web("u1")],
                conflict(&[0]),
            ),
            (
                "another open id in the same application",
                web("u1"),
                vec![ids("u1", &[("web", "oX")])],
                conflict(&[0]),
            ),
            (
                "two accounts with union ids",
                web("u1"),
                vec![web("u2"), ids("u1", &[])],
                conflict(&[0, 1]),
            ),
            (
                "two that contradict each other",
                web("u1"),
                vec![
                    ids("", &[("web", "oW"), ("mini", "oX")]),
                    ids("u1", &[("mini", "oM")]),
                ],
                conflict(&[0, 1]),
            ),
        ];
        for (name, login, accounts, expected) in table {
            assert_eq!(login.link(&accounts), expected, "{name}");
        }
    }

    #[test]
    fn no_two_identities_are_stored_as_the_same_text() {
        let identities: Vec<_> = ids("u1", &[("web", "u1"), ("mini", "oM")])
            .identities()
            .collect();
        let texts: Vec<_> = identities.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["union:u1", "open:mini:oM", "open:web:u1"]);
        for (text, identity) in texts.iter().zip(&identities) {
            assert_eq!(&text.parse::<Identity>().unwrap(), identity);
        }
        for bad in [
            "",
            "u1",
            "union:",
            "union:a:b",
            "open:a",
            "open::b",
            "open:a:b:c",
            "union:a b",
        ] {
            assert_eq!(bad.parse::<Identity>(), Err(InvalidIdentity), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_the_accounts_changes_nothing(which in prop::collection::vec(0..6_usize, 0..4)) {
            let some = [
                ids("", &[("web", "oW")]), ids("u1", &[("mini", "oM")]), ids("u1", &[("web", "oW")]),
                ids("u2", &[("web", "oW")]), ids("", &[("mini", "oM")]), ids("u2", &[]),
            ];
            let accounts: Vec<_> = which.iter().map(|index| some[*index].clone()).collect();
            let reversed: Vec<_> = accounts.iter().rev().cloned().collect();
            let login = ids("u1", &[("web", "oW")]);
            let last = accounts.len().saturating_sub(1);
            let back = |index: usize| last - index;
            let expected = match login.link(&accounts) {
                Linking::Same(index) => Linking::Same(back(index)),
                Linking::Learned { index, ids } => Linking::Learned { index: back(index), ids },
                Linking::Merge { keep, absorb, ids } => {
                    Linking::Merge { keep: back(keep), absorb: back(absorb), ids }
                }
                Linking::Conflict(indexes) => {
                    Linking::Conflict(indexes.into_iter().rev().map(back).collect())
                }
                Linking::New => Linking::New,
            };
            prop_assert_eq!(login.link(&reversed), expected);
        }
    }
}
