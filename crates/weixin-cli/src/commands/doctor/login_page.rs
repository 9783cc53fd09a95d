//! App id, scope and callback domain, as WeChat's login page sees them.

use weixin::{AppKind, AuthorizeRequest, Client, ErrCode, Error, LoginPageError, RedirectUri};

use super::finding::{Check, Finding, Said, say};

/// A callback that nobody has registered: the page looks at app id and scope before it refuses this.
const NOBODYS: &str = "https://weixin-doctor.invalid/";

/// Asks the page. Without a callback, it is asked with nobody's.
pub(super) async fn examine(client: &Client, callback: Option<&RedirectUri>) -> Vec<Finding> {
    let is_website = match client.kind() {
        AppKind::Website => true,
        AppKind::OfficialAccount => false,
        _ => return Vec::new(),
    };
    let Some(redirect_uri) = callback.cloned().or_else(|| NOBODYS.parse().ok()) else {
        return Vec::new();
    };
    let login = if is_website {
        client.login_url(redirect_uri)
    } else {
        client.authorize_url(AuthorizeRequest::new(redirect_uri).silent())
    };
    let outcome = match login {
        Ok(login) => client.probe(&login).await,
        Err(error) => Err(error),
    };
    let found = match outcome {
        Ok(()) => all_good(callback.is_some()),
        Err(Error::LoginPage(LoginPageError::Dialog(code))) => vec![dialog(code)],
        Err(Error::LoginPage(_)) if !is_website => vec![inside_wechat_only()],
        Err(Error::LoginPage(error)) => page(error),
        Err(error) => vec![unreachable(&error)],
    };
    if callback.is_some() {
        return found;
    }
    // Nobody's callback is not the developer's to mend.
    let is_mine = |finding: &Finding| finding.check != Check::Callback;
    found.into_iter().filter(is_mine).collect()
}

fn all_good(with_callback: bool) -> Vec<Finding> {
    let mut found = vec![app_id_is_good(), scope_is_good()];
    if with_callback {
        let detail = say(
            "登录页接受这个回调地址",
            "the login page takes this callback",
        );
        found.push(Finding::good(Check::Callback, detail));
    }
    found
}

fn app_id_is_good() -> Finding {
    Finding::good(Check::AppId, say("登录页认识它", "the login page knows it"))
}

fn scope_is_good() -> Finding {
    let detail = say("应用有登录权限", "the app may log users in");
    Finding::good(Check::Scope, detail)
}

/// The website's page: it looks at the app id, then at the scope, then at the callback.
fn page(error: LoginPageError) -> Vec<Finding> {
    match error {
        LoginPageError::AppId => vec![Finding::failed(
            Check::AppId,
            say(
                "登录页不认识它（AppID 参数错误）",
                "the login page does not know it (AppID 参数错误)",
            ),
            explained(40013),
        )],
        LoginPageError::Scope => vec![
            app_id_is_good(),
            Finding::failed(
                Check::Scope,
                say(
                    "没有 snsapi_login 权限（Scope 参数错误或没有 Scope 权限）",
                    "no permission for snsapi_login (Scope 参数错误或没有 Scope 权限)",
                ),
                say(
                    "AppID 必须是开放平台上审核通过、已获得微信登录权限的网站应用；公众号、小程序、移动应用的 AppID 都不行（见 --kind）",
                    "the app id must be that of a website app, approved and with WeChat login granted on the Open Platform; an official account's, a mini program's or a mobile app's does not do (see --kind)",
                ),
            ),
        ],
        LoginPageError::RedirectUri => vec![
            app_id_is_good(),
            scope_is_good(),
            callback_is_refused("redirect_uri 参数错误"),
        ],
        LoginPageError::Refused => vec![callback_is_refused("该链接无法访问")],
        _ => vec![Finding::warning(
            Check::LoginPage,
            say(
                "页面上既没有二维码，也没有已知的错误",
                "the page shows neither a QR code nor an error that is known",
            ),
            say(
                "请用浏览器打开登录链接看看",
                "open the login address in a browser and look",
            ),
        )],
    }
}

fn inside_wechat_only() -> Finding {
    Finding::unproven(
        Check::LoginPage,
        say(
            "公众号的授权页只在微信里显示，从这里看不到",
            "an official account's page shows itself inside WeChat only",
        ),
        say(
            "请在微信里打开授权链接；页面上的错误码可用 `weixin explain` 查询",
            "open the login address in WeChat; `weixin explain` knows the numbers that the page shows",
        ),
    )
}

fn callback_is_refused(text: &str) -> Finding {
    Finding::failed(
        Check::Callback,
        say(
            format!("登录页拒绝了回调地址（{text}）"),
            format!("the login page refuses the callback ({text})"),
        ),
        say(
            "后台的授权回调域必须与回调地址的主机完全相同：只写域名，不带 http://、端口和路径；子域名算不同的域名",
            "the callback domain in the console (授权回调域) must be exactly the callback's host: the domain alone, without http://, port and path; a sub-domain is another one",
        ),
    )
}

/// An official account's page says its error by number.
fn dialog(code: ErrCode) -> Finding {
    let check = match code.0 {
        10003 | 10011 => Check::Callback,
        10005 | 10010 => Check::Scope,
        10012 | 10016 => Check::AppId,
        _ => Check::LoginPage,
    };
    let cause = code.explanation().map_or_else(
        || say("页面显示错误", "the page shows an error"),
        |explanation| explanation.cause.into(),
    );
    let finding = Finding::failed(check, cause.with_code(code), explained(code.0));
    if code.is_retryable() {
        finding.dispensable()
    } else {
        finding
    }
}

/// What the table of codes advises.
pub(super) fn explained(code: i64) -> Said {
    ErrCode(code).explanation().map_or_else(
        || {
            say(
                "请查询微信文档中的这个错误码",
                "look the code up in WeChat's documentation",
            )
        },
        |explanation| explanation.remedy.into(),
    )
}

fn unreachable(error: &Error) -> Finding {
    Finding::failed(
        Check::LoginPage,
        say(error.to_string(), error.to_string()),
        say(
            "登录页打不开：请看上面 open.weixin.qq.com 的检查结果",
            "the login page could not be asked: see what is said about open.weixin.qq.com above",
        ),
    )
    .dispensable()
}
