//! The key file is changed on two nodes with one store, and its users stay logged in.

use std::time::Duration;

use axum::http::StatusCode;
use weixin_gateway::{Gateway, KeyOverview};

use crate::{
    keys::published,
    world::{Browser, ISSUER, MASTER_KEY, Tokens, World, id_token::header},
};

const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Two nodes: requests go to `world.gateway`.
struct Nodes {
    world: World,
    other: Gateway,
    browser: Browser,
    tokens: Vec<Tokens>,
}

impl Nodes {
    async fn start() -> Self {
        let world = World::start().await;
        let other = world.second_node(MASTER_KEY).await;
        Self {
            world,
            other,
            browser: Browser::default(),
            tokens: Vec::new(),
        }
    }

    fn swap(&mut self) {
        std::mem::swap(&mut self.world.gateway, &mut self.other);
    }

    /// Loads a key file on the node to which requests go.
    async fn load(&self, keys: &[&str]) {
        let config = self.world.config_with_keys(&keys.join("\n"));
        self.world.gateway.reload(config).await.unwrap();
    }

    /// All tokens so far are valid at both nodes, a code of one is redeemed at the other, and the user is still logged in.
    async fn assert_logged_in(&mut self) {
        for _ in 0..2 {
            let code = self.world.web().code(&mut self.browser, &[]).await;
            self.swap();
            let tokens = self.world.web().tokens(&code).await;
            self.tokens.push(tokens);
            for tokens in &self.tokens {
                let page = self.world.web().userinfo(&tokens.access_token).await;
                assert_eq!(page.status, StatusCode::OK);
            }
            let first = &self.tokens[0];
            let hint = [("prompt", "none"), ("id_token_hint", &*first.id_token)];
            let silent = self.world.web().code(&mut self.browser, &hint).await;
            let again = self.world.web().tokens(&silent).await;
            assert_eq!(first.claims["auth_time"], again.claims["auth_time"]);
        }
    }

    /// Which lines of the key file the signing keys need.
    async fn lines(&self) -> Vec<Option<usize>> {
        let (admin, config) = self.world.admin().await;
        let keys = admin.keys(&config).await.unwrap();
        admin.close().await;
        keys.iter()
            .map(|key: &KeyOverview| key.master_key)
            .collect()
    }
}

/// As the manual says: the new key as second line on every node, then as first, then the old one is removed. Between two
/// steps, the nodes have different files.
#[tokio::test]
async fn the_master_key_is_changed_without_logging_anyone_out() {
    let mut nodes = Nodes::start().await;
    let signing = published(&nodes.world).await;
    nodes.assert_logged_in().await;
    for keys in [&[MASTER_KEY, NEW][..], &[NEW, MASTER_KEY]] {
        for _ in 0..2 {
            nodes.load(keys).await;
            nodes.assert_logged_in().await;
            nodes.swap();
        }
    }
    assert_eq!(nodes.lines().await, [Some(2)]);
    let (admin, config) = nodes.world.admin().await;
    assert_eq!(admin.reseal_keys(&config).await.unwrap(), 1);
    assert_eq!(admin.reseal_keys(&config).await.unwrap(), 0);
    admin.close().await;
    assert_eq!(nodes.lines().await, [Some(1)]);
    // The tokens that the old key has signed expire before it is removed.
    nodes.tokens.clear();
    for _ in 0..2 {
        let code = nodes.world.web().code(&mut nodes.browser, &[]).await;
        nodes.tokens.push(nodes.world.web().tokens(&code).await);
        nodes.swap();
    }
    for _ in 0..2 {
        nodes.load(&[NEW]).await;
        nodes.assert_logged_in().await;
        nodes.swap();
    }
    assert_eq!(published(&nodes.world).await, signing);
    assert_eq!(nodes.world.count("users").await, 1);
    let events = "select event from audit where event like 'key.%' order by at, event";
    assert_eq!(
        nodes.world.texts(events).await,
        ["key.created", "key.resealed"]
    );
}

/// A node that has not got the new key yet rejects what a node has signed with it: hence the step in between.
#[tokio::test]
async fn a_key_that_signs_before_all_nodes_have_it_is_rejected_there() {
    let mut nodes = Nodes::start().await;
    nodes.load(&[NEW, MASTER_KEY]).await;
    let tokens = nodes.world.web().log_in(&mut Browser::default(), &[]).await;
    nodes.swap();
    let page = nodes.world.web().userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    // It notices by itself, and is ready again with the file of the other.
    for (keys, status) in [
        (None, StatusCode::SERVICE_UNAVAILABLE),
        (Some([NEW, MASTER_KEY]), StatusCode::OK),
    ] {
        if let Some(keys) = keys {
            nodes.load(&keys).await;
        }
        let refreshed = nodes.world.gateway.refresh().await;
        assert_eq!(refreshed.is_ok(), status == StatusCode::OK);
        let mut browser = Browser::default();
        let page = browser
            .open(&nodes.world, &format!("{ISSUER}/readyz"))
            .await;
        assert_eq!(page.status, status, "{}", page.body);
    }
    let page = nodes.world.web().userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
}

/// A start with the wrong file, on a day when a key is due: the key would be one that no other node decrypts.
#[tokio::test]
async fn a_key_file_that_cannot_be_used_makes_no_signing_key() {
    let world = World::start().await;
    world.clock.advance(Duration::from_hours(24 * 89));
    world.gateway.close().await;
    for (file, keys) in [(NEW, 1), (MASTER_KEY, 2)] {
        let gateway = Gateway::builder(world.config_with_keys(file)).clock(world.clock.clone());
        let opened = gateway.open().await;
        assert_eq!(opened.is_ok(), keys == 2);
        assert_eq!(world.count("keys").await, keys);
    }
}

/// The old line is needed until the signing keys are encrypted with the new one.
#[tokio::test]
async fn a_line_that_is_still_needed_cannot_be_removed() {
    let nodes = Nodes::start().await;
    nodes.load(&[NEW, MASTER_KEY]).await;
    let config = nodes.world.config_with_keys(NEW);
    let error = nodes.world.gateway.reload(config).await.unwrap_err();
    let file = nodes.world.file("gateway.key");
    let sealed = format!(
        "a signing key cannot be decrypted: its master key is not in {}",
        file.display()
    );
    assert_eq!(error.to_string(), sealed);
    assert_eq!(nodes.lines().await, [None]);
    let (admin, config) = nodes.world.admin().await;
    let error = admin.reseal_keys(&config).await.unwrap_err();
    assert_eq!(error.to_string(), sealed);
    // The node goes on with the file that it has.
    let tokens = nodes.world.web().log_in(&mut Browser::default(), &[]).await;
    assert_eq!(
        header(&tokens.id_token).kid.as_ref(),
        published(&nodes.world).await.first()
    );
}
