//! Responses in which a member is missing, has another type, or is a number that no sum of times can hold: a member that
//! a login does not need never makes it fail, and nothing panics.
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
    AppId, AppSecret, Code, Error, MiniProgram, OfficialAccount, OpenId, Token, User, UserTokens,
    Website,
    clock::Clock,
    error::ApiError,
    mini_program::{EncryptedData, JsCode, PhoneCode, SessionKey},
    store::MemoryStore,
    tokens::{AccessToken, Bearer, RefreshToken, TokenStatus},
    transport::{ResponseFuture, RetryPolicy, Transport},
};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const KEY: [u8; 16] = *b"0123456789abcdef";

/// Responds to the calls with these bodies, one after the other, and with the last one again and again.
#[derive(Clone, Debug)]
struct Canned(Arc<Mutex<Vec<Vec<u8>>>>);

impl Transport for Canned {
    fn send(&self, _: Request<Vec<u8>>) -> ResponseFuture<'_> {
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
        SystemTime::UNIX_EPOCH + Duration::from_secs(500_000 * 60 * 60)
    }
}

fn id() -> AppId {
    "wx0123456789abcdef".parse().unwrap()
}

fn secret() -> AppSecret {
    AppSecret::new("s".repeat(32)).unwrap()
}

fn canned(bodies: &[&str]) -> Canned {
    let bodies = bodies.iter().map(|body| body.as_bytes().to_vec()).collect();
    Canned(Arc::new(Mutex::new(bodies)))
}

fn website(bodies: &[&str]) -> Website {
    let builder = Website::builder(id(), secret()).retry_policy(RetryPolicy::none());
    builder.clock(Stopped).build_with(canned(bodies))
}

fn account(bodies: &[&str]) -> OfficialAccount {
    let builder = OfficialAccount::builder(id(), secret()).retry_policy(RetryPolicy::none());
    let builder = builder.clock(Stopped).allow_snapshot_users();
    builder.build_with(canned(bodies))
}

fn mini_program(bodies: &[&str]) -> MiniProgram {
    let builder = MiniProgram::builder(id(), secret()).retry_policy(RetryPolicy::none());
    builder.clock(Stopped).build_with(canned(bodies))
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

/// The members that a login needs.
const LOGIN: &str = r#""access_token":"66_a","refresh_token":"66_r","openid":"oA""#;

fn exchange(body: &str) -> Result<Token, Error> {
    run(account(&[body]).exchange(code()))
}

/// Calls with an access token of the user `oA`.
fn user(body: &str) -> Result<User, Error> {
    let (access_token, openid) = (AccessToken::new("66_a").unwrap(), openid());
    run(website(&[body]).user(Bearer {
        access_token: &access_token,
        openid: &openid,
    }))
}

fn check(body: &str) -> Result<TokenStatus, Error> {
    let (access_token, openid) = (AccessToken::new("66_a").unwrap(), openid());
    run(website(&[body]).check(Bearer {
        access_token: &access_token,
        openid: &openid,
    }))
}

/// Any JSON value, and near misses: halves of emoji, raw control characters, numbers out of every range.
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

/// An `errcode` that is no error.
fn no_error() -> impl Strategy<Value = Option<String>> {
    let values = [
        "null", r#""""#, "0", r#""0""#, "0.0", "[]", "{}", r#""ok""#, "true",
    ];
    prop::option::of(prop::sample::select(values.to_vec()).prop_map(str::to_owned))
}

/// Members with any values, each of them present or missing.
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
    fn no_member_except_ids_and_tokens_makes_a_login_fail(
        members in members(&["expires_in", "scope", "is_snapshotuser", "errmsg", "extra"]),
    ) {
        let body = format!("{{{LOGIN}{members}}}");
        let refresh_token = RefreshToken::new("66_r").unwrap();
        let account = account(&[&body]);
        for token in [run(account.exchange(code())), run(account.refresh(&refresh_token))] {
            let token = token.map_err(|error| TestCaseError::fail(format!("{error}: {body}")))?;
            prop_assert_eq!(token.access_token.expose(), "66_a");
            prop_assert_eq!(token.refresh_token.expose(), "66_r");
            prop_assert_eq!((token.openid.as_str(), token.unionid), ("oA", None));
            prop_assert!(token.expires_in <= YEAR);
        }
    }

    #[test]
    fn no_member_except_ids_makes_a_profile_unreadable(
        members in members(&[
            "nickname", "sex", "language", "city", "province", "country", "headimgurl", "privilege", "errmsg", "extra",
        ]),
    ) {
        let body = format!(r#"{{"openid":"oA","unionid":"u1"{members}}}"#);
        let user = user(&body).map_err(|error| TestCaseError::fail(format!("{error}: {body}")))?;
        prop_assert_eq!((user.openid.as_str(), user.unionid), ("oA", "u1".parse().ok()));
    }

    #[test]
    fn no_member_except_ids_key_and_number_makes_a_mini_programs_call_fail(
        session in members(&["errmsg", "extra"]), phone in members(&["countryCode", "watermark"]),
        app in members(&["expires_in", "errmsg", "extra"]), around in members(&["errmsg", "extra"]),
    ) {
        let session = format!(r#"{{"session_key":"k1","openid":"oA","unionid":null{session}}}"#);
        let app = format!(r#"{{"access_token":"80_a"{app}}}"#);
        let phone = format!(
            r#"{{"phone_info":{{"phoneNumber":"1","purePhoneNumber":"2"{phone}}}{around}}}"#
        );
        let mini_program = mini_program(&[&session, &app, &phone]);
        let tokens = mini_program.app_tokens(MemoryStore::new());
        let session = run(mini_program.session(JsCode::new("0a1v").unwrap())).unwrap();
        prop_assert_eq!((session.session_key.expose(), session.openid.as_str()), ("k1", "oA"));
        let number = run(mini_program.phone_number(&tokens, PhoneCode::new("0b2v").unwrap()));
        let phone = number.map_err(|error| TestCaseError::fail(format!("{error}: {phone}")))?;
        prop_assert_eq!((phone.phone_number.as_str(), phone.pure_phone_number.as_str()), ("1", "2"));
    }

    #[test]
    fn no_member_of_a_payload_makes_it_unreadable(
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
        let profile = mini_program(&["{}"]).decrypt_profile(&key, &data);
        let profile = profile.map_err(|_| TestCaseError::fail(plain))?;
        prop_assert!(profile.encrypted_at.duration_since(SystemTime::UNIX_EPOCH).is_ok());
    }

    #[test]
    fn no_number_in_a_response_overflows_a_sum_of_times(
        expires_in in number(), other in number(), errcode in number(), rid in "[0-9a-fA-F+-]{0,20}",
    ) {
        let token = format!(r#"{{{LOGIN},"expires_in":{expires_in},"is_snapshotuser":{other}}}"#);
        let user = format!(r#"{{"openid":"oA","sex":{other}}}"#);
        let account = account(&[&token, &token, &user]);
        let token = run(account.exchange(code())).unwrap();
        prop_assert!(token.expires_in <= YEAR);
        run(async {
            let tokens = UserTokens::new(&account, MemoryStore::new());
            tokens.insert(&token).await.unwrap();
            let stored = tokens.get(account.id(), &token.openid).await;
            let expiry = stored.map(|stored| (stored.expires_at(), stored.login_expires_at()));
            prop_assert!(expiry.is_ok(), "{:?}", expiry);
            Ok(())
        })?;

        let app = format!(r#"{{"access_token":"80_a","expires_in":{expires_in}}}"#);
        let tokens = mini_program(&[&app]).app_tokens(MemoryStore::new());
        let expires_at = run(tokens.get()).unwrap().expires_at();
        prop_assert!(expires_at <= Stopped.now() + YEAR);

        let error = format!(r#"{{"errcode":{errcode},"errmsg":"no rid: {rid}-1"}}"#);
        if let Some(error) = ApiError::from_response("/sns/auth", error.as_bytes()) {
            prop_assert!(error.code.0 != 0);
            let _ = (error.time(), error.caller_ip(), error.to_string(), error.code.explanation());
        }
    }
}

#[test]
fn each_odd_member_that_was_observed_is_read() {
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
                token.scopes.to_string().as_str(),
                token.is_snapshot_user,
                token.unionid.as_ref(),
            ),
            (expires_in, scope, is_snapshot_user, None),
            "{members}"
        );
    }
}

#[test]
fn ids_and_tokens_are_read_strictly() {
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
        let Error::OutcomeUnknown { path, source } = exchange(body).unwrap_err() else {
            panic!("{body}");
        };
        assert_eq!(
            source.to_string(),
            format!("{path} returned an unexpected `{field}`")
        );
    }
}

#[test]
fn a_check_without_errcode_0_is_not_a_valid_token() {
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
    let rejected = check(r#"{"errcode":"40001.0","errmsg":7}"#).unwrap();
    assert!(!rejected.is_valid());
}

#[test]
fn half_an_emoji_in_a_name_is_replaced() {
    let body = r#"{"openid":"oA","nickname":"小明\ud83d","province":31,"privilege":"chinaunicom","sex":1.0}"#;
    let user = user(body).unwrap();
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
