//! App id and secret at the API, as far as they can be told apart from outside.

use weixin::{ApiError, AppKind, AppTokens, Client, Code, ErrCode, Error, MemoryStore, VaultError};

use super::{
    finding::{Check, Finding, Said, say},
    login_page::explained,
};

/// A code that WeChat has not made.
const NOBODYS: &str = "000doctor000doctor000doctor00000";

pub(super) async fn examine(client: &Client) -> Vec<Finding> {
    match client.kind() {
        AppKind::OfficialAccount | AppKind::MiniProgram => by_app_token(client).await,
        _ => by_exchange(client).await,
    }
}

/// An app token is given for app id and secret alone. The stable one takes no other server's away.
async fn by_app_token(client: &Client) -> Vec<Finding> {
    let tokens = AppTokens::new(client.clone(), MemoryStore::default());
    let error = match tokens.get().await {
        Ok(_) => {
            return vec![
                Finding::good(Check::AppId, say("API 认识它", "the API knows it")),
                Finding::good(
                    Check::Secret,
                    say("已换到接口调用凭据", "an app token was given for it"),
                ),
                Finding::good(
                    Check::IpWhitelist,
                    say("本机的出口 IP 可以调用", "this machine's address may call"),
                ),
            ];
        }
        Err(VaultError::Weixin(Error::Api(error))) => error,
        Err(error) => return vec![no_answer(&error)],
    };
    vec![match error.code {
        ErrCode::IP_NOT_ALLOWED => whitelist(&error),
        ErrCode::INVALID_APPID => refused(Check::AppId, error.code),
        ErrCode(89501 | 89503) => refused(Check::IpWhitelist, error.code),
        code if code.is_retryable() => busy(code),
        code => refused(Check::Secret, code),
    }]
}

fn whitelist(error: &ApiError) -> Finding {
    let ip = error.caller_ip().map(|ip| ip.to_string());
    let ip = ip.unwrap_or_else(|| "?".to_owned());
    Finding::failed(
        Check::IpWhitelist,
        say(
            format!("{ip} 不在白名单里（40164），AppSecret 因此还没有查到"),
            format!("{ip} is not on it (40164), so that the app secret was not looked at"),
        ),
        say(
            format!("请在后台的 IP 白名单里加入 {ip}"),
            format!("add {ip} to the IP whitelist (IP 白名单) in the console"),
        ),
    )
}

/// A code's exchange: WeChat looks at the app id, then at the code, and at the secret last.
async fn by_exchange(client: &Client) -> Vec<Finding> {
    let Ok(code) = Code::new(NOBODYS) else {
        return Vec::new();
    };
    let error = match client.exchange(code).await {
        Ok(_) => return Vec::new(),
        Err(Error::Api(error)) => error,
        Err(Error::AnswerLost(error)) => return vec![lost(&error)],
        Err(error) => return vec![no_answer(&error)],
    };
    vec![match error.code {
        ErrCode::INVALID_CODE | ErrCode::CODE_USED => Finding::unproven(
            Check::Secret,
            say(
                "API 认识 AppID；微信先检查 code 再检查 AppSecret，没有真的 code 就查不到它",
                "the API knows the app id; WeChat looks at the code before the secret, so that nothing can be said without a real code",
            ),
            say(
                "完成一次真实登录即可证实（`weixin login`）：AppSecret 不对时返回 40125",
                "a real login proves it (`weixin login`): a wrong secret is answered with 40125",
            ),
        ),
        ErrCode::INVALID_APPID => refused(Check::AppId, error.code),
        code if code.is_retryable() => busy(code),
        code => refused(Check::Secret, code),
    }]
}

fn lost(error: &Error) -> Finding {
    match error {
        Error::Api(error) if error.code.is_retryable() => busy(error.code),
        error => no_answer(error),
    }
}

fn refused(check: Check, code: ErrCode) -> Finding {
    let cause: Said = code.explanation().map_or_else(
        || say("微信拒绝了请求", "WeChat refuses the request"),
        |explanation| explanation.cause.into(),
    );
    Finding::failed(check, cause.with_code(code), explained(code.0))
}

fn busy(code: ErrCode) -> Finding {
    Finding::warning(
        Check::Secret,
        say("微信现在没有回答", "WeChat does not answer this now").with_code(code),
        explained(code.0),
    )
}

fn no_answer(error: &dyn std::error::Error) -> Finding {
    Finding::failed(
        Check::Answer,
        say(error.to_string(), error.to_string()),
        say(
            "没有问到 API：请看上面的网络检查结果",
            "the API could not be asked: see what is said about its hosts above",
        ),
    )
}
