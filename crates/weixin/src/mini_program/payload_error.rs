//! Payloads that cannot be decrypted.

use thiserror::Error;

/// A payload that cannot be decrypted.
///
/// It does not tell whether the padding, the content, the watermark or the session key is wrong: the difference would be
/// a padding oracle, by which a client could decrypt and forge payloads. If it happens to honest users, their mini program
/// has called `wx.login` between getting the payload and sending it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "the payload cannot be decrypted: let the mini program call wx.login, get the payload after that, and send both together"
)]
#[non_exhaustive]
pub struct PayloadError;
