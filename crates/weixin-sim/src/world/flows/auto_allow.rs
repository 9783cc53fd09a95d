//! Answers logins without a phone.

use std::time::SystemTime;

use crate::{
    AppKind, PhoneError,
    world::{
        World,
        auto_allow::{Answering, AutoAllow, AutoAnswer},
        logins::{Login, Stage},
    },
};

impl World {
    /// Sets how logins are answered from now on, and answers the QR codes that wait.
    pub(crate) fn set_auto_allow(
        &mut self,
        AutoAllow { answer, user, app }: AutoAllow,
        now: SystemTime,
    ) -> Result<(), PhoneError> {
        let user = user.map(|user| self.user(Some(&user)).map(|user| user.id.clone()));
        let answering = Answering {
            answer,
            user: user.transpose()?,
        };
        match app {
            Some(app) => {
                self.known_app(&app)?;
                self.auto_allow.apps.insert(app, answering);
            }
            None => self.auto_allow.all = answering,
        }
        self.answer_waiting(now);
        Ok(())
    }

    /// Removes the answer of an app, which then has that of all apps.
    pub(crate) fn forget_auto_allow(
        &mut self,
        app: &str,
        now: SystemTime,
    ) -> Result<(), PhoneError> {
        self.known_app(app)?;
        self.auto_allow.apps.remove(app);
        self.answer_waiting(now);
        Ok(())
    }

    /// Checks that an app exists.
    pub(crate) fn known_app(&self, app: &str) -> Result<(), PhoneError> {
        let app = self.app(app).map_err(|_| PhoneError::UnknownApp);
        app.map(|_| ())
    }

    fn answer_waiting(&mut self, now: SystemTime) {
        let waiting = self.logins.pending(now).into_iter();
        for login in waiting.filter(|login| login.stage != Stage::Canceled) {
            // Its user may have been removed since: then it waits for a phone.
            let _ = self.answer_login(&login, now);
        }
    }

    /// Answers a login as its app's setting says; returns the callback URL if it is answered by one.
    pub(crate) fn answer_login(
        &mut self,
        login: &Login,
        now: SystemTime,
    ) -> Result<Option<String>, PhoneError> {
        let uuid = &login.uuid;
        match self.auto_allow.of(&login.app).answer {
            AutoAnswer::Off => Ok(None),
            AutoAnswer::Allow => self.allow(uuid, None, now).map(Some),
            AutoAnswer::Deny => {
                let denied = self.cancel(uuid, now)?.denied();
                Ok((login.kind == AppKind::OfficialAccount).then_some(denied))
            }
            AutoAnswer::Ignore if login.kind == AppKind::OfficialAccount => Ok(None),
            AutoAnswer::Ignore => self.scan(uuid, now).map(|_| None),
        }
    }

    /// ID of the user who answers a login: the one that its page or browser chose, or that of its app's setting; `None`
    /// for the first user.
    pub(super) fn answering_user(&self, app: &str, chosen: Option<&str>) -> Option<String> {
        let set = self.auto_allow.of(app).user.as_deref();
        chosen.or(set).map(str::to_owned)
    }
}
