//! Which requests run: not too many at one time, none for longer than a minute, and none while the time is unknown. The
//! connections of a proxy are those of all users: the last ones are for responses.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use tokio::time::timeout;

use super::{error::Failure, provider::Provider, token_error, visitor::Visitor};

/// Longest time of a request, WeChat's responses included.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Runs a request of a browser, which gets a page if it cannot run.
pub(super) async fn of_browser(
    State(provider): State<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    run(provider, request, next, Visitor::failed).await
}

/// The same for a request of a program, which gets JSON.
pub(super) async fn of_program(
    State(provider): State<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    let turn_away = |visitor: &Visitor, failure: &Failure| {
        visitor.sparingly_logged(|| token_error::unavailable(failure))
    };
    run(provider, request, next, turn_away).await
}

async fn run(
    provider: Arc<Provider>,
    request: Request,
    next: Next,
    turn_away: impl FnOnce(&Visitor, &Failure) -> Response,
) -> Response {
    let (parts, body) = request.into_parts();
    let visitor = Visitor {
        address: provider.shared.address(&parts),
        provider: Arc::clone(&provider),
        headers: parts.headers.clone(),
        is_get: parts.method == Method::GET,
        request: None,
    };
    let run = next.run(Request::from_parts(parts, body));
    let shared = &provider.shared;
    let failure = if !shared.readiness.knows_the_time() {
        Failure::UnknownTime
    } else if let Ok(_permit) = shared.rate_limit.running.try_acquire() {
        match timeout(TIMEOUT, run).await {
            Ok(response) => return response,
            Err(_) => Failure::TooSlow,
        }
    } else {
        Failure::TooManyRunning
    };
    turn_away(&visitor, &failure)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::{
        Router,
        body::{Body, to_bytes},
        http::{StatusCode, header::RETRY_AFTER},
        middleware::from_fn_with_state,
        routing::get,
    };
    use tempfile::TempDir;
    use tower::ServiceExt as _;
    use weixin::clock::SystemClock;

    use super::*;
    use crate::{config::Config, state::Live, store::Store};

    const CONFIG: &str = r#"
        [server]
        key_file = "gateway.key"
        [store]
        url = "sqlite:gateway.db"
        [app.website]
        app_id = "wx0123456789abcdef"
        app_secret = "ssssssssssssssssssssssssssssssss"
        [[issuer]]
        url = "https://login.example"
        apps = ["website"]
    "#;

    async fn provider(folder: &TempDir) -> Arc<Provider> {
        let key = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
        let config = Config::parse_with(CONFIG, &|_| Ok(key.to_owned())).unwrap();
        let url = format!("sqlite:{}", folder.path().join("gateway.db").display());
        let store = Store::open(&url).await.unwrap();
        let live = Live::open(config, store, Arc::new(SystemClock)).await;
        Arc::clone(&live.unwrap().providers()[0])
    }

    /// What a request gets that never ends: the time to try again, and the body.
    async fn response_of_endless(router: Router) -> (Option<String>, String) {
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.map(|it| it.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (retry_after, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_ends_with_a_page_or_json() {
        let folder = TempDir::new().unwrap();
        let provider = provider(&folder).await;
        let endless = || Router::new().route("/", get(pending::<()>));
        let pages = endless().layer(from_fn_with_state(Arc::clone(&provider), of_browser));
        let programs = endless().layer(from_fn_with_state(provider, of_program));
        tokio::time::pause();
        let (retry_after, page) = response_of_endless(pages).await;
        assert_eq!(retry_after.as_deref(), Some("5"));
        assert!(
            page.contains("服务出现异常") && page.contains("编号"),
            "{page}"
        );
        let (retry_after, json) = response_of_endless(programs).await;
        assert_eq!(retry_after.as_deref(), Some("5"));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            serde_json::json!({
                "error": "temporarily_unavailable",
                "error_description": "the gateway cannot respond now: try again",
            })
        );
    }
}
