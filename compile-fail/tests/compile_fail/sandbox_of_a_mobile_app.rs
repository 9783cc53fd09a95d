use weixin::{AppId, AppSecret, MobileApp};

fn example(id: AppId, secret: AppSecret) {
    MobileApp::builder(id, secret).sandbox();
}

fn main() {}
