//! An app whose kind is known at run time.

use super::{AppKind, MobileApp, OfficialAccount, Website};
#[cfg(feature = "mini-program")]
use crate::mini_program::MiniProgram;
use crate::{client::Client, identity::AppId};

/// An app of any kind, for programs that learn the kind at run time, from a configuration file for example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum App {
    /// A website app.
    Website(Website),
    /// An official account.
    OfficialAccount(OfficialAccount),
    /// A mobile app.
    MobileApp(MobileApp),
    /// A mini program.
    #[cfg(feature = "mini-program")]
    MiniProgram(MiniProgram),
}

impl App {
    /// The app ID.
    pub fn id(&self) -> &AppId {
        match self {
            Self::Website(app) => app.id(),
            Self::OfficialAccount(app) => app.id(),
            Self::MobileApp(app) => app.id(),
            #[cfg(feature = "mini-program")]
            Self::MiniProgram(app) => app.id(),
        }
    }

    /// The kind.
    pub fn kind(&self) -> AppKind {
        match self {
            Self::Website(_) => AppKind::Website,
            Self::OfficialAccount(_) => AppKind::OfficialAccount,
            Self::MobileApp(_) => AppKind::MobileApp,
            #[cfg(feature = "mini-program")]
            Self::MiniProgram(_) => AppKind::MiniProgram,
        }
    }

    /// The calls that all kinds of login apps share; `None` for a mini program.
    pub fn client(&self) -> Option<&Client> {
        match self {
            Self::Website(app) => Some(app.client()),
            Self::OfficialAccount(app) => Some(app.client()),
            Self::MobileApp(app) => Some(app.client()),
            #[cfg(feature = "mini-program")]
            Self::MiniProgram(_) => None,
        }
    }
}

impl From<Website> for App {
    fn from(app: Website) -> Self {
        Self::Website(app)
    }
}

impl From<OfficialAccount> for App {
    fn from(app: OfficialAccount) -> Self {
        Self::OfficialAccount(app)
    }
}

impl From<MobileApp> for App {
    fn from(app: MobileApp) -> Self {
        Self::MobileApp(app)
    }
}

#[cfg(feature = "mini-program")]
impl From<MiniProgram> for App {
    fn from(app: MiniProgram) -> Self {
        Self::MiniProgram(app)
    }
}
