//! The calls of a mini program's server.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tracing::{Span, field, instrument};

use super::{
    Decrypted, EncryptedData, JsCode, PayloadError, PhoneCode, PhoneNumber, Profile, Session,
    SessionKey,
};
use crate::{
    api::{Call, Empty, Idempotency},
    app::AppKind,
    builder::{AppBuilder, sealed::Kind},
    client::Client,
    error::{ErrCode, Error},
    identity::{AppId, OpenId},
    secret::AppSecret,
    store::Store,
    tokens::{AppToken, AppTokens},
};

const INVALID_SIGNATURE: ErrCode = ErrCode(87009);

/// A mini program (小程序): `wx.login` gives it a code, which its server turns into a session.
///
/// ```no_run
/// # async fn example(program: weixin::MiniProgram, code: String) -> Result<(), weixin::Error> {
/// use weixin::{UserIds, mini_program::JsCode};
///
/// let session = program.session(JsCode::new(code)?).await?;
/// let ids = UserIds::new(program.id().clone(), session.openid, session.unionid);
/// // Find or create the account by these IDs. Respond with a session ID of your own, which the mini program sends with each
/// // request: it keeps no cookies. The session key stays on the server.
/// # let _ = ids;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MiniProgram(pub(crate) Client);

impl Kind for MiniProgram {
    const KIND: AppKind = AppKind::MiniProgram;

    fn new(client: Client) -> Self {
        Self(client)
    }
}

impl MiniProgram {
    /// A mini program with the bundled HTTP client and the default options.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if TLS cannot be set up on this machine.
    #[cfg(feature = "reqwest")]
    pub fn new(id: AppId, secret: AppSecret) -> Result<Self, Error> {
        Self::builder(id, secret).build()
    }

    /// A mini program with options.
    pub fn builder(id: AppId, secret: AppSecret) -> AppBuilder<Self> {
        AppBuilder::new(id, secret)
    }

    /// The app ID.
    pub fn id(&self) -> &AppId {
        self.0.app_id()
    }

    /// The access token of this mini program itself, by WeChat's stable endpoint (`/cgi-bin/stable_token`).
    pub fn app_tokens(&self, store: impl Store + 'static) -> AppTokens {
        AppTokens::new(self.0.clone(), store)
    }

    /// Exchanges the code of `wx.login` for a session. The code is single-use: it is sent once, and never again.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] (call `wx.login` again) if the code is unknown, used or expired, or if the response was
    /// lost; [`Error::is_configuration`] if app ID or secret is wrong.
    ///
    /// See docs/wechat.md#the-session.
    #[instrument(name = "weixin.session", skip_all, fields(app = %self.id(), openid = field::Empty), err(level = "debug"))]
    pub async fn session(&self, code: JsCode) -> Result<Session, Error> {
        let call = CodeToSession {
            app: self.id(),
            secret: &self.0.0.secret,
            js_code: code,
        };
        let session = self.0.call(&call).await?;
        Span::current().record("openid", session.openid.as_str());
        Ok(session)
    }

    /// Decrypts a profile payload.
    ///
    /// Never log a user in by decrypted IDs, only by those of [`session`](Self::session).
    /// [`decrypt_phone`](Self::decrypt_phone) says why, and how to limit the attempts.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], without the reason.
    pub fn decrypt_profile(
        &self,
        key: &SessionKey,
        data: &EncryptedData,
    ) -> Result<Decrypted<Profile>, PayloadError> {
        data.decrypt(key, self.id())
    }

    /// Decrypts a phone number payload. Prefer the code of newer mini programs ([`phone_number`](Self::phone_number)): it
    /// returns a number that comes from WeChat, not from the user.
    ///
    /// # Security
    ///
    /// WeChat encrypts these payloads without authenticating them (docs/wechat.md#encrypted-payloads). A client that can send payloads of a
    /// session, which is at least its user, can change the first block without knowing anything, and the others by the
    /// responses to many attempts. Therefore:
    ///
    /// - Never log in by decrypted data, and hand over no account because of a decrypted phone number.
    /// - Limit the attempts: after ten rejected payloads, delete the session key and require a new `wx.login`.
    /// - Respond to all rejected payloads alike. The error is the same, and takes the same time as far as possible.
    /// - Reject payloads that are older than a few minutes, by [`Decrypted::encrypted_at`]:
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use weixin::{MiniProgram, mini_program::{EncryptedData, PayloadError, SessionKey}};
    /// # fn example(app: &MiniProgram, key: &SessionKey, data: &EncryptedData, now: SystemTime) -> Result<(), PayloadError> {
    /// let phone = app.decrypt_phone(key, data)?;
    /// let age = now.duration_since(phone.encrypted_at).unwrap_or_default();
    /// if age < Duration::from_secs(5 * 60) {
    ///     println!("{}", phone.data.pure_phone_number);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PayloadError`], without the reason.
    pub fn decrypt_phone(
        &self,
        key: &SessionKey,
        data: &EncryptedData,
    ) -> Result<Decrypted<PhoneNumber>, PayloadError> {
        data.decrypt(key, self.id())
    }

    /// Reads the phone number of a code of the phone number button. The code is single-use.
    ///
    /// See docs/wechat.md#phone-numbers.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] (let the user press the button again) if the code is unknown, used or expired, or if the
    /// response was lost; the others as [`AppTokens::get`].
    #[instrument(name = "weixin.phone_number", skip_all, fields(app = %self.id()), err(level = "debug"))]
    pub async fn phone_number(
        &self,
        tokens: &AppTokens,
        code: PhoneCode,
    ) -> Result<PhoneNumber, Error> {
        let call = |token| CodeToPhone { token, code: &code };
        Ok(self.with_app_token(tokens, call).await?.phone_info)
    }

    /// Asks WeChat whether a session key is the latest of its user.
    ///
    /// # Errors
    ///
    /// As [`AppTokens::get`]; an OpenID of another app is [`ErrCode::INVALID_OPENID`].
    #[instrument(name = "weixin.check_session", skip_all, fields(app = %self.id()), err(level = "debug"))]
    pub async fn check_session(
        &self,
        tokens: &AppTokens,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<bool, Error> {
        let signature = key.signature();
        let call = |token| CheckSession {
            token,
            openid,
            signature: &signature,
        };
        match self.with_app_token(tokens, call).await {
            Ok(Empty { .. }) => Ok(true),
            Err(Error::Api(error)) if error.code == INVALID_SIGNATURE => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Calls with the app's token; if WeChat rejects it, once more with a renewed one.
    async fn with_app_token<C: Call + Send + Sync>(
        &self,
        tokens: &AppTokens,
        call: impl Fn(Arc<AppToken>) -> C + Send,
    ) -> Result<C::Output, Error> {
        let token = tokens.get().await?;
        match self.0.call(&call(Arc::clone(&token))).await {
            Err(error) if error.needs_refresh() => {
                let token = tokens.renew(&token).await?;
                self.0.call(&call(token)).await
            }
            outcome => outcome,
        }
    }
}

/// `/sns/jscode2session`
struct CodeToSession<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
    js_code: JsCode,
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

    fn idempotency(&self) -> Idempotency {
        Idempotency::OneTime
    }
}

/// `/wxa/business/getuserphonenumber`, which reads the code from the body only (docs/wechat.md#phone-numbers)
struct CodeToPhone<'a> {
    token: Arc<AppToken>,
    code: &'a PhoneCode,
}

#[derive(Deserialize)]
struct Phone {
    phone_info: PhoneNumber,
}

impl Call for CodeToPhone<'_> {
    const PATH: &'static str = "/wxa/business/getuserphonenumber";
    type Output = Phone;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![("access_token", self.token.access_token().expose())]
    }

    fn body(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![("code", self.code.expose().into())])
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::OneTime
    }
}

/// `/wxa/checksession`
struct CheckSession<'a> {
    token: Arc<AppToken>,
    openid: &'a OpenId,
    signature: &'a str,
}

impl Call for CheckSession<'_> {
    const PATH: &'static str = "/wxa/checksession";
    type Output = Empty;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("access_token", self.token.access_token().expose()),
            ("signature", self.signature),
            ("openid", self.openid.as_str()),
            ("sig_method", "hmac_sha256"),
        ]
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }
}
