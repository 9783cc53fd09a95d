//! To WeChat's login page and back: the authorize URL, its options, and the callback.

pub(crate) mod callback;
pub(crate) mod consent;
pub(crate) mod csrf_token;
mod device;
mod embed;
mod probe;
pub(crate) mod qr_page;
pub(crate) mod redirect_uri;

pub(crate) use self::{
    consent::ConsentOptions, csrf_token::CsrfToken, probe::LoginPage, qr_page::QrPageOptions,
    redirect_uri::RedirectUri,
};
pub use self::{
    device::Device,
    embed::EmbeddedQr,
    qr_page::{CallbackTarget, TextColor},
};
