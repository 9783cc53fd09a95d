//! The redirect URI, by the rules that need no network.

use weixin::{Endpoints, RedirectUri, error::ParseError};

use super::check::{Check, CheckResult};
use crate::{
    args::Kind,
    message::{Message, message},
    rules,
};

/// Checks the redirect URI, and returns it if the login page can be asked about it. A simulator accepts redirect URIs that
/// WeChat rejects.
pub(super) fn examine(
    text: Option<&str>,
    kind: Kind,
    endpoints: &Endpoints,
) -> (Option<RedirectUri>, Option<CheckResult>) {
    if !matches!(kind, Kind::Website | Kind::OfficialAccount) {
        return (None, None);
    }
    let Some(text) = text else {
        let unproven = CheckResult::unproven(
            Check::RedirectUri,
            message("未指定回调地址", "no redirect URI"),
            message("请加上 --redirect-uri", "use --redirect-uri"),
        );
        return (None, Some(unproven));
    };
    let uri: RedirectUri = match text.parse() {
        Ok(uri) => uri,
        Err(error) => return (None, Some(rejected(error))),
    };
    let Err(error) = uri.check_registrable() else {
        let (host, path) = (
            uri.as_url().host_str().unwrap_or_default(),
            uri.as_url().path(),
        );
        let detail = message(
            format!("主机 {host}；路径 {path} 不参与比较"),
            format!("host {host}; WeChat does not compare the path {path}"),
        );
        let ok = CheckResult::ok(Check::RedirectUri, detail);
        return (Some(uri), Some(ok));
    };
    if endpoints.open() == Endpoints::default().open() {
        (None, Some(rejected(error)))
    } else {
        (Some(uri), Some(rejected(error).optional()))
    }
}

pub(crate) fn rejected(error: ParseError) -> CheckResult {
    let (detail, remedy) = rules::redirect_uri(error).map_or_else(
        || {
            let remedy = message("请修改回调地址", "change the redirect URI");
            (Message::untranslated(error.to_string()), remedy)
        },
        |row| (row.detail.into(), row.remedy.into()),
    );
    CheckResult::failed(Check::RedirectUri, detail, remedy)
}
