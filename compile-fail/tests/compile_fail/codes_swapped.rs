use weixin::{
    AppTokens, Client, Code, MiniProgram,
    mini_program::{JsCode, PhoneCode},
};

async fn session(app: &MiniProgram, code: Code) {
    let _ = app.session(code).await;
}

async fn phone_number(app: &MiniProgram, tokens: &AppTokens, code: JsCode) {
    let _ = app.phone_number(tokens, code).await;
}

async fn exchange(client: &Client, code: PhoneCode) {
    let _ = client.exchange(code).await;
}

fn main() {}
