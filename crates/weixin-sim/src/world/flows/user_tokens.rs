//! User tokens: from the code to the profile (docs/wechat.md#lifetimes, #order-of-checks).

use std::time::{Duration, SystemTime};

use crate::{
    AppKind, PhoneError, User,
    wire::api_error::ApiError,
    world::{
        World,
        event::Event,
        grants::{Code, Grant},
    },
};

/// Parameters of a code exchange.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) app: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) code: &'a str,
}

/// Tokens that an exchange or a refresh returns.
#[derive(Debug)]
pub(crate) struct IssuedUserToken {
    pub(crate) access_token: String,
    pub(crate) expires_in: Duration,
    pub(crate) refresh_token: String,
    pub(crate) openid: String,
    pub(crate) scope: String,
    /// `None` if the scope covers the OpenID only.
    pub(crate) unionid: Option<String>,
    pub(crate) is_snapshot_user: bool,
}

/// Profile behind an access token.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) user: User,
    pub(crate) openid: String,
    pub(crate) unionid: Option<String>,
}

impl World {
    /// Issues a code to a mobile app (`SendAuth`, docs/wechat.md#mobile-apps).
    pub(crate) fn mobile_code(
        &mut self,
        app: &str,
        user: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let expected = "expected the ID of a mobile app";
        let app_kind = self.app(app).map(|app| app.kind);
        if app_kind != Ok(AppKind::MobileApp) {
            return Err(PhoneError::WrongApp { expected });
        }
        let user = self.user(user)?.id.clone();
        let trace = self.record_code_given(app, AppKind::MobileApp, &user, now);
        let granted = Code {
            app: app.to_owned(),
            user,
            scope: "snsapi_userinfo".to_owned(),
            snapshot: false,
            expires: now + self.setup.code_lifetime(AppKind::MobileApp),
            used: false,
            trace,
            state: None,
        };
        let code = self.random.code();
        self.grants.issue(code.clone(), granted, now);
        Ok(code)
    }

    /// `/sns/oauth2/access_token`: checks the code before the secret, and uses it last.
    pub(crate) fn exchange(
        &mut self,
        request: &Exchange<'_>,
        now: SystemTime,
    ) -> Result<IssuedUserToken, ApiError> {
        self.check_not_frozen(request.app)?;
        if self.is_mini_program_code(request, now) {
            return Err(ApiError::MINI_PROGRAM_CODE);
        }
        let app = self.apps.iter().find(|app| app.id == request.app);
        let app = app.ok_or(ApiError::INVALID_APPID)?;
        let uses_foreign = self.setup.variants.wrong_app_uses_code;
        let code = self.grants.codes.get_mut(request.code);
        let code = code.filter(|code| now < code.expires);
        let code = code.ok_or(ApiError::INVALID_CODE)?;
        if code.app != app.id {
            code.used |= uses_foreign;
            return Err(ApiError::INVALID_CODE);
        }
        // A used code is reported before a wrong secret is: WeChat checks the secret last (docs/wechat.md#order-of-checks).
        if code.used {
            self.timeline.record(code.trace, Event::CodeUsedAgain, now);
            return Err(ApiError::CODE_BEEN_USED);
        }
        if app.secret != request.secret {
            return Err(ApiError::INVALID_APPSECRET);
        }
        code.used = true;
        let grant = Grant {
            app: code.app.clone(),
            user: code.user.clone(),
            scope: code.scope.clone(),
            snapshot: code.snapshot,
            access_token: self.random.token(),
            access_expires: now + self.setup.lifetimes.access_token,
            refresh_token: self.random.token(),
            refresh_expires: now + self.setup.lifetimes.refresh_token,
            trace: code.trace,
            revoked: None,
        };
        self.timeline.record(grant.trace, Event::Exchanged, now);
        self.grants.add(grant.clone(), now);
        self.issued(grant, now)
    }

    /// Rejects a frozen app, as `/sns` does.
    pub(super) fn check_not_frozen(&self, app: &str) -> Result<(), ApiError> {
        if self.app(app)?.is_frozen {
            Err(ApiError::USER_LIMITED)
        } else {
            Ok(())
        }
    }

    /// Returns `true` for a valid code of `wx.login` of the same app (docs/wechat.md#the-exchange).
    fn is_mini_program_code(&self, request: &Exchange<'_>, now: SystemTime) -> bool {
        let codes = &self.mini_programs.login_codes;
        let known = codes
            .get(request.code)
            .is_some_and(|(code, _)| code.app == request.app && now < code.expires);
        known && !self.setup.variants.mini_program_code_is_invalid
    }

    /// `/sns/oauth2/refresh_token`: extends the access token, or issues a new one if it has expired.
    ///
    /// The refresh token and its expiry stay the same.
    pub(crate) fn refresh(
        &mut self,
        app: &str,
        refresh_token: &str,
        now: SystemTime,
    ) -> Result<IssuedUserToken, ApiError> {
        self.check_not_frozen(app)?;
        let grant = self
            .grants
            .by_refresh_token
            .get(refresh_token)
            .filter(|grant| grant.app == app);
        let mut grant = grant.ok_or(ApiError::INVALID_REFRESH_TOKEN)?.clone();
        if let Some(why) = grant.revoked {
            return Err(why);
        }
        if now >= grant.refresh_expires {
            return Err(ApiError::REFRESH_TOKEN_EXPIRED);
        }
        if now >= grant.access_expires {
            grant.access_token = self.random.token();
        }
        grant.access_expires = now + self.setup.lifetimes.access_token;
        self.timeline.record(grant.trace, Event::Refreshed, now);
        self.grants.add(grant.clone(), now);
        self.issued(grant, now)
    }

    /// `/sns/auth`, and the first half of `/sns/userinfo`.
    pub(crate) fn check(
        &self,
        access_token: &str,
        openid: &str,
        now: SystemTime,
    ) -> Result<Profile, ApiError> {
        let grant = self.grants.of_access_token(access_token, now)?;
        self.check_not_frozen(&grant.app)?;
        let profile = self.profile(grant)?;
        if profile.openid == openid {
            Ok(profile)
        } else {
            Err(ApiError::INVALID_OPENID)
        }
    }

    /// `/sns/userinfo`: requires a scope that covers the profile.
    pub(crate) fn user_info(
        &mut self,
        access_token: &str,
        openid: &str,
        now: SystemTime,
    ) -> Result<Profile, ApiError> {
        let profile = self.check(access_token, openid, now)?;
        let grant = self.grants.of_access_token(access_token, now)?;
        if shows_profile(&grant.scope) {
            self.timeline.record(grant.trace, Event::Profile, now);
            Ok(profile)
        } else {
            Err(ApiError::API_UNAUTHORIZED)
        }
    }

    fn profile(&self, grant: &Grant) -> Result<Profile, ApiError> {
        let user = self.users.iter().find(|user| user.id == grant.user);
        let user = user.ok_or(ApiError::INVALID_CREDENTIAL)?;
        let user = if grant.snapshot {
            user.snapshot_user()
        } else {
            user.clone()
        };
        Ok(Profile {
            openid: user.openid(&grant.app),
            unionid: self
                .unionid(&grant.app, &user)
                .filter(|_| shows_profile(&grant.scope)),
            user,
        })
    }

    /// UnionID of a user, if the app is bound to the Open Platform account.
    pub(crate) fn unionid(&self, app: &str, user: &User) -> Option<String> {
        self.app(app)
            .is_ok_and(|app| app.is_bound)
            .then(|| user.unionid())
    }

    fn issued(&self, grant: Grant, now: SystemTime) -> Result<IssuedUserToken, ApiError> {
        let Profile {
            openid, unionid, ..
        } = self.profile(&grant)?;
        let scope = grant.scope;
        Ok(IssuedUserToken {
            expires_in: grant.access_expires.duration_since(now).unwrap_or_default(),
            access_token: grant.access_token,
            refresh_token: grant.refresh_token,
            openid,
            unionid,
            is_snapshot_user: grant.snapshot,
            scope,
        })
    }
}

/// Returns `true` if a token with these scopes may read the profile (docs/wechat.md#the-profile).
fn shows_profile(scopes: &str) -> bool {
    scopes
        .split(',')
        .any(|scope| matches!(scope, "snsapi_login" | "snsapi_userinfo"))
}
