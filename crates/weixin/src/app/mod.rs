//! Apps that are registered with WeChat: a type for each kind, and the apps of one site together.

mod any;
mod apps;
mod kind;
#[macro_use]
mod login_app;
pub(crate) mod mobile_app;
pub(crate) mod official_account;
pub(crate) mod website;

pub use self::{
    any::App,
    apps::{Apps, LoginRoute, ScanHint},
    kind::AppKind,
};
pub(crate) use self::{mobile_app::MobileApp, official_account::OfficialAccount, website::Website};
pub use crate::builder::AppBuilder;
