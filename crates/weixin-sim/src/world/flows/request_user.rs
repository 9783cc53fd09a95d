//! The user of a request.

use crate::{parameters::Parameters, world::World};

impl World {
    /// ID of the user whose code or token a request has, if any.
    pub(crate) fn user_of(&self, parameters: &Parameters, body: &[u8]) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Body {
            code: String,
        }
        let names = ["code", "access_token", "refresh_token"];
        let by_grant = names
            .iter()
            .find_map(|name| self.grants.user_of(parameters.get(name)));
        let user = by_grant.or_else(|| self.mini_programs.user_of(parameters.get("js_code")));
        if let Some(user) = user {
            return Some(user.to_owned());
        }
        let Body { code } = serde_json::from_slice(body).ok()?;
        self.mini_programs.user_of(&code).map(str::to_owned)
    }
}
