//! SQLite: a gateway that is killed in the middle of its work.

use std::{env, fs, sync::Arc};

use crate::{
    browser::Http,
    load::{Load, Report, Subs},
    node::Node,
    postgres::count,
    proxy::Proxy,
    site::Site,
};

/// In each run of all tests; half a minute. `WEIXIN_TEST_KILLS` is another number.
const KILLS: usize = 40;

/// The log that SQLite must not let grow beyond.
pub(crate) const MAX_WAL: u64 = 64_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_was_confirmed_is_lost_when_a_gateway_is_killed() {
    let kills = env::var("WEIXIN_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let proxy = Proxy::start().await;
    let site = Arc::new(Site::new(proxy.issuer()).await);
    let (http, subs) = (Http::new(&site.issuer), Subs::default());
    let database = format!("sqlite:{}", site.path("gateway.db").display());
    let config = site.write(
        "gateway.toml",
        &site.config(&format!("url = \"{database}\""), ""),
    );
    let (mut all, mut last) = (Report::default(), Report::default());
    for kill in 0..kills {
        let node = Node::start(&config);
        proxy.add(node.address);
        last.assert_kept(&subs).await;
        all.confirmed.append(&mut last.confirmed);
        let load = Load::start(&site, &http, &subs, 8);
        load.progress(1 + kill % 13).await;
        let log = fs::metadata(site.path("gateway.db-wal")).unwrap().len();
        assert!(log < MAX_WAL, "{log}");
        proxy.remove(node.address);
        node.kill();
        last = load.stop().await;
    }
    all.confirmed.append(&mut last.confirmed);
    let node = Node::start(&config);
    proxy.add(node.address);
    all.assert_kept(&subs).await;
    let without_identity =
        "select count(*) from users where id not in (select user_id from identities)";
    assert_eq!(count(&database, without_identity).await, 0);
    let without_event = "select count(*) from users where id not in
        (select user_id from audit where event = 'user.created' and user_id is not null)";
    assert_eq!(count(&database, without_event).await, 0);
    let two = "select count(*) from (select user_id from identities where identity like 'open:%'
        group by user_id having count(*) > 1) as doubled";
    assert_eq!(count(&database, two).await, 0);
    let users = count(&database, "select count(*) from users").await;
    assert!(users >= i64::try_from(subs.len()).unwrap());
    assert_eq!(node.stop("-TERM").await.code(), Some(0));
    assert!(all.confirmed.len() >= kills);
}
