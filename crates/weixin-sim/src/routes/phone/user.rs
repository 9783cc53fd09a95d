//! The simulated phone's user, kept in a cookie.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header::COOKIE, request::Parts},
};

use crate::world::World;

const NAME: &str = "weixin-sim-user";

/// User chosen in this browser, if any.
pub(crate) struct PhoneUser(Option<String>);

impl PhoneUser {
    /// ID of the chosen user if they exist, otherwise of the first with an ordinary name: people hold this phone,
    /// and tests, which want difficult names, name their user.
    pub(crate) fn id(&self, world: &World) -> String {
        // The chosen user may have been removed since.
        let chosen = self.0.as_deref().and_then(|id| world.user(Some(id)).ok());
        let mut users = world.users.iter();
        let ordinary = || users.find(|user| user.difficulty().is_none());
        let chosen = chosen.or_else(ordinary).or_else(|| world.user(None).ok());
        chosen.map(|user| user.id.clone()).unwrap_or_default()
    }

    /// Cookie that keeps the choice.
    pub(super) fn cookie(id: &str) -> Option<HeaderValue> {
        let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        HeaderValue::try_from(format!("{NAME}={id}; Path=/; HttpOnly; SameSite=Lax")).ok()
    }
}

impl<S: Sync> FromRequestParts<S> for PhoneUser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let headers = parts.headers.get_all(COOKIE).into_iter();
        let mut pairs = headers
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'));
        let id = pairs.find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
        let decoded = id.map(|id| {
            form_urlencoded::parse(id.as_bytes())
                .map(|(id, _)| id.into_owned())
                .collect()
        });
        Ok(Self(decoded))
    }
}
