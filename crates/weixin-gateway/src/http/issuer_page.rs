//! The page at the issuer's own URL, for those who open it in a browser. It says what the metadata says.

use axum::{http::StatusCode, response::Response};
use weixin_axum::pages::PageText;

use super::{texts, visitor::Visitor};
use crate::oidc::path;

pub(super) async fn page(visitor: Visitor) -> Response {
    let (issuer, language) = (&visitor.provider.issuer, visitor.language());
    let text = texts::ISSUER.message.pick(language);
    let text = text.replace("{issuer}", issuer.as_str());
    let page = PageText::new(language, texts::ISSUER.title.pick(language), text);
    let link = texts::METADATA.pick(language);
    visitor.page(
        StatusCode::OK,
        &page.link(issuer.endpoint(path::CONFIGURATION), link),
    )
}
