//! The delivery of logout tokens: who gets one, and when it is given up.

use std::{fs, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use tokio::{io::AsyncWriteExt, net::TcpListener, sync::mpsc};

use crate::{
    admin::admin,
    world::{
        Browser, CALLBACK, Log, MASTER_KEY, Options, RelyingParty, SECRET, World,
        logout_receiver::{LogoutReceiver, Reply},
    },
};

/// The number of rows of the outbox and of events that say that a client was not told.
async fn undelivered(world: &World) -> (i64, i64) {
    let events = "audit where event = 'logout.undelivered' and client = 'web'";
    (world.count("logouts").await, world.count(events).await)
}

/// Waits until the outbox is empty.
async fn emptied(world: &World) {
    while world.count("logouts").await > 0 {
        world.clock.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

async fn world(receiver: &LogoutReceiver) -> World {
    World::with(Options {
        web: receiver.config(),
        ..Options::default()
    })
    .await
}

/// Back-Channel Logout §2.8: another attempt would not help.
#[tokio::test]
async fn a_token_that_the_client_rejects_is_not_sent_again() {
    let mut receiver = LogoutReceiver::start(&[Reply::Status(400)]).await;
    let world = world(&receiver).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    world.web().log_out(&mut browser, &params).await;
    assert_eq!(undelivered(&world).await, (1, 0));
    world
        .maintained(async {
            receiver.next(&world).await;
            emptied(&world).await;
        })
        .await;
    assert_eq!(undelivered(&world).await, (0, 1));
    assert!(!receiver.has_another());
}

#[tokio::test]
async fn after_five_attempts_the_operator_can_see_it() {
    let mut receiver = LogoutReceiver::start(&[Reply::Status(500); 5]).await;
    let world = world(&receiver).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    world.web().log_out(&mut browser, &params).await;
    world
        .maintained(async {
            for minutes in [0, 2, 5, 13, 30] {
                world.clock.advance(Duration::from_mins(minutes));
                receiver.next(&world).await;
            }
            emptied(&world).await;
        })
        .await;
    assert_eq!(undelivered(&world).await, (0, 1));
    let details = "select detail from audit where event = 'logout.undelivered'";
    let details = world.texts(details).await;
    assert_eq!(details, [tokens.claims["sid"].as_str().unwrap()]);
}

/// Another user logs in, in the same browser: the clients of the first one must not go on with them.
#[tokio::test]
async fn a_client_is_told_when_another_user_takes_the_browser() {
    let mut receiver = LogoutReceiver::start(&[]).await;
    let world = world(&receiver).await;
    let mut browser = Browser::default();
    world.next_user("alice");
    world.web().log_in(&mut browser, &[]).await;
    world.next_user("bob");
    world
        .other()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    let reasons = "select ended_reason from sessions where ended_at is not null";
    assert_eq!(world.texts(reasons).await, ["other_user"]);
    world.maintained(receiver.next(&world)).await;
    assert!(!receiver.has_another());
}

/// The session and the user of a logout token.
fn ended(jwt: &str) -> [String; 2] {
    let payload = jwt.split('.').nth(1).unwrap();
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    ["sid", "sub"].map(|name| claims[name].as_str().unwrap().to_owned())
}

/// The operator removes a user while the client cannot be reached: it learns of the session that had ended before, and of the
/// one that ends by the removal. After that, no file has an ID of either.
#[tokio::test]
async fn a_client_is_told_of_all_sessions_of_a_user_who_is_forgotten() {
    let mut receiver = LogoutReceiver::start(&[Reply::Close]).await;
    let world = world(&receiver).await;
    let (mut first, mut second) = (Browser::default(), Browser::default());
    let before = world.web().log_in(&mut first, &[]).await;
    let live = world.web().log_in(&mut second, &[]).await;
    let params = [("id_token_hint", &*before.id_token)];
    world.web().log_out(&mut first, &params).await;
    world.maintained(receiver.next(&world)).await;
    let admin = admin(&world).await;
    admin.forget(live.sub()).await.unwrap();
    admin.close().await;
    let mut told = Vec::new();
    let test = async {
        for _ in 0..2 {
            told.push(ended(&receiver.next(&world).await));
        }
        emptied(&world).await;
    };
    world.maintained(test).await;
    let sids = [&before, &live].map(|tokens| tokens.claims["sid"].as_str().unwrap().to_owned());
    let mut expected = sids.clone().map(|sid| [sid, live.sub().to_owned()]);
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert!(!receiver.has_another());
    world.gateway.close().await;
    for file in ["gateway.db", "gateway.db-wal"] {
        let bytes = fs::read(world.file(file)).unwrap_or_default();
        let content = String::from_utf8_lossy(&bytes);
        assert!(!sids.iter().any(|sid| content.contains(sid)), "{file}");
    }
}

/// One without a URL has no session of its own to end.
#[tokio::test]
async fn a_client_without_a_url_is_not_told() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    world.web().log_out(&mut browser, &params).await;
    assert_eq!(undelivered(&world).await, (1, 0));
    world.maintained(emptied(&world)).await;
    assert_eq!(undelivered(&world).await, (0, 0));
}

/// A client of the file that is told of logouts, beside the usual ones.
fn shop(receiver: &LogoutReceiver) -> Options {
    let more = format!(
        "[[client]]\nid = \"shop\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"{SHOP}\"]\n{}\n",
        receiver.config()
    );
    Options {
        more,
        ..Options::default()
    }
}

const SHOP: &str = "https://shop.example/callback";

/// A user logs in to `shop`, which the gateway then does not know any more, and out.
async fn logged_out_of_a_client_that_is_gone(world: &mut World) -> String {
    let mut browser = Browser::default();
    let shop = RelyingParty::confidential(world, "shop", SHOP);
    let tokens = shop.log_in(&mut browser, &[]).await;
    world.reload(Options::default()).await.unwrap();
    let tokens_of_web = world.web().log_in(&mut browser, &[]).await;
    assert_eq!(tokens_of_web.claims["sid"], tokens.claims["sid"]);
    let params = [("id_token_hint", &*tokens_of_web.id_token)];
    world.web().log_out(&mut browser, &params).await;
    tokens.claims["sid"].as_str().unwrap().to_owned()
}

/// Files of nodes may differ for a while. A node that does not know the client leaves its tokens to one that does.
#[tokio::test]
async fn a_node_without_the_client_leaves_its_tokens_to_the_others() {
    left_to_the_others(Duration::ZERO).await;
}

/// All nodes have been down for longer, and the one with the older file comes back first.
#[tokio::test]
async fn a_node_without_the_client_leaves_the_tokens_of_before_its_start_to_the_others() {
    left_to_the_others(Duration::from_mins(50)).await;
}

/// The node begins to look this long after the logout.
async fn left_to_the_others(down: Duration) {
    let mut receiver = LogoutReceiver::start(&[]).await;
    let mut world = World::with(shop(&receiver)).await;
    let second = world.second_node(MASTER_KEY).await;
    let sid = logged_out_of_a_client_that_is_gone(&mut world).await;
    world.clock.advance(down);
    let rows = "logouts where client = 'shop' and attempts = 0";
    world
        .maintained(async {
            for _ in 0..8 {
                world.clock.advance(Duration::from_secs(1));
                assert_eq!(world.count(rows).await, 1);
            }
            tokio::select! {
                () = second.maintain() => panic!("the tasks of the gateway have ended"),
                token = receiver.next(&world) => assert_eq!(ended(&token)[0], sid),
            }
        })
        .await;
    assert!(!receiver.has_another());
}

/// It was disabled for a while, or its table is missing in a file that is being edited.
#[tokio::test]
async fn a_client_that_comes_back_is_told_by_the_next_attempt() {
    let mut receiver = LogoutReceiver::start(&[]).await;
    let mut world = World::with(shop(&receiver)).await;
    let sid = logged_out_of_a_client_that_is_gone(&mut world).await;
    let tried = "logouts where client = 'shop' and attempts = 1";
    world
        .maintained(async {
            while world.count(tried).await == 0 {
                world.clock.advance(Duration::from_secs(1));
            }
            // Until what came of the attempt is written.
            for _ in 0..20 {
                assert_eq!(world.count(tried).await, 1);
            }
        })
        .await;
    world.reload(shop(&receiver)).await.unwrap();
    let token = world.maintained(receiver.next(&world)).await;
    assert_eq!(ended(&token)[0], sid);
    assert!(!receiver.has_another());
}

/// The operator can see that a client was not told, also if it never came back.
#[tokio::test]
async fn the_tokens_of_a_client_that_is_gone_are_given_up_after_five_attempts() {
    let receiver = LogoutReceiver::start(&[]).await;
    let mut world = World::with(shop(&receiver)).await;
    let (log, _guard) = Log::begin();
    let sid = logged_out_of_a_client_that_is_gone(&mut world).await;
    world.maintained(emptied(&world)).await;
    let event = "select client || ' ' || detail from audit where event = 'logout.undelivered'";
    assert_eq!(world.texts(event).await, [format!("shop {sid}")]);
    assert_eq!(log.lines("a logout token was not delivered").len(), 5);
}

/// What a gateway that stops has not sent is sent by the next one.
#[tokio::test]
async fn the_outbox_survives_a_restart() {
    let mut receiver = LogoutReceiver::start(&[]).await;
    let mut world = world(&receiver).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    world.web().log_out(&mut browser, &params).await;
    world.restart().await;
    world.maintained(receiver.next(&world)).await;
}

#[tokio::test]
async fn a_url_for_logout_tokens_is_public_unless_the_operator_says_otherwise() {
    let world = World::start().await;
    let url = "client web, backchannel_logout_uri";
    let not = "not a valid URL for logout tokens: expected";
    for (lines, expected) in [
        (
            "backchannel_logout_uri = \"http://rp.example/logout\"",
            format!("{url}: {not} https, or http with allow_private = true"),
        ),
        (
            "backchannel_logout_uri = \"https://10.0.0.1/logout\"",
            format!("{url}: {not} a public address, or allow_private = true"),
        ),
        (
            "backchannel_logout_uri = \"https://rp.example/#logout\"",
            format!("{url}: {not} no fragment and no user name"),
        ),
        (
            "allow_private = true",
            format!("{url}: missing: other keys of this client are about it"),
        ),
    ] {
        let options = Options {
            web: lines.to_owned(),
            ..Options::default()
        };
        assert_eq!(world.config_error(&options), expected);
    }
}

/// More clients than there are requests at a time, each at a host of its own that does not respond: the others wait until one
/// does.
#[tokio::test]
async fn so_many_clients_are_told_at_a_time_and_no_more() {
    const CLIENTS: usize = 17;
    const AT_A_TIME: usize = 64;
    let (mut config, (sender, mut requests)) = (Vec::new(), mpsc::unbounded_channel());
    for number in 0..CLIENTS {
        let host = format!("127.0.0.{}:0", number + 1);
        let listener = TcpListener::bind(host).await.unwrap();
        let address = listener.local_addr().unwrap();
        config.push(format!(
            "[[client]]\nid = \"c{number}\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"{CALLBACK}\"]\nid_token_alg = \"EdDSA\"\n\
            backchannel_logout_uri = \"http://{address}/logout\"\nallow_private = true\n"
        ));
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = sender.send(stream);
            }
        });
    }
    let world = World::with(Options {
        more: config.concat(),
        ..Options::default()
    })
    .await;
    world
        .execute(
            "insert into logouts with recursive numbers (n) as
            (select 0 union all select n + 1 from numbers where n < 84)
            select 'logout' || n, 'c' || (n % 17), 'aaaaaaaaaaaaaaaaaaaaaaaaaa',
            'bbbbbbbbbbbbbbbbbbbbbbbbbb', 0, 0 from numbers",
        )
        .await;
    let taken = "logouts where attempts > 0";
    let test = async {
        let mut streams = Vec::new();
        while streams.len() < AT_A_TIME {
            streams.push(requests.recv().await.unwrap());
        }
        // The outbox is looked at again and again.
        for _ in 0..20 {
            world.clock.advance(Duration::from_secs(1));
            assert_eq!(world.count(taken).await, i64::try_from(AT_A_TIME).unwrap());
        }
        assert!(requests.try_recv().is_err());
        // As soon as one has responded, another one follows.
        let response = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        streams[0].write_all(response).await.unwrap();
        loop {
            world.clock.advance(Duration::from_secs(1));
            let another = tokio::time::timeout(Duration::from_millis(20), requests.recv());
            if let Ok(stream) = another.await {
                break streams.push(stream.unwrap());
            }
        }
    };
    world.maintained(test).await;
    assert_eq!(world.count("logouts").await, 84);
}

/// One customer whose server hangs has sixteen clients: those of others are told all the same.
#[tokio::test]
async fn clients_behind_a_host_that_hangs_delay_no_other() {
    const TOKENS: usize = 12;
    let hangs = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let mut receiver = LogoutReceiver::start(&[]).await;
    let table = |id: &str, lines: &str| {
        format!(
            "[[client]]\nid = \"{id}\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"{CALLBACK}\"]\n{lines}\n"
        )
    };
    let url = format!("http://{}/logout", hangs.local_addr().unwrap());
    let lines = format!("backchannel_logout_uri = \"{url}\"\nallow_private = true");
    let slow = (0..16).map(|number| table(&format!("a{number}"), &lines));
    let mut more: Vec<_> = slow.collect();
    more.push(table("last", &receiver.config()));
    let world = World::with(Options {
        more: more.concat(),
        ..Options::default()
    })
    .await;
    world
        .execute(
            "insert into logouts with recursive numbers (n) as
            (select 0 union all select n + 1 from numbers where n < 16 * 12 + 11)
            select 'logout' || n, case when n / 12 < 16 then 'a' || (n / 12) else 'last' end,
            'aaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbb', 0, 0 from numbers",
        )
        .await;
    let told = async {
        for _ in 0..TOKENS {
            receiver.next(&world).await;
        }
    };
    world.maintained(told).await;
}
