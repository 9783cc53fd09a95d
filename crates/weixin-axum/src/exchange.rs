//! The exchange of a verified callback, once, and the end of its replay.

use std::sync::Arc;

use http::{HeaderMap, header::SET_COOKIE};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;
use weixin::{Client, Code, Token};

use crate::{
    Login, LoginError, LoginErrorKind, VerifiedCallback, WebLogin,
    exchange_once::{Entry, Outcome, Pending, nothing_was_sent},
    pages::CALLBACK_HEADERS,
};

/// A code without a token.
enum NoToken {
    Kind(LoginErrorKind),
    WeChat(Arc<weixin::Error>),
}

impl WebLogin {
    /// Exchanges a verified callback, once, however often it comes within a minute, and even if the browser drops the
    /// request. Add the headers to your response: the cookie that ends the login, and headers that keep the code out of
    /// caches and `Referer`.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Used`] if the login was used before; [`LoginErrorKind::Busy`] if 256 exchanges are under way; the
    /// others if WeChat rejects the code or cannot be reached.
    pub async fn exchange(
        &self,
        callback: VerifiedCallback,
    ) -> Result<(Login, HeaderMap), LoginError> {
        let VerifiedCallback {
            code,
            state,
            cookie,
            context,
            return_to,
            ..
        } = callback;
        // The site has removed this kind of app since the login started.
        let Some(client) = self.client(cookie.kind).cloned() else {
            return Err(LoginError::new(LoginErrorKind::Used, context, return_to));
        };
        let token = self.token(&client, &state, code).await;
        let completed = self.0.cookies.complete(&state, &cookie);
        match token {
            // The cookie says which kind of app the code belongs to, and the browser's user can change that.
            Ok((token, _)) if token.app != *client.app_id() => {
                Err(LoginError::new(LoginErrorKind::Used, context, return_to))
            }
            Ok((token, is_repeat)) => {
                let login = Login {
                    token,
                    client,
                    return_to,
                    state,
                    is_repeat,
                    context: Some(context),
                    #[cfg(feature = "test-util")]
                    user: None,
                };
                let mut headers: HeaderMap = CALLBACK_HEADERS.into_iter().collect();
                headers.extend(completed.map(|cookie| (SET_COOKIE, cookie)));
                Ok((login, headers))
            }
            Err(NoToken::WeChat(error)) => {
                // Nothing was sent: the same code may be tried again.
                let cookie = completed.filter(|_| !nothing_was_sent(&error));
                let failed = LoginError::because(error, context, return_to);
                Err(failed.of_app(client.app_id()).with_cookie(cookie))
            }
            Err(NoToken::Kind(kind)) => Err(LoginError::new(kind, context, return_to)),
        }
    }

    /// The token of a callback, and whether the callback is a repeat.
    async fn token(
        &self,
        client: &Client,
        state: &str,
        code: Code,
    ) -> Result<(Arc<Token>, bool), NoToken> {
        let Some((entry, permit)) = self.enter(state, &code) else {
            return Err(NoToken::Kind(LoginErrorKind::Busy));
        };
        let (outcome, is_follower) = match entry {
            Entry::Used => return Err(NoToken::Kind(LoginErrorKind::Used)),
            Entry::Follower(pending) => {
                let outcome = wait(pending).await;
                // After the wait, during which another server may have ended the replay.
                if !self.may_repeat(state).await {
                    return Err(NoToken::Kind(LoginErrorKind::Used));
                }
                (outcome, true)
            }
            Entry::Leader(sender, pending) => {
                let exchange = self.clone().lead(client.clone(), state.to_owned(), code);
                // A task of its own: a browser that repeats a callback drops its first request.
                let task = async move {
                    let outcome = exchange.await;
                    // Held until here, also if the request was dropped.
                    drop(permit);
                    sender.send_replace(Some(outcome));
                };
                tokio::spawn(task.in_current_span());
                (wait(pending).await, false)
            }
        };
        match outcome {
            Some(Outcome::Token(token)) => Ok((token, is_follower)),
            #[cfg(feature = "shared")]
            Some(Outcome::Repeat(token)) => Ok((token, true)),
            Some(Outcome::Failed(error)) => Err(NoToken::WeChat(error)),
            #[cfg(feature = "shared")]
            Some(Outcome::Used) => Err(NoToken::Kind(LoginErrorKind::Used)),
            // The exchange panicked: the code may have been used.
            None => Err(NoToken::Kind(LoginErrorKind::Expired)),
        }
    }

    /// The entry of a callback and, for the leader, its permit. `None` if too many exchanges are under way.
    fn enter(&self, state: &str, code: &Code) -> Option<(Entry, Option<OwnedSemaphorePermit>)> {
        let permit = Arc::clone(&self.0.in_flight).try_acquire_owned().ok();
        self.exchanges(|all, now| {
            // A repeat costs nothing: it needs no permit, and holds none while it waits.
            if permit.is_none() && !all.is_used(state, now) {
                return None;
            }
            match all.enter(state, code, now) {
                leader @ Entry::Leader(..) => Some((leader, permit)),
                other => Some((other, None)),
            }
        })
    }

    /// Exchanges the code, unless another server has.
    async fn lead(self, client: Client, state: String, code: Code) -> Outcome {
        #[cfg(feature = "shared")]
        let outcome = match &self.0.shared {
            Some(shared) => shared.exchange(&client, &state, code, self.now()).await,
            None => client.exchange(code).await.into(),
        };
        #[cfg(not(feature = "shared"))]
        let outcome: Outcome = client.exchange(code).await.into();
        if let Outcome::Failed(error) = &outcome
            && nothing_was_sent(error)
        {
            self.exchanges(|all, _| all.release(&state));
        }
        outcome
    }

    /// Returns `true` unless a log-out has ended the replay, on this server or on another one.
    async fn may_repeat(&self, state: &str) -> bool {
        if !self.exchanges(|all, now| all.may_repeat(state, now)) {
            return false;
        }
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.0.shared {
            return shared.may_repeat(state, self.now()).await;
        }
        true
    }

    /// The `state`s of the logins that [`end_login`](Self::end_login) ends in this browser: in progress, or completed within
    /// the last minute. A site that stores them when a user logs out can reject a login that asks WeChat meanwhile, whose
    /// [`Login::state`] is one of them. The browser has sent them: nothing else must depend on them.
    pub fn states_to_end(&self, headers: &HeaderMap) -> Vec<String> {
        self.0.cookies.to_end(headers)
    }

    /// Ends the replay of this browser's logins: call it when a user logs out, or the back button logs in again for a
    /// minute. Add the headers to your response: they remove the cookies of the logins, in progress as well, at most 20.
    ///
    /// With `WebLoginBuilder::shared` it is effective on all servers; a failing store is logged. It ends repeats, not a login
    /// whose first exchange is still under way: see [`states_to_end`](Self::states_to_end). Logins of the same user in other browsers can be repeated for the rest of
    /// their minute: [`Login::is_repeat`] tells them.
    #[cfg_attr(
        not(feature = "shared"),
        expect(clippy::unused_async, reason = "a shared store is written")
    )]
    pub async fn end_login(&self, headers: &HeaderMap) -> HeaderMap {
        let mut response = HeaderMap::new();
        let states = self.0.cookies.to_end(headers);
        for state in &states {
            self.exchanges(|all, _| all.end_replay(state));
            if let Some(cookie) = self.0.cookies.remove(state) {
                response.append(SET_COOKIE, cookie);
            }
        }
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.0.shared {
            shared.end_replays(states).await;
        }
        response
    }
}

/// `None` if the exchange ended without a result, by a panic.
async fn wait(mut pending: Pending) -> Option<Outcome> {
    let outcome = pending.wait_for(Option::is_some).await.ok()?;
    outcome.clone()
}
