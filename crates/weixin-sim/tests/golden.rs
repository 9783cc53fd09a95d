//! Each file of `golden/` is a scenario: requests, and the responses that WeChat's documentation and
//! observations promise, run against a simulator with a frozen clock.
//!
//! `<name:shape>` in a response matches a value of that shape and stores it; `<name>` is the stored value;
//! `<:rid>` matches without storing. `config` configures the simulator, `repeat` repeats `steps`, and `decrypted` is the
//! plain text of an encrypted payload.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use data_encoding::{BASE64, HEXLOWER};
use reqwest::{Client, Method, redirect::Policy};
use serde::Deserialize;
use serde_json::Value;
use sha1::{Digest, Sha1};
use weixin_sim::{GOLDEN_FILES, Sim};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    title: String,
    #[expect(dead_code, reason = "documentation of the file")]
    source: String,
    /// Configuration of the simulator, in TOML.
    #[serde(default)]
    config: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The real WeChat can be asked as well: see `weixin_sim::GOLDEN_FILES`.
    real: Option<Real>,
    rule: Option<String>,
    /// Confidence in the source: documented (D), observed (O), inferred (I), or a guess (?).
    confidence: Option<Confidence>,
    /// Day of a report of the real WeChat's response, such as `2026-11-28`.
    observed: Option<String>,
    request: Option<String>,
    user_agent: Option<String>,
    /// Other headers; `host` is a host name of WeChat.
    #[serde(default)]
    headers: HashMap<String, String>,
    form: Option<String>,
    json: Option<Value>,
    answer: Option<Answer>,
    advance_seconds: Option<u64>,
    /// Number of times that `steps` are repeated.
    repeat: Option<usize>,
    #[serde(default)]
    steps: Vec<Self>,
}

impl Step {
    /// The step itself, or those that it repeats.
    fn expand(&self) -> Vec<&Self> {
        match self.repeat {
            Some(times) => (0..times).flat_map(|_| &self.steps).collect(),
            None => vec![self],
        }
    }
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Real {
    NoSecret,
    TestAccount,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
enum Confidence {
    #[serde(rename = "D")]
    Documented,
    #[serde(rename = "O")]
    Observed,
    #[serde(rename = "I")]
    Inferred,
    #[serde(rename = "?")]
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    content_type: Option<String>,
    /// `Location` header.
    location: Option<String>,
    /// Whole body.
    body: Option<String>,
    /// Parts of a page.
    #[serde(default)]
    contains: Vec<String>,
    decrypted: Option<Decrypted>,
}

/// Plain text of an encrypted payload in the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decrypted {
    /// Name of the stored session key.
    key: String,
    text: String,
    /// Part that is sent in plain text, and signed.
    raw_data: Option<String>,
}

/// Decrypts `encryptedData` of the body, and checks the signature.
fn decrypt(body: &Value, key: &str) -> Option<String> {
    let member = |name: &str| body[name].as_str();
    let bytes = |text: &str| BASE64.decode(text.as_bytes()).ok();
    let block = |text: &str| <[u8; 16]>::try_from(bytes(text)?).ok();
    if let Some(raw) = member("rawData") {
        let signature = HEXLOWER.encode(&Sha1::digest(format!("{raw}{key}")));
        (member("signature")? == signature).then_some(())?;
    }
    let cipher = cbc::Decryptor::<Aes128>::new(&block(key)?.into(), &block(member("iv")?)?.into());
    let text = cipher.decrypt_padded_vec::<Pkcs7>(&bytes(member("encryptedData")?)?);
    String::from_utf8(text.ok()?).ok()
}

/// Start time of every scenario: 2026-09-17 15:00:10 UTC.
const BEGIN: Duration = Duration::from_secs(0x6aac_007a);

struct Player {
    sim: Sim,
    http: Client,
    names: HashMap<String, String>,
    now: Duration,
}

impl Player {
    async fn start(config: &str) -> Self {
        let sim = Sim::builder()
            .config(config)
            .unwrap()
            .seed(1)
            .frozen_at(SystemTime::UNIX_EPOCH + BEGIN)
            .start()
            .await
            .unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let names = HashMap::from([
            ("origin".to_owned(), sim.url().replace('/', "\\/")),
            // With unescaped slashes, outside of WeChat's JSON.
            ("origin0".to_owned(), sim.url().to_owned()),
        ]);
        Self {
            sim,
            http,
            names,
            now: BEGIN,
        }
    }

    async fn play(&mut self, step: &Step) -> Result<(), String> {
        if let Some(seconds) = step.advance_seconds {
            self.now += Duration::from_secs(seconds);
            return self
                .sim
                .advance(Duration::from_secs(seconds))
                .map_err(|left| format!("{left:?}"));
        }
        let (Some(request), Some(answer)) = (&step.request, &step.answer) else {
            return Err("a step has a request and a response, or moves the clock".to_owned());
        };
        check_confidence(step, request)?;
        let (method, path) = request.split_once(' ').ok_or("METHOD /path")?;
        let method: Method = method.parse().map_err(|_| "METHOD /path")?;
        let mut request = self
            .http
            .request(method, format!("{}{}", self.sim.url(), self.fill(path)));
        if let Some(user_agent) = &step.user_agent {
            request = request.header("user-agent", user_agent);
        }
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        if let Some(form) = &step.form {
            let kind = "application/x-www-form-urlencoded";
            request = request.header("content-type", kind).body(self.fill(form));
        }
        if let Some(json) = &step.json {
            let kind = "application/json";
            let body = self.fill(&json.to_string());
            request = request.header("content-type", kind).body(body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let (status, content_type, location) = (
            response.status().as_u16(),
            header("content-type"),
            header("location"),
        );
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        let body = String::from_utf8_lossy(&body);
        if (status, &content_type) != (answer.status, &answer.content_type) {
            return Err(format!("{status} {content_type:?}\n{body}"));
        }
        match (&answer.location, &location) {
            (None, None) => {}
            (Some(expected), Some(found)) if self.matches(expected, found) == Some("") => {}
            _ => return Err(format!("location {location:?}")),
        }
        self.compare(answer, &body)
    }

    fn compare(&mut self, answer: &Answer, body: &str) -> Result<(), String> {
        if let Some(expected) = &answer.body {
            match self.matches(expected, body) {
                Some("") => {}
                _ => return Err(format!("expected {expected}\n     got {body}")),
            }
        }
        for part in &answer.contains {
            let found = body
                .char_indices()
                .any(|(at, _)| self.matches(part, &body[at..]).is_some());
            if !found {
                return Err(format!("expected somewhere {part}\nin {body}"));
            }
        }
        answer
            .decrypted
            .as_ref()
            .map_or(Ok(()), |expected| self.compare_decrypted(expected, body))
    }

    fn compare_decrypted(&mut self, expected: &Decrypted, body: &str) -> Result<(), String> {
        let key = self.names.get(&expected.key).ok_or("no session key")?;
        let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let text = decrypt(&body, key).ok_or("it does not decrypt")?;
        let raw = body["rawData"].as_str().map(str::to_owned);
        for (expected, found) in [
            (Some(&expected.text), Some(text)),
            (expected.raw_data.as_ref(), raw),
        ] {
            let same = match (expected, &found) {
                (Some(expected), Some(found)) => self.matches(expected, found) == Some(""),
                (expected, found) => expected.is_none() && found.is_none(),
            };
            if !same {
                return Err(format!("expected {expected:?}\n     got {found:?}"));
            }
        }
        Ok(())
    }

    /// Rest of `text` after the pattern; `None` if it does not match.
    fn matches<'t>(&mut self, pattern: &str, text: &'t str) -> Option<&'t str> {
        let Some((literal, rest)) = pattern.split_once('<') else {
            return text.strip_prefix(pattern);
        };
        let Some((placeholder, rest)) = rest
            .split_once('>')
            .filter(|(inside, _)| self.is_placeholder(inside))
        else {
            let text = text.strip_prefix(literal)?.strip_prefix('<')?;
            return self.matches(rest, text);
        };
        let text = text.strip_prefix(literal)?;
        if let Some((name, shape)) = placeholder.split_once(':') {
            let length = match shape {
                // Its slashes are escaped.
                "key" => text.find('"')?,
                shape => length(shape)?,
            };
            let (value, after) = text.split_at_checked(length)?;
            if !self.has_shape(value, shape) {
                return None;
            }
            self.names
                .insert(name.to_owned(), value.replace("\\/", "/"));
            self.matches(rest, after)
        } else {
            let value = self.names.get(placeholder)?.clone();
            self.matches(rest, text.strip_prefix(&value)?)
        }
    }

    /// Distinguishes placeholders from HTML tags, such as `<title>`.
    fn is_placeholder(&self, inside: &str) -> bool {
        let shape = inside
            .split_once(':')
            .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .and_then(|(_, shape)| length(shape));
        shape.is_some() || self.names.contains_key(inside)
    }

    fn has_shape(&self, value: &str, shape: &str) -> bool {
        let word = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        match shape {
            "code" => {
                value.starts_with(|c: char| c.is_ascii_digit())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            "key" => BASE64
                .decode(value.replace("\\/", "/").as_bytes())
                .is_ok_and(|key| key.len() == 16),
            "phone" => value.bytes().all(|b| b.is_ascii_digit()),
            "openid" => value.starts_with('o') && word(value),
            "rid" => {
                let groups: Vec<_> = value.split('-').collect();
                let hex =
                    |text: &&str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
                groups.len() == 3
                    && groups.iter().all(hex)
                    && groups[0] == format!("{:08x}", self.now.as_secs())
            }
            "token" => value.starts_with("66_") && word(value),
            _ => word(value),
        }
    }

    fn fill(&self, text: &str) -> String {
        self.names
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("<{name}>"), value)
            })
    }
}

/// The confidence of a response, and the day on which it was seen.
fn check_confidence(step: &Step, request: &str) -> Result<(), String> {
    if step.confidence.is_none() != request.contains(" /_sim/") {
        return Err("only requests to WeChat's paths have a confidence".to_owned());
    }
    if let Some(day) = &step.observed
        && !(step.confidence == Some(Confidence::Observed) && is_day(day))
    {
        return Err(format!(
            "{day}: a day such as 2026-11-28, of an observed response"
        ));
    }
    Ok(())
}

fn is_day(text: &str) -> bool {
    let pattern = text
        .bytes()
        .map(|b| if b.is_ascii_digit() { b'0' } else { b });
    pattern.eq(*b"0000-00-00")
}

/// Length of a value of that shape, in characters.
fn length(shape: &str) -> Option<usize> {
    match shape {
        "code" => Some(32),
        "openid" => Some(28),
        "rid" => Some(26),
        "ticket" => Some(86),
        "token" => Some(89),
        "hint" | "uuid" => Some(16),
        "key" => Some(24),
        "phone" => Some(11),
        _ => None,
    }
}

#[tokio::test]
async fn every_golden_scenario_is_reproduced() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 33, "scenarios are missing: {files:?}");
    let mut failures = Vec::new();
    for file in files {
        let scenario: Scenario = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let mut player = Player::start(&scenario.config).await;
        for step in scenario.steps.iter().flat_map(Step::expand) {
            if let Err(problem) = player.play(step).await {
                let rule = step.rule.as_deref().unwrap_or_default();
                failures.push(format!(
                    "{} ({rule})\n{:?}\n{problem}",
                    scenario.title, step.request
                ));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_golden_file_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = fs::read_dir(folder).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<_> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    let embedded = GOLDEN_FILES.iter().map(|(name, _)| format!("{name}.json"));
    assert_eq!(names, embedded.collect::<Vec<_>>());
}

/// What the requests to the real WeChat have in common: they log no user in, change nothing, and spend no quota that
/// matters.
#[test]
fn what_the_real_wechat_is_asked_is_harmless() {
    for (file, text) in GOLDEN_FILES {
        let scenario: Scenario = serde_json::from_str(text).unwrap();
        let mut named = Vec::new();
        for step in &scenario.steps {
            let Some(real) = step.real else {
                continue;
            };
            let rule = step.rule.as_deref().unwrap();
            let request = step.request.as_deref().unwrap();
            let json = step.json.as_ref().map(ToString::to_string);
            let body = step.form.clone().or(json).unwrap_or_default();
            let sent = format!("{request} {body}");
            let checked = check_harmless(real, step, &sent, &named);
            assert_eq!(checked, Ok(()), "{file}: {rule}");
            let answer = step.answer.as_ref().unwrap();
            let texts = answer.body.iter().chain(&answer.contains);
            named.extend(texts.flat_map(|text| names_of(text)));
        }
    }
}

const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";
/// The official account, for which a test account stands.
const ACCOUNT: &str = "wx0123456789abcde0";
const WEBSITE: &str = "wx0123456789abcdef";

fn check_harmless(real: Real, step: &Step, sent: &str, named: &[String]) -> Result<(), String> {
    if step.confidence.is_none() || step.user_agent.is_some() {
        return Err(
            "only requests to WeChat's paths, and none that pretend to be WeChat".to_owned(),
        );
    }
    let states = [
        "force_refresh",
        "/connect/confirm",
        "refresh_token=<",
        "code=<",
    ];
    if let Some(part) = states.iter().find(|part| sent.contains(*part)) {
        return Err(format!("{part} uses up something, or changes it"));
    }
    let has_app = sent.contains(ACCOUNT) || sent.contains(WEBSITE);
    if sent.contains("/cgi-bin/token?grant_type=client_credential") && sent.contains(APP_SECRET) {
        return Err("each app token invalidates the one before".to_owned());
    }
    if real == Real::TestAccount && !has_app && names_of(sent).is_empty() {
        return Err("no-secret is enough".to_owned());
    }
    match names_of(sent).iter().find(|name| !named.contains(name)) {
        Some(name) => Err(format!(
            "<{name}> is not in an earlier answer of the real WeChat"
        )),
        None => Ok(()),
    }
}

/// The names of the placeholders of a text.
fn names_of(text: &str) -> Vec<String> {
    let inside = text
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'));
    let names = inside.map(|(inside, _)| inside.split(':').next().unwrap_or_default());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
