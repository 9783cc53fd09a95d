use weixin::{AppId, AppSecret, Website};

fn example(id: AppId, secret: AppSecret) {
    Website::builder(id, secret).allow_snapshot_users();
}

fn main() {}
