//! A mini program's server, against the simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use http::Request;
use serde_json::Value;
use weixin::{
    AppKind, AppSecret, AppTokens, Client, Code, EncryptedData, Endpoints, ErrCode, Https,
    MemoryStore, PayloadError, Session, Transport,
};
use weixin_sim::{Effect, Fault, Sim};

const APP: &str = "wx0123456789abcde2";

/// The same keys and payloads in every run: one in 256 wrong keys happens to fit.
async fn sim() -> Sim {
    Sim::builder().seed(1).start().await.unwrap()
}

fn client(sim: &Sim) -> Client {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Client::builder(APP.parse().unwrap(), secret)
        .kind(AppKind::MiniProgram)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap()
}

/// `wx.login` on the phone, and what the server makes of its code.
async fn log_in(sim: &Sim) -> Session {
    let code = sim.wx_login(APP, "layla").unwrap();
    let code = Code::new(code).unwrap();
    client(sim).session(code).await.unwrap()
}

/// What the mini program hands over.
async fn payload(sim: &Sim, data: &str) -> (EncryptedData, Value) {
    let url = format!("{}/_sim/api/apps/{APP}/encrypted-data", sim.url());
    let body = format!(r#"{{"user":"layla","data":"{data}"}}"#).into_bytes();
    let answer = Https::new().unwrap();
    let answer = answer.send(Request::post(url).body(body).unwrap()).await;
    let answer: Value = serde_json::from_slice(answer.unwrap().body()).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let data = EncryptedData {
        encrypted_data: text("encryptedData"),
        iv: text("iv"),
    };
    (data, answer)
}

#[tokio::test]
async fn a_login_and_what_is_encrypted_with_it_are_read_for_the_last_login_only() {
    let sim = sim().await;
    let client = client(&sim);
    let first = log_in(&sim).await;
    let (user, answer) = payload(&sim, "user").await;
    let user = client.decrypt_user(&first.session_key, &user).unwrap();
    let user = user.data;
    assert_eq!(user.nick_name, "ليلى بنت أحمد (layla)");
    assert_eq!(
        (user.openid.as_ref(), user.unionid.as_ref()),
        (Some(&first.openid), first.unionid.as_ref())
    );
    let signed = |name: &str| answer[name].as_str().unwrap().to_owned();
    let is_signed = |raw: &str| {
        let signature = signed("signature");
        first.session_key.verify_signature(raw, &signature)
    };
    let raw = signed("rawData");
    assert!(is_signed(&raw));
    assert!(!is_signed(&raw.replace("layla", "admin")));

    let second = log_in(&sim).await;
    let (phone, _) = payload(&sim, "phone").await;
    let by_the_first: Result<_, PayloadError> = client.decrypt_phone(&first.session_key, &phone);
    assert!(by_the_first.is_err());
    let phone = client.decrypt_phone(&second.session_key, &phone).unwrap();
    assert_eq!(phone.data.country_code, "86");
}

#[tokio::test]
async fn an_old_payload_is_known_by_its_time() {
    let sim = sim().await;
    sim.freeze_clock();
    let client = client(&sim);
    let session = log_in(&sim).await;
    let (old, _) = payload(&sim, "phone").await;
    let hour = Duration::from_hours(1);
    sim.advance(hour).unwrap();
    let (new, _) = payload(&sim, "phone").await;
    let [old, new] = [old, new].map(|data| {
        let phone = client.decrypt_phone(&session.session_key, &data);
        phone.unwrap().encrypted_at
    });
    assert_eq!(new.duration_since(old).unwrap(), hour);
}

#[tokio::test]
async fn the_latest_session_key_is_told_from_an_earlier_one() {
    let sim = sim().await;
    let client = client(&sim);
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let first = log_in(&sim).await;
    let is_latest = async |session: &Session| {
        let asked = client.check_session(&tokens, &session.openid, &session.session_key);
        asked.await.unwrap()
    };
    assert!(is_latest(&first).await);
    let second = log_in(&sim).await;
    assert!(!is_latest(&first).await);
    assert!(is_latest(&second).await);
    let nobody = "oNobody".parse().unwrap();
    let error = client.check_session(&tokens, &nobody, &second.session_key);
    let error = error.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "wechat answered /wxa/checksession with 40003 (invalid openid)"
    );
}

#[tokio::test]
async fn a_code_of_wx_login_works_once_and_a_lost_answer_is_a_new_login() {
    let sim = sim().await;
    let code = sim.wx_login(APP, "layla").unwrap();
    let code = || Code::new(code.as_str()).unwrap();
    client(&sim).session(code()).await.unwrap();
    let spent = client(&sim).session(code()).await.unwrap_err();
    assert!(spent.needs_login(), "{spent}");
    assert!(
        spent.to_string().contains(&ErrCode::CODE_USED.to_string()),
        "{spent}"
    );

    sim.fault(Fault::new(Effect::ResetAfter).path("/sns/jscode2session"));
    let code = Code::new(sim.wx_login(APP, "layla").unwrap()).unwrap();
    let lost = client(&sim).session(code).await.unwrap_err();
    assert!(matches!(lost, weixin::Error::AnswerLost(_)) && lost.needs_login());
    let asked = sim.requests();
    let asked = asked.iter().filter(|one| one.path == "/sns/jscode2session");
    assert_eq!(asked.count(), 3);
}

#[tokio::test]
async fn a_phone_numbers_code_works_once_and_is_not_that_of_wx_login() {
    let sim = sim().await;
    let client = client(&sim);
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let code = sim.phone_code(APP, "layla").unwrap();
    let code = || Code::new(code.as_str()).unwrap();
    let phone = client.phone_number(&tokens, code()).await.unwrap();
    assert_eq!(phone.phone_number, phone.pure_phone_number);
    let again = client.phone_number(&tokens, code()).await.unwrap_err();
    assert!(again.needs_login(), "{again}");
    let login = Code::new(sim.wx_login(APP, "layla").unwrap()).unwrap();
    let mixed_up = client.phone_number(&tokens, login).await.unwrap_err();
    assert!(mixed_up.needs_login(), "{mixed_up}");
    // A code that was rejected is not sent again by another token.
    let asked = sim.requests();
    let asked = asked
        .iter()
        .filter(|one| one.path == "/wxa/business/getuserphonenumber");
    assert_eq!(asked.count(), 3);
}

#[tokio::test]
async fn another_kind_of_app_asks_nothing_of_a_mini_program() {
    let sim = sim().await;
    let session = log_in(&sim).await;
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    let website = Client::builder(APP.parse().unwrap(), secret)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap();
    let tokens = AppTokens::new(client(&sim), MemoryStore::new());
    let code = || Code::new("0a1b").unwrap();
    let before = sim.requests().len();
    let errors = [
        website.session(code()).await.unwrap_err().to_string(),
        website
            .phone_number(&tokens, code())
            .await
            .unwrap_err()
            .to_string(),
        website
            .check_session(&tokens, &session.openid, &session.session_key)
            .await
            .unwrap_err()
            .to_string(),
    ];
    for (error, call) in errors
        .iter()
        .zip(["session", "phone_number", "check_session"])
    {
        assert_eq!(
            error,
            &format!(
                "`{call}` is not for this website app: use `exchange`, and `user` for the profile"
            )
        );
    }
    assert_eq!(sim.requests().len(), before);
}
