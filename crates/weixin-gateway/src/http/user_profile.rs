//! What WeChat says about the user who logs in. Without it the login goes on.

use weixin_axum::Login;

use super::{error::Failure, visitor::Visitor};
use crate::{
    error_text::causes,
    oidc::{Profile, UserId},
    upstream::profile,
};

impl Visitor {
    /// The profile of the user, if the stored one is a day old, or there is none.
    pub(super) async fn new_profile(&self, login: &Login) -> Result<Option<Profile>, Failure> {
        let store = &self.provider.shared.store;
        let stored = store.profile_of(&login.user_ids()).await?;
        if stored.unwrap_or_default().is_outdated(self.now()) {
            Ok(self.read_profile(login).await)
        } else {
            Ok(None)
        }
    }

    async fn read_profile(&self, login: &Login) -> Option<Profile> {
        let error = match login.user().await {
            Ok(user) if user.openid == *login.openid() => {
                return Some(profile::from_wechat(&user, self.now()));
            }
            Ok(_) => "WeChat sent that of another user".to_owned(),
            Err(error) => causes(&error),
        };
        tracing::warn!(error, "the profile of a user was not read");
        None
    }

    pub(super) async fn store_profile(&self, user: UserId, profile: Option<Profile>) {
        let Some(profile) = profile else {
            return;
        };
        let store = &self.provider.shared.store;
        if let Err(error) = store.update_profile(user, profile).await {
            let error = causes(&error);
            tracing::warn!(error, "the profile of a user was not stored");
        }
    }
}
