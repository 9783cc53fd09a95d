#![deny(unused_must_use)]

use weixin::{
    AppId, AppSecret, ConsentOptions, QrPageOptions, Website, transport::RetryPolicy,
};

fn example(id: AppId, secret: AppSecret) {
    QrPageOptions::new().lite_style();
    ConsentOptions::new().silent();
    Website::builder(id, secret);
    RetryPolicy::none();
}

fn main() {}
