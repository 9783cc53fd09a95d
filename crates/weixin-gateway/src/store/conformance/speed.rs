//! The speed of the store, printed: it depends on the machine, so that nothing is asserted.
//!
//! `cargo test --release --package weixin-gateway --lib -- --ignored --nocapture speed`

use std::{sync::Arc, time::Instant};

use futures_util::future::join_all;

use super::fixture::{Fixture, START, id, ids, later, login, request};
use crate::{
    oidc::{GrantId, RequestId, Session},
    store::{Durability, Undo, requests::NewRequest},
};

const JOBS: usize = 12_800;

/// Runs as many jobs as it takes, by some callers that each wait for their result.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    callers: usize,
    job: impl Fn() -> F + Send + Sync + 'static,
) -> f64 {
    let jobs = if callers == 1 { JOBS / 64 } else { JOBS };
    let job = Arc::new(job);
    let begin = Instant::now();
    let tasks = (0..callers).map(|_| {
        let job = Arc::clone(&job);
        tokio::spawn(async move {
            for _ in 0..jobs / callers {
                job().await;
            }
        })
    });
    for done in join_all(tasks).await {
        done.unwrap();
    }
    f64::from(u32::try_from(jobs).unwrap()) / begin.elapsed().as_secs_f64()
}

async fn insert(fixture: Arc<Fixture>, durability: Durability) {
    let work = fixture
        .store
        .write(durability, Undo::Nothing, |connection| {
            Box::pin(async move {
                let id = id(GrantId::from_bytes).to_string();
                let insert = "insert into audit (id, at, event) values ($1, 1, 'login.ok')";
                sqlx::query(insert).bind(id).execute(connection).await?;
                Ok(())
            })
        });
    work.await.unwrap();
}

async fn redeem(fixture: Arc<Fixture>, session: Arc<Session>) {
    let id = id(GrantId::from_bytes);
    fixture.redeem(&session, id, later(1)).await;
}

#[expect(clippy::print_stdout, reason = "the figures are the purpose")]
async fn print<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    job: impl Fn() -> F + Clone + Send + Sync + 'static,
) {
    for callers in [1, 32, 128] {
        let rate = rate(callers, job.clone()).await;
        println!("{name:32} {callers:4} callers {rate:10.0}/s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn speed() {
    let fixture = Arc::new(Fixture::sqlite().await);
    let session = Arc::new(fixture.session("oAlice", START).await);
    redeem(Arc::clone(&fixture), Arc::clone(&session)).await;
    let with = Arc::clone(&fixture);
    print("insert, durable", move || {
        insert(with.clone(), Durability::Durable)
    })
    .await;
    let with = Arc::clone(&fixture);
    print("insert, relaxed", move || {
        insert(with.clone(), Durability::Relaxed)
    })
    .await;
    let with = Arc::clone(&fixture);
    print("request stored", move || {
        let fixture = Arc::clone(&with);
        async move {
            let (id, request) = (id(RequestId::from_bytes), request());
            let stored =
                fixture
                    .store
                    .insert_request(NewRequest::of_browser(id, &request), u32::MAX, START);
            stored.await.unwrap();
        }
    })
    .await;
    let with = Arc::clone(&fixture);
    print("first login of a user", move || {
        let fixture = Arc::clone(&with);
        async move {
            let openid = format!("o{}", id(GrantId::from_bytes));
            let login = login(&ids(&openid, Some(&format!("u{openid}"))), None, START);
            fixture.log_in(login).await.unwrap();
        }
    })
    .await;
    let (with, of) = (Arc::clone(&fixture), Arc::clone(&session));
    print("login of a known user", move || {
        let (fixture, session) = (Arc::clone(&with), Arc::clone(&of));
        async move {
            let login = login(&ids("oAlice", None), Some(&session), later(1));
            fixture.log_in(login).await.unwrap();
        }
    })
    .await;
    let (with, of) = (Arc::clone(&fixture), Arc::clone(&session));
    print("session read, code redeemed", move || {
        redeem(with.clone(), of.clone())
    })
    .await;
    let code = id(GrantId::from_bytes);
    fixture.redeem(&session, code, later(1)).await;
    print("grant read, as by userinfo", move || {
        let fixture = Arc::clone(&fixture);
        async move {
            let grant = fixture.store.grant(code, later(2)).await;
            assert!(grant.unwrap().is_some());
        }
    })
    .await;
}
