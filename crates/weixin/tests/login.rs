//! The whole login, against the simulator over HTTP.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::time::Duration;

use weixin::{
    AccessToken, Callback, Client, Code, ErrCode, Error, Lang, LoginPageError, LoginRequest,
    PageLang, RefreshToken, Scope, Scopes, TokenStatus,
};
use weixin_sim::Sim;

use self::support::{callback, client, client_of, log_in};

#[tokio::test]
async fn a_code_becomes_a_token_and_a_profile() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let client = client(&sim);
    let token = log_in(&client).await;
    assert_eq!(token.expires_in, Duration::from_hours(2));
    assert_eq!(token.scope, Scopes::from(Scope::LOGIN));
    assert!(!token.is_snapshot_user());

    let user = client.user_in(Lang::En, &token).await.unwrap();
    assert_eq!(user.nickname, "小明🐼é");
    assert_eq!(
        (&user.openid, &user.unionid),
        (&token.openid, &token.unionid)
    );
    assert!(user.headimgurl.unwrap().starts_with(sim.url()));
    assert_eq!(client.check(&token).await.unwrap(), TokenStatus::Valid);
}

#[tokio::test]
async fn a_code_works_once() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let client = client(&sim);
    let login = client.login_url(support::redirect_uri()).unwrap();
    let query = callback(&login).await;
    let code = || {
        Callback::parse(&query)
            .unwrap()
            .verify(login.csrf())
            .unwrap()
    };

    client.exchange(code()).await.unwrap();
    let again = client.exchange(code()).await.unwrap_err();
    assert_eq!(api_code(&again), ErrCode::CODE_USED);
    assert!(again.needs_login() && !again.is_retryable() && !again.is_configuration());
    let Error::Api(api) = again else {
        panic!("{again:?}")
    };
    assert_eq!(api.message, "code been used");
    assert!(api.rid.unwrap().len() == 26);
}

#[tokio::test]
async fn a_refresh_prolongs_a_good_token_and_replaces_an_expired_one() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let client = client(&sim);
    let token = log_in(&client).await;

    let same = client.refresh(&token.refresh_token).await.unwrap();
    assert_eq!(same.access_token.expose(), token.access_token.expose());
    assert_eq!((&same.openid, same.unionid), (&token.openid, None));

    sim.advance(Duration::from_hours(2)).unwrap();
    let expired = client.user(&token).await.unwrap_err();
    assert_eq!(api_code(&expired), ErrCode::ACCESS_TOKEN_EXPIRED);
    assert!(expired.needs_refresh() && !expired.needs_login());
    let TokenStatus::Invalid(error) = client.check(&token).await.unwrap() else {
        panic!("valid")
    };
    assert_eq!(error.code, ErrCode::ACCESS_TOKEN_EXPIRED);

    let new = client.refresh(&token.refresh_token).await.unwrap();
    assert_ne!(new.access_token.expose(), token.access_token.expose());
    assert!(client.check(&new).await.unwrap().is_valid());

    sim.advance(Duration::from_hours(30 * 24)).unwrap();
    let over = client.refresh(&new.refresh_token).await.unwrap_err();
    assert_eq!(api_code(&over), ErrCode::REFRESH_TOKEN_EXPIRED);
    assert!(over.needs_login());
}

#[tokio::test]
async fn every_person_arrives_as_they_are() {
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
        let client = client(&sim);
        let login = client.login_url(support::redirect_uri()).unwrap();
        support::open(&login).await;
        let uuid = sim.pending().remove(0);
        let address = sim.allow(&uuid, id).unwrap();
        let query = address.split_once('?').unwrap().1;
        let code = Callback::parse(query)
            .unwrap()
            .verify(login.csrf())
            .unwrap();
        let user = client
            .user(&client.exchange(code).await.unwrap())
            .await
            .unwrap();
        assert_eq!(
            (user.nickname.as_str(), user.headimgurl.is_some()),
            (nickname, has_avatar)
        );
    }
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_told_apart_from_what_needs_a_login() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let good = client(&sim);
    let query = callback(&good.login_url(support::redirect_uri()).unwrap()).await;
    let code = || Code::new(query.split(['=', '&']).nth(1).unwrap()).unwrap();
    let bogus = || Code::new("071bogus").unwrap();
    let unknown = client_of(&sim, "wxunknown", "secret");
    let wrong_secret = client_of(&sim, "wx0123456789abcdef", "wrong");

    expect(unknown.exchange(code()).await, 40013, "configuration");
    expect(wrong_secret.exchange(bogus()).await, 40029, "login");
    expect(wrong_secret.exchange(code()).await, 40125, "configuration");
    let token = good.exchange(code()).await.unwrap();
    let wrong_refresh_token = RefreshToken::new("66_wrong").unwrap();
    expect(good.refresh(&wrong_refresh_token).await, 40030, "login");
    let wrong_token = AccessToken::new("66_wrong").unwrap();
    expect(
        good.user((&wrong_token, &token.openid)).await,
        40001,
        "refresh",
    );
    let wrong_openid = "oWrong".parse().unwrap();
    expect(
        good.user((&token.access_token, &wrong_openid)).await,
        40003,
        "login",
    );
}

/// The error has this code, and this is the one thing that helps.
fn expect<T: std::fmt::Debug>(outcome: Result<T, Error>, code: i64, remedy: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(api_code(&error), ErrCode(code));
    let remedies = [
        ("configuration", error.is_configuration()),
        ("login", error.needs_login()),
        ("refresh", error.needs_refresh()),
        ("retry", error.is_retryable()),
    ];
    let helps: Vec<_> = remedies
        .iter()
        .filter(|(_, helps)| *helps)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(helps, [remedy], "{error}");
}

#[tokio::test]
async fn the_probe_tells_what_the_login_page_would_show() {
    let sim = Sim::start().await.unwrap();
    let accepted = client(&sim);
    let english = LoginRequest::new(support::redirect_uri()).lang(PageLang::En);
    accepted
        .probe(&accepted.login_url(english).unwrap())
        .await
        .unwrap();

    let unknown = client_of(&sim, "wxunknown", "secret");
    let official = client_of(&sim, "wx0123456789abcde0", support::APP_SECRET);
    let elsewhere: LoginRequest = LoginRequest::new("https://www.example.com/".parse().unwrap());
    let table = [
        (
            &unknown,
            LoginRequest::new(support::redirect_uri()),
            LoginPageError::AppId,
        ),
        (
            &official,
            LoginRequest::new(support::redirect_uri()),
            LoginPageError::Scope,
        ),
        (&accepted, elsewhere, LoginPageError::RedirectUri),
    ];
    for (client, request, expected) in table {
        let error = client
            .probe(&client.login_url(request).unwrap())
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::LoginPage(found) if found == expected),
            "{error:?}"
        );
        assert!(error.is_configuration());
    }
}

fn api_code(error: &Error) -> ErrCode {
    match error {
        Error::Api(error) => error.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_can_be_shared_between_tasks() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let sim = Sim::start().await.unwrap();
    let client: Client = client(&sim);
    shared(&client);
}
