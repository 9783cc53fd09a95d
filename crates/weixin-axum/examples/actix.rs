//! The same login in actix-web, by the framework-neutral methods of `WebLogin`.
//!
//! `cargo run -p weixin-axum --example actix`, then open <http://localhost:8080>.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::error::Error;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use weixin_axum::{LoginError, StartLogin, WebLogin};

use self::settings::{REDIRECT_URI, Settings, named, url};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let login = WebLogin::new(settings.website, settings.redirect_uri);
    let login = login.map_err(named(REDIRECT_URI))?;
    println!("open {}", url(&settings.listener)?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(login.clone()))
            .route("/", web::get().to(home))
            .route("/login", web::get().to(start))
            .route("/callback", web::get().to(callback))
    });
    Ok(server
        .workers(1)
        .listen(settings.listener.into_std()?)?
        .run()
        .await?)
}

async fn home() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html")
        .body(r#"<a href="/login">log in</a>"#)
}

async fn start(login: web::Data<WebLogin>, request: HttpRequest) -> HttpResponse {
    let start = login.start(&headers(&request));
    actix(start.map_or_else(LoginError::into_http, StartLogin::into_http))
}

async fn callback(login: web::Data<WebLogin>, request: HttpRequest) -> HttpResponse {
    match log_in(&login, &request).await {
        Ok(response) => response,
        Err(error) => actix(error.into_http()),
    }
}

async fn log_in(login: &WebLogin, request: &HttpRequest) -> Result<HttpResponse, LoginError> {
    let callback = login.verify(request.query_string(), &headers(request))?;
    let (login, headers) = login.exchange(callback).await?;
    let user = login.user().await?;
    let mut response = HttpResponse::Ok();
    for (name, value) in &headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    Ok(response.json(user))
}

/// actix-web has an `http` of its own.
fn headers(request: &HttpRequest) -> HeaderMap {
    let header = |(name, value): (
        &actix_web::http::header::HeaderName,
        &actix_web::http::header::HeaderValue,
    )| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    request.headers().iter().filter_map(header).collect()
}

fn actix(response: Response<String>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or_default());
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(body)
}
