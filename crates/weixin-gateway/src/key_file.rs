//! Whether the nodes have the same key file. Each leaves the check values of its master keys in the store, and compares
//! those that it finds there with its own: what a node signs, the others must be able to verify.

use std::path::PathBuf;

use data_encoding::BASE32_NOPAD;
use thiserror::Error;

use crate::{
    announced_keys::{AnnouncedKeys, Compared, KeyFileDifference},
    config::ServerConfig,
    error_text::causes,
    oidc::Timestamp,
    random::{self, NoRandomBytes},
    store::{Store, StoreError},
};

/// The key file of this node cannot be used beside those of the others.
#[derive(Clone, Debug, Error)]
#[error("{} {}: {}", .path.display(), .difference.description().en, .difference.remedy().en)]
pub(crate) struct OtherKeyFile {
    pub(crate) difference: KeyFileDifference,
    path: PathBuf,
}

/// Key files cannot be compared, or differ.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) enum KeyFileError {
    Other(#[from] OtherKeyFile),
    Store(#[from] StoreError),
}

impl OtherKeyFile {
    pub(crate) fn chinese(&self) -> String {
        let description = self.difference.description().zh;
        let remedy = self.difference.remedy().zh;
        format!("密钥文件 {} {description}。{remedy}", self.path.display())
    }
}

/// How often a node tries again when others are faster.
const TRIES: usize = 10;

/// The row in the store, and the time of its database. A file of SQLite has one gateway.
struct Row {
    text: Option<String>,
    announced: AnnouncedKeys,
    now: i64,
    is_shared: bool,
}

impl Row {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let time = store.database_time().await.transpose()?;
        let now = time.unwrap_or_default();
        let text = store.key_file().await?;
        Ok(Self {
            announced: AnnouncedKeys::parse(text.as_deref().unwrap_or_default(), now),
            text,
            now,
            is_shared: time.is_some(),
        })
    }

    /// Compares the file of a node, or of a command.
    fn expect_same(
        &self,
        server: &ServerConfig,
        node: Option<&str>,
        compared: Compared,
    ) -> Result<(), OtherKeyFile> {
        let own = server.keys.check_values();
        let difference = if self.is_shared {
            self.announced.difference(&own, node, compared)
        } else {
            self.announced.difference_alone(&own)
        };
        difference.map_or(Ok(()), |difference| {
            Err(OtherKeyFile {
                difference,
                path: server.key_file.clone(),
            })
        })
    }

    /// Writes what has changed. Returns whether no other node was faster.
    async fn write(self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        let text = self.announced.text();
        match self.text {
            Some(read) if read == text => Ok(true),
            Some(read) if read.lines().next() == text.lines().next() => {
                store.renew_key_file(read, text).await
            }
            read => store.set_key_file(read, text, now).await,
        }
    }
}

/// Compares the key file of a node that starts or has loaded it, and leaves its check values for the others.
///
/// # Errors
///
/// [`KeyFileError`] if the files differ too much, or the store fails.
pub(crate) async fn announce(
    store: &Store,
    server: &ServerConfig,
    node: &str,
    now: Timestamp,
) -> Result<(), KeyFileError> {
    let own = server.keys.check_values();
    for _ in 0..TRIES {
        let mut row = Row::read(store).await?;
        row.expect_same(server, Some(node), Compared::New)?;
        let lacks_last = row.announced.lacks_last(&own);
        if row.is_shared {
            row.announced.announce(&own, node, row.now);
        } else {
            row.announced.announce_alone(&own);
        }
        if row.write(store, now).await? {
            if lacks_last {
                tracing::warn!(
                    "the key file lacks the key by which this node or one that is gone has signed: tokens that it has signed are invalid here"
                );
            }
            return Ok(());
        }
    }
    Err(StoreError::Conflict.into())
}

/// Compares the key file of a node with what others have left since, and leaves its own again from time to time: a node that
/// leaves nothing is gone. The audit log keeps the row for 90 days: then it is left again.
///
/// # Errors
///
/// As [`announce`].
pub(crate) async fn compare(
    store: &Store,
    server: &ServerConfig,
    node: &str,
    now: Timestamp,
) -> Result<(), KeyFileError> {
    let mut row = Row::read(store).await?;
    if row.text.is_none() {
        return announce(store, server, node, now).await;
    }
    let compared = row.expect_same(server, Some(node), Compared::InUse);
    if row.is_shared {
        let own = server.keys.check_values();
        row.announced.renew(&own, node, row.now);
        // If another node was faster: five seconds later.
        row.write(store, now).await?;
    }
    Ok(compared?)
}

/// How the key file of a command differs from that of the nodes.
///
/// # Errors
///
/// [`StoreError`] if the store fails.
pub(crate) async fn inspect(
    store: &Store,
    server: &ServerConfig,
) -> Result<Option<KeyFileDifference>, StoreError> {
    let row = Row::read(store).await?;
    let compared = row.expect_same(server, None, Compared::New);
    Ok(compared.err().map(|other| other.difference))
}

/// Leaves the check values of a key file as those of all nodes, whatever they have.
///
/// # Errors
///
/// [`StoreError`] if the store fails.
pub(crate) async fn declare(
    store: &Store,
    server: &ServerConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = server.keys.check_values();
    for _ in 0..TRIES {
        let mut row = Row::read(store).await?;
        if row.is_shared {
            row.announced.declare(&own);
        } else {
            row.announced.announce_alone(&own);
        }
        if row.write(store, now).await? {
            return Ok(());
        }
    }
    Err(StoreError::Conflict)
}

/// A random name for this process among the nodes.
///
/// # Errors
///
/// [`NoRandomBytes`] if the operating system has none.
pub(crate) fn node() -> Result<String, NoRandomBytes> {
    let bytes = random::bytes::<8>()?;
    Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// Removes the check values of a node that stops: the others need no longer verify what it signs. If the store fails, they
/// notice within 30 seconds.
pub(crate) async fn leave(store: &Store, node: &str, now: Timestamp) {
    if let Err(error) = remove(store, node, now).await {
        let error = causes(&error);
        tracing::warn!(
            error,
            "the other nodes cannot be told of the end of this one"
        );
    }
}

async fn remove(store: &Store, node: &str, now: Timestamp) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let mut row = Row::read(store).await?;
        row.announced.leave(node);
        if !row.is_shared || row.write(store, now).await? {
            break;
        }
    }
    Ok(())
}
