//! Why a gateway cannot start.

use std::path::{Path, PathBuf};

use thiserror::Error;
use weixin::{Bilingual, Language};

use crate::{
    announced_keys::KeyFileDifference,
    error_text,
    key_file::KeyFileError,
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
    /// The key file, which has no line that decrypts a signing key.
    #[error("a signing key cannot be decrypted: its master key is not in {}", .0.display())]
    Sealed(PathBuf),
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
    /// The error with its causes in one line, in one language. Rare causes that a database or the operating system names are
    /// in English.
    pub fn text(&self, language: Language) -> String {
        let head = match language {
            Language::English => None,
            _ => self.chinese(),
        };
        error_text::with_causes(head.unwrap_or_else(|| self.to_string()), self, language)
    }

    /// The Chinese text, without the causes.
    fn chinese(&self) -> Option<String> {
        match &self.0 {
            Reason::KeyFile(KeyFileError::Other(other)) => Some(other.chinese()),
            Reason::Open(OpenError::Read(error))
            | Reason::KeyFile(KeyFileError::Store(error))
            | Reason::Store(error) => error.chinese(),
            Reason::Open(error) => error.chinese(),
            Reason::Login(_) => Some("微信不接受 [[issuer]] url 作为回调地址".to_owned()),
            Reason::Sealed(file) => Some(format!(
                "无法解密签名密钥：{} 中没有加密它的主密钥",
                file.display()
            )),
            _ => None,
        }
    }

    /// The error for a signing key, which names the key file if that is what is wrong.
    pub(crate) fn of_key(error: KeyError, key_file: &Path) -> Self {
        Self(match error {
            KeyError::Sealed => Reason::Sealed(key_file.to_owned()),
            other => Reason::Keys(other),
        })
    }

    /// What the operator can do, if that does not depend on the cause.
    pub fn remedy(&self) -> Option<Bilingual> {
        match &self.0 {
            Reason::Sealed(_) => Some(LOST_KEY),
            Reason::Login(_) => Some(CALLBACK),
            Reason::Open(error) => error.remedy(),
            Reason::KeyFile(KeyFileError::Store(error)) | Reason::Store(error) => error.remedy(),
            _ => None,
        }
    }

    /// Whether a signing key is missing or cannot be read.
    pub(crate) const fn is_of_keys(&self) -> bool {
        matches!(self.0, Reason::Keys(_) | Reason::Sealed(_))
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

/// What the operator can do if WeChat cannot send browsers back to an issuer.
const CALLBACK: Bilingual = Bilingual {
    en: "use the callback domain that is registered in WeChat's console in [[issuer]] url; to try logins on this machine, run `weixin sim` \
         and set `endpoint` of the app to its URL. `weixin gateway check` says more",
    zh: "[[issuer]] url 请使用微信后台登记的授权回调域；在本机试用时，请运行 `weixin sim`，并把应用的 endpoint 设为它的 URL。详情见 `weixin gateway check`",
};

/// What the operator can do if no line of the key file decrypts a signing key.
pub const LOST_KEY: Bilingual = Bilingual {
    en: "copy [server] key_file from another node, or put its former line back from the copy that was kept apart from the backups. \
         If no node and no copy has the key any more, run `weixin gateway keys rotate --now --revoke` and then `weixin gateway keys reseal` \
         with this file: users stay logged in, and all tokens become invalid",
    zh: "从其他节点复制 [server] key_file，或者从单独保存的副本中放回原来的那一行。如果所有节点和副本中都已没有这个密钥，请用此文件依次运行 `weixin gateway keys rotate --now --revoke` 和 `weixin gateway keys reseal`：用户保持登录，所有 Token 失效",
};
