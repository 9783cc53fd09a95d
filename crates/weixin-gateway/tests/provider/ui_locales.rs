//! The language of pages, ours and WeChat's (Core §3.1.2.1).

use crate::world::{Browser, World, browser::param};

const ENGLISH: &[(&str, &str)] = &[("accept-language", "en")];

/// Chinese is the language of WeChat's page without a parameter.
#[tokio::test]
async fn ui_locales_come_before_the_languages_of_the_browser() {
    let world = World::start().await;
    for (locales, expected) in [
        ("", "en"),
        ("zh-CN en", ""),
        ("en zh-CN", "en"),
        ("fr zh", ""),
        ("fr", "en"),
    ] {
        let mut browser = Browser::with(ENGLISH);
        let page = browser
            .open(
                &world,
                &world.web().authorize_url(&[("ui_locales", locales)]),
            )
            .await;
        assert_eq!(param(page.location(), "lang"), expected, "{locales}");
        // A request that was posted waits first.
        let change = [("ui_locales", locales)];
        let page = world.web().post(&mut browser, &change).await;
        let page = browser.open(&world, page.location()).await;
        assert_eq!(
            param(page.location(), "lang"),
            expected,
            "{locales}, posted"
        );
    }
}

/// The callback has no parameters of the client: the request that waits has them.
#[tokio::test]
async fn a_page_after_wechat_has_the_language_of_the_request() {
    let world = World::start().await;
    let changes = [("ui_locales", "zh-CN"), ("response_mode", "form_post")];
    let url = world.web().authorize_url(&changes);
    let page = Browser::with(ENGLISH).through_wechat(&world, &url).await;
    assert!(page.body.contains("<html lang=\"zh-CN\">"), "{}", page.body);
}
