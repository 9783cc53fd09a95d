use weixin::{Website, store::MemoryStore};

fn example(website: &Website) {
    website.app_tokens(MemoryStore::new());
}

fn main() {}
