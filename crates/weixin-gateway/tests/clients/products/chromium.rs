//! Chromium, for products whose pages are programs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{interval, timeout};

/// Only a failure waits this long.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Interval at which a page is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A window, which ends with this value.
pub(super) struct Chromium {
    driver: Driver,
    client: reqwest::Client,
    session: String,
}

/// The program that drives it.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let command = command.arg("--port=0").stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("chromedriver: {error}; ./scripts/test installs Debian's chromium-driver")
        });
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        let started = lines.find(|line| line.contains("started successfully on port"));
        // What it prints later is read, so that the pipe is never full.
        std::thread::spawn(move || lines.for_each(drop));
        let started = started.unwrap_or_else(|| panic!("chromedriver has ended"));
        let port = started.trim_end_matches('.').rsplit(' ').next().unwrap();
        Self {
            process,
            port: port.parse().unwrap(),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // If it were killed, its Chromium would go on running.
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let _ = connection.read(&mut [0; 256]);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Chromium {
    pub(super) async fn start() -> Self {
        let driver = Driver::start();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sessions = format!("http://127.0.0.1:{}/session", driver.port);
        let options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let response = client.post(&sessions).json(&wanted).send().await;
        let response: Value = response.unwrap().json().await.unwrap();
        let id = response["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("{response}"));
        Self {
            session: format!("{sessions}/{id}"),
            driver,
            client,
        }
    }

    pub(super) async fn open(&self, url: &str) {
        let response = self.call("url", &json!({ "url": url })).await;
        assert_eq!(response, json!({ "value": null }), "{}", self.driver.port);
    }

    /// Runs a script on the page until it returns a value that is not false.
    pub(super) async fn until(&self, script: &str) -> Value {
        let mut last = Value::Null;
        let found = async {
            let mut poll = interval(POLL_INTERVAL);
            loop {
                poll.tick().await;
                let call = json!({ "script": script, "args": [] });
                last = self.call("execute/sync", &call).await;
                // A page that is being left has none.
                match &last["value"] {
                    Value::Null | Value::Bool(false) | Value::Object(_) => {}
                    value => return value.clone(),
                }
            }
        };
        let found = timeout(TIMEOUT, found).await;
        if let Ok(value) = found {
            return value;
        }
        let page = json!({ "script": "return document.body.innerText", "args": [] });
        panic!(
            "{script}: {last}: {}",
            self.call("execute/sync", &page).await
        )
    }

    async fn call(&self, command: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/{command}", self.session));
        request
            .json(body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}
