//! Why a gateway cannot start.

use std::{error::Error as _, iter::successors};

use thiserror::Error;
use weixin::{Bilingual, Language};

use crate::{
    key_file::{KeyFileDifference, KeyFileError},
    keys::KeyError,
    outbound::OutboundError,
    store::{OpenError, StoreError},
};

/// A gateway cannot start.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct StartError(Reason);

#[derive(Debug, Error)]
enum Reason {
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Login(#[from] weixin_axum::ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the callback URL of an issuer or the secret of an app is invalid")]
    Parse(#[from] weixin::error::ParseError),
    #[error("the HTTP client cannot be made")]
    Https(#[from] weixin::transport::TransportError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// The error with its causes in one line, in one language. Causes that a database or the operating system names are in
    /// English.
    pub fn text(&self, language: Language) -> String {
        let english = self.to_string();
        let chinese = match &self.0 {
            Reason::Keys(KeyError::Sealed) => {
                Some("无法解密签名密钥：密钥文件中没有加密它的主密钥".to_owned())
            }
            Reason::Open(error) => error.chinese(),
            _ => None,
        };
        let head = match (language, chinese) {
            (Language::English, _) | (_, None) => english.clone(),
            (_, Some(chinese)) => chinese,
        };
        let causes = successors(self.source(), |error| (*error).source());
        let mut texts: Vec<_> = causes.map(ToString::to_string).collect();
        // A transparent error repeats its cause.
        texts.dedup();
        texts.retain(|text| *text != english);
        texts.insert(0, head);
        texts.join(if language == Language::English {
            ": "
        } else {
            "："
        })
    }

    /// What the operator can do, if that does not depend on the cause.
    pub fn remedy(&self) -> Option<Bilingual> {
        match &self.0 {
            Reason::Keys(KeyError::Sealed) => Some(LOST_KEY),
            Reason::Open(error) => error.remedy(),
            _ => None,
        }
    }

    /// Whether a signing key is missing or cannot be read.
    pub(crate) const fn is_of_keys(&self) -> bool {
        matches!(self.0, Reason::Keys(_))
    }

    /// How the key file differs from that of the other nodes, if that is the reason.
    pub(crate) const fn key_file(&self) -> Option<KeyFileDifference> {
        match &self.0 {
            Reason::KeyFile(KeyFileError::Other(other)) => Some(other.difference),
            _ => None,
        }
    }
}

impl<E: Into<Reason>> From<E> for StartError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

const LOST_KEY: Bilingual = Bilingual {
    en: "copy [server] key_file from another node, or put its former line back from the copy that was kept apart from the backups. \
         If no node and no copy has the key any more, follow \"A lost key file\" in gateway.md: users stay logged in, and all tokens become invalid",
    zh: "从其他节点复制 [server] key_file，或者从单独保存的副本中放回原来的那一行。如果所有节点和副本中都已没有这个密钥，请按 gateway.md 的“密钥文件丢失”操作：用户保持登录，所有 Token 失效",
};
