//! Spent logins where all servers of a site look.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::time::sleep;
use weixin::{Client, Clock, Code, Record, Store, StoreError, SystemClock, Token, Version};

use crate::redemptions::{Outcome, REMEMBER, REPEAT};

/// How often and how long a server looks whether another has finished: as long as an exchange may take.
const GLANCES: u32 = 300;
const GLANCE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Shared {
    store: Box<dyn Store>,
}

/// What the servers tell each other of one login.
#[derive(Deserialize, Serialize)]
struct Spent {
    code: String,
    /// Unix seconds.
    since: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// As WeChat wrote it, near enough.
    Token(serde_json::Value),
    /// The server that has tried tells its visitor why; the others say that the login is over.
    Failed,
}

/// Who trades the code.
enum Claim {
    Mine(Version),
    Theirs(Arc<Token>),
    Spent,
}

impl Shared {
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        Self { store }
    }

    /// Trades the code, or waits for the server that does.
    pub(crate) async fn redeem(&self, client: &Client, state: &str, code: Code) -> Outcome {
        let key = ["login/", state].concat();
        let mut spent = Spent {
            code: code.expose().to_owned(),
            since: now(),
            answer: None,
        };
        let mine = match self.claim(&key, &spent).await {
            Ok(Claim::Theirs(token)) => return Outcome::Token(token),
            Ok(Claim::Spent) => return Outcome::Spent,
            Ok(Claim::Mine(version)) => Some(version),
            // A login that could be is better than none: WeChat itself takes a code once.
            Err(error) => {
                not_shared(&error);
                None
            }
        };
        let outcome: Outcome = client.exchange(code).await.into();
        spent.answer = Some(match &outcome {
            Outcome::Token(token) => Answer::Token(token_json(token)),
            _ => Answer::Failed,
        });
        if mine.is_some()
            && let Err(error) = self.write(&key, mine, &spent).await
        {
            not_shared(&error);
        }
        outcome
    }

    /// The first to write has the code to trade.
    async fn claim(&self, key: &str, mine: &Spent) -> Result<Claim, StoreError> {
        for _ in 0..GLANCES {
            let Some(record) = self.store.load(key).await? else {
                match self.write(key, None, mine).await? {
                    Some(version) => return Ok(Claim::Mine(version)),
                    None => continue,
                }
            };
            let spent: Spent = serde_json::from_slice(record.expose()).map_err(StoreError::new)?;
            let same = bool::from(spent.code.as_bytes().ct_eq(mine.code.as_bytes()));
            if !same || now() >= spent.since + REPEAT.as_secs() {
                return Ok(Claim::Spent);
            }
            match spent.answer {
                Some(Answer::Token(token)) => {
                    let token = serde_json::from_value(token).map_err(StoreError::new)?;
                    return Ok(Claim::Theirs(Arc::new(token)));
                }
                Some(Answer::Failed) => return Ok(Claim::Spent),
                None => sleep(GLANCE).await,
            }
        }
        Ok(Claim::Spent)
    }

    /// The new version, if it was written.
    async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        spent: &Spent,
    ) -> Result<Option<Version>, StoreError> {
        let version = Version::random()?;
        let value = serde_json::to_vec(spent).map_err(StoreError::new)?;
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(spent.since) + REMEMBER;
        let record = Record::new(value, version, expires);
        let written = self.store.replace(key, expected, Some(record)).await?;
        Ok(written.then_some(version))
    }
}

/// One server that does not know of the others is no reason to log nobody in.
fn not_shared(error: &StoreError) {
    tracing::warn!(%error, "a spent login is known to this server only");
}

/// Servers' clocks differ by less than the minute that this is about.
fn now() -> u64 {
    let since = SystemClock.now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

fn token_json(token: &Token) -> serde_json::Value {
    serde_json::json!({
        "access_token": token.access_token.expose(),
        "expires_in": token.expires_in.as_secs(),
        "refresh_token": token.refresh_token.expose(),
        "openid": token.openid,
        "scope": token.scope,
        "unionid": token.unionid,
        "is_snapshotuser": u8::from(token.is_snapshot_user()),
    })
}
