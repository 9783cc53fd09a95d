//! The IDs by which WeChat names a user: an OpenID for each app, and the UnionID once it is known.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use tokio::time::timeout;
use weixin::{AppId, OpenId, UnionId, UserIds, identity::Identity};

use super::{
    JobResult, Store, StoreError,
    readers::READ_TIMEOUT,
    resolved_user::{join_user, members},
    row,
};
use crate::oidc::{Timestamp, UserId, WechatIds};

/// Every identity of the users who have one of two, the latest last: a login has an OpenID and at most a UnionID.
const SELECT: &str = concat!(
    "select users.id as user_id, other.identity from identities found ",
    join_user!("found.user_id"),
    " join users member on member.id = users.id or member.merged_into = users.id
    join identities other on other.user_id = member.id
    where found.identity in ($1, $2) order by other.created_at"
);
/// The user's own and the latest ones last.
const SELECT_OF_USER: &str = concat!(
    "select identity from identities where user_id in ",
    members!("$1"),
    " order by case when user_id = $1 then 1 else 0 end, created_at"
);
const INSERT: &str = "insert into identities (identity, user_id, created_at) values ($1, $2, $3)";
const INSERT_TWO: &str = "insert into identities (identity, user_id, created_at)
    values ($1, $2, $3), ($4, $2, $3)";

/// A user with all IDs.
pub(crate) type Account = (UserId, UserIds);

/// The identities of one login: an OpenID, and the UnionID if it is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LoginIdentities {
    pub(super) first: Identity,
    pub(super) second: Option<Identity>,
}

impl LoginIdentities {
    /// `None` without any, as for a snapshot user, and for more than one login has.
    pub(crate) fn new(identities: impl IntoIterator<Item = Identity>) -> Option<Self> {
        let mut identities = identities.into_iter();
        let (first, second) = (identities.next()?, identities.next());
        let is_all = identities.next().is_none();
        is_all.then_some(Self { first, second })
    }
}

/// What a login that has another UnionID than its user means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UnionIds {
    /// A conflict.
    Keep,
    /// The app has moved to another Open Platform account: the user with the same OpenID takes the new one.
    Replace,
}

impl Store {
    /// The users who have one of the IDs.
    pub(crate) async fn accounts(
        &self,
        ids: &UserIds,
        unionids: UnionIds,
    ) -> Result<Vec<Account>, StoreError> {
        let accounts = async {
            let mut connection = self.readers().acquire().await?;
            let found = timeout(READ_TIMEOUT, find(&mut connection, ids, unionids)).await;
            connection.finished(found)
        };
        Ok(self.measured("accounts", accounts).await?)
    }

    /// The IDs of a user in an app and across apps.
    pub(crate) async fn wechat_ids(
        &self,
        user: UserId,
        app: AppId,
    ) -> Result<WechatIds, StoreError> {
        let query = sqlx::query(SELECT_OF_USER).bind(user.to_string());
        let query = self.readers().fetch_all(query);
        let rows = self.measured("wechat_ids", query).await?;
        let mut ids = Ids::default();
        for row in &rows {
            ids.insert(row::text(row, "identity")?);
        }
        Ok(WechatIds {
            openid: ids.openids.remove(&app).and_then(|mut ids| ids.pop()),
            unionid: ids.unionids.pop(),
            app,
        })
    }
}

/// The users who have one of the IDs, read in a transaction.
pub(crate) async fn accounts(
    connection: &mut AnyConnection,
    ids: &UserIds,
    unionids: UnionIds,
) -> JobResult<Vec<Account>> {
    Ok(find(connection, ids, unionids).await?)
}

/// Gives identities to a user. A conflict if one is taken: another login was faster.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: UserId,
    identities: &LoginIdentities,
    now: Timestamp,
) -> JobResult<()> {
    let sql = match identities.second {
        Some(_) => INSERT_TWO,
        None => INSERT,
    };
    let query = sqlx::query(sql).bind(identities.first.to_string());
    let mut query = query.bind(user.to_string()).bind(now.millis());
    if let Some(second) = &identities.second {
        query = query.bind(second.to_string());
    }
    query.execute(connection).await?;
    Ok(())
}

async fn find(
    connection: &mut AnyConnection,
    ids: &UserIds,
    unionids: UnionIds,
) -> sqlx::Result<Vec<Account>> {
    let mut users: BTreeMap<UserId, Ids> = BTreeMap::new();
    let mut identities = ids.identities().map(|identity| identity.to_string());
    while let Some(first) = identities.next() {
        let second = identities.next().unwrap_or_else(|| first.clone());
        let query = sqlx::query(SELECT).bind(first).bind(second);
        for row in query.fetch_all(&mut *connection).await? {
            let ids = users.entry(row::text(&row, "user_id")?).or_default();
            ids.insert(row::text(&row, "identity")?);
        }
    }
    let accounts = users.into_iter();
    let accounts = accounts.flat_map(|(user, known)| {
        let of_each_app = known.of_each_app(ids, unionids);
        of_each_app.map(move |ids| (user, ids))
    });
    Ok(accounts.collect())
}

/// The IDs of one user, the latest last. After a merge there may be several of a kind.
#[derive(Default)]
struct Ids {
    unionids: Vec<UnionId>,
    openids: BTreeMap<AppId, Vec<OpenId>>,
}

impl Ids {
    fn insert(&mut self, identity: Identity) {
        match identity {
            Identity::UnionId(unionid) => self.unionids.push(unionid),
            Identity::OpenId { app, openid } => {
                self.openids.entry(app).or_default().push(openid);
            }
            // `Identity` may get further kinds, which no row has yet.
            _ => {}
        }
    }

    /// As the rule that links accounts takes them: with the same key they are one account. Each user has an OpenID. Of
    /// several IDs of a kind, that of the login counts.
    fn of_each_app(
        self,
        login: &UserIds,
        unionids: UnionIds,
    ) -> impl Iterator<Item = UserIds> + use<> {
        let has_openid = |(app, openid)| {
            self.openids
                .get(app)
                .is_some_and(|ids| ids.contains(openid))
        };
        let unionid = match login.unionid() {
            Some(_) if unionids == UnionIds::Replace && login.openids().any(has_openid) => login
                .unionid()
                .filter(|id| self.unionids.contains(id))
                .cloned(),
            unionid => of_login_or_latest(unionid, self.unionids),
        };
        let login: BTreeMap<_, _> = login
            .openids()
            .map(|(app, id)| (app.clone(), id.clone()))
            .collect();
        let openids = self.openids.into_iter();
        openids.filter_map(move |(app, openids)| {
            let openid = of_login_or_latest(login.get(&app), openids)?;
            Some(UserIds::new(app, openid, unionid.clone()))
        })
    }
}

fn of_login_or_latest<T: Clone + PartialEq>(login: Option<&T>, mut ids: Vec<T>) -> Option<T> {
    match login {
        Some(id) if ids.contains(id) => Some(id.clone()),
        _ => ids.pop(),
    }
}
