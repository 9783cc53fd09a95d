//! A website app at the simulator, and the browser that its logins need.

use http::{Request, Response, header::LOCATION};
use url::{Position, Url};
use weixin::{
    AppSecret, Callback, CsrfToken, Endpoints, QrPageOptions, RedirectUri, Token, Website,
    transport::{Https, Transport},
};
use weixin_sim::Sim;

pub(crate) const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";

pub(crate) fn website(sim: &Sim) -> Website {
    website_of(sim, "wx0123456789abcdef", APP_SECRET)
}

pub(crate) fn website_of(sim: &Sim, app: &str, secret: &str) -> Website {
    let endpoints = Endpoints::single(sim.url().parse().unwrap());
    let builder = Website::builder(app.parse().unwrap(), AppSecret::new(secret).unwrap());
    builder.endpoints(endpoints).build().unwrap()
}

pub(crate) fn redirect_uri() -> RedirectUri {
    "http://localhost:8080/authorization".parse().unwrap()
}

/// The URL of the login page, with a new token.
pub(crate) fn authorize_url(website: &Website) -> (Url, CsrfToken) {
    let csrf = CsrfToken::random().unwrap();
    let url = website.authorize_url(&redirect_uri(), &csrf, &QrPageOptions::new());
    (url.unwrap(), csrf)
}

/// The response to a browser that opens the login page.
pub(crate) async fn open(url: &Url) -> Response<Vec<u8>> {
    let request = Request::get(&url[..Position::AfterQuery]).body(Vec::new());
    Https::new().unwrap().send(request.unwrap()).await.unwrap()
}

/// The query of the callback, from a simulator that allows each login by itself.
pub(crate) async fn callback(url: &Url) -> String {
    let page = open(url).await;
    let location = page.headers()[LOCATION].to_str().unwrap();
    location.split_once('?').unwrap().1.to_owned()
}

pub(crate) async fn log_in(website: &Website) -> Token {
    let (url, csrf) = authorize_url(website);
    let query = callback(&url).await;
    let code = Callback::parse(&query).unwrap().verify(&csrf).unwrap();
    website.exchange(code).await.unwrap()
}
