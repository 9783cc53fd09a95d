//! The exchange of WeChat's code. Its rate and its number at one time are limited by address.

use tokio::sync::oneshot;
use tracing::Instrument;
use weixin_axum::{Login, LoginError, VerifiedCallback};

use super::{error::Failure, visitor::Visitor};

impl Visitor {
    /// Exchanges the code of a callback.
    pub(super) async fn exchange(
        &self,
        callback: VerifiedCallback,
    ) -> Result<Result<Login, LoginError>, Failure> {
        let rate_limit = &self.provider.shared.rate_limit;
        if !rate_limit.allows_exchange(self.address) {
            return Err(Failure::TooManyLogins);
        }
        let Some(address) = self.address else {
            return Ok(callback.exchange().await);
        };
        let place = rate_limit.exchanging.take(address);
        let place = place.ok_or(Failure::TooManyExchanges)?;
        let (sender, login) = oneshot::channel();
        // A task of its own: the exchange goes on without the browser, and so long its place is taken.
        let task = async move {
            let login = callback.exchange().await;
            drop(place);
            // The browser may have gone.
            let _ = sender.send(login);
        };
        tokio::spawn(task.in_current_span());
        login.await.map_err(|_| Failure::Panicked)
    }
}
