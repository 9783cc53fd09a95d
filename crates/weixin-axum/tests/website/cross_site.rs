//! Forms of other sites.

use crate::{
    running::{Browser, text},
    world::{EMAIL, LOGGED_OUT, World},
};

const FORMS: [&str; 7] = [
    "/delete",
    "/link",
    "/logout",
    "/logout-everywhere",
    "/password",
    "/register",
    "/unlink",
];

#[tokio::test]
async fn a_form_of_another_site_changes_nothing_and_ends_no_session() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    world.link(&mut browser, "xiaoming").await;
    let before = (
        world.stored().await,
        world.rows("SELECT data FROM sessions").await,
    );
    let own = world.url.clone();
    let origins: [&[(&str, &str)]; 9] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        // A sub-domain.
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "")],
        &[("origin", "https://evil.example")],
        &[("origin", &format!("{own}.evil.example"))],
        &[("origin", "http://localhost")],
        &[("origin", "null")],
        // A browser that says nothing, or no browser.
        &[],
    ];
    for path in FORMS {
        for headers in origins {
            let refused = browser.post_with(&world.at(path), EMAIL, headers).await;
            assert_eq!(refused.status(), 403, "{path} {headers:?}");
            assert!(text(&refused).contains("不是从本站页面发出的"), "{path}");
            assert!(!refused.headers().contains_key("set-cookie"), "{path}");
        }
    }
    let after = (
        world.stored().await,
        world.rows("SELECT data FROM sessions").await,
    );
    assert_eq!(after, before);
    assert!(world.home(&browser).await.contains("joe@shop.example"));
}

#[tokio::test]
async fn a_form_of_another_site_logs_nobody_in() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    let mut victim = Browser::default();
    for path in ["/password", "/register"] {
        for site in ["cross-site", "same-site"] {
            let headers = [("sec-fetch-site", site)];
            victim.post_with(&world.at(path), EMAIL, &headers).await;
            assert!(
                world.home(&victim).await.contains(LOGGED_OUT),
                "{path} {site}"
            );
        }
    }
}

#[tokio::test]
async fn the_sites_own_forms_pass_in_new_browsers_and_in_old_ones() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    let own = world.url.clone();
    let own_forms: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "same-origin"), ("origin", &own)],
        // The user's own doing, such as a reload after a restart of the browser.
        &[("sec-fetch-site", "none")],
        &[("origin", &own)],
    ];
    for headers in own_forms {
        let mut browser = Browser::default();
        browser
            .post_with(&world.at("/password"), EMAIL, headers)
            .await;
        assert!(
            world.home(&browser).await.contains("joe@shop.example"),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn methods_that_forms_do_not_have_are_checked_too() {
    let world = World::new().await;
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "LINK"] {
        let request = http::Request::builder()
            .method(method)
            .uri(world.at("/logout"));
        let refused = Browser::default().send(request, "").await;
        assert_eq!(refused.status(), 403, "{method}");
    }
}
