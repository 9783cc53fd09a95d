//! Users who log in again and again, and what they were told.

use std::{
    collections::HashMap,
    net::SocketAddr,
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
pub(crate) struct Confirmed {
    user: String,
    /// Of its client.
    http: Http,
    tokens: Tokens,
}

impl Confirmed {
    /// Refreshes the tokens. Those of before stay if the outcome is not known.
    async fn refresh(&mut self) -> Result<(), Failure> {
        let refresh = self.tokens.refresh.as_ref().unwrap();
        self.tokens = self.http.refresh(refresh).await?;
        Ok(())
    }
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
    pub(crate) failures: Vec<Failure>,
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
    /// Fails unless all failures are connections that were cut; returns their number.
    pub(crate) fn cut(&self) -> usize {
        let is_cut = |failure: &Failure| matches!(failure, Failure::Cut(_));
        assert!(self.failures.iter().all(is_cut), "{:#?}", self.failures);
        self.failures.len()
    }

    /// The node has another port since its restart.
    pub(crate) fn move_to(&mut self, node: SocketAddr) {
        for login in &mut self.confirmed {
            login.http = login.http.at(node);
        }
    }

    /// Fails unless every login that was confirmed still holds, with its access token and its refresh token.
    pub(crate) async fn assert_kept(&mut self, subs: &Subs) {
        for login in &mut self.confirmed {
            let sub = login.http.sub(&login.tokens.access).await.unwrap();
            subs.check(&login.user, &sub);
            login.refresh().await.unwrap();
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
            failures,
        }
    }

    /// A new user logs in, again with the session, and in another browser, and the client refreshes its tokens.
    async fn user(&self, confirmed: &mut Vec<Confirmed>) -> Result<(), Failure> {
        let user = self.site.new_user();
        let mut browser = Browser::new(user.clone());
        for (http, is_other) in [
            (self.http.clone(), false),
            (self.http.public(), false),
            (self.http.public(), true),
        ] {
            if is_other {
                browser = Browser::new(user.clone());
            }
            let tokens = browser.log_in(&http).await?;
            let user = user.clone();
            confirmed.push(Confirmed { user, http, tokens });
            self.done.send_modify(|done| *done += 1);
            let login = confirmed.last_mut().unwrap();
            let sub = login.http.sub(&login.tokens.access).await?;
            self.subs.check(&login.user, &sub);
            login.refresh().await?;
        }
        Ok(())
    }
}
