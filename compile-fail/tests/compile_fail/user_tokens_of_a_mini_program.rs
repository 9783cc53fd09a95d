use weixin::{MiniProgram, UserTokens, store::MemoryStore};

fn example(app: MiniProgram) {
    UserTokens::new(app, MemoryStore::new());
}

fn main() {}
