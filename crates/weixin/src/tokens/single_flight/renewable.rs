//! Values that expire and are renewed.

use std::time::SystemTime;

/// A value of a [`SingleFlight`](super::SingleFlight).
///
/// `Eq` tells whether a value is the one that was rejected. For secrets, compare in constant time.
pub trait Renewable: Clone + Eq + Send + Sync + 'static {
    /// The bytes for the store, which encrypts them.
    fn encode(&self) -> Vec<u8>;
    /// The value of these bytes, or `None` if they are not from [`encode`](Self::encode).
    fn decode(bytes: &[u8]) -> Option<Self>;
    /// The time from which on the value is renewed, although it is still valid.
    fn refresh_at(&self) -> SystemTime;
    /// The time from which on the value is invalid.
    fn expires_at(&self) -> SystemTime;
    /// The time from which on the store may remove the value; by default, when it expires.
    ///
    /// It is later for a value that is needed to compute the next one: an expired access token with a refresh token.
    fn kept_until(&self) -> SystemTime {
        self.expires_at()
    }
}
