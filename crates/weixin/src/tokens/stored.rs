//! Tokens as values of the single flight.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;

use super::Renewable;
use crate::{client::Client, secret::AccessToken, store::time::earlier};

/// How long before its expiry a token is renewed. WeChat renews an app's stable token as early, and its previous one stays
/// valid for as long.
const REFRESH_MARGIN: Duration = Duration::from_secs(5 * 60);

/// Time for writing the result, by which a lease is longer than the longest call.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// The lease under which tokens are renewed by calls of this client.
pub(super) fn lease_for(client: &Client) -> Duration {
    let longest_call = client.0.hosts.longest_call();
    longest_call.saturating_add(LEASE_MARGIN)
}

/// A token that a single flight renews.
pub(super) trait StoredToken: From<Self::Fields> + Send + Sync + 'static {
    /// The stored form.
    type Fields: DeserializeOwned + Serialize;

    fn fields(&self) -> &Self::Fields;

    fn access_token(&self) -> &AccessToken;

    fn expires_at(&self) -> SystemTime;

    /// The end of the record, which holds more than the access token.
    fn kept_until(&self) -> SystemTime;
}

/// A token as the value of a single flight: a type of its own, so that the public one can neither be cloned nor encoded.
pub(super) struct Stored<T>(pub(super) Arc<T>);

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: StoredToken> Stored<T> {
    pub(super) fn new(fields: T::Fields) -> Self {
        Self(Arc::new(T::from(fields)))
    }
}

impl<T: StoredToken> PartialEq for Stored<T> {
    fn eq(&self, other: &Self) -> bool {
        is_same(&*self.0, &*other.0)
    }
}

impl<T: StoredToken> Eq for Stored<T> {}

/// Returns `true` if both have the same access token, in a time that tells nothing about it.
pub(super) fn is_same<T: StoredToken>(one: &T, other: &T) -> bool {
    let [one, other] = [one, other].map(|token| token.access_token().expose().as_bytes());
    one.ct_eq(other).into()
}

impl<T: StoredToken> Renewable for Stored<T> {
    fn encode(&self) -> Vec<u8> {
        // Texts and numbers: serializing them cannot fail.
        serde_json::to_vec(self.0.fields()).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(Self::new)
    }

    fn refresh_at(&self) -> SystemTime {
        earlier(self.0.expires_at(), REFRESH_MARGIN)
    }

    fn expires_at(&self) -> SystemTime {
        self.0.expires_at()
    }

    fn kept_until(&self) -> SystemTime {
        self.0.kept_until()
    }
}
