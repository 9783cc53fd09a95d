//! Small programs of the kinds that use this crate: each compiles with the imports that it shows, and works.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{collections::HashMap, time::Duration};

use http::Response;
use weixin::{AppSecret, Code, Endpoints, Error, MobileApp, Website, transport};
use weixin_sim::{Effect, Fault, Sim};

const MOBILE: &str = "wx0123456789abcde1";

fn secret() -> AppSecret {
    AppSecret::new(support::APP_SECRET).unwrap()
}

fn endpoints(sim: &Sim) -> Endpoints {
    Endpoints::single(sim.url().parse().unwrap())
}

fn mobile(sim: &Sim) -> MobileApp {
    let builder = MobileApp::builder(MOBILE.parse().unwrap(), secret());
    builder.endpoints(endpoints(sim)).build().unwrap()
}

/// A WeChat of one closure, which responds to every call with the same error.
fn failing_website(errcode: i64) -> Website {
    let wechat = transport::from_fn(move |_request| async move {
        let body = format!(r#"{{"errcode":{errcode},"errmsg":"?"}}"#);
        Ok(Response::new(body.into_bytes()))
    });
    Website::builder("wx0123456789abcdef".parse().unwrap(), secret()).build_with(wechat)
}

/// The backend of a mobile app, with an error type of its own.
mod mobile_backend {
    use weixin::{Code, MobileApp, User};

    pub(super) struct LoginBody {
        pub(super) code: String,
    }

    #[derive(Debug)]
    pub(super) struct AppError(pub(super) weixin::Error);

    impl<E: Into<weixin::Error>> From<E> for AppError {
        fn from(error: E) -> Self {
            Self(error.into())
        }
    }

    pub(super) async fn login(app: &MobileApp, body: LoginBody) -> Result<User, AppError> {
        let token = app.exchange(Code::new(body.code)?).await?;
        Ok(app.user(&token).await?)
    }
}

#[tokio::test]
async fn the_backend_of_a_mobile_app() {
    use mobile_backend::{LoginBody, login};

    let sim = Sim::start().await.unwrap();
    let app = mobile(&sim);
    let code = sim.send_auth(MOBILE, "layla").unwrap();
    let body = || LoginBody { code: code.clone() };
    let user = login(&app, body()).await.unwrap();
    assert_eq!(user.nickname, "ليلى بنت أحمد (layla)");
    let again = login(&app, body()).await.unwrap_err();
    assert!(again.0.needs_login(), "{again:?}");
    let empty = LoginBody {
        code: String::new(),
    };
    let invalid = login(&app, empty).await.unwrap_err();
    assert!(matches!(invalid.0, Error::Parse(_)), "{invalid:?}");
}

#[tokio::test]
async fn a_unit_test_with_a_wechat_of_one_closure() {
    let wechat = transport::from_fn(async |_request| {
        Ok(Response::new(
            br#"{"errcode":40163,"errmsg":"code been used"}"#.to_vec(),
        ))
    });
    let app = MobileApp::builder(MOBILE.parse().unwrap(), "secret".parse().unwrap());
    let app = app.build_with(wechat);
    let error = app.exchange(Code::new("071v").unwrap()).await.unwrap_err();
    assert!(error.needs_login());
}

#[test]
fn a_unit_test_with_a_token_and_a_user_of_its_own() {
    use weixin::{
        Token, User,
        tokens::{AccessToken, RefreshToken},
    };

    let token = Token::new(
        "wx0123456789abcdef".parse().unwrap(),
        "oAlice".parse().unwrap(),
        AccessToken::new("a").unwrap(),
        RefreshToken::new("r").unwrap(),
    );
    let mut user = User::new(token.openid.clone());
    user.nickname = "Alice".into();
    assert_eq!(user.real_nickname(), Some("Alice"));
    assert_eq!(token.user_ids().openid(&token.app), Some(&user.openid));
}

/// Errors, by the action that helps.
mod errors {
    use weixin::{Action, Error, Token, Website};

    pub(super) async fn nickname(website: &Website, token: &Token) -> Result<String, Error> {
        match website.user(token).await {
            Ok(user) => Ok(user.nickname),
            Err(error) => match error.action() {
                Action::Refresh => {
                    let token = website.refresh(&token.refresh_token).await?;
                    Ok(website.user(&token).await?.nickname)
                }
                Action::LogIn => Ok("please log in again".into()),
                Action::Retry => Ok("please try again later".into()),
                _ => Err(error), // a configuration error, or an unknown one: report it
            },
        }
    }

    pub(super) fn explain(error: &Error) -> String {
        match (error.code(), error.explanation()) {
            (Some(code), Some(found)) => format!("{code}：{}{}", found.cause.zh, found.remedy.zh),
            _ => error.to_string(),
        }
    }
}

#[tokio::test]
async fn errors_by_the_action_that_helps() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = support::website(&sim);
    let token = support::log_in(&website).await;
    let fault = |code| {
        sim.fault(
            Fault::new(Effect::Errcode(code))
                .path("/sns/userinfo")
                .times(1),
        );
    };
    for (code, expected) in [
        (42001, "小明🐼é"),
        (50001, "please log in again"),
        (45011, "please try again later"),
    ] {
        fault(code);
        let shown = errors::nickname(&website, &token).await.unwrap();
        assert_eq!(shown, expected, "{code}");
    }
    fault(48001);
    let error = errors::nickname(&website, &token).await.unwrap_err();
    assert!(error.is_configuration(), "{error}");
}

#[tokio::test]
async fn errors_explained_in_chinese() {
    let code = || Code::new("071v").unwrap();
    let used = failing_website(40163).exchange(code()).await.unwrap_err();
    assert!(
        errors::explain(&used).starts_with("40163：这个 code "),
        "{}",
        errors::explain(&used)
    );
    let unknown = failing_website(123_456);
    let unknown = unknown.exchange(code()).await.unwrap_err();
    assert_eq!(
        errors::explain(&unknown),
        "/sns/oauth2/access_token returned 123456 (?)"
    );
}

/// Bindings and configuration files, which learn the kind of an app at run time.
mod bindings {
    use weixin::{
        AppId, AppSecret, ConsentOptions, CsrfToken, MiniProgram, MobileApp, OfficialAccount,
        QrPageOptions, Website,
        app::{App, AppKind},
        error::ParseError,
    };

    #[derive(Debug)]
    pub(super) enum BindingError {
        NotForThisKind(AppKind),
        Weixin(weixin::Error),
    }

    impl From<weixin::Error> for BindingError {
        fn from(error: weixin::Error) -> Self {
            Self::Weixin(error)
        }
    }

    impl From<ParseError> for BindingError {
        fn from(error: ParseError) -> Self {
            Self::Weixin(error.into())
        }
    }

    pub(super) struct Binding {
        pub(super) app: App,
    }

    impl Binding {
        pub(super) fn new(kind: &str, id: AppId, secret: AppSecret) -> Result<Self, weixin::Error> {
            let app = match kind {
                "website" => Website::new(id, secret)?.into(),
                "official-account" => OfficialAccount::new(id, secret)?.into(),
                "mobile-app" => MobileApp::new(id, secret)?.into(),
                _ => MiniProgram::new(id, secret)?.into(),
            };
            Ok(Self { app })
        }

        pub(super) fn authorize_url(
            &self,
            redirect_uri: &str,
            state: String,
        ) -> Result<String, BindingError> {
            let (redirect_uri, csrf) = (redirect_uri.parse()?, CsrfToken::from_state(state)?);
            let url = match &self.app {
                App::Website(app) => {
                    app.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?
                }
                App::OfficialAccount(app) => {
                    app.authorize_url(&redirect_uri, &csrf, &ConsentOptions::new())?
                }
                other => return Err(BindingError::NotForThisKind(other.kind())),
            };
            Ok(url.into())
        }
    }
}

#[test]
fn bindings_that_learn_the_kind_at_run_time() {
    use bindings::{Binding, BindingError};
    use weixin::app::AppKind;

    let new = |kind: &str| Binding::new(kind, "wx0123456789abcdef".parse().unwrap(), secret());
    let url = |kind: &str| {
        let binding = new(kind).unwrap();
        binding.authorize_url("https://www.example.com/", "s1".into())
    };
    assert_eq!(
        url("website").unwrap(),
        "https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwww.example.com%2F&response_type=code&scope=snsapi_login&state=s1#wechat_redirect"
    );
    assert_eq!(
        url("official-account").unwrap(),
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwww.example.com%2F&response_type=code&scope=snsapi_userinfo&state=s1&connect_redirect=1#wechat_redirect"
    );
    for (kind, expected) in [
        ("mobile-app", AppKind::MobileApp),
        ("mini-program", AppKind::MiniProgram),
    ] {
        match url(kind).unwrap_err() {
            BindingError::NotForThisKind(found) => assert_eq!(found, expected),
            BindingError::Weixin(error) => panic!("{error}"),
        }
    }
    let local = new("website").unwrap();
    let local = local.authorize_url("http://localhost/", "s1".into());
    let Err(BindingError::Weixin(error)) = local else {
        panic!("{local:?}");
    };
    assert!(error.is_configuration());
    let clients = ["website", "official-account", "mobile-app", "mini-program"].map(|kind| {
        let app = new(kind).unwrap().app;
        assert_eq!(app.id().as_str(), "wx0123456789abcdef");
        app.client().map(weixin::Client::kind)
    });
    assert_eq!(
        clients,
        [
            Some(AppKind::Website),
            Some(AppKind::OfficialAccount),
            Some(AppKind::MobileApp),
            None
        ]
    );
}

/// A helper for every kind of login app, and apps of several kinds in one map.
async fn nickname(app: &weixin::Client, code: Code) -> Result<String, Error> {
    let token = app.exchange(code).await?;
    Ok(app.user(&token).await?.nickname)
}

#[tokio::test]
async fn one_function_for_all_kinds_of_login_apps() {
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let (website, mobile) = (support::website(&sim), mobile(&sim));
    let clients: HashMap<&str, weixin::Client> =
        HashMap::from([("web", (&website).into()), ("phone", mobile.into())]);
    let (url, csrf) = support::authorize_url(&website);
    let query = support::callback(&url).await;
    let callback = weixin::Callback::parse(&query).unwrap();
    let code = callback.verify(&csrf).unwrap();
    assert_eq!(nickname(&clients["web"], code).await.unwrap(), "小明🐼é");
    let code = Code::new(sim.send_auth(MOBILE, "layla").unwrap()).unwrap();
    let name = nickname(&clients["phone"], code).await.unwrap();
    assert_eq!(name, "ليلى بنت أحمد (layla)");
}

/// Tokens of users and of an app, in the PostgreSQL pool of the site.
mod postgres {
    use std::sync::Arc;

    use weixin::{
        AppTokens, Error, OfficialAccount, UserTokens, Website,
        store::{PostgresStore, StoreKeys},
    };

    pub(super) struct Tokens {
        pub(super) users: UserTokens,
        pub(super) account: AppTokens,
    }

    pub(super) fn tokens(
        pool: sqlx::PgPool,
        key: String,
        website: &Website,
        account: &OfficialAccount,
    ) -> Result<Tokens, Error> {
        let store = Arc::new(PostgresStore::new(pool, StoreKeys::new(key)?)); // its table: PostgresStore::SCHEMA
        Ok(Tokens {
            users: UserTokens::new(website, Arc::clone(&store)).app(account),
            account: account.app_tokens(store),
        })
    }
}

#[tokio::test]
async fn tokens_in_the_postgres_pool_of_the_site() {
    let url = std::env::var("WEIXIN_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("WEIXIN_TEST_POSTGRES is not set: run by ./scripts/test or scripts/with-services")
    });
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let store = weixin::store::PostgresStore::new(
        pool.clone(),
        weixin::store::StoreKeys::new(key).unwrap(),
    );
    store.migrate().await.unwrap();

    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let website = support::website(&sim);
    let id = "wx0123456789abcde0".parse().unwrap();
    let account = weixin::OfficialAccount::builder(id, secret());
    let account = account.endpoints(endpoints(&sim)).build().unwrap();
    let tokens = || postgres::tokens(pool.clone(), key.to_owned(), &website, &account).unwrap();

    let token = support::log_in(&website).await;
    let one = tokens();
    one.users.insert(&token).await.unwrap();
    // Another server of the site, with the same table.
    let other = tokens();
    let user = other.users.user(website.id(), &token.openid).await.unwrap();
    assert_eq!(user.openid, token.openid);
    let [first, second] = [
        one.account.get().await.unwrap(),
        other.account.get().await.unwrap(),
    ];
    assert_eq!(
        first.access_token().expose(),
        second.access_token().expose()
    );
    let left = first.expires_at().duration_since(std::time::UNIX_EPOCH);
    assert!(left.unwrap() > Duration::ZERO);
    other
        .users
        .remove(website.id(), &token.openid)
        .await
        .unwrap();
    let removed = tokens().users.get(website.id(), &token.openid).await;
    assert!(matches!(removed, Err(Error::LoginExpired)), "{removed:?}");
}
