//! No type that holds a secret can be printed for users or sent as JSON, and no secret can be copied or compared by
//! accident. What is wrong here does not compile.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/secret_types.rs"]
mod found;

use std::{collections::BTreeSet, fmt};

/// Compiles only if the type implements none of the traits: with one, it would be ambiguous which implementation is
/// meant.
macro_rules! assert_lacks {
    ($type:ty: $($lacking:path),+) => {$({
        trait AmbiguousIfImplemented<A> {
            fn probe() {}
        }
        impl<T: ?Sized> AmbiguousIfImplemented<()> for T {}
        struct Implemented;
        impl<T: ?Sized + $lacking> AmbiguousIfImplemented<Implemented> for T {}
        <$type as AmbiguousIfImplemented<_>>::probe();
    })+};
}

/// The list, and what is asserted of each of its types.
macro_rules! types {
    ($list:ident, $lacking:tt, $($name:ident $(<$lifetime:lifetime>)?),+ $(,)?) => {
        const $list: &[&str] = &[$(stringify!($name)),+];
        const _: fn() = || {
            $( types!(@ weixin::$name $(<$lifetime>)?, $lacking); )+
        };
    };
    (@ $type:ty, [$($lacking:path),+]) => { assert_lacks!($type: $($lacking),+) };
}

// The secrets themselves.
types! {
    SECRETS, [fmt::Display, serde::Serialize, Clone, PartialEq, AsRef<str>, Into<String>],
    AccessToken, AppSecret, Code, RefreshToken, SessionKey,
}

// What holds one, or is encrypted by one.
types! {
    HOLDERS, [fmt::Display, serde::Serialize, AsRef<str>, Into<String>],
    AppToken, AppTokens, Apps, AuthorizeRequest, Bearer<'static>, Callback, Client, ClientBuilder, CsrfToken, EmbeddedQr, EncryptedData,
    LiveToken, LoginRequest, MemoryStore, Record, RedisStore, Session, SqlStore, Start<'static>, StoreKeys, Token, Vault,
}

// It is printed to be sent to the browser.
types! { PRINTED, [serde::Serialize, AsRef<str>, Into<String>], LoginUrl }

#[test]
fn every_public_type_that_holds_a_secret_is_checked() {
    let holders = found::holders();
    let found: BTreeSet<&str> = holders.iter().map(String::as_str).collect();
    let checked = [SECRETS, HOLDERS, PRINTED].concat();
    assert_eq!(
        found,
        BTreeSet::from_iter(checked),
        "found in the source, and listed here"
    );
}
