//! The calls of a mini program's server.

use serde::Deserialize;
use serde_json::Value;
use tracing::{Span, field, instrument};

use super::{Decrypted, EncryptedData, MiniProgramUser, PayloadError, PhoneNumber, Session};
use crate::{
    AccessToken, AppId, AppKind, AppSecret, AppToken, AppTokens, Client, Code, ErrCode, Error,
    OpenId, VaultError,
    api::{
        envelope::Empty,
        request::{Call, Repeat},
    },
    secret::SessionKey,
};

const INVALID_SIGNATURE: ErrCode = ErrCode(87009);

impl Client {
    /// Redeems the code of `wx.login`. It works once; it is sent once and never repeated.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] (call `wx.login` again) if the code is unknown, spent or expired, or if the answer was
    /// lost; [`Error::is_configuration`] if app id or secret is wrong; [`Error::WrongKind`] for another kind of app.
    ///
    /// See `miniprogram/dev/server/API/user-login/api_code2session`.
    #[instrument(name = "weixin.session", skip_all, fields(app = %self.0.app, openid = field::Empty), err)]
    pub async fn session(&self, js_code: Code) -> Result<Session, Error> {
        self.check_mini_program("session")?;
        let session = self
            .call(&CodeToSession {
                app: &self.0.app,
                secret: &self.0.secret,
                js_code,
            })
            .await?;
        Span::current().record("openid", session.openid.as_str());
        Ok(session)
    }

    /// Decrypts the profile that the mini program handed over.
    ///
    /// Never log a user in by the IDs inside: they are those of the session that [`session`](Self::session) has
    /// returned, or they are forged. What else is inside is what the user likes to be called, and proves nothing.
    /// [`decrypt_phone`](Self::decrypt_phone) says why, and how to bound the attempts.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], which does not tell why.
    pub fn decrypt_user(
        &self,
        key: &SessionKey,
        data: &EncryptedData,
    ) -> Result<Decrypted<MiniProgramUser>, PayloadError> {
        data.decrypt(key, &self.0.app)
    }

    /// Decrypts the phone number that the mini program handed over. Prefer the code that newer mini programs hand over
    /// ([`phone_number`](Self::phone_number)): its number comes from WeChat, and this one comes from the user.
    ///
    /// # Security
    ///
    /// WeChat encrypts these payloads without authenticating them (AES-CBC, no MAC). Who can send a server payloads of
    /// one session, which is the user at least, can change them: in their first block without knowing anything, and in
    /// the others by the answers to many attempts. Therefore:
    ///
    /// - Never log in by what was decrypted, and take no account over by a decrypted phone number.
    /// - Bound the attempts: after ten payloads that were rejected, forget the session key and ask for a new
    ///   `wx.login`.
    /// - Answer all rejected payloads alike. The error is the same one for all of them, and takes as long as far as
    ///   that can be done.
    /// - Reject payloads that are older than a few minutes, by [`Decrypted::encrypted_at`]:
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use weixin::{Client, EncryptedData, PayloadError, SessionKey};
    /// # fn example(client: &Client, key: &SessionKey, data: &EncryptedData, now: SystemTime) -> Result<(), PayloadError> {
    /// let phone = client.decrypt_phone(key, data)?;
    /// let age = now.duration_since(phone.encrypted_at).unwrap_or_default();
    /// if age < Duration::from_mins(5) {
    ///     println!("{}", phone.data.pure_phone_number);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PayloadError`], which does not tell why.
    pub fn decrypt_phone(
        &self,
        key: &SessionKey,
        data: &EncryptedData,
    ) -> Result<Decrypted<PhoneNumber>, PayloadError> {
        data.decrypt(key, &self.0.app)
    }

    /// Reads the phone number behind a code of the phone number button, which works once. It is not the code of
    /// `wx.login`.
    ///
    /// # Errors
    ///
    /// [`VaultError::needs_login`] (the user must press the button again) if the code is unknown, spent or expired, or
    /// if the answer was lost; the others as [`AppTokens::get`].
    #[instrument(name = "weixin.phone_number", skip_all, fields(app = %self.0.app), err)]
    pub async fn phone_number(
        &self,
        tokens: &AppTokens,
        code: Code,
    ) -> Result<PhoneNumber, VaultError> {
        self.check_mini_program("phone_number")?;
        let answer = with_app_token(tokens, async |token: &AppToken| {
            let call = CodeToPhone {
                access_token: token.access_token(),
                code: &code,
            };
            self.call(&call).await
        });
        Ok(answer.await?.phone_info)
    }

    /// Asks whether a session key is still the latest of its user.
    ///
    /// # Errors
    ///
    /// As [`AppTokens::get`]; an open id of another app is [`ErrCode::INVALID_OPENID`].
    #[instrument(name = "weixin.check_session", skip_all, fields(app = %self.0.app), err)]
    pub async fn check_session(
        &self,
        tokens: &AppTokens,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<bool, VaultError> {
        self.check_mini_program("check_session")?;
        let signature = key.signature();
        let checked = with_app_token(tokens, async |token: &AppToken| {
            let call = CheckSession {
                access_token: token.access_token(),
                openid,
                signature: &signature,
            };
            self.call(&call).await
        });
        match checked.await {
            Ok(Empty { .. }) => Ok(true),
            Err(VaultError::Weixin(Error::Api(error))) if error.code == INVALID_SIGNATURE => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn check_mini_program(&self, call: &'static str) -> Result<(), Error> {
        let instead = "use `exchange`, and `user` for the profile";
        self.0.kind.must_be(&[AppKind::MiniProgram], call, instead)
    }
}

/// Calls with the app's token; if WeChat refuses it, once more with another one.
async fn with_app_token<T>(
    tokens: &AppTokens,
    call: impl AsyncFn(&AppToken) -> Result<T, Error>,
) -> Result<T, VaultError> {
    let token = tokens.get().await?;
    match call(&token).await {
        Err(error) if error.needs_refresh() => {
            let token = tokens.renew(&token).await?;
            Ok(call(&token).await?)
        }
        outcome => Ok(outcome?),
    }
}

/// `/sns/jscode2session`
struct CodeToSession<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
    js_code: Code,
}

impl Call for CodeToSession<'_> {
    const PATH: &'static str = "/sns/jscode2session";
    type Output = Session;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("appid", self.app.as_str()),
            ("secret", self.secret.expose()),
            ("js_code", self.js_code.expose()),
            ("grant_type", "authorization_code"),
        ]
    }

    fn repeat(&self) -> Repeat {
        Repeat::SpendsCode
    }
}

/// `/wxa/business/getuserphonenumber`, whose code is read from the body only
struct CodeToPhone<'a> {
    access_token: &'a AccessToken,
    code: &'a Code,
}

#[derive(Deserialize)]
struct Phone {
    phone_info: PhoneNumber,
}

impl Call for CodeToPhone<'_> {
    const PATH: &'static str = "/wxa/business/getuserphonenumber";
    type Output = Phone;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![("access_token", self.access_token.expose())]
    }

    fn body(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![("code", self.code.expose().into())])
    }

    fn repeat(&self) -> Repeat {
        Repeat::SpendsCode
    }
}

/// `/wxa/checksession`
struct CheckSession<'a> {
    access_token: &'a AccessToken,
    openid: &'a OpenId,
    signature: &'a str,
}

impl Call for CheckSession<'_> {
    const PATH: &'static str = "/wxa/checksession";
    type Output = Empty;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("access_token", self.access_token.expose()),
            ("signature", self.signature),
            ("openid", self.openid.as_str()),
            ("sig_method", "hmac_sha256"),
        ]
    }

    fn repeat(&self) -> Repeat {
        Repeat::Harmless
    }
}
