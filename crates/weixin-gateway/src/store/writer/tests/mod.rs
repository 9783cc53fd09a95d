//! The rules of the writer, as promised in its module.

mod bench;

use std::{iter, pin::pin, sync::Arc};

use futures_util::FutureExt;
use tokio::{sync::mpsc, task::JoinHandle};

use self::bench::{Bench, Outcome, execute, names, nothing, synchronous};
use super::{MAX_WAITING, Queue, Writer, task};
use crate::store::{
    Durability::{Durable, Relaxed},
    Store, StoreError, Undo,
};

const PAIRS: &str = "create table pairs (number bigint references numbers (number)
    deferrable initially deferred)";

#[tokio::test]
async fn a_job_that_violates_a_constraint_spoils_no_other() {
    let bench = Bench::new().await;
    bench.mark().await;
    let outcomes = bench.together([
        bench.run(&["insert into numbers values (1)"]),
        bench.run(&[
            "insert into numbers values (2)",
            "insert into numbers values (1)",
        ]),
        bench.run(&["insert into numbers values (3)"]),
    ]);
    assert_eq!(names(&outcomes.await), ["stored", "conflict", "stored"]);
    assert_eq!(bench.numbers().await, [1, 3]);
    assert!(bench.is_marked().await);
}

#[tokio::test]
async fn a_full_disk_leaves_no_job_reported_as_stored_that_is_not() {
    let bench = Bench::new().await;
    bench.mark().await;
    let outcomes = bench.together([
        bench.run(&["insert into numbers values (1)"]),
        bench.run(&[
            "pragma max_page_count = 1",
            "create table big (bytes bytea)",
            "insert into big values (zeroblob(10000000))",
        ]),
        bench.run(&["insert into numbers values (3)"]),
    ]);
    let outcomes = outcomes.await;
    assert_eq!(names(&outcomes), ["database"; 3]);
    let Err(StoreError::Database(error)) = &outcomes[2] else {
        panic!("{outcomes:?}");
    };
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(bench.numbers().await, [0_i64; 0]);
    // Space is free again: the writer goes on, by a connection that is in no transaction.
    let later = bench.together([
        bench.run(&["insert into numbers values (4)"]),
        bench.run(&["insert into numbers values (5)"]),
    ]);
    assert_eq!(names(&later.await), ["stored"; 2]);
    assert_eq!(bench.numbers().await, [4, 5]);
    assert!(!bench.is_marked().await);
}

#[tokio::test]
async fn a_job_that_panics_leaves_no_job_reported_as_stored_that_is_not() {
    let bench = Bench::new().await;
    bench.mark().await;
    let panicking = bench.job(Durable, |connection| {
        Box::pin(async move {
            execute(connection, &["insert into numbers values (2)"]).await?;
            panic!("as a broken job does")
        })
    });
    let outcomes = bench.together([
        bench.run(&["insert into numbers values (1)"]),
        panicking,
        bench.run(&["insert into numbers values (3)"]),
    ]);
    assert_eq!(names(&outcomes.await), ["panicked"; 3]);
    let later = bench.run(&["insert into numbers values (4)"]);
    later.await.unwrap();
    assert_eq!(bench.numbers().await, [4]);
    assert!(!bench.is_marked().await);
}

#[tokio::test]
async fn a_commit_that_fails_is_the_failure_of_every_job() {
    let bench = Bench::new().await;
    bench.mark().await;
    bench.run(&[PAIRS]).await.unwrap();
    let outcomes = bench.together([
        bench.run(&["insert into numbers values (1)"]),
        bench.run(&["insert into pairs values (2)"]),
    ]);
    assert_eq!(names(&outcomes.await), ["database"; 2]);
    let later = bench.run(&["insert into numbers values (3)"]);
    later.await.unwrap();
    assert_eq!(bench.numbers().await, [3]);
    assert!(!bench.is_marked().await);
}

#[tokio::test]
async fn a_commit_waits_for_the_disk_if_one_of_its_jobs_must() {
    let bench = Bench::new().await;
    for (durabilities, level) in [
        ([Relaxed, Relaxed], 1),
        ([Relaxed, Durable], 2),
        ([Relaxed, Relaxed], 1),
        ([Durable, Durable], 2),
    ] {
        let jobs = durabilities.map(|durability| bench.job(durability, synchronous));
        let levels = bench.together(jobs).await.into_iter();
        let levels: Vec<_> = levels.map(Result::unwrap).collect();
        assert_eq!(levels, [level; 2], "{durabilities:?}");
    }
}

#[tokio::test]
async fn a_commit_that_must_wait_for_the_disk_does_so_after_a_failure_too() {
    let bench = Bench::new().await;
    bench.job(Relaxed, nothing).await.unwrap();
    bench.run(&["no SQL"]).await.unwrap_err();
    assert_eq!(bench.job(Durable, synchronous).await.unwrap(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_its_job() {
    let bench = Bench::new().await;
    let abandoned = bench.run(&["insert into numbers values (1)"]);
    assert!(abandoned.now_or_never().is_none());
    let later = bench.run(&["insert into numbers values (2)"]);
    later.await.unwrap();
    assert_eq!(bench.numbers().await, [1, 2]);
}

#[tokio::test]
async fn jobs_beyond_the_queue_are_rejected_at_once() {
    let bench = Bench::new().await;
    let job = || bench.run(&["insert into numbers select count(*) from numbers"]);
    let jobs: Vec<_> = iter::repeat_with(job).take(MAX_WAITING + 10).collect();
    let outcomes = bench.together(jobs).await;
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let rejected = |outcome: &&Outcome| matches!(outcome, Err(StoreError::Overloaded));
    let rejected = outcomes.iter().filter(rejected).count();
    assert_eq!((stored, rejected), (MAX_WAITING, 10));
    assert_eq!(bench.numbers().await.len(), MAX_WAITING);
}

#[tokio::test]
async fn a_checkpoint_empties_the_log() {
    let bench = Bench::new().await;
    let log = bench.directory.path().join("gateway.db-wal");
    assert!(log.metadata().unwrap().len() > 0);
    bench.store.checkpoint().await.unwrap();
    assert_eq!(log.metadata().unwrap().len(), 0);
    assert_eq!(bench.numbers().await, [0_i64; 0]);
}

#[tokio::test]
async fn a_checkpoint_waits_for_no_reader() {
    let bench = Bench::new().await;
    let insert = bench.run(&["insert into numbers values (1)"]);
    insert.await.unwrap();
    let mut reader = bench.store.pool().begin().await.unwrap();
    let count = sqlx::query_scalar("select count(*) from numbers");
    let count: i64 = count.fetch_one(&mut *reader).await.unwrap();
    assert_eq!(count, 1);
    let insert = bench.run(&["insert into numbers values (2)"]);
    insert.await.unwrap();
    bench.store.checkpoint().await.unwrap();
    let log = bench.directory.path().join("gateway.db-wal");
    assert!(log.metadata().unwrap().len() > 0);
    reader.commit().await.unwrap();
    bench.store.checkpoint().await.unwrap();
    assert_eq!(log.metadata().unwrap().len(), 0);
    let timeout = bench.job(Durable, |connection| {
        Box::pin(async move {
            let timeout = sqlx::query_scalar("pragma busy_timeout").fetch_one(connection);
            Ok::<i64, _>(timeout.await?)
        })
    });
    assert_eq!(timeout.await.unwrap(), 5_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_that_is_read_all_the_time_stays_small() {
    let bench = Bench::new().await;
    bench
        .run(&["create table big (bytes bytea)"])
        .await
        .unwrap();
    let log = bench.directory.path().join("gateway.db-wal");
    let read = || {
        let readers = bench.store.pool().clone();
        async move {
            loop {
                let count = sqlx::query_scalar::<_, i64>("select count(*) from big");
                count.fetch_one(&readers).await.unwrap();
            }
        }
    };
    let readers: Vec<_> = iter::repeat_with(|| tokio::spawn(read())).take(4).collect();
    let mut largest = 0;
    for _ in 0..500 {
        let insert = bench.run(&["insert into big values (zeroblob(200000))"]);
        insert.await.unwrap();
        largest = largest.max(log.metadata().unwrap().len());
    }
    readers.iter().for_each(JoinHandle::abort);
    // 100 MB were written.
    assert!(largest < 2 * task::MAX_LOG, "{largest}");
}

#[tokio::test]
async fn a_store_that_is_closed_has_run_the_jobs_that_waited() {
    let bench = Bench::new().await;
    let waiting = bench.run(&["insert into numbers values (1)"]);
    let mut waiting = pin!(waiting);
    assert!((&mut waiting).now_or_never().is_none());
    bench.store.close().await;
    waiting.await.unwrap();
    let late = bench.run(&["insert into numbers values (2)"]).await;
    assert!(matches!(late, Err(StoreError::Stopped)));
    // The file is free for the next gateway.
    let store = Store::open(&bench.url).await.unwrap();
    let numbers = sqlx::query_scalar("select number from numbers");
    let numbers: Vec<i64> = numbers.fetch_all(store.pool()).await.unwrap();
    assert_eq!(numbers, [1]);
}

#[tokio::test]
async fn the_end_of_the_writer_is_noticed() {
    let (jobs, waiting) = mpsc::channel(1);
    let (control, _requests) = mpsc::channel(1);
    let writer = Writer::Queue(Queue {
        jobs,
        control,
        commits: Arc::default(),
    });
    assert!(writer.stopped().now_or_never().is_none());
    drop(waiting);
    writer.stopped().await;
    let outcome = writer.write(Relaxed, Undo::Nothing, nothing);
    assert!(matches!(outcome.await, Err(StoreError::Stopped)));
}
