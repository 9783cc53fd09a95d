//! Account events: changes of users and apps while users are logged in.

use crate::{
    App, DesktopAnswer, PhoneError, User,
    wire::api_error::ApiError,
    world::{Desktop, World},
};

impl World {
    pub(crate) fn change_user(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut User),
    ) -> Result<(), PhoneError> {
        let id = self.user(Some(name))?.id.clone();
        self.users.iter_mut().find(|user| user.id == id).map(change);
        Ok(())
    }

    pub(crate) fn change_app(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut App),
    ) -> Result<(), PhoneError> {
        let expected = "expected the ID of an app";
        let app = self.apps.iter_mut().find(|app| app.id == id);
        app.map(change).ok_or(PhoneError::WrongApp { expected })
    }

    /// Adds a user, or replaces the one with the same ID.
    pub(crate) fn put_user(&mut self, user: User) {
        match self.users.iter_mut().find(|known| known.id == user.id) {
            Some(known) => *known = user,
            None => self.users.push(user),
        }
    }

    /// Registers an app, or replaces the one with the same ID.
    pub(crate) fn put_app(&mut self, app: App) {
        match self.apps.iter_mut().find(|known| known.id == app.id) {
            Some(known) => *known = app,
            None => self.apps.push(app),
        }
    }

    /// Starts WeChat for PC as this user, or as the first.
    pub(crate) fn run_desktop(
        &mut self,
        name: Option<&str>,
        answer: DesktopAnswer,
    ) -> Result<(), PhoneError> {
        let user = self.user(name)?.id.clone();
        self.desktop = Some(Desktop { user, answer });
        Ok(())
    }

    /// Revokes all tokens of the user (42007, docs/wechat.md#lifetimes).
    pub(crate) fn change_password(&mut self, name: &str) -> Result<(), PhoneError> {
        let id = self.user(Some(name))?.id.clone();
        self.grants.revoke(&id, None, &ApiError::PASSWORD_CHANGED);
        Ok(())
    }

    /// Withdraws the user's authorization of an app (50001).
    pub(crate) fn withdraw(&mut self, name: &str, app: &str) -> Result<(), PhoneError> {
        let id = self.user(Some(name))?.id.clone();
        self.grants
            .revoke(&id, Some(app), &ApiError::USER_UNAUTHORIZED);
        Ok(())
    }
}
