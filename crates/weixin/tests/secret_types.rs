//! No type that holds a secret can be printed for users or sent as JSON, and no secret can be copied or compared by
//! accident. A violation does not compile.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/secret_types.rs"]
mod found;

use std::{collections::BTreeSet, fmt};

use weixin::{
    AppSecret, AppTokens, Callback, Client, Code, CsrfToken, MiniProgram, MobileApp,
    OfficialAccount, Token, UserTokens, Website,
    app::{App, AppBuilder, Apps, LoginRoute},
    authorize::EmbeddedQr,
    mini_program::{EncryptedData, JsCode, PhoneCode, Session, SessionKey},
    store::{MemoryStore, PostgresStore, Record, RedisStore, SqliteStore, StoreKeys},
    tokens::{AccessToken, AppToken, Bearer, RefreshToken, UserToken},
};

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

/// The list, and the traits that each of its types lacks.
macro_rules! types {
    ($list:ident, $lacking:tt, $($name:ident $(<$generic:tt>)?),+ $(,)?) => {
        const $list: &[&str] = &[$(stringify!($name)),+];
        const _: fn() = || {
            $( types!(@ $name $(<$generic>)?, $lacking); )+
        };
    };
    (@ $type:ty, [$($lacking:path),+]) => { assert_lacks!($type: $($lacking),+) };
}

// The secrets themselves.
types! {
    SECRETS, [fmt::Display, serde::Serialize, Clone, PartialEq, AsRef<str>, Into<String>],
    AccessToken, AppSecret, Code, JsCode, PhoneCode, RefreshToken, SessionKey,
}

// Types that hold one, or are encrypted by one.
types! {
    HOLDERS, [fmt::Display, serde::Serialize, AsRef<str>, Into<String>],
    App, AppBuilder<Website>, AppToken, AppTokens, Apps, Bearer<'static>, Callback, Client, CsrfToken, EncryptedData,
    LoginRoute<'static>, MemoryStore, MiniProgram, MobileApp, OfficialAccount, PostgresStore, Record,
    RedisStore, Session, SqliteStore, StoreKeys, Token, UserToken, UserTokens, Website,
}

// It holds the state only, which is a secret if a caller has made it (`CsrfToken::from_state`).
types! {
    WITH_STATE, [fmt::Display, serde::Serialize, AsRef<str>, Into<String>],
    EmbeddedQr,
}

#[test]
fn every_public_type_that_holds_a_secret_is_checked() {
    let holders = found::holders();
    let found: BTreeSet<&str> = holders.iter().map(String::as_str).collect();
    let checked = [SECRETS, HOLDERS].concat();
    assert_eq!(
        found,
        BTreeSet::from_iter(checked),
        "found in the source, and listed here"
    );
    assert!(WITH_STATE.iter().all(|name| !found.contains(name)));
}
