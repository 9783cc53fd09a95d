//! `--log`: one line for each request.

use std::{convert::Infallible, future::pending};

use weixin_sim::{LoggedRequest, Sim};

use crate::output::{Output, visible};

/// Prints the requests of a simulator as they come.
#[derive(Debug)]
pub(super) struct Log {
    is_on: bool,
    output: Output,
    /// The number of the last request that was printed.
    last: u64,
}

impl Log {
    pub(super) fn new(is_on: bool, output: Output) -> Self {
        Self {
            is_on,
            output,
            last: 0,
        }
    }

    /// Prints each request; never ends.
    pub(super) async fn follow(&mut self, sim: &Sim) -> Infallible {
        if !self.is_on {
            return pending().await;
        }
        loop {
            let last = self.last;
            let new = |sim: &Sim| Some(sim.requests_after(last)).filter(|new| !new.is_empty());
            let new = sim.until(new).await;
            self.print(&new);
        }
    }

    /// Prints what is not printed yet.
    pub(super) fn finish(mut self, sim: &Sim) {
        if self.is_on {
            self.print(&sim.requests_after(self.last));
        }
    }

    fn print(&mut self, requests: &[LoggedRequest]) {
        for request in requests {
            self.output.note(&visible(&line(request)));
            self.last = request.number;
        }
    }
}

/// Such as `7 GET api.weixin.qq.com/sns/userinfo 200 40001`.
fn line(request: &LoggedRequest) -> String {
    let LoggedRequest {
        number,
        method,
        host,
        path,
        status,
        errcode,
        ..
    } = request;
    let errcode = errcode.map(|errcode| format!(" {errcode}"));
    let errcode = errcode.unwrap_or_default();
    format!("{number} {method} {host}{path} {status}{errcode}")
}
