use weixin::{
    AppTokens, OpenId, Website,
    mini_program::{JsCode, PhoneCode, SessionKey},
};

async fn example(website: &Website, tokens: &AppTokens, openid: &OpenId, key: &SessionKey) {
    website.session(JsCode::new("0a1b").unwrap()).await;
    website.phone_number(tokens, PhoneCode::new("0a1b").unwrap()).await;
    website.check_session(tokens, openid, key).await;
}

fn main() {}
