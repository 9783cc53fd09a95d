//! A visitor whose logins wait for WeChat, and take the places of others meanwhile.

use axum::http::StatusCode;
use futures_util::future::join_all;
use weixin_sim::{Effect, Fault};

use crate::world::{Browser, World, browser::param, devices::ENGLISH};

/// Exchanges of one address at one time.
const SHARE: u32 = 64;

fn at(address: [u8; 4]) -> Browser {
    Browser {
        address: Some((address, 1234).into()),
        ..Browser::with(&[ENGLISH])
    }
}

/// A login that has begun and a code that is made up are enough. Each exchange goes on when its browser is gone, so it counts
/// until WeChat has responded.
#[tokio::test]
async fn one_address_does_not_take_the_exchanges_of_all() {
    let world = World::start().await;
    let web = world.web();
    let (attacker, mut user) = (at([192, 0, 2, 1]), at([192, 0, 2, 2]));
    let mut logins = Vec::new();
    for number in 0..=SHARE {
        let mut browser = attacker.clone();
        let page = browser.open(&world, &web.authorize_url(&[])).await;
        let [callback, state] = ["redirect_uri", "state"].map(|name| param(page.location(), name));
        let url = format!("{callback}&code=made-up-{number}&state={state}");
        logins.push((browser, url));
    }
    let (mut last, callback) = logins.pop().unwrap();
    let slow = Fault::new(Effect::DelayMs(60_000)).path("/sns/oauth2/access_token");
    let slow = world.sim.fault(slow.times(SHARE));
    let all = logins
        .iter_mut()
        .map(|(browser, url)| browser.open(&world, url));
    let wait = async {
        while slow.struck() < u64::from(SHARE) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        pages = join_all(all) => panic!("{pages:?}"),
        () = wait => {},
    }
    let page = last.open(&world, &callback).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.body);
    assert_eq!(page.header("retry-after"), "60");
    web.log_in(&mut user, &[]).await;
}
