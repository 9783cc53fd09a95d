//! WeChat's hosts: the connection to each, and whether WeChat itself responds.

use std::time::Instant;

use http::{Request, header::DATE};
use url::Url;
use weixin::{
    Endpoints,
    clock::{Clock, SystemClock},
    error::{ApiError, ErrCode},
    transport::{Https, Origin, Transport},
};

use super::{
    check::{Check, CheckResult},
    clock::Clocks,
    connectivity::NetworkEnv,
};
use crate::{
    message::{Message, message},
    sdk_error,
};

/// A call without parameters, to which only WeChat returns one of its error codes.
const PROBE_PATH: &str = "/sns/auth";

/// WeChat's error for a call over plain HTTP.
const REQUIRE_HTTPS: ErrCode = ErrCode(43003);

/// The purpose of a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Api,
    /// Called when the other API hosts cannot be reached.
    Backup,
    /// For browsers. This machine needs it only for checks.
    Browsers,
}

/// One of the hosts.
#[derive(Clone, Debug)]
pub(super) struct Host {
    url: Url,
    role: Role,
}

/// The results of one host.
#[derive(Debug)]
pub(super) struct HostReport {
    pub(super) results: Vec<CheckResult>,
    pub(super) clocks: Option<Clocks>,
}

/// Each host once, the API first.
pub(super) fn of(endpoints: &Endpoints) -> Vec<Host> {
    let api = endpoints.api().iter().enumerate().map(|(index, origin)| {
        let role = if index == 0 { Role::Api } else { Role::Backup };
        (origin, role)
    });
    let browsers = [endpoints.open(), endpoints.scripts()].map(|origin| (origin, Role::Browsers));
    let mut hosts: Vec<Host> = Vec::new();
    for (origin, role) in api.chain(browsers) {
        let url = |origin: &Origin| Url::parse(origin.as_str()).ok();
        if let Some(url) = url(origin).filter(|url| hosts.iter().all(|host| host.url != *url)) {
            hosts.push(Host { url, role });
        }
    }
    hosts
}

impl Host {
    /// Runs the checks until one fails.
    pub(super) async fn examine(self, network: NetworkEnv, https: Https) -> HostReport {
        let (mut results, is_connected) = network.run(&self.url).await;
        let mut clocks = None;
        if is_connected && self.role != Role::Browsers {
            let began = Instant::now();
            let (response, found) = self.call(&https).await;
            results.push(response.after(began.elapsed()));
            clocks = found;
        }
        let name = self.name();
        let finish = |result: CheckResult| {
            let result = result.at(&name);
            match self.role {
                Role::Api => result,
                Role::Backup | Role::Browsers => result.optional(),
            }
        };
        let results = results.into_iter().map(finish).collect();
        HostReport { results, clocks }
    }

    fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Checks that WeChat itself responds, and reads its clock: a request ID starts with the time.
    async fn call(&self, https: &Https) -> (CheckResult, Option<Clocks>) {
        let url = format!("{}{PROBE_PATH}", self.url.as_str().trim_end_matches('/'));
        let Ok(request) = Request::get(url).body(Vec::new()) else {
            return (no_response(message("不是有效的 URL", "not a URL")), None);
        };
        let response = match https.send(request).await {
            Ok(response) => response,
            Err(error) => return (no_response(sdk_error::brief(&error.into())), None),
        };
        let ours = SystemClock.now();
        let error = ApiError::from_response(PROBE_PATH, response.body());
        let date = response.headers().get(DATE);
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let wechats = error.as_ref().and_then(ApiError::time).or(date);
        let result = judge(response.status().as_u16(), error.map(|error| error.code));
        (result, wechats.map(|wechats| Clocks { wechats, ours }))
    }
}

fn no_response(reason: Message) -> CheckResult {
    CheckResult::failed(
        Check::Response,
        reason,
        message(
            "连接成功，但没有收到完整的响应：请稍后再试；如果一直这样，请检查代理和防火墙",
            "connected, but no complete response arrived: try again in a moment; if it persists, check proxies and firewalls",
        ),
    )
}

/// Recognizes WeChat by its error codes.
fn judge(status: u16, code: Option<ErrCode>) -> CheckResult {
    match code {
        Some(ErrCode::BUSY) => CheckResult::warning(
            Check::Response,
            message("微信系统繁忙（-1）", "WeChat is busy (-1)"),
            message("请稍后再试", "try again in a moment"),
        ),
        Some(REQUIRE_HTTPS) => CheckResult::failed(
            Check::ApiUrl,
            message("微信要求 https（43003）", "WeChat requires https (43003)"),
            message(
                "API 地址请以 https:// 开头",
                "start the API's URL with https://",
            ),
        ),
        Some(code) => CheckResult::ok(
            Check::Response,
            message(
                format!("API 有响应（{code}）"),
                format!("the API responds ({code})"),
            ),
        ),
        None => CheckResult::failed(
            Check::Response,
            message(
                format!("响应不是来自微信（HTTP {status}，没有 errcode）"),
                format!("the response is not WeChat's (HTTP {status}, no errcode)"),
            ),
            message(
                "中间可能有代理或需要登录的网络（如公共 Wi-Fi），也可能 URL 写错了：请用浏览器打开同一 URL 查看",
                "a proxy or a captive portal may be in between, or the URL is wrong: open the same URL in a browser",
            ),
        ),
    }
}
