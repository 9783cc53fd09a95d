//! App ID and app secret, checked by the API as far as possible from outside.

use weixin::{
    Action, AppTokens, Client, Code, Error,
    app::App,
    error::{ApiError, ErrCode},
    store::MemoryStore,
};

use super::{
    check::{Check, CheckResult},
    login_page::remedy_of,
};
use crate::{
    message::{Message, message},
    sdk_error,
};

/// A code that WeChat has not issued.
const UNREGISTERED_CODE: &str = "000doctor000doctor000doctor00000";

pub(crate) async fn examine(app: &App) -> Vec<CheckResult> {
    let store = MemoryStore::new();
    match app {
        App::OfficialAccount(account) => by_app_token(account.app_tokens(store)).await,
        App::MiniProgram(program) => by_app_token(program.app_tokens(store)).await,
        app => match app.client() {
            Some(client) => by_exchange(client).await,
            None => Vec::new(),
        },
    }
}

/// Gets an app access token, for which app ID and app secret are enough. The stable token of other servers stays valid.
async fn by_app_token(tokens: AppTokens) -> Vec<CheckResult> {
    let error = match tokens.get().await {
        Ok(_) => {
            return vec![
                CheckResult::ok(Check::AppId, message("AppID 有效", "the API accepts it")),
                CheckResult::ok(
                    Check::AppSecret,
                    message(
                        "已获取接口调用凭据（access_token）",
                        "the API returned an app access token",
                    ),
                ),
                CheckResult::ok(
                    Check::IpWhitelist,
                    message(
                        "本机的出口 IP 允许调用",
                        "this machine's IP address is accepted",
                    ),
                ),
            ];
        }
        Err(Error::Api(error)) => error,
        Err(error) => return vec![no_response(&error)],
    };
    vec![match error.code {
        ErrCode::IP_NOT_ALLOWED => not_on_whitelist(&error),
        ErrCode::INVALID_APPID => rejected(Check::AppId, error.code),
        ErrCode(89501 | 89503) => rejected(Check::IpWhitelist, error.code),
        code if code.action() == Action::Retry => busy(code),
        code => rejected(Check::AppSecret, code),
    }]
}

fn not_on_whitelist(error: &ApiError) -> CheckResult {
    let ip = error.caller_ip().map(|ip| ip.to_string());
    let ip = ip.unwrap_or_else(|| "?".to_owned());
    CheckResult::failed(
        Check::IpWhitelist,
        message(
            format!("{ip} 不在白名单里（40164），因此还没有检查 AppSecret"),
            format!("{ip} is not on it (40164), so the app secret was not checked"),
        ),
        message(
            format!("请在后台的 IP 白名单里加入 {ip}"),
            format!("add {ip} to the IP whitelist (IP 白名单) in the console"),
        ),
    )
}

/// Exchanges a code that does not exist: WeChat checks the app ID first, then the code, and the app secret last.
async fn by_exchange(client: &Client) -> Vec<CheckResult> {
    let Ok(code) = Code::new(UNREGISTERED_CODE) else {
        return Vec::new();
    };
    let error = match client.exchange(code).await {
        Ok(_) => return Vec::new(),
        Err(Error::Api(error)) => error,
        Err(Error::OutcomeUnknown { source, .. }) => return vec![outcome_unknown(&source)],
        Err(error) => return vec![no_response(&error)],
    };
    vec![match error.code {
        ErrCode::INVALID_CODE | ErrCode::CODE_USED => CheckResult::unproven(
            Check::AppSecret,
            message(
                "AppID 有效；微信先检查 code 再检查 AppSecret，没有真实的 code 就无法验证 AppSecret",
                "the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code",
            ),
            message(
                "完成一次真实登录即可验证（`weixin login`）：AppSecret 错误时返回 40125",
                "log in once (`weixin login`): WeChat returns 40125 if the secret is wrong",
            ),
        ),
        ErrCode::INVALID_APPID => rejected(Check::AppId, error.code),
        code if code.action() == Action::Retry => busy(code),
        code => rejected(Check::AppSecret, code),
    }]
}

fn outcome_unknown(source: &Error) -> CheckResult {
    match source {
        Error::Api(error) if error.code.action() == Action::Retry => busy(error.code),
        error => no_response(error),
    }
}

fn rejected(check: Check, code: ErrCode) -> CheckResult {
    let cause: Message = code.explanation().map_or_else(
        || message("微信拒绝了请求", "WeChat rejects the request"),
        |explanation| explanation.cause.into(),
    );
    CheckResult::failed(check, cause.with_code(code), remedy_of(code.0))
}

fn busy(code: ErrCode) -> CheckResult {
    CheckResult::warning(
        Check::AppSecret,
        message(
            "微信暂时无法处理请求",
            "WeChat cannot process this call now",
        )
        .with_code(code),
        remedy_of(code.0),
    )
}

fn no_response(error: &Error) -> CheckResult {
    CheckResult::failed(
        Check::Response,
        sdk_error::brief(error),
        message(
            "无法调用 API：请看上面的网络检查结果",
            "could not call the API: see the results of its hosts above",
        ),
    )
}
