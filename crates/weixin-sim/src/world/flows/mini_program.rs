//! The logins of mini programs: codes, session keys and what is encrypted with them (facts 5.1 to 5.3).

use std::time::SystemTime;

use data_encoding::BASE64;

use crate::{
    App, AppKind, PhoneError, User,
    wire::{api_error::ApiError, encrypted},
    world::{World, mini_programs::Code, timeline::Event},
};

/// What a code of `wx.login` is worth.
#[derive(Debug)]
pub(crate) struct Session {
    /// In base64.
    pub(crate) key: String,
    pub(crate) openid: String,
    pub(crate) unionid: Option<String>,
}

impl World {
    /// `wx.login`: a code, and a new session key that takes the place of the one before at once,
    /// whether the server has heard of it or not.
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

    /// The tap on the phone number button.
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
        let expires = now + self.setup.lifetimes.code_of(AppKind::MiniProgram);
        Ok(Code {
            app,
            user,
            expires,
            used: false,
            trace: 0,
        })
    }

    /// `/sns/jscode2session`: the code is looked at before the secret, as for other logins.
    pub(crate) fn session(
        &mut self,
        app: &str,
        secret: &str,
        js_code: &str,
        now: SystemTime,
    ) -> Result<Session, ApiError> {
        let expected_secret = self.app(app)?.secret.clone();
        let found = self.mini_programs.login_codes.get_mut(js_code);
        let (code, key) = found
            .filter(|(code, _)| code.app == app && now < code.expires)
            .ok_or(ApiError::INVALID_CODE)?;
        if code.used {
            self.timeline.record(code.trace, Event::CodeUsedAgain, now);
            return Err(ApiError::CODE_BEEN_USED);
        }
        if expected_secret != secret {
            return Err(ApiError::INVALID_APPSECRET);
        }
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

    /// `/wxa/checksession`: whether this is the signature of the latest session key of that user.
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
        let is_its = key.is_some_and(|key| encrypted::signature_of(*key) == signature);
        is_its.then_some(()).ok_or(ApiError::INVALID_SIGNATURE)
    }

    /// Whose code this is, in which mini program.
    pub(in crate::world) fn user_of_code(&self, js_code: &str) -> Option<String> {
        let (code, _) = self.mini_programs.login_codes.get(js_code)?;
        Some(format!("{} in {}", code.user, code.app))
    }

    /// `/wxa/business/getuserphonenumber`: the user behind a code of the button.
    pub(crate) fn phone_of_code(
        &mut self,
        app: &str,
        code: &str,
        now: SystemTime,
    ) -> Result<User, ApiError> {
        let found = self.mini_programs.phone_codes.get_mut(code);
        // A spent code of the button is an invalid one: no other answer has been seen.
        let code = found.filter(|code| code.app == app && now < code.expires && !code.used);
        let code = code.ok_or(ApiError::INVALID_CODE)?;
        code.used = true;
        let user = code.user.clone();
        Ok(self.known_user(&user)?.clone())
    }

    /// Somebody who has opened this mini program, and the session key of their last `wx.login`.
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
        let expected = "expected the app id of a mini program";
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
