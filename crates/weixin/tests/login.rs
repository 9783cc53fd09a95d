//! The whole login, against the simulator over HTTP.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::time::Duration;

use weixin::{
    Action, Callback, Code, CsrfToken, Error, QrPageOptions, RedirectUri, Website,
    error::{ErrCode, LoginPageError},
    tokens::{AccessToken, Bearer, RefreshToken, Scope, Scopes, TokenStatus},
};
use weixin_sim::Sim;

use self::support::{authorize_url, callback, log_in, website, website_of};

#[tokio::test]
async fn a_code_becomes_a_token_and_a_profile() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = website(&sim);
    let token = log_in(&website).await;
    assert_eq!(&token.app, website.id());
    assert_eq!(token.expires_in, Duration::from_secs(2 * 60 * 60));
    assert_eq!(token.scopes, Scopes::from(Scope::LOGIN));
    assert!(!token.is_snapshot_user);

    let user = website.user(&token).await.unwrap();
    assert_eq!(user.nickname, "小明🐼é");
    assert_eq!(
        (&user.openid, &user.unionid),
        (&token.openid, &token.unionid)
    );
    assert!(user.headimgurl.unwrap().starts_with(sim.url()));
    assert_eq!(website.check(&token).await.unwrap(), TokenStatus::Valid);
    let ids = token.user_ids();
    assert_eq!(ids.openid(website.id()), Some(&token.openid));
    assert_eq!(ids.unionid(), token.unionid.as_ref());
}

#[tokio::test]
async fn a_code_is_single_use() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = website(&sim);
    let (url, csrf) = authorize_url(&website);
    let query = callback(&url).await;
    let code = || Callback::parse(&query).unwrap().verify(&csrf).unwrap();

    website.exchange(code()).await.unwrap();
    let again = website.exchange(code()).await.unwrap_err();
    assert_eq!(api_code(&again), ErrCode::CODE_USED);
    assert!(again.needs_login() && !again.is_retryable() && !again.is_configuration());
    let Error::Api(api) = again else {
        panic!("{again:?}")
    };
    assert_eq!(api.message, "code been used");
    assert!(api.rid.unwrap().len() == 26);
}

#[tokio::test]
async fn a_callback_of_another_login_does_not_verify() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let (url, csrf) = authorize_url(&website(&sim));
    let query = callback(&url).await;
    assert_eq!(
        Callback::parse(&query).unwrap().state(),
        Some(csrf.state().as_str())
    );
    assert!(!query.contains(csrf.expose()), "WeChat gets a hash only");
    let other = CsrfToken::random().unwrap();
    let error = Error::from(Callback::parse(&query).unwrap().verify(&other).unwrap_err());
    assert!(error.needs_login(), "{error}");
    Callback::parse(&query).unwrap().verify(&csrf).unwrap();
}

#[tokio::test]
async fn a_refresh_extends_a_valid_token_and_replaces_an_expired_one() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = website(&sim);
    let token = log_in(&website).await;

    let same = website.refresh(&token.refresh_token).await.unwrap();
    assert_eq!(same.access_token.expose(), token.access_token.expose());
    assert_eq!((&same.openid, same.unionid), (&token.openid, None));

    sim.advance(Duration::from_secs(2 * 60 * 60)).unwrap();
    let expired = website.user(&token).await.unwrap_err();
    assert_eq!(api_code(&expired), ErrCode::ACCESS_TOKEN_EXPIRED);
    assert!(expired.needs_refresh() && !expired.needs_login());
    let TokenStatus::Invalid(error) = website.check(&token).await.unwrap() else {
        panic!("valid")
    };
    assert_eq!(error.code, ErrCode::ACCESS_TOKEN_EXPIRED);

    let new = website.refresh(&token.refresh_token).await.unwrap();
    assert_ne!(new.access_token.expose(), token.access_token.expose());
    assert!(website.check(&new).await.unwrap().is_valid());

    sim.advance(Duration::from_secs(30 * 24 * 60 * 60)).unwrap();
    let expired = website.refresh(&new.refresh_token).await.unwrap_err();
    assert_eq!(api_code(&expired), ErrCode::REFRESH_TOKEN_EXPIRED);
    assert!(expired.needs_login());
}

#[tokio::test]
async fn the_profile_of_each_test_user_arrives_unchanged() {
    for (id, nickname, has_avatar) in [
        ("layla", "ليلى بنت أحمد (layla)", true),
        ("noname", "", false),
        (
            "control",
            "bell\u{7} line\nbreak\ttab \u{1b}[31m\u{202e}",
            true,
        ),
    ] {
        let sim = Sim::start().await.unwrap();
        let website = website(&sim);
        let (url, csrf) = authorize_url(&website);
        support::open(&url).await;
        let uuid = sim.pending().remove(0);
        let callback = sim.allow(&uuid, id).unwrap();
        let query = callback.split_once('?').unwrap().1;
        let code = Callback::parse(query).unwrap().verify(&csrf).unwrap();
        let user = website
            .user(&website.exchange(code).await.unwrap())
            .await
            .unwrap();
        assert_eq!(
            (user.nickname.as_str(), user.headimgurl.is_some()),
            (nickname, has_avatar)
        );
    }
}

#[tokio::test]
async fn a_configuration_error_is_distinguished_from_an_error_that_needs_a_login() {
    use Action::{FixConfiguration, LogIn, Refresh};

    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = website(&sim);
    let query = callback(&authorize_url(&website).0).await;
    let code = || Code::new(query.split(['=', '&']).nth(1).unwrap()).unwrap();
    let bogus = || Code::new("071bogus").unwrap();
    let unknown = website_of(&sim, "wxunknown", "secret");
    let wrong_secret = website_of(&sim, "wx0123456789abcdef", "wrong");

    expect(unknown.exchange(code()).await, 40013, FixConfiguration);
    expect(wrong_secret.exchange(bogus()).await, 40029, LogIn);
    expect(wrong_secret.exchange(code()).await, 40125, FixConfiguration);
    let token = website.exchange(code()).await.unwrap();
    let wrong_refresh_token = RefreshToken::new("66_wrong").unwrap();
    expect(website.refresh(&wrong_refresh_token).await, 40030, LogIn);
    let wrong_token = Bearer {
        access_token: &AccessToken::new("66_wrong").unwrap(),
        openid: &token.openid,
    };
    expect(website.user(wrong_token).await, 40001, Refresh);
    let wrong_openid = Bearer {
        access_token: &token.access_token,
        openid: &"oWrong".parse().unwrap(),
    };
    expect(website.user(wrong_openid).await, 40003, LogIn);
}

/// The error has this code, and this is the one action that helps.
fn expect<T: std::fmt::Debug>(outcome: Result<T, Error>, code: i64, action: Action) {
    let error = outcome.unwrap_err();
    assert_eq!(api_code(&error), ErrCode(code));
    assert_eq!(error.action(), action, "{error}");
    let shortcuts = [
        (Action::FixConfiguration, error.is_configuration()),
        (Action::LogIn, error.needs_login()),
        (Action::Refresh, error.needs_refresh()),
        (Action::Retry, error.is_retryable()),
    ];
    let helps: Vec<_> = shortcuts
        .iter()
        .filter(|(_, helps)| *helps)
        .map(|(action, _)| *action)
        .collect();
    assert_eq!(helps, [action], "{error}");
}

#[tokio::test]
async fn the_probe_returns_what_the_login_page_would_show() {
    let sim = Sim::start().await.unwrap();
    let accepted = website(&sim);
    let redirect_uri = support::redirect_uri();
    accepted.probe(&redirect_uri).await.unwrap();

    let unknown = website_of(&sim, "wxunknown", "secret");
    let official = website_of(&sim, "wx0123456789abcde0", support::APP_SECRET);
    let elsewhere: RedirectUri = "https://www.example.com/".parse().unwrap();
    let table = [
        (&unknown, &redirect_uri, LoginPageError::AppId),
        (&official, &redirect_uri, LoginPageError::Scope),
        (&accepted, &elsewhere, LoginPageError::RedirectUri),
    ];
    for (website, redirect_uri, expected) in table {
        let error = website.probe(redirect_uri).await.unwrap_err();
        assert!(
            matches!(error, Error::LoginPage(found) if found == expected),
            "{error:?}"
        );
        assert!(error.is_configuration());
    }
}

#[tokio::test]
async fn the_probe_of_a_url_opens_pages_of_wechat_only() {
    let sim = Sim::start().await.unwrap();
    let website = website(&sim);
    let csrf = CsrfToken::random().unwrap();
    let options = QrPageOptions::new();
    let url = website.authorize_url(&support::redirect_uri(), &csrf, &options);
    let url = url.unwrap();
    website.probe_url(&url).await.unwrap();
    let scope = url.as_str().replace("snsapi_login", "snsapi_userinfo");
    let error = website
        .probe_url(&scope.parse().unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::LoginPage(LoginPageError::Scope)),
        "{error:?}"
    );
    let asked = sim.requests().len();
    for elsewhere in [
        url.as_str().replace(sim.url(), "http://127.0.0.2:9300"),
        url.as_str().replace("http://", "http://user@"),
        url.as_str().replace("/connect/qrconnect", "/sns/userinfo"),
        url.as_str()
            .replace("/connect/qrconnect", "/connect/../_sim/api/reset"),
    ] {
        let error = website.probe_url(&elsewhere.parse().unwrap()).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "not a valid authorize URL: expected a URL of WeChat's QR page",
            "{elsewhere}"
        );
    }
    assert_eq!(sim.requests().len(), asked);
}

fn api_code(error: &Error) -> ErrCode {
    match error {
        Error::Api(error) => error.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_website_can_be_shared_between_tasks() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let sim = Sim::start().await.unwrap();
    let website: Website = website(&sim);
    shared(&website);
    shared(website.client());
}
