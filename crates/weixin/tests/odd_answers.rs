//! Answers in which a member is missing, of another type, or a number that no sum of times can hold: whatever no login
//! needs does not end one, and nothing panics.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aes::Aes128;
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use data_encoding::BASE64;
use http::{Request, Response};
use proptest::prelude::*;
use weixin::{
    AccessToken, Answer, ApiError, AppKind, AppSecret, AppTokens, Client, Clock, Code,
    EncryptedData, Error, MemoryStore, OpenId, RefreshToken, Retries, SessionKey, Token, Transport,
    Vault,
};

const YEAR: Duration = Duration::from_hours(365 * 24);
const KEY: [u8; 16] = *b"0123456789abcdef";

/// Answers the calls with these bodies, one after the other, and the last one again.
#[derive(Clone, Debug)]
struct Canned(Arc<Mutex<Vec<Vec<u8>>>>);

impl Transport for Canned {
    fn send(&self, _: Request<Vec<u8>>) -> Answer<'_> {
        let mut bodies = self.0.lock().unwrap();
        let body = if bodies.len() > 1 {
            bodies.remove(0)
        } else {
            bodies[0].clone()
        };
        Box::pin(async { Ok(Response::new(body)) })
    }
}

/// Always the same time.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
    }
}

fn client(kind: AppKind, bodies: &[&str]) -> Client {
    let bodies = bodies.iter().map(|body| body.as_bytes().to_vec()).collect();
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Client::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .kind(kind)
        .snapshot_users()
        .retries(Retries::none())
        .clock(Stopped)
        .build_with(Canned(Arc::new(Mutex::new(bodies))))
}

fn run<T>(call: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(call)
}

fn code() -> Code {
    Code::new("071v").unwrap()
}

fn openid() -> OpenId {
    "oA".parse().unwrap()
}

/// What a login cannot do without.
const LOGIN: &str = r#""access_token":"66_a","refresh_token":"66_r","openid":"oA""#;

fn exchange(body: &str) -> Result<Token, Error> {
    run(client(AppKind::OfficialAccount, &[body]).exchange(code()))
}

/// Any JSON value, and what is nearly one: halves of emoji, raw control characters, numbers out of every range.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "1.0",
            "1.5",
            "0.1",
            "-0.0",
            "[]",
            "{}",
            r#""""#,
            r#"" ""#,
            r#""0""#,
            r#""1""#,
            r#""1.0""#,
            r#""true""#,
            r#""a b""#,
            r#""\ud83d""#,
            r#""x\udc3cy""#,
            "\"a\u{7}\\\nb\"",
            r#"{"\ud83d":1}"#,
            r#""snsapi_login snsapi_base""#,
            "[null,1,\"a\",[\"b\"]]",
        ])
        .prop_map(str::to_owned),
        number(),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        (0_usize..300).prop_map(|depth| "[".repeat(depth) + "1" + &"]".repeat(depth)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.prop_map(|list| format!("[{}]", list.join(","))),
            ("[a-z]{0,4}", inner).prop_map(|(name, value)| format!(r#"{{"{name}":{value}}}"#)),
        ]
    })
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        (-2000_i32..2000).prop_map(|exponent| format!("-9e{exponent}")),
        (-2000_i32..2000).prop_map(|exponent| format!("9e{exponent}")),
        "-?[1-9][0-9]{0,40}",
        prop::sample::select(vec![
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "4294967296",
            "253402300800",
            "1e999",
            "-1e999",
            "7200",
            "0",
        ])
        .prop_map(str::to_owned),
    ]
    .prop_flat_map(|number| {
        let text = format!("\"{number}\"");
        prop_oneof![Just(number), Just(text)]
    })
}

/// An `errcode` that is none.
fn no_error() -> impl Strategy<Value = Option<String>> {
    let values = [
        "null", r#""""#, "0", r#""0""#, "0.0", "[]", "{}", r#""ok""#, "true",
    ];
    prop::option::of(prop::sample::select(values.to_vec()).prop_map(str::to_owned))
}

/// Members with any values, each of them there or not.
fn members(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let values = prop::collection::vec(prop::option::of(value()), names.len());
    (values, no_error()).prop_map(|(values, errcode)| {
        let names = names.iter().chain(&["errcode"]);
        let values = values.into_iter().chain([errcode]);
        let mut text = String::new();
        for (name, value) in names.zip(values) {
            if let Some(value) = value {
                write!(text, r#","{name}":{value}"#).unwrap();
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_member_but_ids_and_tokens_ends_a_login(
        members in members(&["expires_in", "scope", "is_snapshotuser", "errmsg", "extra"]),
    ) {
        let body = format!("{{{LOGIN}{members}}}");
        let refresh_token = RefreshToken::new("66_r").unwrap();
        let client = client(AppKind::OfficialAccount, &[&body]);
        for token in [run(client.exchange(code())), run(client.refresh(&refresh_token))] {
            let token = token.map_err(|error| TestCaseError::fail(format!("{error}: {body}")))?;
            prop_assert_eq!(token.access_token.expose(), "66_a");
            prop_assert_eq!(token.refresh_token.expose(), "66_r");
            prop_assert_eq!((token.openid.as_str(), token.unionid), ("oA", None));
            prop_assert!(token.expires_in <= YEAR);
        }
    }

    #[test]
    fn no_member_but_ids_ends_the_reading_of_a_profile(
        members in members(&[
            "nickname", "sex", "language", "city", "province", "country", "headimgurl", "privilege", "errmsg", "extra",
        ]),
    ) {
        let body = format!(r#"{{"openid":"oA","unionid":"u1"{members}}}"#);
        let access_token = AccessToken::new("66_a").unwrap();
        let user = run(client(AppKind::Website, &[&body]).user((&access_token, &openid())));
        let user = user.map_err(|error| TestCaseError::fail(format!("{error}: {body}")))?;
        prop_assert_eq!((user.openid.as_str(), user.unionid), ("oA", "u1".parse().ok()));
    }

    #[test]
    fn no_member_but_ids_key_and_number_ends_a_mini_programs_call(
        session in members(&["errmsg", "extra"]), phone in members(&["countryCode", "watermark"]),
        app in members(&["expires_in", "errmsg", "extra"]), around in members(&["errmsg", "extra"]),
    ) {
        let session = format!(r#"{{"session_key":"k1","openid":"oA","unionid":null{session}}}"#);
        let app = format!(r#"{{"access_token":"80_a"{app}}}"#);
        let phone = format!(
            r#"{{"phone_info":{{"phoneNumber":"1","purePhoneNumber":"2"{phone}}}{around}}}"#
        );
        let client = client(AppKind::MiniProgram, &[&session, &app, &phone]);
        let tokens = AppTokens::new(client.clone(), MemoryStore::new());
        let session = run(client.session(code())).unwrap();
        prop_assert_eq!((session.session_key.expose(), session.openid.as_str()), ("k1", "oA"));
        let number = run(client.phone_number(&tokens, code()));
        let phone = number.map_err(|error| TestCaseError::fail(format!("{error}: {phone}")))?;
        prop_assert_eq!((phone.phone_number.as_str(), phone.pure_phone_number.as_str()), ("1", "2"));
    }

    #[test]
    fn no_member_but_ids_closes_a_payload(
        members in members(&["nickName", "gender", "avatarUrl", "city", "extra"]), timestamp in value(),
    ) {
        let watermark = format!(r#""watermark":{{"appid":"wx0123456789abcdef","timestamp":{timestamp}}}"#);
        let plain = format!(r#"{{"openId":"oA","unionId":"",{watermark}{members}}}"#);
        let cipher = Encryptor::<Aes128>::new(&KEY.into(), &KEY.into());
        let data = EncryptedData {
            iv: BASE64.encode(&KEY),
            encrypted_data: BASE64.encode(&cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes())),
        };
        let key = SessionKey::new(BASE64.encode(&KEY)).unwrap();
        let user = client(AppKind::MiniProgram, &["{}"]).decrypt_user(&key, &data);
        let user = user.map_err(|_| TestCaseError::fail(plain))?;
        prop_assert_eq!((user.data.openid, user.data.unionid), (Some(openid()), None));
        prop_assert!(user.encrypted_at.duration_since(SystemTime::UNIX_EPOCH).is_ok());
    }

    #[test]
    fn no_number_in_an_answer_overflows_a_sum_of_times(
        expires_in in number(), other in number(), errcode in number(), rid in "[0-9a-fA-F+-]{0,20}",
    ) {
        let token = format!(r#"{{{LOGIN},"expires_in":{expires_in},"is_snapshotuser":{other}}}"#);
        let user = format!(r#"{{"openid":"oA","sex":{other}}}"#);
        let client_ = client(AppKind::OfficialAccount, &[&token, &token, &user]);
        let token = run(client_.exchange(code())).unwrap();
        prop_assert!(token.expires_in <= YEAR);
        run(async {
            let vault = Vault::new(client_.clone(), MemoryStore::new());
            vault.keep(&token).await.unwrap();
            let kept = vault.token(&token.openid).await;
            let ends = kept.map(|kept| (kept.ends(), kept.login_ends()));
            prop_assert!(ends.is_ok(), "{:?}", ends);
            Ok(())
        })?;

        let app = format!(r#"{{"access_token":"80_a","expires_in":{expires_in}}}"#);
        let client_ = client(AppKind::MiniProgram, &[&app]);
        let tokens = AppTokens::new(client_, MemoryStore::new());
        let ends = run(tokens.get()).unwrap().ends();
        prop_assert!(ends <= Stopped.now() + YEAR);

        let error = format!(r#"{{"errcode":{errcode},"errmsg":"no rid: {rid}-1"}}"#);
        if let Some(error) = ApiError::read("/sns/auth", error.as_bytes()) {
            prop_assert!(error.code.0 != 0);
            let _ = (error.time(), error.caller_ip(), error.to_string(), error.code.explanation());
        }
    }
}

#[test]
fn each_odd_member_that_was_seen_is_read() {
    let cases = [
        (r#","expires_in":"7200""#, 7200, "", false),
        (r#","expires_in":7200.0,"scope":null"#, 7200, "", false),
        (r#","expires_in":"7199.9""#, 7199, "", false),
        (r#","expires_in":-1,"errcode":null"#, 0, "", false),
        (
            r#","expires_in":9223372036854775807"#,
            31_536_000,
            "",
            false,
        ),
        (
            r#","scope":"snsapi_base snsapi_login","errcode":"""#,
            0,
            "snsapi_base,snsapi_login",
            false,
        ),
        (
            r#","scope":"snsapi_base,授权,","errcode":"0""#,
            0,
            "snsapi_base",
            false,
        ),
        (r#","scope":["snsapi_base",7]"#, 0, "snsapi_base", false),
        (r#","is_snapshotuser":null"#, 0, "", false),
        (r#","is_snapshotuser":0"#, 0, "", false),
        (r#","is_snapshotuser":true"#, 0, "", true),
        (r#","is_snapshotuser":"1","unionid":"""#, 0, "", true),
    ];
    for (members, expires_in, scope, is_snapshot_user) in cases {
        let token = exchange(&format!("{{{LOGIN}{members}}}")).unwrap();
        assert_eq!(
            (
                token.expires_in.as_secs(),
                token.scope.to_string().as_str(),
                token.is_snapshot_user(),
                token.unionid.as_ref(),
            ),
            (expires_in, scope, is_snapshot_user, None),
            "{members}"
        );
    }
}

#[test]
fn ids_and_tokens_stay_as_strict_as_they_were() {
    for (body, field) in [
        (
            r#"{"access_token":7,"refresh_token":"r","openid":"oA"}"#,
            "access_token",
        ),
        (
            r#"{"access_token":"a","refresh_token":null,"openid":"oA"}"#,
            "refresh_token",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","openid":"o\ud83d"}"#,
            "openid",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","openid":"oA","unionid":"u 1"}"#,
            "unionid",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","openid":"oA","unionid":["u1"]}"#,
            "unionid",
        ),
        (r#"{"refresh_token":"r","openid":"oA"}"#, "body"),
    ] {
        let Error::AnswerLost(cause) = exchange(body).unwrap_err() else {
            panic!("{body}");
        };
        assert_eq!(
            cause.to_string(),
            format!("/sns/oauth2/access_token answered with an unexpected `{field}`")
        );
    }
}

#[test]
fn a_check_that_does_not_say_0_proves_nothing() {
    let access_token = AccessToken::new("66_a").unwrap();
    let check = |body: &str| {
        let client = client(AppKind::Website, &[body]);
        run(client.check((&access_token, &openid())))
    };
    for body in [
        r#"{"errcode":0,"errmsg":"ok"}"#,
        r#"{"errcode":"0"}"#,
        r#"{"errcode":null}"#,
        r#"{"errcode":""}"#,
    ] {
        assert!(check(body).unwrap().is_valid(), "{body}");
    }
    for body in [
        "{}",
        r#"{"errcode":[]}"#,
        r#"{"errcode":"ok"}"#,
        r#"{"errcode":0.5}"#,
        "[]",
        "",
    ] {
        assert!(matches!(check(body), Err(Error::Decode { .. })), "{body}");
    }
    let refused = check(r#"{"errcode":"40001.0","errmsg":7}"#).unwrap();
    assert!(!refused.is_valid());
}

#[test]
fn half_an_emoji_in_a_name_is_replaced() {
    let access_token = AccessToken::new("66_a").unwrap();
    let body = r#"{"openid":"oA","nickname":"小明\ud83d","province":31,"privilege":"chinaunicom","sex":1.0}"#;
    let user = run(client(AppKind::Website, &[body]).user((&access_token, &openid()))).unwrap();
    assert_eq!(
        (
            user.nickname.as_str(),
            user.province.as_str(),
            user.privilege,
            user.sex
        ),
        ("小明\u{fffd}", "31", vec!["chinaunicom".to_owned()], 1)
    );
}
