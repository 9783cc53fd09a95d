//! The manual's pages with Rust in them, as documentation tests: what a reader copies compiles.

macro_rules! pages {
    ($($name:ident: $page:expr),+ $(,)?) => {
        $(#[cfg(doctest)]
        #[doc = $page]
        pub mod $name {})+
    };
}

pages! {
    identities: include_str!("../../docs/identities.md"),
    identities_zh: include_str!("../../docs/zh/identities.md"),
    mini_program: include_str!("../../docs/mini-program.md"),
    mini_program_zh: include_str!("../../docs/zh/mini-program.md"),
    mobile_app: include_str!("../../docs/mobile-app.md"),
    mobile_app_zh: include_str!("../../docs/zh/mobile-app.md"),
    official_account: include_str!("../../docs/official-account.md"),
    official_account_zh: include_str!("../../docs/zh/official-account.md"),
    readme: include_str!("../../README.md"),
    readme_zh: include_str!("../../README.zh-CN.md"),
    readme_axum: include_str!("../../crates/weixin-axum/README.md"),
    readme_sdk: include_str!("../../crates/weixin/README.md"),
    readme_sim: include_str!("../../crates/weixin-sim/README.md"),
    servers: include_str!("../../docs/servers.md"),
    servers_zh: include_str!("../../docs/zh/servers.md"),
    website: include_str!("../../docs/website.md"),
    website_zh: include_str!("../../docs/zh/website.md"),
}
