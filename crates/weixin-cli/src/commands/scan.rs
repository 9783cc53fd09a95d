//! `weixin scan`: the phone of a simulator, on the command line.

use http::{Request, Response, header::LOCATION};
use serde_json::{Value, json};
use url::{Position, Url};
use weixin::transport::{Https, Transport};

use crate::{
    args::Scan,
    control_rules,
    endpoints::{simulator_of_environment, simulator_url},
    error::CliError,
    message::message,
    output::Output,
};

/// The path of the QR code in a QR page.
const QR_MARKER: &str = "/connect/qrcode/";

pub(super) async fn run(args: Scan, output: Output) -> Result<(), CliError> {
    let login_url = on_simulator(args.login_url, args.sim)?;
    let simulator = Simulator::of(&login_url).await?;
    let callback = match simulator.open(&login_url).await? {
        Page::Callback(_) if args.person.is_some() || args.cancel => {
            return Err(CliError::Other(message(
                "该模拟器自动允许所有登录（--auto-allow），不需要扫码",
                "this simulator allows every login at once (--auto-allow): there is nothing to scan",
            )));
        }
        Page::Callback(callback) => Some(callback),
        Page::QrCode(uuid) if args.cancel => {
            simulator.act(&uuid, "cancel", &json!({})).await?;
            None
        }
        Page::QrCode(uuid) => {
            let user = args
                .person
                .map_or_else(|| json!({}), |person| json!({ "user": person }));
            let response = simulator.act(&uuid, "allow", &user).await?;
            response["redirect_url"].as_str().map(str::to_owned)
        }
    };
    let text = || match &callback {
        Some(callback) => callback.clone().into(),
        None => message(
            "已取消：浏览器停留在登录页",
            "canceled: the browser stays on the login page",
        ),
    };
    output.result(text, &json!({ "redirect_url": callback }))
}

/// The login URL, with the simulator in place of WeChat.
#[expect(
    clippy::option_option,
    reason = "clap's type for an option with or without a value"
)]
fn on_simulator(login_url: Url, sim: Option<Option<Url>>) -> Result<Url, CliError> {
    let sim = match sim {
        Some(Some(sim)) => Some(sim),
        Some(None) => Some(simulator_url()?),
        None if is_wechat(&login_url) => simulator_of_environment()?,
        None => None,
    };
    let Some(sim) = sim else { return Ok(login_url) };
    sim.join(&login_url[Position::BeforePath..])
        .map_err(|error| CliError::Usage(error.to_string().into()))
}

/// Returns `true` for a URL of WeChat's own.
fn is_wechat(login_url: &Url) -> bool {
    login_url
        .host_str()
        .is_none_or(|host| host.ends_with(".qq.com"))
}

/// The result of opening a login URL.
enum Page {
    QrCode(String),
    Callback(String),
}

struct Simulator {
    https: Https,
    origin: String,
}

impl Simulator {
    /// The simulator of a login URL. Checks that it is one before anything else is sent.
    async fn of(login_url: &Url) -> Result<Self, CliError> {
        let origin = login_url.origin().ascii_serialization();
        let simulator = Self {
            https: Https::new()?,
            origin,
        };
        let not_one = || {
            let origin = &simulator.origin;
            CliError::Usage(message(
                format!(
                    "{origin} 不是模拟器：请用 --sim 换成模拟器，或者在浏览器中打开该 URL，用微信扫码"
                ),
                format!(
                    "{origin} is not a simulator: use --sim for one in its place, or open the URL in a browser and scan it with WeChat"
                ),
            ))
        };
        if is_wechat(login_url) {
            return Err(not_one());
        }
        let health = simulator
            .send(Request::get(simulator.url("health")).body(Vec::new()))
            .await?;
        match serde_json::from_slice::<Value>(health.body()) {
            Ok(health) if health["simulator"] == true => Ok(simulator),
            _ => Err(not_one()),
        }
    }

    async fn open(&self, login_url: &Url) -> Result<Page, CliError> {
        let mut url = login_url.clone();
        url.set_fragment(None);
        let response = self
            .send(Request::get(url.as_str()).body(Vec::new()))
            .await?;
        if let Some(location) = response.headers().get(LOCATION) {
            return Ok(Page::Callback(
                String::from_utf8_lossy(location.as_bytes()).into_owned(),
            ));
        }
        let page = String::from_utf8_lossy(response.body());
        let uuid = page
            .split_once(QR_MARKER)
            .and_then(|(_, rest)| rest.split('"').next());
        uuid.map(|uuid| Page::QrCode(uuid.to_owned()))
            .ok_or_else(|| {
                let title = page
                    .split_once("<h1>")
                    .and_then(|(_, rest)| rest.split('<').next());
                let text = title.map_or_else(
                    || message(
                        "该 URL 没有二维码：请使用网站跳转到的登录页 URL。公众号的登录页没有二维码，只能在微信内打开",
                        "there is no QR code at this URL: give the one to which your site redirects the browser. The login page of an official account has none: it is for WeChat's own browser",
                    ),
                    |title| message(
                        format!("登录页拒绝了该 URL：{title}"),
                        format!("the login page rejects this URL: {title}"),
                    ),
                );
                CliError::Configuration(text)
            })
    }

    async fn act(&self, uuid: &str, action: &str, body: &Value) -> Result<Value, CliError> {
        let url = self.url(&format!("logins/{uuid}/{action}"));
        let response = self
            .send(Request::post(url).body(body.to_string().into_bytes()))
            .await?;
        let value: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        match value["error"]["rule"].as_str() {
            Some(rule) => Err(CliError::Usage(control_rules::text(rule))),
            None => Ok(value),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_sim/api/{path}", self.origin)
    }

    async fn send(
        &self,
        request: Result<Request<Vec<u8>>, http::Error>,
    ) -> Result<Response<Vec<u8>>, CliError> {
        let request = request.map_err(|error| CliError::Usage(error.to_string().into()))?;
        Ok(self.https.send(request).await?)
    }
}
