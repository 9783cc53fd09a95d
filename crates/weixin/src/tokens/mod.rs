//! Tokens of users and apps: valid ones, on one server or on several.

#[cfg(feature = "tokens")]
mod app_token;
#[cfg(feature = "tokens")]
pub(crate) mod app_tokens;
#[cfg(feature = "tokens")]
mod single_flight;
#[cfg(feature = "tokens")]
mod stored;
#[cfg(feature = "tokens")]
mod user_token;
#[cfg(feature = "tokens")]
pub(crate) mod user_tokens;

#[cfg(feature = "mini-program")]
pub(crate) use self::app_tokens::AppTokens;
#[cfg(feature = "tokens")]
pub use self::{
    app_token::AppToken,
    single_flight::{Renewable, SingleFlight},
    user_token::UserToken,
};
pub use crate::{
    api::{Bearer, Scope, Scopes, TokenStatus},
    secret::{AccessToken, RefreshToken},
};

#[cfg(test)]
#[cfg(feature = "tokens")]
mod tests {
    use std::{fmt, time::Duration};

    use http::{Request, Response};
    use proptest::prelude::*;

    use super::{stored::lease_for, *};
    use crate::{
        app::OfficialAccount,
        clock::{Clock, SystemClock},
        identity::OpenId,
        secret::{AppSecret, Code},
        store::{MemoryStore, Record, Store, Version},
        tokens::user_tokens::UserTokens,
        transport::{ResponseFuture, RetryPolicy, Transport},
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
            [UserToken, AppToken],
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

    /// Responds to each call with the same bytes.
    #[derive(Debug)]
    struct Canned(String);

    impl Transport for Canned {
        fn send(&self, _: Request<Vec<u8>>) -> ResponseFuture<'_> {
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

    fn account(
        response: String,
        clock: impl Clock + 'static,
        policy: RetryPolicy,
    ) -> OfficialAccount {
        let secret = AppSecret::new("s").unwrap();
        OfficialAccount::builder("wx0123456789abcde1".parse().unwrap(), secret)
            .retry_policy(policy)
            .clock(clock)
            .build_with(Canned(response))
    }

    #[test]
    fn a_lease_is_longer_than_the_longest_call() {
        let seconds = Duration::from_secs;
        let once = RetryPolicy::none().backoff(Duration::ZERO);
        for (policy, expected) in [
            (once.clone(), seconds(7 + 5)),
            // Three attempts and their pauses, before the deadline.
            (
                once.clone()
                    .max_attempts(3)
                    .backoff(seconds(2))
                    .deadline(seconds(60)),
                seconds(30 + 5),
            ),
            // The last attempt begins by the deadline and one pause.
            (
                once.clone()
                    .max_attempts(10)
                    .backoff(seconds(2))
                    .deadline(seconds(20)),
                seconds(30 + 5),
            ),
            (
                once.max_attempts(10)
                    .backoff(Duration::MAX)
                    .deadline(Duration::MAX),
                Duration::MAX,
            ),
        ] {
            let account = account(String::new(), SystemClock, policy);
            assert_eq!(lease_for(account.client()), expected);
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

    fn touch(token: &UserToken) -> String {
        let times = (token.expires_at(), token.login_expires_at());
        format!("{token:?} {times:?}")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_lifetime_from_wechat_makes_a_token_panic(expires_in in number(), now in time(), is_text in any::<bool>()) {
            let expires_in = if is_text { format!(r#""{expires_in}""#) } else { expires_in.to_string() };
            let response = format!(
                r#"{{"access_token":"a","expires_in":{expires_in},"refresh_token":"r","openid":"oA","scope":"snsapi_base"}}"#
            );
            let account = account(response, At(now), RetryPolicy::none());
            run(async {
                let users = UserTokens::new(&account, MemoryStore::new()).login_lifetime(Duration::MAX);
                if let Ok(token) = account.exchange(Code::new("071").unwrap()).await {
                    users.insert(&token).await.unwrap();
                    if let Ok(live) = users.get(account.id(), &token.openid).await {
                        touch(&live);
                        let _ = users.renew(&live).await.map(|live| touch(&live));
                    }
                }
                let tokens = account.app_tokens(MemoryStore::new());
                if let Ok(token) = tokens.get().await {
                    let _ = format!("{token:?} {:?}", token.expires_at());
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
            let user = format!(r#"{{"a":"a","e":{access},"r":"r","d":{login},"i":"wx0123456789abcde1","o":"oA","s":"snsapi_base"}}"#);
            let app = format!(r#"{{"a":"a","e":{ends},"f":[{forced},{forced_too}]}}"#);
            let response = format!(
                r#"{{"access_token":"a","expires_in":{expires_in},"refresh_token":"r","openid":"oA","scope":"snsapi_base"}}"#
            );
            run(async {
                let store = std::sync::Arc::new(MemoryStore::new());
                for (key, value) in [("user/wx0123456789abcde1/oA", user), ("app/wx0123456789abcde1", app)] {
                    let bytes = [&lease.to_be_bytes()[..], &[1], value.as_bytes()].concat();
                    let record = Record::new(bytes, Version(version), now);
                    store.compare_exchange(key, None, Some(record)).await.unwrap();
                }
                let account = account(response, At(now), RetryPolicy::none());
                let users = UserTokens::new(&account, std::sync::Arc::clone(&store));
                let openid: OpenId = "oA".parse().unwrap();
                if let Ok(live) = users.get(account.id(), &openid).await {
                    touch(&live);
                    let _ = users.renew(&live).await.map(|live| touch(&live));
                }
                let tokens = account.app_tokens(store);
                if let Ok(token) = tokens.get().await {
                    let _ = tokens.renew(&token).await;
                }
            });
        }
    }
}
