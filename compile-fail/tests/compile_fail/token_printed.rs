use weixin::{
    Token,
    tokens::{AppToken, UserToken},
};

fn example(token: &Token, user: &UserToken, app: &AppToken) {
    println!("{}", token.access_token);
    println!("{token} {user} {app}");
}

fn main() {}
