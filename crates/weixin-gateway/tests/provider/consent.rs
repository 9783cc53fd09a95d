//! The page that asks the user (Core §3.1.2.4).

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{
    Browser, CALLBACK, Options, Page, RelyingParty, World, browser::param, devices::ENGLISH,
};

impl Browser {
    /// Opens a URL, and follows the redirects of the gateway to the page that asks.
    pub(crate) async fn asked(&mut self, world: &World, url: &str) -> Question {
        let mut url = url.to_owned();
        for _ in 0..5 {
            let page = self.open(world, &url).await;
            if page.status == StatusCode::OK {
                assert!(url.contains("/consent/"), "{url}");
                return Question { page };
            }
            url = page.location().to_owned();
            if url.starts_with(world.sim.url()) {
                url = self.visit_wechat(&url).await;
            }
        }
        panic!("no page that asks: {url}");
    }

    /// Presses a button of the page.
    pub(crate) async fn answer(&mut self, world: &World, asked: &Question, with: &str) -> Page {
        let token = asked.token();
        let form = [("token", &*token), ("decision", with)];
        self.post(world, &asked.action(), &form).await
    }
}

/// The page that asks.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) page: Page,
}

impl Question {
    pub(crate) fn action(&self) -> String {
        self.page.attribute("action")
    }

    pub(crate) fn token(&self) -> String {
        let fields = self.page.fields();
        let [(name, token)] = &fields[..] else {
            panic!("{fields:?}");
        };
        assert_eq!(name, "token");
        token.clone()
    }

    /// What the client receives, as the page lists it.
    fn items(&self) -> Vec<&str> {
        let items = self.page.body.split("<li>").skip(1);
        items.map(|it| it.split("</li>").next().unwrap()).collect()
    }
}

/// A gateway whose client `web` has this policy.
pub(crate) async fn asking(policy: &str) -> World {
    World::with(Options {
        web: format!("name = \"Wiki\"\nconsent = \"{policy}\""),
        ..Options::default()
    })
    .await
}

/// Answers, and returns the URL of the client's callback.
async fn answered(
    world: &World,
    browser: &mut Browser,
    client: RelyingParty<'_>,
    changes: &[(&str, &str)],
    with: &str,
) -> String {
    let asked = browser.asked(world, &client.authorize_url(changes)).await;
    let page = browser.answer(world, &asked, with).await;
    let url = page.location().to_owned();
    assert!(url.starts_with(client.redirect_uri), "{url}");
    url
}

#[tokio::test]
async fn the_first_login_asks_and_the_next_ones_do_not() {
    let world = asking("first").await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let url = answered(&world, &mut browser, web, &[], "allow").await;
    assert_eq!(param(&url, "state"), "a state");
    web.tokens(&param(&url, "code")).await;
    for changes in [
        &[][..],
        &[("scope", "openid")],
        &[("prompt", "none")],
        &[("prompt", "login")],
    ] {
        web.log_in(&mut browser, changes).await;
    }
    // In another browser neither.
    web.log_in(&mut Browser::default(), &[]).await;
    // More is asked for again: all that it would receive.
    let more = [("scope", "openid email")];
    let asked = browser.asked(&world, &web.authorize_url(&more)).await;
    let items = [
        "an ID by which it recognizes you",
        "an e-mail address that was made for your account here",
    ];
    assert_eq!(asked.items(), items);
    let claims = [
        ("scope", "openid"),
        ("claims", r#"{"id_token":{"wechat_openid":null}}"#),
    ];
    browser.asked(&world, &web.authorize_url(&claims)).await;
    browser.answer(&world, &asked, "allow").await.location();
    let all = [("scope", "openid profile email")];
    web.log_in(&mut browser, &all).await;
    // Another client has another consent, and another user.
    world.other().log_in(&mut browser, &[]).await;
    world.next_user("other");
    let mut other = Browser::default();
    other.asked(&world, &web.authorize_url(&[])).await;
    let rows = "select client || ': ' || scopes from consents";
    assert_eq!(world.texts(rows).await, ["web: openid profile email"]);
    let events = "select event || ' ' || client || ' ' || detail from audit
        where event like 'consent%' order by at, detail";
    assert_eq!(
        world.texts(events).await,
        [
            "consent.given web openid email",
            "consent.given web openid profile",
        ]
    );
}

#[tokio::test]
async fn who_is_always_asked_is_asked_each_time() {
    let world = asking("always").await;
    let mut browser = Browser::default();
    for _ in 0..2 {
        let url = answered(&world, &mut browser, world.web(), &[], "allow").await;
        world.web().tokens(&param(&url, "code")).await;
    }
    // So does a client that asks for it, whatever its policy.
    for changes in [[("prompt", "consent")], [("prompt", "consent login")]] {
        for _ in 0..2 {
            let other = world.other();
            let url = answered(&world, &mut browser, other, &changes, "allow").await;
            other.tokens(&param(&url, "code")).await;
        }
    }
    world.other().log_in(&mut browser, &[]).await;
}

#[tokio::test]
async fn prompt_none_shows_nothing() {
    let world = asking("first").await;
    let web = world.web();
    let mut browser = Browser::default();
    let none = [("prompt", "none")];
    let url = web.callback(&mut browser, &none).await;
    assert_eq!(param(&url, "error"), "login_required");
    world.other().log_in(&mut browser, &[]).await;
    let url = web.callback(&mut browser, &none).await;
    assert_eq!(param(&url, "error"), "consent_required");
    assert_eq!(param(&url, "state"), "a state");
    answered(&world, &mut browser, web, &[], "allow").await;
    web.log_in(&mut browser, &none).await;
}

#[tokio::test]
async fn declining_is_an_error_for_the_client_and_is_not_remembered() {
    let world = asking("first").await;
    let web = world.web();
    let mut browser = Browser::default();
    for mode in ["", "form_post"] {
        let asked = web.authorize_url(&[("response_mode", mode)]);
        let asked = browser.asked(&world, &asked).await;
        let page = browser.answer(&world, &asked, "decline").await;
        let fields = match mode {
            "" => crate::world::browser::query(page.location()),
            _ => page.fields(),
        };
        let get = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(get("error"), Some("access_denied"));
        assert_eq!(get("error_description"), Some("the user declined"));
        assert_eq!(get("state"), Some("a state"));
        assert_eq!(get("iss"), Some("https://localhost"));
    }
    assert_eq!(world.count("consents").await, 0);
    assert_eq!(world.count("grants").await, 0);
    let events = "select distinct event from audit where event like 'consent%'";
    assert_eq!(world.texts(events).await, ["consent.declined"]);
    // The user is still logged in, and may change their mind.
    answered(&world, &mut browser, web, &[], "allow").await;
}

#[tokio::test]
async fn the_page_says_who_receives_what_in_two_languages() {
    let world = World::with(Options {
        web: "name = \"<b>Wiki\"\nconsent = \"first\"".into(),
        ..Options::default()
    })
    .await;
    world.sim.put_user(weixin_sim::User::new("u", "<i>小明&"));
    let user = weixin_sim::AutoAllow::allow().user("u");
    world.sim.auto_allow(user).unwrap();
    let scope = [("scope", "openid profile email wechat")];
    let url = world.web().authorize_url(&scope);
    let mut browser = Browser::with(&[ENGLISH]);
    let page = browser.asked(&world, &url).await.page;
    for text in [
        "<html lang=\"en\">",
        "<h1>Log in to &#60;b&#62;Wiki?</h1>",
        "You are logged in with WeChat as \u{2068}&#60;i&#62;小明&#38;\u{2069}.",
        "&#60;b&#62;Wiki receives:",
        "<li>an ID by which it recognizes you</li>\n\
         <li>your WeChat name and avatar</li>\n\
         <li>an e-mail address that was made for your account here</li>\n\
         <li>your WeChat ID for this site (not the one that friends add you by)</li>\n</ul>",
        "Your browser then goes to rp.example.",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    browser.headers.clear();
    let page = browser.asked(&world, &url).await.page;
    for text in [
        "<html lang=\"zh-CN\">",
        "<h1>是否登录“&#60;b&#62;Wiki”？</h1>",
        "当前登录的微信用户：\u{2068}&#60;i&#62;小明&#38;\u{2069}",
        "<li>您的微信账号在本网站的标识（不是微信号）</li>",
        "前往：rp.example",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    // Browsers apply it to the redirects of the client, too.
    assert!(!policy.contains("form-action"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_address_is_listed_only_for_a_client_that_gets_one() {
    let world = World::with(Options {
        web: "consent = \"first\"".into(),
        edit: Some(|text| text.replace("claims.email = \"{sub}@wechat.invalid\"\n", "")),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let url = web.authorize_url(&[("scope", "openid email")]);
    let mut browser = Browser::with(&[ENGLISH]);
    let asked = browser.asked(&world, &url).await;
    assert_eq!(asked.items(), ["an ID by which it recognizes you"]);
    let page = browser.answer(&world, &asked, "allow").await;
    let tokens = web.tokens(&param(page.location(), "code")).await;
    assert_eq!(tokens.claims.get("email"), None);
}

#[tokio::test]
async fn a_native_public_client_asks_first_unless_the_operator_decides() {
    let client = |id: &str, uri: &str, more: &str| {
        format!("[[client]]\nid = \"{id}\"\npublic = true\nredirect_uris = [\"{uri}\"]\n{more}\n")
    };
    let world = World::with(Options {
        more: [
            client("loopback", "http://127.0.0.1/callback", ""),
            client("scheme", "com.example.app:/callback", ""),
            client("spa", "https://spa.example/", ""),
        ]
        .concat(),
        ..Options::default()
    })
    .await;
    let mut browser = Browser::with(&[ENGLISH]);
    world.web().log_in(&mut browser, &[]).await;
    for (id, uri) in [
        ("loopback", "http://127.0.0.1/callback"),
        ("scheme", "com.example.app:/callback"),
    ] {
        let client = RelyingParty::public(&world, id, uri);
        let asked = browser.asked(&world, &client.authorize_url(&[])).await;
        let text = "Your browser then goes to an app on this device.";
        assert!(asked.page.body.contains(text), "{}", asked.page.body);
        let url = answered(&world, &mut browser, client, &[], "allow").await;
        client.tokens(&param(&url, "code")).await;
        client.log_in(&mut browser, &[]).await;
    }
    let spa = RelyingParty::public(&world, "spa", "https://spa.example/");
    spa.log_in(&mut browser, &[]).await;
    world.app().log_in(&mut browser, &[]).await;
}

/// The login is for its request alone, which the page belongs to.
#[tokio::test]
async fn without_single_sign_on_the_page_belongs_to_the_login() {
    let world = World::with(Options {
        web: "consent = \"first\"".into(),
        more: "[lifetimes]\nsession_idle = \"0s\"".into(),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut browser = Browser::default();
    let url = answered(&world, &mut browser, web, &[], "allow").await;
    web.tokens(&param(&url, "code")).await;
    let page = browser.open(&world, &web.authorize_url(&[])).await;
    assert!(page.location().starts_with(world.sim.url()));
}

/// As the manual says of `session_idle`: the login of the page is over. With single sign-on the same page works.
#[tokio::test]
async fn without_single_sign_on_a_login_in_another_tab_ends_an_open_page() {
    for (idle, is_valid) in [("0s", false), ("1h", true)] {
        let world = World::with(Options {
            web: "consent = \"first\"".into(),
            more: format!("[lifetimes]\nsession_idle = \"{idle}\""),
            ..Options::default()
        })
        .await;
        let mut browser = Browser::default();
        let asked = browser.asked(&world, &world.web().authorize_url(&[])).await;
        world.other().log_in(&mut browser, &[]).await;
        let page = browser.answer(&world, &asked, "allow").await;
        if is_valid {
            assert!(page.location().starts_with(CALLBACK));
            continue;
        }
        let login = asked.action().replace("/consent/", "/login/");
        assert_eq!(page.location(), login);
        let page = browser.open(&world, &login).await;
        assert!(page.location().starts_with(world.sim.url()));
    }
}

#[tokio::test]
async fn a_page_that_is_too_old_says_so() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    world.clock.advance(Duration::from_mins(10));
    let page = browser.answer(&world, &asked, "allow").await;
    assert_eq!(page.status, StatusCode::GONE);
    for url in ["/consent/x", &asked.action()] {
        let page = browser.open(&world, url).await;
        assert_eq!(page.status, StatusCode::GONE, "{url}");
    }
}

/// Logged in as another user meanwhile, in another tab, or no longer logged in: the user is asked again.
#[tokio::test]
async fn a_form_that_does_not_fit_any_more_is_shown_again() {
    let world = asking("first").await;
    let web = world.web();
    let mut browser = Browser::default();
    let asked = browser.asked(&world, &web.authorize_url(&[])).await;
    let login = asked.action().replace("/consent/", "/login/");
    for (token, decision) in [
        (asked.token(), "x"),
        (asked.token(), ""),
        (String::new(), "allow"),
    ] {
        let form = [("token", &*token), ("decision", decision)];
        let page = browser.post(&world, &asked.action(), &form).await;
        assert_eq!(page.location(), login);
    }
    world.next_user("other");
    world
        .other()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    let page = browser.answer(&world, &asked, "allow").await;
    assert_eq!(page.location(), login);
    let again = browser.asked(&world, &login).await;
    assert_ne!(again.token(), asked.token());
    let mut none = Browser::default();
    let page = none.answer(&world, &again, "allow").await;
    assert_eq!(page.location(), login);
    assert_eq!(world.count("consents").await, 0);
    browser.answer(&world, &again, "allow").await.location();
    // Allowed already, the page leads on.
    let url = browser.follow(&world, &asked.action()).await;
    web.tokens(&param(&url, "code")).await;
}

#[tokio::test]
async fn a_user_who_is_disabled_while_the_page_is_open_gets_no_code() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    world.execute("update users set disabled_at = 1").await;
    let page = browser.answer(&world, &asked, "allow").await;
    assert!(
        page.location().starts_with("/login/"),
        "{}",
        page.location()
    );
    assert_eq!(world.count("consents").await, 0);
}

#[tokio::test]
async fn what_a_merged_user_has_allowed_counts() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    answered(&world, &mut browser, world.web(), &[], "allow").await;
    world
        .execute(
            "insert into users (id, created_at, last_seen_at)
                values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1);
             update users set merged_into = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'
                where id <> 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
             update sessions set user_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'",
        )
        .await;
    let page = browser.open(&world, &world.web().authorize_url(&[])).await;
    assert!(page.location().contains("code="), "{}", page.location());
}

/// Users decide by the name. One that is not seen, or that turns the text around it, is none.
#[tokio::test]
async fn a_name_of_a_client_is_visible() {
    let world = World::start().await;
    for name in [
        "",
        " \u{3000}",
        "\u{200d}",
        "Wiki\n",
        "Wi\u{0}ki",
        "bank\u{202e}elpmaxe",
        "\u{2066}Wiki",
        "Wi\u{200b}ki",
    ] {
        // As TOML writes any character.
        let escaped = name.chars().map(|it| format!("\\U{:08x}", u32::from(it)));
        let escaped: String = escaped.collect();
        let options = Options {
            web: format!("name = \"{escaped}\""),
            ..Options::default()
        };
        assert_eq!(
            world.config_error(&options),
            "client web, name: expected visible text, without blank, control, format, private-use and unassigned characters",
            "{name:?}"
        );
    }
}

/// A name that is written from right to left stays where it is.
#[tokio::test]
async fn a_name_of_a_client_turns_no_text_around_it() {
    let world = World::with(Options {
        web: "name = \"שלום\"\nconsent = \"always\"".into(),
        ..Options::default()
    })
    .await;
    let mut browser = Browser::with(&[ENGLISH]);
    let page = browser
        .through_wechat(&world, &world.web().authorize_url(&[]))
        .await;
    let page = browser.open(&world, page.location()).await;
    assert!(
        page.body
            .contains("<h1>Log in to \u{2068}שלום\u{2069}?</h1>"),
        "{}",
        page.body
    );
}
