//! Tokens that stay alive, on one server or on several.

mod app_token;
mod app_tokens;
mod cache;
mod computation;
mod flight;
mod local;
mod records;
mod single_flight;
mod user_token;
mod user_tokens;

use std::time::Duration;

use thiserror::Error;

pub use self::{
    app_token::AppToken,
    app_tokens::AppTokens,
    single_flight::{Renewable, SingleFlight},
    user_token::LiveToken,
    user_tokens::Vault,
};
use crate::{Client, Error as CallError, StoreError};

/// What a lease lasts longer than the longest call: time to write the result.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// The lease under which tokens are renewed by calls of this client.
fn lease_for(client: &Client) -> Duration {
    let longest_call = client.0.network.longest_call();
    longest_call.saturating_add(LEASE_MARGIN)
}

/// A token could not be had.
///
/// It holds no secret: not in its text, not in `Debug`, not in its sources.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The token is being renewed, here or on another server, and that has not finished in time.
    #[error("the token is being renewed, and that has not finished in time")]
    Busy,
    /// The time of the login is over: a refresh token is not prolonged by use.
    #[error("the login is over: its refresh token has come to its end")]
    LoginOver,
    /// A computation that is never repeated ([`SingleFlight::once`]) has ended without a result: it may have taken
    /// effect.
    #[error("the call has ended without a result and is not repeated: the user must log in again")]
    OutcomeUnknown,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept was not written by this version of the crate.
    #[error("what the store keeps cannot be read")]
    Unreadable,
    /// Nothing is kept of this user: never logged in here, or void since.
    #[error("no login is kept of this user")]
    Unknown,
    /// WeChat could not be asked, or said no.
    #[error(transparent)]
    Weixin(#[from] CallError),
}

impl VaultError {
    /// Whether the user must go through the login page again.
    pub fn needs_login(&self) -> bool {
        match self {
            Self::LoginOver | Self::OutcomeUnknown | Self::Unknown => true,
            Self::Weixin(error) => error.needs_login(),
            _ => false,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy | Self::Store(_) => true,
            Self::Weixin(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the application is set up wrongly.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Weixin(error) if error.is_configuration())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use http::{Request, Response};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Answer, AppKind, AppSecret, Clock, Code, MemoryStore, OpenId, Record, Retries, Store,
        SystemClock, Transport, Version,
    };

    /// Compiles only if none of the types implements any of the traits: with one, it would be ambiguous which
    /// implementation is meant.
    macro_rules! assert_lacks {
        ([$($secret:ty),+], $traits:tt) => {$( assert_lacks!(@ $secret, $traits); )+};
        (@ $secret:ty, [$($lacking:path),+]) => {$({
            trait AmbiguousIfImplemented<A> {
                fn probe() {}
            }
            impl<T: ?Sized> AmbiguousIfImplemented<()> for T {}
            struct Implemented;
            impl<T: ?Sized + $lacking> AmbiguousIfImplemented<Implemented> for T {}
            <$secret as AmbiguousIfImplemented<_>>::probe();
        })+};
    }

    #[test]
    fn no_token_can_be_serialized_printed_copied_or_encoded_by_accident() {
        assert_lacks!(
            [LiveToken, AppToken],
            [
                serde::Serialize,
                serde::de::DeserializeOwned,
                fmt::Display,
                Clone,
                PartialEq,
                Renewable
            ]
        );
    }

    /// Answers each call with the same bytes.
    #[derive(Debug)]
    struct Canned(String);

    impl Transport for Canned {
        fn send(&self, _: Request<Vec<u8>>) -> Answer<'_> {
            let body = self.0.clone().into_bytes();
            Box::pin(async { Ok(Response::new(body)) })
        }

        fn timeout(&self) -> Duration {
            Duration::from_secs(7)
        }
    }

    #[derive(Debug)]
    struct At(std::time::SystemTime);

    impl Clock for At {
        fn now(&self) -> std::time::SystemTime {
            self.0
        }
    }

    fn client(answer: String, clock: impl Clock + 'static, retries: Retries) -> Client {
        let secret = AppSecret::new("s").unwrap();
        Client::builder("wx0123456789abcde1".parse().unwrap(), secret)
            .kind(AppKind::OfficialAccount)
            .retries(retries)
            .clock(clock)
            .build_with(Canned(answer))
    }

    #[test]
    fn a_lease_is_longer_than_the_longest_call() {
        let seconds = Duration::from_secs;
        let once = Retries::none().pause(Duration::ZERO);
        for (retries, expected) in [
            (once.clone(), seconds(7 + 5)),
            // Three attempts and their pauses, before the deadline.
            (
                once.clone()
                    .tries(3)
                    .pause(seconds(2))
                    .deadline(seconds(60)),
                seconds(30 + 5),
            ),
            // The last attempt begins by the deadline and one pause.
            (
                once.clone()
                    .tries(10)
                    .pause(seconds(2))
                    .deadline(seconds(20)),
                seconds(30 + 5),
            ),
            (
                once.tries(10).pause(Duration::MAX).deadline(Duration::MAX),
                Duration::MAX,
            ),
        ] {
            let client = client(String::new(), SystemClock, retries);
            assert_eq!(lease_for(&client), expected);
        }
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().start_paused(true).build();
        runtime.unwrap().block_on(test)
    }

    /// Small numbers, and those at the borders of everything that a time is counted in.
    fn number() -> impl Strategy<Value = i128> {
        let borders = [
            0,
            1 << 31,
            1 << 32,
            1 << 53,
            1 << 62,
            i128::from(i64::MAX),
            i128::from(u64::MAX),
        ];
        prop_oneof![
            any::<i64>().prop_map(i128::from),
            any::<u64>().prop_map(i128::from),
            0..10_000_i128,
            (prop::sample::select(borders.to_vec()), -2..=2_i128)
                .prop_map(|(border, n)| border + n),
        ]
    }

    fn time() -> impl Strategy<Value = std::time::SystemTime> {
        (any::<u64>(), any::<bool>()).prop_map(|(seconds, is_far)| {
            let seconds = if is_far { seconds >> 1 } else { seconds >> 31 };
            let epoch = std::time::SystemTime::UNIX_EPOCH;
            epoch
                .checked_add(Duration::from_secs(seconds))
                .unwrap_or(epoch)
        })
    }

    fn touch(live: &LiveToken) -> String {
        format!("{live:?} {:?} {:?}", live.ends(), live.login_ends())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_lifetime_that_wechat_says_makes_a_token_panic(expires_in in number(), now in time(), is_text in any::<bool>()) {
            let expires_in = if is_text { format!(r#""{expires_in}""#) } else { expires_in.to_string() };
            let answer = format!(
                r#"{{"access_token":"a","expires_in":{expires_in},"refresh_token":"r","openid":"oA","scope":"snsapi_base"}}"#
            );
            let client = client(answer, At(now), Retries::none());
            run(async {
                let vault = Vault::new(client.clone(), MemoryStore::new()).login_lasts(Duration::MAX);
                if let Ok(token) = client.exchange(Code::new("071").unwrap()).await {
                    vault.keep(&token).await.unwrap();
                    if let Ok(live) = vault.token(&token.openid).await {
                        touch(&live);
                        let _ = vault.renew(&live).await.map(|live| touch(&live));
                    }
                }
                let tokens = AppTokens::new(client, MemoryStore::new());
                if let Ok(token) = tokens.get().await {
                    let _ = format!("{token:?} {:?}", token.ends());
                    let _ = tokens.renew(&token).await;
                    let _ = tokens.get().await;
                }
            });
        }

        #[test]
        fn no_number_in_a_store_makes_a_token_panic(
            numbers in prop::collection::vec(number(), 6),
            lease in any::<i64>(),
            version in any::<i64>(),
            now in time(),
        ) {
            let [access, login, ends, forced, forced_too, expires_in] = numbers[..] else { unreachable!() };
            let user = format!(r#"{{"a":"a","e":{access},"r":"r","d":{login},"o":"oA","s":"snsapi_base"}}"#);
            let app = format!(r#"{{"a":"a","e":{ends},"f":[{forced},{forced_too}]}}"#);
            let answer = format!(
                r#"{{"access_token":"a","expires_in":{expires_in},"refresh_token":"r","openid":"oA","scope":"snsapi_base"}}"#
            );
            run(async {
                let store = std::sync::Arc::new(MemoryStore::new());
                for (key, value) in [("user/wx0123456789abcde1/oA", user), ("app/wx0123456789abcde1", app)] {
                    let bytes = [&lease.to_be_bytes()[..], &[1], value.as_bytes()].concat();
                    let record = Record::new(bytes, Version::from(version), now);
                    store.replace(key, None, Some(record)).await.unwrap();
                }
                let client = client(answer, At(now), Retries::none());
                let vault = Vault::new(client.clone(), std::sync::Arc::clone(&store));
                let openid: OpenId = "oA".parse().unwrap();
                let _ = vault.login_ends(&openid).await;
                if let Ok(live) = vault.token(&openid).await {
                    touch(&live);
                    let _ = vault.renew(&live).await.map(|live| touch(&live));
                }
                let tokens = AppTokens::new(client, store);
                if let Ok(token) = tokens.get().await {
                    let _ = tokens.renew(&token).await;
                }
            });
        }
    }
}
