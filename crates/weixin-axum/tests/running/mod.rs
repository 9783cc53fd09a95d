//! Examples, started as their readers start them, and a browser that keeps cookies.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::{Request, Response, header::LOCATION};
use weixin::transport::{Https, Transport};
use weixin_sim::Sim;

/// Time-out of a request. Only a failure waits this long.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

thread_local! {
    /// One pool of connections for each test, since each has a runtime of its own.
    static HTTPS: Https = Https::with_timeouts(PATIENCE, PATIENCE).unwrap();
}

/// A running example.
pub(crate) struct Example {
    process: Child,
    pub(crate) url: String,
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program of an example.
pub(crate) fn program(example: &str) -> Command {
    let here = env::current_exe().unwrap();
    Command::new(here.parent().unwrap().join("../examples").join(example))
}

/// Starts an example with a simulator.
pub(crate) fn start(example: &str, sim: &Sim) -> Example {
    start_with(example, [("WEIXIN_SIM_URL", sim.url())])
}

/// Starts an example at a port that the system chooses; it listens when this returns.
pub(crate) fn start_with<const N: usize>(example: &str, settings: [(&str, &str); N]) -> Example {
    let mut process = program(example)
        .envs(settings)
        .env("PORT", "0")
        .env(
            "REDIS_URL",
            env::var("WEIXIN_TEST_REDIS").unwrap_or_default(),
        )
        .env("STORE_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let url = line
        .strip_prefix("open ")
        .unwrap_or_else(|| panic!("{line}"));
    let url = url.to_owned();
    Example { process, url }
}

/// Cookies and nothing else of a browser.
#[derive(Clone, Default)]
pub(crate) struct Browser(pub(crate) BTreeMap<String, String>);

impl Browser {
    pub(crate) async fn get(&mut self, url: &str) -> Response<Vec<u8>> {
        self.send(Request::get(url), "").await
    }

    /// Sends a form of the same site's page.
    pub(crate) async fn post(&mut self, url: &str, form: &str) -> Response<Vec<u8>> {
        self.post_with(url, form, &[("sec-fetch-site", "same-origin")])
            .await
    }

    /// Sends a form, with what the browser says of the page that it is on.
    pub(crate) async fn post_with(
        &mut self,
        url: &str,
        form: &str,
        headers: &[(&str, &str)],
    ) -> Response<Vec<u8>> {
        let mut request =
            Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, form).await
    }

    /// Sends a request, and keeps the cookies.
    pub(crate) async fn send(
        &mut self,
        request: http::request::Builder,
        body: &str,
    ) -> Response<Vec<u8>> {
        let cookies: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header("cookie", cookies.join("; "));
        let request = request.body(body.as_bytes().to_vec()).unwrap();
        let https = HTTPS.with(Https::clone);
        let answer = https.send(request).await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// From a link that starts a login to the answer of the callback.
    pub(crate) async fn log_in(&mut self, start: &str) -> Response<Vec<u8>> {
        let start = self.get(start).await;
        let page = location(&start);
        let callback = Self::default().get(page.split('#').next().unwrap()).await;
        self.get(&location(&callback)).await
    }
}

pub(crate) fn location(answer: &Response<Vec<u8>>) -> String {
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

pub(crate) fn text(answer: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

/// The first test user logs in, unless another one is named.
pub(crate) async fn sim() -> Sim {
    Sim::builder().seed(1).auto_allow().start().await.unwrap()
}
