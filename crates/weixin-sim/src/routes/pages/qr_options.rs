//! Options of the QR page: those that the embedding site sets, and the language.

use axum::http::{HeaderMap, Uri};

use crate::{
    bilingual::Language,
    parameters::{self, Parameters},
    routes::language,
};

/// Options that the embedding site sets (docs/wechat.md#the-authorize-url).
#[derive(Clone, Copy, Debug)]
pub(super) struct PageOptions<'a> {
    /// `black` or `white`.
    pub(super) text_color: &'static str,
    pub(super) stylesheet: Option<&'a str>,
    /// Offers fast login by WeChat for PC.
    pub(super) quick: bool,
    /// `true`, `false` or `default`: the window that opens the callback.
    pub(super) self_redirect: &'static str,
}

/// Parses the options. A style sheet applies to the classic page only, and must not be a script.
pub(super) fn options(parameters: &Parameters) -> PageOptions<'_> {
    let stylesheet = Some(parameters.get("href")).filter(|href| {
        let allowed = ["http://", "https://", "data:text/css;base64,"];
        allowed.iter().any(|start| href.starts_with(start))
    });
    PageOptions {
        text_color: if parameters.get("style") == "white" {
            "white"
        } else {
            "black"
        },
        stylesheet,
        quick: parameters.get("fast_login") != "0",
        self_redirect: match parameters.get("self_redirect") {
            "true" => "true",
            "false" => "false",
            _ => "default",
        },
    }
}

/// Language of the page: the parameter's, as at WeChat, or else the reader's.
pub(super) fn page_language(headers: &HeaderMap, parameters: &Parameters) -> Language {
    match parameters.get("lang") {
        "en" => Language::English,
        "cn" => Language::Chinese,
        _ => language::of_headers(headers),
    }
}

/// Address of the same page in the other language. It begins another login.
pub(super) fn language_switch(uri: &Uri, language: Language) -> String {
    let parameters = parameters::form(uri.query().unwrap_or_default());
    let others = parameters
        .as_slice()
        .iter()
        .filter(|(name, _)| name != "lang");
    let lang = language.pick("en", "cn").to_owned();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others).append_pair("lang", &lang);
    format!("/connect/qrconnect?{}", query.finish())
}
