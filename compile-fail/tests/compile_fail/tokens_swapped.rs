use weixin::{
    Client, OpenId,
    tokens::{AccessToken, Bearer, RefreshToken},
};

async fn refresh(client: &Client, token: &AccessToken) {
    let _ = client.refresh(token).await;
}

async fn user(client: &Client, token: &RefreshToken, openid: &OpenId) {
    let bearer = Bearer {
        access_token: token,
        openid,
    };
    let _ = client.user(bearer).await;
}

fn main() {}
