use weixin::{
    Token,
    tokens::{AppToken, UserToken},
};

fn send(_: impl serde::Serialize) {}

fn example(token: Token, user: &UserToken, app: &AppToken) {
    send(&token.refresh_token);
    send(token);
    send(user);
    send(app);
}

fn main() {}
