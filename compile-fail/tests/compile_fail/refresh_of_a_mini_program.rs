use weixin::{MiniProgram, tokens::RefreshToken};

async fn example(app: &MiniProgram, token: &RefreshToken) {
    app.refresh(token).await;
}

fn main() {}
