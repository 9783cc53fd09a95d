//! Each of WeChat's hosts: the way there, and whether it is WeChat that answers.

use std::time::{Instant, SystemTime};

use http::{Request, header::DATE};
use url::Url;
use weixin::{ApiError, Clock, Endpoints, ErrCode, Https, Origin, SystemClock, Transport};

use super::{
    finding::{Check, Finding, Said, say},
    way::Start,
};

/// A call without parameters, which WeChat refuses with an error that nobody else would send.
const QUESTION: &str = "/sns/auth";

/// The error of a call over plain HTTP.
const REQUIRE_HTTPS: ErrCode = ErrCode(43003);

/// What a host is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Api,
    /// It is asked when the others cannot be reached.
    Backup,
    /// Browsers need it; this machine only to find out what is wrong.
    Browsers,
}

/// One of the hosts.
#[derive(Clone, Debug)]
pub(super) struct Host {
    url: Url,
    role: Role,
}

/// What is known of one host.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) findings: Vec<Finding>,
    pub(super) clocks: Option<Clocks>,
}

/// What two clocks showed at the same moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    pub(super) wechats: SystemTime,
    pub(super) ours: SystemTime,
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
    /// Goes as far as it can.
    pub(super) async fn examine(self, start: Start, https: Https) -> Known {
        let (mut findings, arrived) = start.walk(&self.url).await;
        let mut clocks = None;
        if arrived && self.role != Role::Browsers {
            let began = Instant::now();
            let (answer, told) = self.ask(&https).await;
            findings.push(answer.after(began.elapsed()));
            clocks = told;
        }
        let name = self.name();
        let finish = |finding: Finding| {
            let finding = finding.at(&name);
            match self.role {
                Role::Api => finding,
                Role::Backup | Role::Browsers => finding.dispensable(),
            }
        };
        let findings = findings.into_iter().map(finish).collect();
        Known { findings, clocks }
    }

    fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is WeChat that answers, and what time it has: the id of a request begins with it.
    async fn ask(&self, https: &Https) -> (Finding, Option<Clocks>) {
        let url = format!("{}{QUESTION}", self.url.as_str().trim_end_matches('/'));
        let Ok(request) = Request::get(url).body(Vec::new()) else {
            return (no_answer("not an address"), None);
        };
        let answer = match https.send(request).await {
            Ok(answer) => answer,
            Err(error) => return (no_answer(error.to_string()), None),
        };
        let ours = SystemClock.now();
        let error = ApiError::read(QUESTION, answer.body());
        let date = answer.headers().get(DATE);
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let told = error.as_ref().and_then(ApiError::time).or(date);
        let finding = judge(answer.status().as_u16(), error.map(|error| error.code));
        (finding, told.map(|wechats| Clocks { wechats, ours }))
    }
}

fn no_answer(why: impl Into<String>) -> Finding {
    Finding::failed(
        Check::Answer,
        Said::same(why.into()),
        say(
            "连接之后没有完整的应答：请稍后再试；如果一直这样，请检查代理和防火墙",
            "connected, but no whole answer: try again in a moment; if it stays, look at proxies and firewalls",
        ),
    )
}

/// Only WeChat knows its error codes.
fn judge(status: u16, code: Option<ErrCode>) -> Finding {
    match code {
        Some(ErrCode::BUSY) => Finding::warning(
            Check::Answer,
            say("微信系统繁忙（-1）", "WeChat is busy (-1)"),
            say("请稍后再试", "try again in a moment"),
        ),
        Some(REQUIRE_HTTPS) => Finding::failed(
            Check::Address,
            say("微信要求 https（43003）", "WeChat wants https (43003)"),
            say(
                "API 地址请以 https:// 开头",
                "begin the API's address with https://",
            ),
        ),
        Some(code) => Finding::good(
            Check::Answer,
            say(
                format!("API 有应答（{code}）"),
                format!("the API answers ({code})"),
            ),
        ),
        None => Finding::failed(
            Check::Answer,
            say(
                format!("应答的不是微信（HTTP {status}，没有 errcode）"),
                format!("something else than WeChat answers (HTTP {status}, no errcode)"),
            ),
            say(
                "中途有代理、登录门户或错误页面：用浏览器打开同一地址看看；也可能是地址写错了",
                "a proxy, a captive portal or an error page is in between: open the same address in a browser; or the address is wrong",
            ),
        ),
    }
}
