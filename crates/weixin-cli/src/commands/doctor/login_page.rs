//! App ID, scope and callback domain, checked by WeChat's login page.

use weixin::{
    Action, Error, RedirectUri,
    app::App,
    error::{ErrCode, LoginPageError},
};

use super::check::{Check, CheckResult};
use crate::{
    message::{Message, message},
    sdk_error,
};

/// A redirect URI that no app has registered. The page checks app ID and scope before it rejects this.
const UNREGISTERED_REDIRECT_URI: &str = "https://weixin-doctor.invalid/";

/// Asks the page about the redirect URI, or about an unregistered one if there is none.
pub(crate) async fn examine(app: &App, redirect_uri: Option<&RedirectUri>) -> Vec<CheckResult> {
    let Some(asked) = redirect_uri
        .cloned()
        .or_else(|| UNREGISTERED_REDIRECT_URI.parse().ok())
    else {
        return Vec::new();
    };
    let results = match app {
        App::Website(website) => match website.probe(&asked).await {
            Ok(()) => all_ok(redirect_uri.is_some()),
            Err(Error::LoginPage(error)) => qr_page(error),
            Err(Error::Status {
                status: 300..=399, ..
            }) => vec![allows_at_once()],
            Err(error) => vec![unreachable(&error)],
        },
        App::OfficialAccount(account) => match account.probe(&asked).await {
            Ok(()) => all_ok(redirect_uri.is_some()),
            Err(Error::LoginPage(LoginPageError::Code(code))) => vec![consent_page(code)],
            Err(Error::LoginPage(_)) => vec![inside_wechat_only()],
            Err(error) => vec![unreachable(&error)],
        },
        _ => Vec::new(),
    };
    if redirect_uri.is_some() {
        return results;
    }
    // The unregistered redirect URI is not the developer's.
    let is_relevant = |result: &CheckResult| result.check != Check::CallbackDomain;
    results.into_iter().filter(is_relevant).collect()
}

fn all_ok(with_redirect_uri: bool) -> Vec<CheckResult> {
    let mut results = vec![app_id_ok(), scope_ok()];
    if with_redirect_uri {
        let detail = message(
            "登录页接受这个回调地址",
            "the login page accepts the redirect URI",
        );
        results.push(CheckResult::ok(Check::CallbackDomain, detail));
    }
    results
}

fn app_id_ok() -> CheckResult {
    let detail = message("AppID 有效", "the login page accepts it");
    CheckResult::ok(Check::AppId, detail)
}

fn scope_ok() -> CheckResult {
    let detail = message("应用有登录权限", "the app has login permission");
    CheckResult::ok(Check::Scope, detail)
}

/// The website's page, which checks the app ID, the scope and the callback domain in this order.
fn qr_page(error: LoginPageError) -> Vec<CheckResult> {
    match error {
        LoginPageError::Code(code) => vec![consent_page(code)],
        LoginPageError::AppId => vec![CheckResult::failed(
            Check::AppId,
            message(
                "AppID 无效（AppID 参数错误）",
                "the login page does not know it (AppID 参数错误)",
            ),
            remedy_of(40013),
        )],
        LoginPageError::Scope => vec![
            app_id_ok(),
            CheckResult::failed(
                Check::Scope,
                message(
                    "没有 snsapi_login 权限（Scope 参数错误或没有 Scope 权限）",
                    "no permission for snsapi_login (Scope 参数错误或没有 Scope 权限)",
                ),
                message(
                    "AppID 必须属于开放平台上审核通过、已获得微信登录权限的网站应用；公众号、小程序、移动应用的 AppID 都不行（见 --kind）",
                    "use the app ID of a website app that is approved and has login permission on the Open Platform; that of an official account, a mini program or a mobile app does not work (see --kind)",
                ),
            ),
        ],
        LoginPageError::RedirectUri => vec![
            app_id_ok(),
            scope_ok(),
            redirect_uri_rejected("redirect_uri 参数错误"),
        ],
        LoginPageError::Rejected => vec![redirect_uri_rejected("该链接无法访问")],
        _ => vec![CheckResult::warning(
            Check::LoginPage,
            message(
                "页面上既没有二维码，也没有已知的错误",
                "the page shows neither a QR code nor a known error",
            ),
            message(
                "请用浏览器打开登录链接查看",
                "open the login URL in a browser",
            ),
        )],
    }
}

/// WeChat's page waits for a phone.
fn allows_at_once() -> CheckResult {
    CheckResult::unproven(
        Check::LoginPage,
        message(
            "登录页直接跳转，没有等待扫码：模拟器用 --auto-allow 自动允许登录时就是这样",
            "the login page redirects at once, without a QR code, as that of a simulator with --auto-allow does",
        ),
        message(
            "如需检查 AppID 和授权回调域，请不带 --auto-allow 运行模拟器",
            "to check app ID and callback domain, run the simulator without --auto-allow",
        ),
    )
}

fn inside_wechat_only() -> CheckResult {
    CheckResult::unproven(
        Check::LoginPage,
        message(
            "公众号的授权页只能在微信里打开，无法从这里检查",
            "an official account's page is shown inside WeChat only, and cannot be checked from here",
        ),
        message(
            "请在微信里打开授权链接；页面上的错误码可用 `weixin explain` 查询",
            "open the login URL inside WeChat; `weixin explain` explains the error codes of the page",
        ),
    )
}

fn redirect_uri_rejected(text: &str) -> CheckResult {
    CheckResult::failed(
        Check::CallbackDomain,
        message(
            format!("登录页拒绝了回调地址（{text}）"),
            format!("the login page rejects the redirect URI ({text})"),
        ),
        message(
            "后台的授权回调域必须与回调地址的主机完全相同：只写域名，不带 http://、端口和路径；子域名视为不同的域名",
            "the callback domain in the console (授权回调域) must equal the redirect URI's host: the domain only, without http://, port and path; a subdomain is a different domain",
        ),
    )
}

/// The official account's page, which shows an error code.
fn consent_page(code: ErrCode) -> CheckResult {
    let check = match code.0 {
        10003 | 10011 => Check::CallbackDomain,
        10005 | 10010 => Check::Scope,
        10012 | 10016 => Check::AppId,
        _ => Check::LoginPage,
    };
    let cause = code.explanation().map_or_else(
        || message("页面显示错误", "the page shows an error"),
        |explanation| explanation.cause.into(),
    );
    let result = CheckResult::failed(check, cause.with_code(code), remedy_of(code.0));
    if code.action() == Action::Retry {
        result.optional()
    } else {
        result
    }
}

/// The remedy of an error code.
pub(super) fn remedy_of(code: i64) -> Message {
    ErrCode(code).explanation().map_or_else(
        || {
            message(
                "请在微信文档中查询这个错误码",
                "look the code up in WeChat's documentation",
            )
        },
        |explanation| explanation.remedy.into(),
    )
}

fn unreachable(error: &Error) -> CheckResult {
    CheckResult::failed(
        Check::LoginPage,
        sdk_error::brief(error),
        message(
            "无法访问登录页：请看上面登录页服务器的检查结果",
            "could not open the login page: see the results of its host above",
        ),
    )
    .optional()
}
