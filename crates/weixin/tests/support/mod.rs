//! A client of the simulator, and the browser that its logins need.

use http::{Request, Response, header::LOCATION};
use weixin::{
    AppSecret, Callback, Client, Endpoints, Https, LoginUrl, RedirectUri, Token, Transport,
};
use weixin_sim::Sim;

pub(crate) const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";

pub(crate) fn client(sim: &Sim) -> Client {
    client_of(sim, "wx0123456789abcdef", APP_SECRET)
}

pub(crate) fn client_of(sim: &Sim, app: &str, secret: &str) -> Client {
    let endpoints = Endpoints::single(sim.url().parse().unwrap());
    let builder = Client::builder(app.parse().unwrap(), AppSecret::new(secret).unwrap());
    builder.endpoints(endpoints).build().unwrap()
}

pub(crate) fn redirect_uri() -> RedirectUri {
    "http://localhost:8080/authorization".parse().unwrap()
}

/// What a browser gets that opens the login page.
pub(crate) async fn open(login: &LoginUrl) -> Response<Vec<u8>> {
    let url = login.as_str().split('#').next().unwrap();
    Https::new()
        .unwrap()
        .send(Request::get(url).body(Vec::new()).unwrap())
        .await
        .unwrap()
}

/// The query of the callback, from a simulator that allows by itself.
pub(crate) async fn callback(login: &LoginUrl) -> String {
    let page = open(login).await;
    let location = page.headers()[LOCATION].to_str().unwrap();
    location.split_once('?').unwrap().1.to_owned()
}

pub(crate) async fn log_in(client: &Client) -> Token {
    let login = client.login_url(redirect_uri()).unwrap();
    let query = callback(&login).await;
    let code = Callback::parse(&query)
        .unwrap()
        .verify(login.csrf())
        .unwrap();
    client.exchange(code).await.unwrap()
}
