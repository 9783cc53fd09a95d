//! Quotas of API calls, reported or enforced.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use reqwest::Client;
use serde_json::{Value, json};
use weixin_sim::{Sim, SimBuilder};

async fn start(builder: SimBuilder) -> Sim {
    let builder = builder.frozen_at(SystemTime::UNIX_EPOCH);
    builder.start().await.unwrap()
}

/// Logs a user in to a mini program; returns the error code, or 0.
async fn log_in(client: &Client, sim: &Sim, user: &str) -> i64 {
    let app = "wx0123456789abcde2";
    let code = sim.wx_login(app, user).unwrap();
    let url = format!(
        "{}/sns/jscode2session?appid={app}&secret={}&js_code={code}&grant_type=authorization_code",
        sim.url(),
        "s".repeat(32)
    );
    let answer: Value = client.get(url).send().await.unwrap().json().await.unwrap();
    answer["errcode"].as_i64().unwrap_or_default()
}

fn found(sim: &Sim) -> Vec<(&'static str, String)> {
    let found = sim.findings().into_iter();
    found.map(|found| (found.rule.id, found.sent)).collect()
}

#[tokio::test]
async fn a_user_who_logs_in_too_often_is_reported_and_optionally_rejected() {
    let client = Client::builder().build().unwrap();
    for (builder, after) in [(Sim::builder(), 0), (Sim::builder().quotas(), 45011)] {
        let sim = start(builder).await;
        for _ in 0..100 {
            assert_eq!(log_in(&client, &sim, "layla").await, 0);
        }
        sim.expect_no_findings();
        assert_eq!(log_in(&client, &sim, "layla").await, after);
        let sent = "/sns/jscode2session: more than 100 calls per minute".to_owned();
        assert_eq!(found(&sim), [("quota", sent)]);
        // Other users and later minutes have their own quota.
        assert_eq!(log_in(&client, &sim, "xiaoming").await, 0);
        sim.advance(Duration::from_mins(1)).unwrap();
        assert_eq!(log_in(&client, &sim, "layla").await, 0);
    }
}

#[tokio::test]
async fn an_app_may_request_ten_thousand_stable_tokens_per_minute() {
    let client = Client::builder().build().unwrap();
    let sim = start(Sim::builder().quotas()).await;
    let body = json!({ "grant_type": "client_credential", "appid": "wx0123456789abcde2", "secret": "s".repeat(32) });
    let ask = async || {
        let url = format!("{}/cgi-bin/stable_token", sim.url());
        let answer = client.post(url).json(&body).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["errcode"].as_i64()
    };
    for _ in 0..10_000 {
        ask().await;
    }
    assert_eq!(ask().await, Some(45011));
    sim.advance(Duration::from_mins(1)).unwrap();
    assert_eq!(ask().await, None);
}
