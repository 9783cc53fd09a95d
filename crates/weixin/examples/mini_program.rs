//! A mini program's server: a login, what the mini program hands over encrypted, and the phone number.
//!
//! `cargo run --example mini_program --features mini-program` plays the phone's part with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use http::Request;
use weixin::{
    AppKind, AppSecret, AppTokens, Client, Code, EncryptedData, Endpoints, Https, MemoryStore,
    Transport,
};
use weixin_sim::Sim;

const APP: &str = "wx0123456789abcde2";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).start().await?;
    // Without `endpoints`, this is WeChat.
    let client = Client::builder(APP.parse()?, AppSecret::new("s".repeat(32))?)
        .kind(AppKind::MiniProgram)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build()?;

    // The mini program calls `wx.login` and sends the code here.
    let code = Code::new(sim.wx_login(APP, "layla")?)?;
    let session = client.session(code).await?;
    println!("logged in: {}", session.openid);

    // It hands over a profile that only the session key opens. The key stays on the server.
    let (data, raw_data, signature) = hand_over(&sim).await?;
    let user = client.decrypt_user(&session.session_key, &data)?;
    println!("decrypted: {}", user.data.nick_name);
    let is_signed = session.session_key.verify_signature(&raw_data, &signature);
    println!("the raw data is signed: {is_signed}");

    // An app token is needed to ask WeChat about the session, and for phone numbers.
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let is_latest = client.check_session(&tokens, &session.openid, &session.session_key);
    println!("the session key is the latest: {}", is_latest.await?);
    let code = Code::new(sim.phone_code(APP, "layla")?)?;
    let phone = client.phone_number(&tokens, code).await?;
    println!("phone: +{} {}", phone.country_code, phone.pure_phone_number);

    // After the next `wx.login`, the key does not open what is encrypted from then on.
    sim.wx_login(APP, "layla")?;
    let (data, ..) = hand_over(&sim).await?;
    match client.decrypt_user(&session.session_key, &data) {
        Ok(user) => println!("decrypted: {}", user.data.nick_name),
        Err(error) => println!("not decrypted: {error}"),
    }
    Ok(())
}

/// What `wx.getUserInfo` gives to the mini program.
async fn hand_over(sim: &Sim) -> Result<(EncryptedData, String, String), Box<dyn Error>> {
    let url = format!("{}/_sim/api/apps/{APP}/encrypted-data", sim.url());
    let request = Request::post(url).body(br#"{"user":"layla"}"#.to_vec())?;
    let answer = Https::new()?.send(request).await?;
    let answer: serde_json::Value = serde_json::from_slice(answer.body())?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let data = EncryptedData {
        encrypted_data: text("encryptedData"),
        iv: text("iv"),
    };
    Ok((data, text("rawData"), text("signature")))
}
