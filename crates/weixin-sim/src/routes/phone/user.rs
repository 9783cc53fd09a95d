//! The simulated phone's user: of the login page's parameter, or kept in a cookie.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header::COOKIE, request::Parts},
};

use crate::{PhoneError, parameters::form, state::SimState, world::World};

/// Name of the cookie in the simulator's first world. Cookies are those of a host with all its ports, so further worlds
/// have names of their own.
const NAME: &str = "weixin-sim-user";

fn cookie_name(world: Option<&str>) -> String {
    world.map_or_else(|| NAME.to_owned(), |world| format!("{NAME}-{world}"))
}

/// Parameter of a login page that chooses the user.
const PARAMETER: &str = "sim_user";

/// User chosen by the login page or in this browser, if any.
pub(crate) struct PhoneUser {
    /// ID or nickname, of the page's parameter.
    parameter: Option<String>,
    /// ID, of the cookie.
    cookie: Option<String>,
}

impl PhoneUser {
    /// ID of the chosen user if they exist, otherwise of the first with an ordinary name: people hold this phone,
    /// and tests, which want difficult names, name their user.
    pub(crate) fn id(&self, world: &World) -> String {
        // The chosen user may have been removed since.
        let chosen = self.chosen(world).ok().flatten();
        let chosen = chosen.and_then(|id| world.user(Some(&id)).ok());
        let mut users = world.users.iter();
        let ordinary = || users.find(|user| user.difficulty().is_none());
        let chosen = chosen.or_else(ordinary).or_else(|| world.user(None).ok());
        chosen.map(|user| user.id.clone()).unwrap_or_default()
    }

    /// ID of the chosen user, if any; an error if the page's parameter names no user.
    pub(crate) fn chosen(&self, world: &World) -> Result<Option<String>, PhoneError> {
        if let Some(name) = &self.parameter {
            return world.user(Some(name)).map(|user| Some(user.id.clone()));
        }
        // The user of the cookie may have been removed since.
        let cookie = self.cookie.as_deref();
        let user = cookie.and_then(|id| world.user(Some(id)).ok());
        Ok(user.map(|user| user.id.clone()))
    }

    /// Cookie that keeps the choice.
    pub(super) fn cookie(id: &str, world: Option<&str>) -> Option<HeaderValue> {
        let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        HeaderValue::try_from(format!(
            "{}={id}; Path=/; HttpOnly; SameSite=Lax",
            cookie_name(world)
        ))
        .ok()
    }
}

impl FromRequestParts<Arc<SimState>> for PhoneUser {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        sim: &Arc<SimState>,
    ) -> Result<Self, Infallible> {
        let name = cookie_name(sim.id.as_deref());
        let headers = parts.headers.get_all(COOKIE).into_iter();
        let mut pairs = headers
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'));
        let id = pairs.find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='));
        let decoded = id.map(|id| {
            form_urlencoded::parse(id.as_bytes())
                .map(|(id, _)| id.into_owned())
                .collect()
        });
        let query = form(parts.uri.query().unwrap_or_default());
        let parameter = Some(query.get(PARAMETER)).filter(|user| !user.is_empty());
        Ok(Self {
            parameter: parameter.map(str::to_owned),
            cookie: decoded,
        })
    }
}
