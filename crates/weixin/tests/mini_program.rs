//! A mini program's server, against the simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use http::Request;
use serde_json::Value;
use weixin::{
    AppSecret, Endpoints, Error, MiniProgram,
    error::ErrCode,
    mini_program::{EncryptedData, JsCode, PayloadError, PhoneCode, Session},
    store::MemoryStore,
    transport::{Https, Transport},
};
use weixin_sim::{Effect, Fault, Sim};

const APP: &str = "wx0123456789abcde2";

/// The same keys and payloads in every run: one in 256 wrong keys happens to fit.
async fn sim() -> Sim {
    Sim::builder().seed(1).start().await.unwrap()
}

fn app(sim: &Sim) -> MiniProgram {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    MiniProgram::builder(APP.parse().unwrap(), secret)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap()
}

/// `wx.login` on the phone, and the session of its code.
async fn log_in(sim: &Sim) -> Session {
    let code = sim.wx_login(APP, "layla").unwrap();
    let code = JsCode::new(code).unwrap();
    app(sim).session(code).await.unwrap()
}

/// The payload that the mini program sends, and the whole response of the simulator.
async fn payload(sim: &Sim, data: &str) -> (EncryptedData, Value) {
    let url = format!("{}/_sim/api/apps/{APP}/encrypted-data", sim.url());
    let body = format!(r#"{{"user":"layla","data":"{data}"}}"#).into_bytes();
    let https = Https::new().unwrap();
    let response = https.send(Request::post(url).body(body).unwrap()).await;
    let response: Value = serde_json::from_slice(response.unwrap().body()).unwrap();
    let text = |name: &str| response[name].as_str().unwrap().to_owned();
    let data = EncryptedData {
        encrypted_data: text("encryptedData"),
        iv: text("iv"),
    };
    (data, response)
}

#[tokio::test]
async fn payloads_are_decrypted_with_the_session_key_of_the_latest_login_only() {
    let sim = sim().await;
    let app = app(&sim);
    let first = log_in(&sim).await;
    assert!(first.unionid.is_some());
    let (profile, response) = payload(&sim, "user").await;
    let profile = app.decrypt_profile(&first.session_key, &profile).unwrap();
    // Name and avatar are withheld, as in every version since 2022.
    assert_eq!(profile.data.nickname, "微信用户");
    assert!(profile.data.avatar_url.unwrap().starts_with(sim.url()));
    let signed = |name: &str| response[name].as_str().unwrap().to_owned();
    let is_signed = |raw: &str| {
        let signature = signed("signature");
        first.session_key.verify_signature(raw, &signature)
    };
    let raw = signed("rawData");
    assert!(is_signed(&raw));
    assert!(!is_signed(&raw.replace("微信用户", "admin")));

    let second = log_in(&sim).await;
    let (phone, _) = payload(&sim, "phone").await;
    let by_the_first: Result<_, PayloadError> = app.decrypt_phone(&first.session_key, &phone);
    assert!(by_the_first.is_err());
    let phone = app.decrypt_phone(&second.session_key, &phone).unwrap();
    assert_eq!(phone.data.country_code, "86");
}

#[tokio::test]
async fn an_old_payload_is_recognized_by_its_time() {
    let sim = sim().await;
    sim.freeze_clock();
    let app = app(&sim);
    let session = log_in(&sim).await;
    let (old, _) = payload(&sim, "phone").await;
    let hour = Duration::from_secs(60 * 60);
    sim.advance(hour).unwrap();
    let (new, _) = payload(&sim, "phone").await;
    let [old, new] = [old, new].map(|data| {
        let phone = app.decrypt_phone(&session.session_key, &data);
        phone.unwrap().encrypted_at
    });
    assert_eq!(new.duration_since(old).unwrap(), hour);
}

#[tokio::test]
async fn the_latest_session_key_is_distinguished_from_an_earlier_one() {
    let sim = sim().await;
    let app = app(&sim);
    let tokens = app.app_tokens(MemoryStore::new());
    let first = log_in(&sim).await;
    let is_latest = async |session: &Session| {
        let asked = app.check_session(&tokens, &session.openid, &session.session_key);
        asked.await.unwrap()
    };
    assert!(is_latest(&first).await);
    let second = log_in(&sim).await;
    assert!(!is_latest(&first).await);
    assert!(is_latest(&second).await);
    let unknown = "oUnknown".parse().unwrap();
    let error = app.check_session(&tokens, &unknown, &second.session_key);
    let error = error.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "/wxa/checksession returned 40003 (invalid openid)"
    );
}

#[tokio::test]
async fn a_code_of_wx_login_is_single_use_and_a_lost_response_needs_a_new_login() {
    let sim = sim().await;
    let code = sim.wx_login(APP, "layla").unwrap();
    let code = || JsCode::new(code.as_str()).unwrap();
    app(&sim).session(code()).await.unwrap();
    let used = app(&sim).session(code()).await.unwrap_err();
    assert!(used.needs_login(), "{used}");
    assert_eq!(used.code(), Some(ErrCode::CODE_USED));

    sim.fault(Fault::new(Effect::ResetAfter).path("/sns/jscode2session"));
    let code = JsCode::new(sim.wx_login(APP, "layla").unwrap()).unwrap();
    let lost = app(&sim).session(code).await.unwrap_err();
    assert!(
        matches!(
            lost,
            Error::OutcomeUnknown {
                path: "/sns/jscode2session",
                ..
            }
        ) && lost.needs_login()
    );
    let asked = sim.requests();
    let asked = asked.iter().filter(|one| one.path == "/sns/jscode2session");
    assert_eq!(asked.count(), 3);
}

#[tokio::test]
async fn a_phone_number_code_is_single_use_and_is_not_the_code_of_wx_login() {
    let sim = sim().await;
    let app = app(&sim);
    let tokens = app.app_tokens(MemoryStore::new());
    let code = sim.phone_code(APP, "layla").unwrap();
    let code = || PhoneCode::new(code.as_str()).unwrap();
    let phone = app.phone_number(&tokens, code()).await.unwrap();
    assert_eq!(phone.phone_number, phone.pure_phone_number);
    let again = app.phone_number(&tokens, code()).await.unwrap_err();
    assert!(again.needs_login(), "{again}");
    let login = PhoneCode::new(sim.wx_login(APP, "layla").unwrap()).unwrap();
    let mixed_up = app.phone_number(&tokens, login).await.unwrap_err();
    assert!(mixed_up.needs_login(), "{mixed_up}");
    // A code that was rejected is not sent again by another token.
    let asked = sim.requests();
    let asked = asked
        .iter()
        .filter(|one| one.path == "/wxa/business/getuserphonenumber");
    assert_eq!(asked.count(), 3);
}

/// Web frameworks need handlers whose futures are `Send`.
#[tokio::test]
async fn every_call_runs_in_a_task_of_its_own() {
    let sim = sim().await;
    let app = app(&sim);
    let tokens = app.app_tokens(MemoryStore::new());
    let code = PhoneCode::new(sim.phone_code(APP, "layla").unwrap()).unwrap();
    let js_code = JsCode::new(sim.wx_login(APP, "layla").unwrap()).unwrap();
    let calls = tokio::spawn(async move {
        let session = app.session(js_code).await?;
        app.phone_number(&tokens, code).await?;
        app.check_session(&tokens, &session.openid, &session.session_key)
            .await
    });
    assert!(calls.await.unwrap().unwrap());
}
