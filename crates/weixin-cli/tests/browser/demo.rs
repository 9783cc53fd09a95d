//! `weixin demo` as a user starts it, and the control of its simulator.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

pub(crate) struct Demo {
    process: Child,
    /// Ends with a slash.
    pub(crate) site: String,
    pub(crate) simulator: String,
}

impl Demo {
    pub(crate) fn start() -> Self {
        Self::of(&["demo"], "site")
    }

    /// `weixin gateway demo`, whose site is its page.
    pub(crate) fn gateway() -> Self {
        Self::of(&["gateway", "demo"], "page")
    }

    fn of(command: &[&str], site: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_weixin"))
            .arg("--json")
            .args(command)
            .args(["--no-open", "--listen", "127.0.0.1:0"])
            .env_remove("WEIXIN_GATEWAY_CONFIG")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut json = String::new();
        for line in lines {
            json.push_str(&line);
            if line == "}" {
                break;
            }
        }
        let addresses: Value = serde_json::from_str(&json).unwrap();
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        Self {
            process,
            site: address(site),
            simulator: address("simulator"),
        }
    }

    pub(crate) async fn control(&self, path: &str, body: &str) -> Value {
        let url = format!("{}/_sim/api/{path}", self.simulator);
        let request = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(url)
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path} {body}");
        response.json().await.unwrap()
    }

    /// The pending QR codes, the newest last.
    pub(crate) async fn pending(&self) -> Vec<String> {
        let url = format!("{}/_sim/api/logins", self.simulator);
        let logins: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let logins = logins.as_array().unwrap();
        logins
            .iter()
            .map(|login| login["uuid"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Allows the newest login.
    pub(crate) async fn allow(&self, person: &str) {
        let uuid = self.pending().await.pop().unwrap();
        self.allow_as(&uuid, person).await;
    }

    /// Returns the URL to which the browser is redirected.
    pub(crate) async fn allow_as(&self, uuid: &str, person: &str) -> String {
        let body = format!(r#"{{"user":"{person}"}}"#);
        let response = self.control(&format!("logins/{uuid}/allow"), &body).await;
        response["redirect_url"].as_str().unwrap().to_owned()
    }

    /// The code of a login for which no page polls.
    pub(crate) async fn code_of(&self, uuid: &str) -> String {
        let callback = self.allow_as(uuid, "xiaoming").await;
        callback.split(['=', '&']).nth(1).unwrap().to_owned()
    }

    /// Exchanges a code before the site does.
    pub(crate) async fn exchange(&self, code: &str) {
        let url = format!(
            "{}/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={}&code={code}&grant_type=authorization_code",
            self.simulator,
            "s".repeat(32)
        );
        let token: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert!(token["errcode"].is_null(), "{token}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
