//! Official accounts and mobile apps, against the simulator; and what is refused before anything is sent.
#![expect(clippy::unwrap_used, reason = "a test")]

use http::{Request, header::LOCATION};
use weixin::{
    AppKind, AppSecret, Apps, AuthorizeRequest, Callback, CallbackError, Client, ClientBuilder,
    Code, Device, Endpoints, Error, Https, LoginPageError, LoginUrl, RedirectUri, Scope, Scopes,
    StartError, Transport,
};
use weixin_sim::{Effect, Fault, Sim};

fn builder(app: &str, kind: AppKind) -> ClientBuilder {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Client::builder(app.parse().unwrap(), secret).kind(kind)
}

fn account(sim: &Sim) -> ClientBuilder {
    builder("wx0123456789abcde0", AppKind::OfficialAccount)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
}

fn callback() -> RedirectUri {
    "http://localhost:8080/callback?next=/cart".parse().unwrap()
}

/// What WeChat's own browser is sent to by the login page.
async fn open(login: &LoginUrl) -> Option<String> {
    let request = Request::get(login.as_str().split('#').next().unwrap())
        .header("user-agent", "MicroMessenger");
    let page = Https::new()
        .unwrap()
        .send(request.body(Vec::new()).unwrap())
        .await
        .unwrap();
    let location = page.headers().get(LOCATION)?;
    Some(location.to_str().unwrap().to_owned())
}

fn code(callback: &str, login: &LoginUrl) -> Result<Code, CallbackError> {
    let query = callback.split_once('?').unwrap().1;
    Callback::parse(query)?.verify(login.csrf())
}

#[tokio::test]
async fn an_official_account_logs_in_silently_and_with_the_profile() {
    let sim = Sim::builder().auto_allow().strict_order().start().await;
    let sim = sim.unwrap();
    let client = account(&sim).build().unwrap();

    let login = client
        .authorize_url(AuthorizeRequest::new(callback()).silent())
        .unwrap();
    let back = open(&login).await.unwrap();
    assert!(
        back.starts_with("http://localhost:8080/callback?next=/cart&code=071"),
        "{back}"
    );
    let token = client.exchange(code(&back, &login).unwrap()).await.unwrap();
    assert_eq!(
        (token.scope.clone(), &token.unionid),
        (Scopes::from(Scope::BASE), &None)
    );
    let error = client.user(&token).await.unwrap_err();
    assert!(error.is_configuration(), "{error}");

    let login = client.authorize_url(callback()).unwrap();
    let back = open(&login).await.unwrap();
    let token = client.exchange(code(&back, &login).unwrap()).await.unwrap();
    assert!(token.unionid.is_some());
    assert_eq!(
        client.user(&token).await.unwrap().real_nickname(),
        Some("小明🐼é")
    );
    client.probe(&login).await.unwrap();
    // Everything was sent as WeChat wants it inside its own browser; `localhost` and HTTP are the test's own.
    let found: Vec<_> = sim
        .findings()
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    let expected = [
        "callback-host",
        "callback-port",
        "profile-with-base",
        "state-repeated",
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn who_says_no_inside_wechat_has_declined() {
    let sim = Sim::start().await.unwrap();
    let client = account(&sim).build().unwrap();
    let login = client.authorize_url(callback()).unwrap();
    assert_eq!(open(&login).await, None);
    let back = format!(
        "http://localhost/?code=authdeny&reason=&state={}",
        login.csrf().state()
    );
    assert_eq!(code(&back, &login).unwrap_err(), CallbackError::Declined);
}

#[tokio::test]
async fn a_snapshot_user_is_an_error_unless_asked_for() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let snapshot = || AuthorizeRequest::new(callback()).force_snapshot();
    for (client, is_let_in) in [
        (account(&sim).build().unwrap(), false),
        (account(&sim).snapshot_users().build().unwrap(), true),
    ] {
        let login = client.authorize_url(snapshot()).unwrap();
        let back = open(&login).await.unwrap();
        match client.exchange(code(&back, &login).unwrap()).await {
            Ok(token) => {
                assert!(is_let_in && token.is_snapshot_user());
                let user = client.user(&token).await.unwrap();
                assert_eq!(user.real_nickname(), None);
            }
            Err(error) => {
                assert!(
                    !is_let_in && matches!(error, Error::SnapshotUser),
                    "{error:?}"
                );
                assert!(error.needs_login());
                assert!(error.to_string().contains("使用完整服务"));
            }
        }
    }
}

#[tokio::test]
async fn a_mobile_apps_code_is_exchanged_refreshed_and_read() {
    let sim = Sim::start().await.unwrap();
    let client = builder("wx0123456789abcde1", AppKind::MobileApp)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap();
    let code = sim.send_auth("wx0123456789abcde1", "layla").unwrap();
    let token = client.exchange(Code::new(code).unwrap()).await.unwrap();
    assert_eq!(token.scope, Scopes::from(Scope::USERINFO));
    assert!(client.check(&token).await.unwrap().is_valid());
    let token = client.refresh(&token.refresh_token).await.unwrap();
    let user = client.user(&token).await.unwrap();
    assert_eq!(user.nickname, "ليلى بنت أحمد (layla)");
}

#[tokio::test]
async fn the_probe_knows_the_dialogs_of_official_accounts() {
    let sim = Sim::start().await.unwrap();
    let client = account(&sim).build().unwrap();
    let elsewhere: RedirectUri = "https://www.example.com/".parse().unwrap();
    let wrong_domain = client.authorize_url(elsewhere).unwrap();
    let website = builder("wx0123456789abcdef", AppKind::OfficialAccount)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap();
    let website = website.authorize_url(callback()).unwrap();
    let mut found = Vec::new();
    for login in [&wrong_domain, &website] {
        found.push(client.probe(login).await.unwrap_err().to_string());
    }
    sim.fault(Fault::new(Effect::Dialog(10004)));
    let banned = client.authorize_url(callback()).unwrap();
    found.push(client.probe(&banned).await.unwrap_err().to_string());
    let shown = |code| format!("wechat's login page shows error {code}");
    assert_eq!(found, [shown(10003), shown(10016), shown(10004)]);
    let error = Error::from(LoginPageError::OutsideWeChat);
    assert!(!error.is_configuration());
}

#[tokio::test]
async fn what_another_kind_of_app_has_is_refused_before_anything_is_sent() {
    let of = |kind| builder("wx1", kind).build().unwrap();
    let website = of(AppKind::Website);
    let account = of(AppKind::OfficialAccount);
    let mobile = of(AppKind::MobileApp);
    let mini = of(AppKind::MiniProgram);
    let public: RedirectUri = "https://www.example.com/".parse().unwrap();
    let code = || Code::new("071x").unwrap();
    let errors = [
        account.login_url(&public).map(drop),
        mobile.login_url(&public).map(drop),
        mini.embedded_qr("weixin", &public).map(drop),
        website.authorize_url(&public).map(drop),
        mini.exchange(code()).await.map(drop),
        mini.refresh(&weixin::RefreshToken::new("x").unwrap())
            .await
            .map(drop),
    ];
    let texts = errors.map(|outcome| {
        let error = outcome.unwrap_err();
        assert!(error.is_configuration());
        error.to_string()
    });
    assert_eq!(
        texts,
        [
            "`login_url` is not for this official account: its users log in by `authorize_url` (official account) or by code",
            "`login_url` is not for this mobile app: its users log in by `authorize_url` (official account) or by code",
            "`embedded_qr` is not for this mini program: its users log in by `authorize_url` (official account) or by code",
            "`authorize_url` is not for this website app: its users log in by `login_url` (website app) or by code",
            "`exchange` is not for this mini program: use `session`",
            "`refresh` is not for this mini program: use `session`",
        ]
    );
}

#[tokio::test]
async fn a_callback_that_no_console_accepts_is_refused_but_by_test_accounts_and_simulators() {
    let website = || builder("wx1", AppKind::Website);
    let account = || builder("wx1", AppKind::OfficialAccount);
    for bad in [
        "http://localhost/",
        "https://www.example.com:8443/",
        "http://127.0.0.1/",
    ] {
        let bad: RedirectUri = bad.parse().unwrap();
        for outcome in [
            website().build().unwrap().login_url(&bad).map(drop),
            website().build().unwrap().embedded_qr("q", &bad).map(drop),
            account().build().unwrap().authorize_url(&bad).map(drop),
        ] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::RedirectUri(_)) && error.is_configuration());
        }
        let _ = account()
            .test_account()
            .build()
            .unwrap()
            .authorize_url(&bad)
            .unwrap();
        let simulator = Endpoints::single("http://127.0.0.1:9300".parse().unwrap());
        let website = website().endpoints(simulator).build().unwrap();
        let _ = website.login_url(&bad).unwrap();
    }
}

#[tokio::test]
async fn one_object_holds_the_apps_and_picks_by_the_device() {
    let website = builder("wxweb", AppKind::Website).build().unwrap();
    let account = builder("wxaccount", AppKind::OfficialAccount)
        .build()
        .unwrap();
    let callback: RedirectUri = "https://www.example.com/".parse().unwrap();
    let both = Apps::new().with(website.clone()).with(account);
    let pick = |apps: &Apps, device| {
        let start = apps.start(device, &callback).unwrap();
        let page = start
            .url
            .as_str()
            .split(['/', '?'])
            .nth(4)
            .unwrap()
            .to_owned();
        (
            start.client.app().to_string(),
            page,
            start.advice.map(weixin::Advice::en),
        )
    };
    let found = |app: &str, page: &str, advice| (app.to_owned(), page.to_owned(), advice);
    let scan = weixin::Advice::OpenInWeChat.en();
    assert_eq!(
        pick(&both, Device::Desktop),
        found("wxweb", "qrconnect", None)
    );
    assert_eq!(
        pick(&both, Device::Phone),
        found("wxweb", "qrconnect", Some(scan))
    );
    assert_eq!(
        pick(&both, Device::WeChat),
        found("wxaccount", "oauth2", None)
    );
    let alone = Apps::new().with(website);
    let another = weixin::Advice::ScanWithAnother.en();
    assert_eq!(
        pick(&alone, Device::WeChat),
        found("wxweb", "qrconnect", Some(another))
    );
    let none = Apps::new().start(Device::Desktop, &callback).unwrap_err();
    assert!(matches!(none, StartError::NoApp));
}
