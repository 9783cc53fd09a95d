//! `response_mode=form_post`: the response to the client is a form that the browser posts (OAuth 2.0 Form Post Response
//! Mode).

use axum::http::StatusCode;

use crate::world::{Browser, CALLBACK, Page, World};

const FORM_POST: (&str, &str) = ("response_mode", "form_post");

/// The fields of a page that posts itself to the client.
fn posted(page: &Page) -> Vec<(String, String)> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.attribute("method"), "post");
    assert_eq!(page.attribute("action"), CALLBACK);
    page.fields()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_code_is_posted_with_state_and_iss_after_a_login_and_without_one() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let state = "\"><script>alert(1)</script>&amp;'微 +%";
    let url = world.web().authorize_url(&[FORM_POST, ("state", state)]);
    let after_login = posted(&browser.through_wechat(&world, &url).await);
    let by_session = posted(&browser.open(&world, &url).await);
    for fields in [after_login, by_session] {
        let (_, code) = fields[0].clone();
        let expected = [
            pair("code", &code),
            pair("state", state),
            pair("iss", "https://localhost"),
        ];
        assert_eq!(fields, expected);
        world.web().tokens(&code).await;
    }
}

#[tokio::test]
async fn an_error_is_posted_too() {
    let world = World::start().await;
    let page = world
        .get(&world.web().authorize_url(&[FORM_POST, ("prompt", "none")]))
        .await;
    let expected = [
        pair("error", "login_required"),
        pair("error_description", "the user must log in"),
        pair("state", "a state"),
        pair("iss", "https://localhost"),
    ];
    assert_eq!(posted(&page), expected);
}

/// Browsers apply `form-action` to the redirects that follow, so also to the client's own: there is none.
#[tokio::test]
async fn the_page_runs_its_own_script_only() {
    let world = World::start().await;
    let page = world
        .get(&world.web().authorize_url(&[FORM_POST, ("prompt", "none")]))
        .await;
    let nonce = page.attribute("nonce");
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(page.header("content-security-policy"), policy);
    assert_eq!(page.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}
