//! The apps of an issuer: whether WeChat, or the simulator in its place, accepts their callback and their secret.

use weixin::{RedirectUri, error::ParseError};
use weixin_gateway::{AppOverview, IssuerOverview};

use super::super::super::doctor::{
    app_secret,
    check::{Check, CheckResult, Status},
    login_page, redirect_uri,
};
use crate::message::{Message, message};

/// Asks WeChat whether it accepts the callback of an issuer, and the app's secret.
pub(super) async fn examine(issuer: &IssuerOverview, app: &AppOverview) -> Vec<CheckResult> {
    let odd = app.has_app_id_as_secret.then(app_id_as_secret);
    let mut results: Vec<_> = odd.into_iter().collect();
    let uri = &issuer.wechat_redirect_uri;
    let parsed: RedirectUri = match uri.parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            results.push(redirect_uri::rejected(error));
            return results;
        }
    };
    if let Some(endpoint) = &app.endpoint {
        results.push(simulator(endpoint));
    } else if let Err(error) = parsed.check_registrable() {
        results.push(not_registrable(&issuer.url, &app.name, error));
        return results;
    }
    let detail = Message::untranslated(uri.as_str());
    results.push(CheckResult::ok(Check::RedirectUri, detail));
    let page = login_page::examine(&app.app, Some(&parsed)).await;
    let secret = app_secret::examine(&app.app).await;
    let is_silent = app.endpoint.is_some() && secret.iter().any(has_no_response);
    if is_silent {
        results.extend(secret.into_iter().map(no_simulator));
    } else {
        results.extend(page.into_iter().chain(secret).map(with_hint));
    }
    results
}

fn app_id_as_secret() -> CheckResult {
    let detail = message(
        "以 wx 开头，像是 AppID",
        "it begins with wx, as an app ID does",
    );
    let remedy = message(
        "从微信后台复制完整的 AppSecret，不要与 AppID 混淆",
        "copy the whole AppSecret from WeChat's console, and not the AppID",
    );
    CheckResult::warning(Check::AppSecret, detail, remedy)
}

/// What WeChat says of a host that it cannot know, such as `localhost`.
fn not_registrable(url: &str, name: &str, error: ParseError) -> CheckResult {
    redirect_uri::rejected(error).remedied_by(message(
        format!(
            "[[issuer]] url 应使用微信后台登记的授权回调域，而不是 {url}；试用时请运行 `weixin sim`，并在 [app.{name}] 中把 endpoint 设为它的 URL"
        ),
        format!(
            "[[issuer]] url: use the callback domain (授权回调域) that is registered in WeChat's console in place of {url}; \
             to try a login, run `weixin sim` and set `endpoint` of [app.{name}] to its URL"
        ),
    ))
}

/// Without a network, no check before this one says so.
pub(super) fn clock(result: CheckResult) -> CheckResult {
    if result.status == Status::Unproven {
        result.remedied_by(by_doctor())
    } else {
        result
    }
}

fn by_doctor() -> Message {
    message(
        "用 `weixin doctor` 检查网络",
        "`weixin doctor` checks the network",
    )
}

/// The doctor's remedy for an unreachable host names its own checks of the network, and that for a secret a login of its own.
fn with_hint(result: CheckResult) -> CheckResult {
    if (result.check, result.status) == (Check::AppSecret, Status::Unproven) {
        return result.remedied_by(message(
            "通过网关完成一次登录即可验证；网关启动之前也可以用 `weixin login`。AppSecret 错误时返回 40125",
            "log in once through the gateway, or before it runs by `weixin login`: WeChat returns 40125 if the secret is wrong",
        ));
    }
    let is_unreachable = has_no_response(&result)
        || matches!(
            (result.check, result.status),
            (Check::LoginPage | Check::Response, Status::Warning)
        );
    if is_unreachable {
        result.remedied_by(by_doctor())
    } else {
        result
    }
}

fn has_no_response(result: &CheckResult) -> bool {
    (result.check, result.status) == (Check::Response, Status::Failed)
}

/// No network is between this machine and its simulator.
fn no_simulator(result: CheckResult) -> CheckResult {
    if !has_no_response(&result) {
        return result;
    }
    result.remedied_by(message(
        "运行 `weixin sim`，或修改 endpoint",
        "start `weixin sim`, or correct `endpoint`",
    ))
}

fn simulator(endpoint: &str) -> CheckResult {
    CheckResult::warning(
        Check::Simulator,
        message(
            format!("用 {endpoint} 代替微信：任何人都能以任意用户登录"),
            format!("{endpoint} takes the place of WeChat: anyone can log in as any user"),
        ),
        message(
            "接入正式环境时删除 endpoint",
            "remove `endpoint` to use WeChat itself",
        ),
    )
}

#[cfg(test)]
mod tests {
    use weixin::Language;

    use super::*;

    fn remedies(result: &CheckResult) -> [&str; 2] {
        [Language::English, Language::Chinese].map(|it| result.remedy().unwrap().pick(it))
    }

    #[test]
    fn a_local_issuer_without_a_simulator_needs_endpoint() {
        let uri: RedirectUri = "http://localhost:8080/callback".parse().unwrap();
        let error = uri.check_registrable().unwrap_err();
        assert_eq!(
            remedies(&not_registrable("http://localhost:8080", "website", error)),
            [
                "[[issuer]] url: use the callback domain (授权回调域) that is registered in WeChat's console in place of http://localhost:8080; to try a login, run `weixin sim` and set `endpoint` of [app.website] to its URL",
                "[[issuer]] url 应使用微信后台登记的授权回调域，而不是 http://localhost:8080；试用时请运行 `weixin sim`，并在 [app.website] 中把 endpoint 设为它的 URL",
            ]
        );
    }

    #[test]
    fn the_clock_of_an_unreachable_wechat_names_a_command_and_no_line_above() {
        let detail = message("x", "x");
        let unknown = CheckResult::unproven(Check::Clock, detail.clone(), detail);
        assert_eq!(
            remedies(&clock(unknown)),
            [
                "`weixin doctor` checks the network",
                "用 `weixin doctor` 检查网络"
            ]
        );
    }
}
