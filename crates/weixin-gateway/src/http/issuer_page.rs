//! The page at the issuer's own URL and at unknown ones below it, for those who open it in a browser. It says what the
//! metadata says.

use axum::{http::StatusCode, response::Response};
use weixin::Bilingual;
use weixin_axum::pages::PageText;

use super::{texts, visitor::Visitor};
use crate::oidc::path;

pub(super) async fn page(visitor: Visitor) -> Response {
    respond(&visitor, StatusCode::OK, texts::ISSUER.title)
}

pub(super) fn not_found(visitor: &Visitor) -> Response {
    respond(visitor, StatusCode::NOT_FOUND, texts::NOT_FOUND)
}

fn respond(visitor: &Visitor, status: StatusCode, title: Bilingual) -> Response {
    let (issuer, language) = (&visitor.provider.issuer, visitor.language());
    let text = texts::ISSUER.message.pick(language);
    let text = text.replace("{issuer}", issuer.as_str());
    let page = PageText::new(language, title.pick(language), text);
    let link = texts::METADATA.pick(language);
    visitor.page(
        status,
        &page.link(issuer.endpoint(path::CONFIGURATION), link),
    )
}
