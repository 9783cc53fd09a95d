//! Official accounts and mobile apps, against the simulator; and what is rejected before anything is sent.
#![expect(clippy::unwrap_used, reason = "a test")]

use http::{Request, header::LOCATION};
use url::{Position, Url};
use weixin::{
    AppId, AppSecret, Callback, Code, ConsentOptions, CsrfToken, Endpoints, Error, Language,
    MobileApp, OfficialAccount, QrPageOptions, RedirectUri, Website,
    app::{AppBuilder, AppKind, Apps, LoginRoute, ScanHint},
    authorize::Device,
    error::{CallbackError, LoginPageError},
    tokens::{Scope, Scopes},
    transport::{Https, Transport},
};
use weixin_sim::{Effect, Fault, Sim};

fn id(app: &str) -> AppId {
    app.parse().unwrap()
}

fn secret() -> AppSecret {
    AppSecret::new("s".repeat(32)).unwrap()
}

fn endpoints(sim: &Sim) -> Endpoints {
    Endpoints::single(sim.url().parse().unwrap())
}

fn account(sim: &Sim) -> AppBuilder<OfficialAccount> {
    OfficialAccount::builder(id("wx0123456789abcde0"), secret()).endpoints(endpoints(sim))
}

fn redirect_uri() -> RedirectUri {
    "http://localhost:8080/callback?next=/cart".parse().unwrap()
}

/// The URL to which the login page redirects WeChat's own browser.
async fn open(url: &Url) -> Option<String> {
    let request = Request::get(&url[..Position::AfterQuery]).header("user-agent", "MicroMessenger");
    let page = Https::new()
        .unwrap()
        .send(request.body(Vec::new()).unwrap())
        .await
        .unwrap();
    let location = page.headers().get(LOCATION)?;
    Some(location.to_str().unwrap().to_owned())
}

fn code(callback: &str, csrf: &CsrfToken) -> Result<Code, CallbackError> {
    let query = callback.split_once('?').unwrap().1;
    Callback::parse(query)?.verify(csrf)
}

/// The callback of a login by these options, and its code.
async fn log_in(account: &OfficialAccount, options: &ConsentOptions) -> (String, Code) {
    let csrf = CsrfToken::random().unwrap();
    let url = account.authorize_url(&redirect_uri(), &csrf, options);
    let callback = open(&url.unwrap()).await.unwrap();
    let code = code(&callback, &csrf).unwrap();
    (callback, code)
}

#[tokio::test]
async fn an_official_account_logs_in_silently_and_with_the_profile() {
    let sim = Sim::builder().auto_allow().strict_order().start().await;
    let sim = sim.unwrap();
    let account = account(&sim).build().unwrap();

    let (callback, code) = log_in(&account, &ConsentOptions::new().silent()).await;
    assert!(
        callback.starts_with("http://localhost:8080/callback?next=/cart&code=071"),
        "{callback}"
    );
    let token = account.exchange(code).await.unwrap();
    assert_eq!(
        (token.scopes.clone(), &token.unionid),
        (Scopes::from(Scope::BASE), &None)
    );
    let error = account.user(&token).await.unwrap_err();
    assert!(error.is_configuration(), "{error}");

    let (_, code) = log_in(&account, &ConsentOptions::new()).await;
    let token = account.exchange(code).await.unwrap();
    assert!(token.unionid.is_some());
    assert_eq!(
        account.user(&token).await.unwrap().real_nickname(),
        Some("小明🐼é")
    );
    account.probe(&redirect_uri()).await.unwrap();
    // Everything was sent as WeChat wants it inside its own browser; `localhost` and HTTP are the test's own.
    let found: Vec<_> = sim
        .findings()
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    let expected = ["callback-host", "callback-port", "profile-with-base"];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_user_who_rejects_the_consent_page_has_declined() {
    let sim = Sim::start().await.unwrap();
    let account = account(&sim).build().unwrap();
    let csrf = CsrfToken::random().unwrap();
    let url = account.authorize_url(&redirect_uri(), &csrf, &ConsentOptions::new());
    assert_eq!(open(&url.unwrap()).await, None);
    let callback = format!(
        "http://localhost/?code=authdeny&reason=&state={}",
        csrf.state()
    );
    assert_eq!(code(&callback, &csrf).unwrap_err(), CallbackError::Declined);
}

#[tokio::test]
async fn a_snapshot_user_is_an_error_unless_the_account_accepts_them() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    for (account, is_accepted) in [
        (account(&sim).build().unwrap(), false),
        (account(&sim).allow_snapshot_users().build().unwrap(), true),
    ] {
        let (_, code) = log_in(&account, &ConsentOptions::new().force_snapshot()).await;
        match account.exchange(code).await {
            Ok(token) => {
                assert!(is_accepted && token.is_snapshot_user);
                assert_eq!(token.user_ids().identities().count(), 0);
                let user = account.user(&token).await.unwrap();
                assert_eq!(user.real_nickname(), None);
            }
            Err(error) => {
                assert!(
                    !is_accepted && matches!(error, Error::SnapshotUser),
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
    let app = MobileApp::builder(id("wx0123456789abcde1"), secret())
        .endpoints(endpoints(&sim))
        .build()
        .unwrap();
    let code = sim.send_auth("wx0123456789abcde1", "layla").unwrap();
    let token = app.exchange(Code::new(code).unwrap()).await.unwrap();
    assert_eq!(token.scopes, Scopes::from(Scope::USERINFO));
    assert!(app.check(&token).await.unwrap().is_valid());
    let token = app.refresh(&token.refresh_token).await.unwrap();
    let user = app.user(&token).await.unwrap();
    assert_eq!(user.nickname, "ليلى بنت أحمد (layla)");
}

#[tokio::test]
async fn the_probe_recognizes_the_dialogs_of_official_accounts() {
    let sim = Sim::start().await.unwrap();
    let accepted = account(&sim).build().unwrap();
    let elsewhere: RedirectUri = "https://www.example.com/".parse().unwrap();
    let website = OfficialAccount::builder(id("wx0123456789abcdef"), secret())
        .endpoints(endpoints(&sim))
        .build()
        .unwrap();
    let mut found = Vec::new();
    for (account, redirect_uri) in [(&accepted, &elsewhere), (&website, &redirect_uri())] {
        let error = account.probe(redirect_uri).await.unwrap_err();
        found.push(error.to_string());
    }
    sim.fault(Fault::new(Effect::Dialog(10004)));
    let banned = accepted.probe(&redirect_uri()).await.unwrap_err();
    found.push(banned.to_string());
    let shown = |code| format!("WeChat's login page shows error {code}");
    assert_eq!(found, [shown(10003), shown(10016), shown(10004)]);
    let error = Error::from(LoginPageError::OutsideWeChat);
    assert!(!error.is_configuration());
}

#[tokio::test]
async fn a_redirect_uri_that_no_console_accepts_is_rejected_except_by_test_accounts_and_simulators()
{
    let website = || Website::builder(id("wx1"), secret());
    let account = || OfficialAccount::builder(id("wx1"), secret());
    let csrf = CsrfToken::random().unwrap();
    let (qr_page, consent) = (QrPageOptions::new(), ConsentOptions::new());
    for text in [
        "http://localhost/",
        "https://www.example.com:8443/",
        "http://127.0.0.1/",
    ] {
        let uri: RedirectUri = text.parse().unwrap();
        let (at_wechat, account_at_wechat) =
            (website().build().unwrap(), account().build().unwrap());
        for outcome in [
            at_wechat.authorize_url(&uri, &csrf, &qr_page).map(drop),
            at_wechat.embedded_qr(&uri, &csrf, &qr_page).map(drop),
            at_wechat.probe(&uri).await,
            account_at_wechat
                .authorize_url(&uri, &csrf, &consent)
                .map(drop),
            account_at_wechat.probe(&uri).await,
        ] {
            let error = outcome.unwrap_err();
            let expected = uri.check_registrable().unwrap_err();
            assert!(matches!(error, Error::Parse(found) if found == expected));
            assert!(error.is_configuration());
        }
        let sandbox = account().sandbox().build().unwrap();
        sandbox.authorize_url(&uri, &csrf, &consent).unwrap();
        let simulator = || Endpoints::single("http://127.0.0.1:9300".parse().unwrap());
        let website = website().endpoints(simulator()).build().unwrap();
        website.authorize_url(&uri, &csrf, &qr_page).unwrap();
        website.embedded_qr(&uri, &csrf, &qr_page).unwrap();
        let account = account().endpoints(simulator()).build().unwrap();
        account.authorize_url(&uri, &csrf, &consent).unwrap();
    }
}

#[tokio::test]
async fn the_apps_of_a_site_choose_the_login_by_the_device() {
    let website = Website::new(id("wxweb"), secret()).unwrap();
    let account = OfficialAccount::new(id("wxaccount"), secret()).unwrap();
    let both = Apps::new()
        .website(website.clone())
        .official_account(account.clone());
    let pick = |apps: &Apps, device| match apps.for_device(device)? {
        LoginRoute::QrPage { app, hint } => Some((app.id().to_string(), AppKind::Website, hint)),
        LoginRoute::InWeChat(app) => Some((app.id().to_string(), AppKind::OfficialAccount, None)),
        _ => None,
    };
    let qr_page = |hint| Some(("wxweb".to_owned(), AppKind::Website, hint));
    let consent = Some(("wxaccount".to_owned(), AppKind::OfficialAccount, None));
    let (scan, another) = (ScanHint::OpenInWeChat, ScanHint::ScanWithAnotherDevice);
    let computer = ScanHint::OpenOnComputer;
    let (website, account) = (Apps::from(website), Apps::from(account));
    for (apps, device, expected) in [
        (&both, Device::Desktop, qr_page(None)),
        (&both, Device::Phone, qr_page(Some(scan))),
        (&both, Device::WeChat, consent.clone()),
        (&website, Device::Desktop, qr_page(None)),
        (&website, Device::Phone, qr_page(Some(computer))),
        (&website, Device::WeChat, qr_page(Some(another))),
        (&account, Device::Desktop, None),
        (&account, Device::Phone, None),
        (&account, Device::WeChat, consent),
        (&Apps::new(), Device::Desktop, None),
    ] {
        assert_eq!(pick(apps, device), expected, "{device:?}");
    }
    for hint in [scan, another, computer] {
        assert!(hint.text().pick(Language::English).is_ascii());
        assert!(!hint.text().pick(Language::Chinese).is_ascii());
    }
}
