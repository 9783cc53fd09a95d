//! A mini program's server: a login, an encrypted profile, and a phone number.
//!
//! `cargo run --example mini_program --features mini-program` plays the phone's part with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use http::Request;
use weixin::{
    AppSecret, Endpoints, MiniProgram,
    mini_program::{EncryptedData, JsCode, PhoneCode},
    store::MemoryStore,
    transport::{Https, Transport},
};
use weixin_sim::Sim;

const APP: &str = "wx0123456789abcde2";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).start().await?;
    // Without `endpoints`, this is WeChat.
    let app = MiniProgram::builder(APP.parse()?, AppSecret::new("s".repeat(32))?)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build()?;

    // The mini program calls `wx.login` and sends the code here.
    let js_code = sim.wx_login(APP, "layla")?;
    let session = app.session(JsCode::new(js_code)?).await?;
    println!("logged in: {}", session.openid);

    // It sends an encrypted profile. The session key that decrypts it stays on the server.
    let (data, raw_data, signature) = payload(&sim).await?;
    let profile = app.decrypt_profile(&session.session_key, &data)?;
    println!("decrypted: {}", profile.data.nickname);
    let is_signed = session.session_key.verify_signature(&raw_data, &signature);
    println!("the raw data is signed: {is_signed}");

    // The check of a session key, and phone numbers, need the access token of the app itself.
    let tokens = app.app_tokens(MemoryStore::new());
    let is_latest = app.check_session(&tokens, &session.openid, &session.session_key);
    println!("the session key is the latest: {}", is_latest.await?);
    let code = sim.phone_code(APP, "layla")?;
    let phone = app.phone_number(&tokens, PhoneCode::new(code)?).await?;
    println!("phone: +{} {}", phone.country_code, phone.pure_phone_number);

    // After the next `wx.login`, the old key does not decrypt new payloads.
    sim.wx_login(APP, "layla")?;
    let (data, ..) = payload(&sim).await?;
    match app.decrypt_profile(&session.session_key, &data) {
        Ok(profile) => println!("decrypted: {}", profile.data.nickname),
        Err(error) => println!("not decrypted: {error}"),
    }
    Ok(())
}

/// The encrypted profile, the raw data and its signature, as `wx.getUserInfo` returns them to the mini program.
async fn payload(sim: &Sim) -> Result<(EncryptedData, String, String), Box<dyn Error>> {
    let url = format!("{}/_sim/api/apps/{APP}/encrypted-data", sim.url());
    let request = Request::post(url).body(br#"{"user":"layla"}"#.to_vec())?;
    let response = Https::new()?.send(request).await?;
    let response: serde_json::Value = serde_json::from_slice(response.body())?;
    let text = |name: &str| response[name].as_str().unwrap_or_default().to_owned();
    let data = EncryptedData {
        encrypted_data: text("encryptedData"),
        iv: text("iv"),
    };
    Ok((data, text("rawData"), text("signature")))
}
