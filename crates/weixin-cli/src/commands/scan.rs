//! `weixin scan`: the phone, played by the command line.

use http::{Request, Response, header::LOCATION};
use serde_json::{Value, json};
use url::{Position, Url};
use weixin::{Https, Transport};

use crate::{args::Scan, failure::Failure, output::Output};

/// Where a QR page names its QR code.
const QR_MARKER: &str = "/connect/qrcode/";

pub(super) async fn run(args: Scan, output: Output) -> Result<(), Failure> {
    let login_url = at_simulator(args.login_url, args.sim.as_ref())?;
    let simulator = Simulator::behind(&login_url).await?;
    let callback = match simulator.open(&login_url).await? {
        Page::Callback(_) if args.person.is_some() || args.cancel => {
            return Err(Failure::Other(
                "this simulator allows every login by itself (--auto-allow): there is nothing to scan".to_owned(),
            ));
        }
        Page::Callback(callback) => Some(callback),
        Page::QrCode(uuid) if args.cancel => {
            simulator.act(&uuid, "cancel", &json!({})).await?;
            None
        }
        Page::QrCode(uuid) => {
            let who = args
                .person
                .map_or_else(|| json!({}), |person| json!({ "user": person }));
            let answer = simulator.act(&uuid, "allow", &who).await?;
            answer["redirect_url"].as_str().map(str::to_owned)
        }
    };
    let text = || {
        callback
            .clone()
            .unwrap_or_else(|| "cancelled: the browser stays where it is".to_owned())
    };
    output.result(text, &json!({ "redirect_url": callback }));
    Ok(())
}

/// WeChat's own address, as the simulator has it.
fn at_simulator(login_url: Url, sim: Option<&Url>) -> Result<Url, Failure> {
    let Some(sim) = sim else { return Ok(login_url) };
    sim.join(&login_url[Position::BeforePath..])
        .map_err(|error| Failure::Usage(error.to_string()))
}

/// What a login address leads to.
enum Page {
    QrCode(String),
    Callback(String),
}

struct Simulator {
    https: Https,
    origin: String,
}

impl Simulator {
    /// Makes sure that it is one before anything else is sent.
    async fn behind(login_url: &Url) -> Result<Self, Failure> {
        let origin = login_url.origin().ascii_serialization();
        let simulator = Self {
            https: Https::new()?,
            origin,
        };
        let not_one = || {
            Failure::Usage(format!(
                "{} is not a simulator: name the one that stands for it by --sim, or open the address in a browser and scan it with WeChat",
                simulator.origin
            ))
        };
        if login_url
            .host_str()
            .is_none_or(|host| host.ends_with(".qq.com"))
        {
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

    async fn open(&self, login_url: &Url) -> Result<Page, Failure> {
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
                let title = title.unwrap_or("no QR code");
                Failure::Configuration(format!("the login page refuses this address: {title}"))
            })
    }

    async fn act(&self, uuid: &str, action: &str, body: &Value) -> Result<Value, Failure> {
        let url = self.url(&format!("logins/{uuid}/{action}"));
        let response = self
            .send(Request::post(url).body(body.to_string().into_bytes()))
            .await?;
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        match answer["error"]["rule"].as_str() {
            Some(rule) => Err(Failure::Usage(rule.to_owned())),
            None => Ok(answer),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_sim/api/{path}", self.origin)
    }

    async fn send(
        &self,
        request: Result<Request<Vec<u8>>, http::Error>,
    ) -> Result<Response<Vec<u8>>, Failure> {
        let request = request.map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(self.https.send(request).await?)
    }
}
