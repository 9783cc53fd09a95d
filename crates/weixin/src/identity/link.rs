//! The IDs of a user in several apps, and the account that a login belongs to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AppId, Identity, OpenId, UnionId};

/// The IDs of one user: an OpenID for each app, and the UnionID once it is known. Store them with the account: WeChat's
/// other calls need the OpenID of their app.
///
/// Those of a snapshot user, who has not logged in, are empty ([`Token::user_ids`](crate::Token::user_ids)).
///
/// ```
/// use weixin::{UserIds, identity::LinkOutcome};
///
/// # fn example(login: UserIds, found: Vec<(u64, UserIds)>) {
/// // `found`: the rows of your table of accounts that have one of `login.identities()`, each with its key.
/// match login.link(found) {
///     LinkOutcome::Create => { /* insert an account with `login` */ }
///     LinkOutcome::Unchanged(key) => println!("account {key}"),
///     LinkOutcome::Update { account, ids } => println!("account {account} gets {} IDs", ids.openids().count()),
///     _ => { /* two accounts of one user, or a contradiction: let a person decide */ }
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct UserIds {
    unionid: Option<UnionId>,
    openids: BTreeMap<AppId, OpenId>,
}

/// The account that a login belongs to, by the site's own key `K`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LinkOutcome<K> {
    /// These accounts contradict the login or each other: let a person decide. The list is empty for a snapshot user.
    Conflict(Vec<K>),
    /// No account: create one.
    Create,
    /// Two accounts of one user, whose UnionID was not known before.
    Merge {
        /// The account to keep, with the UnionID.
        into: K,
        /// The account whose data moves there.
        from: K,
        /// The IDs to store with `into`.
        ids: UserIds,
    },
    /// This account, whose IDs are complete.
    Unchanged(K),
    /// This account, with new IDs to store.
    Update {
        /// The account.
        account: K,
        /// The IDs to store.
        ids: UserIds,
    },
}

impl UserIds {
    /// The IDs of one login.
    pub fn new(app: AppId, openid: OpenId, unionid: Option<UnionId>) -> Self {
        Self {
            unionid,
            openids: [(app, openid)].into(),
        }
    }

    /// The UnionID, if it is known.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.unionid.as_ref()
    }

    /// The OpenID in an app, if the user has logged in there.
    pub fn openid(&self, app: &AppId) -> Option<&OpenId> {
        self.openids.get(app)
    }

    /// Every OpenID with its app.
    pub fn openids(&self) -> impl Iterator<Item = (&AppId, &OpenId)> {
        self.openids.iter()
    }

    /// The keys to look accounts up by. A snapshot user has none.
    pub fn identities(&self) -> impl Iterator<Item = Identity> {
        let union = self.unionid.iter().cloned().map(Identity::UnionId);
        let open = self.openids.iter().map(|(app, openid)| Identity::OpenId {
            app: app.clone(),
            openid: openid.clone(),
        });
        union.chain(open)
    }

    /// Decides which account a login belongs to. `accounts` are pairs of your key and the stored IDs, of the accounts that
    /// were found by [`identities`](Self::identities); others are ignored. Rows with the same key are one account.
    ///
    /// # The rule
    ///
    /// An account matches if it has the same UnionID, or the same OpenID in the same app.
    ///
    /// 1. No account matches: create one.
    /// 2. One matches, and nothing contradicts: it gets the IDs that it did not have, such as a new UnionID.
    /// 3. Two match, one by UnionID and one, without a UnionID, by OpenID: they belong to one user, who logged in to two
    ///    apps before the UnionID was known. Merge them into the one with the UnionID.
    /// 4. Anything contradicts (another UnionID for the same OpenID, another OpenID for the same app): a conflict, as
    ///    after an app has moved to another Open Platform account. Let a person decide.
    ///
    /// Without any ID, as for a snapshot user, the outcome is a conflict of no accounts: nothing to link, and no account
    /// to create. Names and avatars are no evidence, and are not compared.
    pub fn link<K: Clone + Eq>(
        &self,
        accounts: impl IntoIterator<Item = (K, Self)>,
    ) -> LinkOutcome<K> {
        if self.is_empty() {
            return LinkOutcome::Conflict(Vec::new());
        }
        let Grouped { accounts, torn } = Grouped::new(self, accounts);
        let mut matching: Vec<_> = accounts
            .into_iter()
            .filter(|(_, ids)| self.shares_an_id_with(ids))
            .collect();
        if !torn.is_empty() {
            let keys = matching.into_iter().map(|(key, _)| key);
            return LinkOutcome::Conflict(keys.chain(torn).collect());
        }
        match (matching.pop(), matching.pop(), matching.is_empty()) {
            (None, ..) => LinkOutcome::Create,
            (Some((key, known)), None, _) => self.update(key, &known),
            (Some(second), Some(first), true) => self.merge(first, second),
            (Some(second), Some(first), false) => {
                let keys = matching.into_iter().chain([first, second]);
                LinkOutcome::Conflict(keys.map(|(key, _)| key).collect())
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.unionid.is_none() && self.openids.is_empty()
    }

    fn update<K>(&self, account: K, known: &Self) -> LinkOutcome<K> {
        match known.joined(self) {
            None => LinkOutcome::Conflict(vec![account]),
            Some(ids) if ids == *known => LinkOutcome::Unchanged(account),
            Some(ids) => LinkOutcome::Update { account, ids },
        }
    }

    fn merge<K>(&self, first: (K, Self), second: (K, Self)) -> LinkOutcome<K> {
        let (into, from) = match (&first.1.unionid, &second.1.unionid) {
            (Some(_), None) => (first, second),
            (None, Some(_)) => (second, first),
            _ => return LinkOutcome::Conflict(vec![first.0, second.0]),
        };
        let joined = into.1.joined(&from.1).and_then(|ids| ids.joined(self));
        match joined {
            None => LinkOutcome::Conflict(vec![into.0, from.0]),
            Some(ids) => LinkOutcome::Merge {
                into: into.0,
                from: from.0,
                ids,
            },
        }
    }

    fn shares_an_id_with(&self, account: &Self) -> bool {
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

/// The rows of each account together.
struct Grouped<K> {
    accounts: Vec<(K, UserIds)>,
    /// Accounts of the login whose rows contradict each other.
    torn: Vec<K>,
}

impl<K: Clone + Eq> Grouped<K> {
    fn new(login: &UserIds, rows: impl IntoIterator<Item = (K, UserIds)>) -> Self {
        let mut grouped = Self {
            accounts: Vec::new(),
            torn: Vec::new(),
        };
        for (key, ids) in rows {
            match grouped.accounts.iter_mut().find(|(known, _)| *known == key) {
                None => grouped.accounts.push((key, ids)),
                Some((_, known)) => match known.joined(&ids) {
                    Some(joined) => *known = joined,
                    None if [&*known, &ids]
                        .iter()
                        .any(|ids| login.shares_an_id_with(ids)) =>
                    {
                        grouped.torn.push(key);
                    }
                    None => {}
                },
            }
        }
        let torn = &grouped.torn;
        grouped.accounts.retain(|(key, _)| !torn.contains(key));
        grouped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(unionid: &str, openids: &[(&str, &str)]) -> UserIds {
        UserIds {
            unionid: unionid.parse().ok(),
            openids: openids
                .iter()
                .map(|(app, openid)| (app.parse().unwrap(), openid.parse().unwrap()))
                .collect(),
        }
    }

    /// With their indexes as keys.
    fn link(login: &UserIds, accounts: &[UserIds]) -> LinkOutcome<usize> {
        login.link(accounts.iter().cloned().enumerate())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_login_is_linked_by_the_rule() {
        let web = |unionid| ids(unionid, &[("web", "oW")]);
        let both = ids("u1", &[("mini", "oM"), ("web", "oW")]);
        let conflict = |keys: &[usize]| LinkOutcome::Conflict(keys.to_vec());
        let table = [
            ("no accounts", web("u1"), vec![], LinkOutcome::Create),
            (
                "another user's account",
                web(""),
                vec![ids("u1", &[("mini", "oM")])],
                LinkOutcome::Create,
            ),
            (
                "the same IDs",
                web("u1"),
                vec![web("u1")],
                LinkOutcome::Unchanged(0),
            ),
            (
                "without the UnionID this time",
                web(""),
                vec![web("u1")],
                LinkOutcome::Unchanged(0),
            ),
            (
                "a new UnionID",
                web("u1"),
                vec![web("")],
                LinkOutcome::Update {
                    account: 0,
                    ids: web("u1"),
                },
            ),
            (
                "a new app",
                web("u1"),
                vec![ids("u2", &[]), ids("u1", &[("mini", "oM")])],
                LinkOutcome::Update {
                    account: 1,
                    ids: both.clone(),
                },
            ),
            (
                "two apps before the UnionID was known",
                web("u1"),
                vec![web(""), ids("u1", &[("mini", "oM")])],
                LinkOutcome::Merge {
                    into: 1,
                    from: 0,
                    ids: both.clone(),
                },
            ),
            (
                "another UnionID",
                web("u2"),
                vec![web("u1")],
                conflict(&[0]),
            ),
            (
                "another OpenID in the same app",
                web("u1"),
                vec![ids("u1", &[("web", "oX")])],
                conflict(&[0]),
            ),
            (
                "two accounts with UnionIDs",
                web("u1"),
                vec![web("u2"), ids("u1", &[])],
                conflict(&[0, 1]),
            ),
            (
                "two accounts that contradict each other",
                web("u1"),
                vec![
                    ids("", &[("web", "oW"), ("mini", "oX")]),
                    ids("u1", &[("mini", "oM")]),
                ],
                conflict(&[1, 0]),
            ),
            (
                "three accounts",
                web("u1"),
                vec![web(""), web("u1"), ids("u1", &[])],
                conflict(&[0, 1, 2]),
            ),
        ];
        for (name, login, accounts, expected) in table {
            assert_eq!(link(&login, &accounts), expected, "{name}");
        }
    }

    #[test]
    fn rows_with_the_same_key_are_one_account() {
        let login = ids("u1", &[("web", "oW")]);
        let (web, mini) = (ids("u1", &[("web", "oW")]), ids("u1", &[("mini", "oM")]));
        let ids_of_all = ids("u1", &[("mini", "oM"), ("web", "oW")]);
        let rows = [("joe", ids("", &[("web", "oW")])), ("joe", mini.clone())];
        let outcome = login.link(rows);
        assert_eq!(outcome, LinkOutcome::Unchanged("joe"));
        assert_eq!(
            login.link([("joe", mini.clone()), ("ann", web.clone())]),
            LinkOutcome::Conflict(vec!["joe", "ann"])
        );
        assert_eq!(web.joined(&mini), Some(ids_of_all));
        // Rows that contradict each other belong to no one user.
        let torn = [("joe", web), ("joe", ids("u2", &[("web", "oW")]))];
        assert_eq!(login.link(torn), LinkOutcome::Conflict(vec!["joe"]));
    }

    proptest! {
        #[test]
        fn the_order_of_the_accounts_changes_nothing(which in prop::collection::vec(0..6_usize, 0..4)) {
            let some = [
                ids("", &[("web", "oW")]), ids("u1", &[("mini", "oM")]), ids("u1", &[("web", "oW")]),
                ids("u2", &[("web", "oW")]), ids("", &[("mini", "oM")]), ids("u2", &[]),
            ];
            let accounts: Vec<_> = which.iter().map(|index| some[*index].clone()).enumerate().collect();
            let login = ids("u1", &[("web", "oW")]);
            let sorted = |outcome: LinkOutcome<usize>| match outcome {
                LinkOutcome::Conflict(mut keys) => {
                    keys.sort_unstable();
                    LinkOutcome::Conflict(keys)
                }
                other => other,
            };
            let reversed = login.link(accounts.iter().rev().cloned());
            prop_assert_eq!(sorted(login.link(accounts)), sorted(reversed));
        }
    }
}
