//! Whether the nodes have the same key file. Each leaves the check values of its master keys in the store, and compares
//! those that it finds there with its own: what a node signs, the others must be able to verify.

use std::path::PathBuf;

use thiserror::Error;
use weixin::Bilingual;

use crate::{
    config::ServerConfig,
    oidc::Timestamp,
    store::{Store, StoreError},
};

/// How the key file of a node differs from that of the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyFileDifference {
    /// It lacks the key by which the others sign.
    LacksTheirs,
    /// The others lack the key in its first line, by which this node would sign.
    OwnIsUnknown,
}

/// The key file of this node is not that of the others.
#[derive(Clone, Debug, Error)]
#[error("{} differs from the key file of the other nodes, {}", .path.display(), remedy(*.difference).en)]
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
        let (path, remedy) = (self.path.display(), remedy(self.difference).zh);
        format!("密钥文件 {path} 与其他节点的不同：{remedy}")
    }
}

const fn remedy(difference: KeyFileDifference) -> Bilingual {
    match difference {
        KeyFileDifference::LacksTheirs => Bilingual {
            en: "which sign with a key that it lacks: copy the file from one of them; \
                 if there is no other node, run `weixin gateway keys reseal` with this file",
            zh: "缺少其他节点签名所用的密钥。请从其他节点复制密钥文件；\
                 如果没有其他节点，请用此文件运行 `weixin gateway keys reseal`",
        },
        KeyFileDifference::OwnIsUnknown => Bilingual {
            en: "which lack the key in its first line: add it to their files as the second line before it becomes the first; \
                 if there is no other node, run `weixin gateway keys reseal` with this file",
            zh: "其他节点没有第一行的密钥。请先把它作为第二行加入其他节点的密钥文件，再移到第一行；\
                 如果没有其他节点，请用此文件运行 `weixin gateway keys reseal`",
        },
    }
}

/// How often a node tries again when others are faster.
const TRIES: usize = 3;

/// Compares the key file of a node that starts or has loaded it, and leaves its check values for the others.
///
/// # Errors
///
/// [`KeyFileError`] if the files differ too much, or the store fails.
pub(crate) async fn announce(
    store: &Store,
    server: &ServerConfig,
    now: Timestamp,
) -> Result<(), KeyFileError> {
    let own = server.keys.check_values();
    for _ in 0..TRIES {
        let recorded = store.key_file().await?;
        expect_same(store, server, recorded.as_deref())?;
        let text = own.join(" ");
        if recorded.as_deref() == Some(&*text) || store.set_key_file(recorded, text, now).await? {
            return Ok(());
        }
    }
    Err(StoreError::Conflict.into())
}

/// Compares the key file of a node with what others have left since. The audit log keeps it for 90 days: then it is left
/// again.
///
/// # Errors
///
/// As [`announce`].
pub(crate) async fn compare(
    store: &Store,
    server: &ServerConfig,
    now: Timestamp,
) -> Result<(), KeyFileError> {
    match store.key_file().await? {
        None => announce(store, server, now).await,
        recorded => Ok(expect_same(store, server, recorded.as_deref())?),
    }
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
    let recorded = store.key_file().await?;
    let compared = expect_same(store, server, recorded.as_deref());
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
    let text = server.keys.check_values().join(" ");
    for _ in 0..TRIES {
        let recorded = store.key_file().await?;
        if store.set_key_file(recorded, text.clone(), now).await? {
            return Ok(());
        }
    }
    Err(StoreError::Conflict)
}

fn expect_same(
    store: &Store,
    server: &ServerConfig,
    recorded: Option<&str>,
) -> Result<(), OtherKeyFile> {
    let own = server.keys.check_values();
    let difference = recorded.and_then(|recorded| difference(&own, recorded, store.is_shared()));
    difference.map_or(Ok(()), |difference| {
        Err(OtherKeyFile {
            difference,
            path: server.key_file.clone(),
        })
    })
}

/// Compares the check values of a node with those that one of the nodes has left. In both, the first is of the key that
/// signs.
fn difference(own: &[String], recorded: &str, has_others: bool) -> Option<KeyFileDifference> {
    let recorded: Vec<_> = recorded.split(' ').collect();
    let knows = |own: &String| recorded.contains(&own.as_str());
    if !own.iter().any(|own| recorded.first() == Some(&&**own)) {
        return Some(KeyFileDifference::LacksTheirs);
    }
    let is_unknown = has_others && !own.first().is_some_and(knows);
    is_unknown.then_some(KeyFileDifference::OwnIsUnknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_node_signs_the_others_verify() {
        use KeyFileDifference::{LacksTheirs, OwnIsUnknown};

        for (own, recorded, among_nodes, alone) in [
            ("a", "a", None, None),
            // The steps of a change, on the first node and on the last one.
            ("a b", "a", None, None),
            ("a", "a b", None, None),
            ("b a", "a b", None, None),
            ("a b", "b a", None, None),
            ("b", "b a", None, None),
            ("b a", "b", None, None),
            // The new key signs before all nodes have it.
            ("b a", "a", Some(OwnIsUnknown), None),
            ("a", "b a", Some(LacksTheirs), Some(LacksTheirs)),
            // The old key is removed before all nodes sign with the new one.
            ("b", "a b", Some(LacksTheirs), Some(LacksTheirs)),
            ("b", "a", Some(LacksTheirs), Some(LacksTheirs)),
        ] {
            let own: Vec<_> = own.split(' ').map(str::to_owned).collect();
            assert_eq!(difference(&own, recorded, true), among_nodes, "{own:?}");
            assert_eq!(difference(&own, recorded, false), alone, "{own:?}");
        }
    }
}
