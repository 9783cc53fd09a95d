use weixin::{Code, MiniProgram};

async fn example(app: &MiniProgram, code: Code) {
    app.exchange(code).await;
}

fn main() {}
