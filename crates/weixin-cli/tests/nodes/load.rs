//! Users who log in again and again, and what they were told.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    browser::{Browser, Failure, Http, Tokens},
    site::Site,
};

/// A login that the gateway has confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    pub(crate) user: String,
    pub(crate) tokens: Tokens,
}

/// The `sub` of each user. It must never be another one.
#[derive(Clone, Default)]
pub(crate) struct Subs(Arc<Mutex<HashMap<String, String>>>);

impl Subs {
    pub(crate) fn check(&self, user: &str, sub: &str) {
        let mut subs = self.0.lock().unwrap();
        let known = subs
            .entry(user.to_owned())
            .or_insert_with(|| sub.to_owned());
        assert_eq!(known, sub, "{user}");
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Workers, each with one connection at a time.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    done: watch::Sender<usize>,
    workers: Vec<JoinHandle<Report>>,
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) confirmed: Vec<Confirmed>,
    /// The failures of each worker.
    pub(crate) failures: Vec<Vec<Failure>>,
}

impl Load {
    pub(crate) fn start(site: &Arc<Site>, http: &Http, subs: &Subs, workers: usize) -> Self {
        let (stop, done) = (Arc::default(), watch::Sender::new(0));
        let worker = |_| {
            let worker = Worker {
                site: Arc::clone(site),
                http: http.clone(),
                subs: subs.clone(),
                stop: Arc::clone(&stop),
                done: done.clone(),
            };
            tokio::spawn(worker.run())
        };
        let workers = (0..workers).map(worker).collect();
        Self {
            stop,
            done,
            workers,
        }
    }

    /// Waits for this number of further logins.
    pub(crate) async fn progress(&self, logins: usize) {
        let end = *self.done.borrow() + logins;
        let mut done = self.done.subscribe();
        done.wait_for(|done| *done >= end).await.unwrap();
    }

    /// Lets the logins that run end.
    pub(crate) async fn stop(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        let mut report = Report::default();
        for worker in self.workers {
            let of_worker = worker.await.unwrap();
            report.confirmed.extend(of_worker.confirmed);
            report.failures.extend(of_worker.failures);
        }
        report
    }
}

impl Report {
    /// Fails unless all failures are connections that were cut, and each worker has at most so many.
    pub(crate) fn assert_cut_at_most(&self, limit: usize) {
        for failures in &self.failures {
            let is_cut = |failure: &Failure| matches!(failure, Failure::Cut(_));
            assert!(failures.iter().all(is_cut), "{failures:#?}");
            assert!(failures.len() <= limit, "{failures:#?}");
        }
    }

    /// Fails unless every login that was confirmed still holds.
    pub(crate) async fn assert_kept(&self, http: &Http, subs: &Subs) {
        for Confirmed { user, tokens } in &self.confirmed {
            subs.check(user, &http.sub(&tokens.access).await.unwrap());
            if let Some(refresh) = &tokens.refresh {
                http.refresh(refresh).await.unwrap();
            }
        }
    }
}

struct Worker {
    site: Arc<Site>,
    http: Http,
    subs: Subs,
    stop: Arc<AtomicBool>,
    done: watch::Sender<usize>,
}

impl Worker {
    async fn run(self) -> Report {
        let (mut confirmed, mut failures) = (Vec::new(), Vec::new());
        while !self.stop.load(Ordering::Relaxed) {
            if let Err(failure) = self.user(&mut confirmed).await {
                failures.push(failure);
                // The test's other tasks go on, if nothing responds.
                tokio::task::yield_now().await;
            }
        }
        Report {
            confirmed,
            failures: vec![failures],
        }
    }

    /// A new user logs in, again with the session, and in another browser.
    async fn user(&self, confirmed: &mut Vec<Confirmed>) -> Result<(), Failure> {
        let user = self.site.new_user();
        let mut browser = Browser::new(user.clone());
        for round in 0..3 {
            if round == 2 {
                browser = Browser::new(user.clone());
            }
            let tokens = browser.log_in(&self.http).await?;
            let access = tokens.access.clone();
            let user = user.clone();
            confirmed.push(Confirmed {
                user: user.clone(),
                tokens,
            });
            self.done.send_modify(|done| *done += 1);
            self.subs.check(&user, &self.http.sub(&access).await?);
        }
        Ok(())
    }
}
