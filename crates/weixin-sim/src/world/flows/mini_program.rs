//! Mini program logins: codes, session keys and payloads (docs/wechat.md#the-session, #encrypted-payloads, #phone-numbers).

use std::time::SystemTime;

use data_encoding::BASE64;

use crate::{
    App, AppKind, PhoneError, User,
    wire::{api_error::ApiError, encrypted},
    world::{World, event::Event, mini_programs::Code},
};

/// Result of exchanging a code of `wx.login`.
#[derive(Debug)]
pub(crate) struct Session {
    /// Session key in base64.
    pub(crate) key: String,
    pub(crate) openid: String,
    pub(crate) unionid: Option<String>,
}

impl World {
    /// `wx.login`: issues a code and a new session key.
    ///
    /// The new key replaces the old one at once, even before the server exchanges the code.
    pub(crate) fn wx_login(
        &mut self,
        app: &str,
        user: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let mut code = self.mini_program_code(app, user, now)?;
        code.trace = self.record_code_given(app, AppKind::MiniProgram, &code.user, now);
        let key = self.random.session_key();
        self.mini_programs
            .keys
            .insert((code.app.clone(), code.user.clone()), key);
        let (text, end) = (self.random.code(), code.expires);
        self.mini_programs
            .login_codes
            .insert(text.clone(), (code, key), end, now);
        Ok(text)
    }

    /// Phone number button: issues a code.
    pub(crate) fn phone_code(
        &mut self,
        app: &str,
        user: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let code = self.mini_program_code(app, user, now)?;
        let text = self.random.code();
        let end = code.expires;
        self.mini_programs
            .phone_codes
            .insert(text.clone(), code, end, now);
        Ok(text)
    }

    fn mini_program_code(
        &self,
        app: &str,
        user: Option<&str>,
        now: SystemTime,
    ) -> Result<Code, PhoneError> {
        self.mini_program(app)?;
        let (app, user) = (app.to_owned(), self.user(user)?.id.clone());
        let expires = now + self.setup.code_lifetime(AppKind::MiniProgram);
        Ok(Code {
            app,
            user,
            expires,
            used: false,
            trace: 0,
        })
    }

    /// `/sns/jscode2session`: checks the code before the secret, like the other logins.
    pub(crate) fn session(
        &mut self,
        app: &str,
        secret: &str,
        js_code: &str,
        now: SystemTime,
    ) -> Result<Session, ApiError> {
        self.check_not_frozen(app)?;
        let expected_secret = self.app(app)?.secret.clone();
        let uses_foreign = self.setup.variants.wrong_app_uses_code;
        let found = self.mini_programs.login_codes.get_mut(js_code);
        let (code, key) = found
            .filter(|(code, _)| now < code.expires)
            .ok_or(ApiError::INVALID_CODE)?;
        if code.app != app {
            code.used |= uses_foreign;
            return Err(ApiError::INVALID_CODE);
        }
        if code.used {
            self.timeline.record(code.trace, Event::CodeUsedAgain, now);
            return Err(ApiError::CODE_BEEN_USED);
        }
        if expected_secret != secret {
            return Err(ApiError::INVALID_APPSECRET);
        }
        // The code is used up even if the user turns out to be blocked.
        code.used = true;
        self.timeline.record(code.trace, Event::Exchanged, now);
        let user = code.user.clone();
        let key = BASE64.encode(key);
        let user = self.known_user(&user)?;
        if user.is_blocked {
            return Err(ApiError::CODE_BLOCKED);
        }
        Ok(Session {
            key,
            openid: user.openid(app),
            unionid: self.unionid(app, user),
        })
    }

    /// `/wxa/checksession`: accepts the signature of the user's latest session key only.
    pub(crate) fn check_session(
        &self,
        app: &str,
        openid: &str,
        signature: &str,
    ) -> Result<(), ApiError> {
        let mut users = self.users.iter();
        let user = users.find(|user| user.openid(app) == openid);
        let user = user.ok_or(ApiError::INVALID_OPENID)?;
        let key = (app.to_owned(), user.id.clone());
        let key = self.mini_programs.keys.get(&key);
        let is_latest = key.is_some_and(|key| encrypted::signature_of(*key) == signature);
        if is_latest {
            Ok(())
        } else {
            Err(ApiError::INVALID_SIGNATURE)
        }
    }

    /// User and app of a code, as the key of a quota.
    pub(in crate::world) fn user_of_code(&self, js_code: &str) -> Option<String> {
        let (code, _) = self.mini_programs.login_codes.get(js_code)?;
        Some(format!("{} in {}", code.user, code.app))
    }

    /// `/wxa/business/getuserphonenumber`: the user of a code of the button.
    pub(crate) fn phone_of_code(
        &mut self,
        app: &str,
        code: &str,
        now: SystemTime,
    ) -> Result<User, ApiError> {
        let found = self.mini_programs.phone_codes.get_mut(code);
        // A used code is reported as invalid: no other response has been observed.
        let code = found.filter(|code| code.app == app && now < code.expires && !code.used);
        let code = code.ok_or(ApiError::INVALID_CODE)?;
        code.used = true;
        let user = code.user.clone();
        Ok(self.known_user(&user)?.clone())
    }

    /// User of a mini program, with the session key of their last `wx.login`.
    pub(crate) fn mini_program_user(
        &self,
        app: &str,
        user: Option<&str>,
    ) -> Result<(&User, [u8; 16]), PhoneError> {
        self.mini_program(app)?;
        let user = self.user(user)?;
        let key = self
            .mini_programs
            .keys
            .get(&(app.to_owned(), user.id.clone()));
        key.map(|key| (user, *key)).ok_or(PhoneError::NotOpened)
    }

    fn mini_program(&self, app: &str) -> Result<&App, PhoneError> {
        let expected = "expected the ID of a mini program";
        let known = self
            .app(app)
            .ok()
            .filter(|app| app.kind == AppKind::MiniProgram);
        known.ok_or(PhoneError::WrongApp { expected })
    }

    fn known_user(&self, id: &str) -> Result<&User, ApiError> {
        self.users
            .iter()
            .find(|user| user.id == id)
            .ok_or(ApiError::INVALID_CODE)
    }
}
