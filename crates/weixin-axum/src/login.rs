//! A completed login.

use std::{fmt, sync::Arc};

use weixin::{AppId, Client, OpenId, Token, UnionId, User, UserIds};

use crate::{LoginError, ReturnPath, context::Context};

/// A completed login. As an extractor it verifies the callback and exchanges its code; make it the handler's last argument,
/// since the code is used even if a later extractor rejects the request.
///
/// The exchange runs as a task of its own: if the browser drops the request, its next callback gets the same login, for a
/// minute.
pub struct Login {
    pub(crate) token: Arc<Token>,
    pub(crate) client: Client,
    pub(crate) return_to: Option<ReturnPath>,
    pub(crate) state: String,
    pub(crate) is_repeat: bool,
    /// `None` in a test.
    pub(crate) context: Option<Context>,
    #[cfg(feature = "test-util")]
    pub(crate) user: Option<User>,
}

impl Login {
    /// The IDs of the user, by which to find or create the account. Nothing is sent.
    pub fn user_ids(&self) -> UserIds {
        self.token.user_ids()
    }

    /// The OpenID of the user.
    pub fn openid(&self) -> &OpenId {
        &self.token.openid
    }

    /// The UnionID of the user, if the app belongs to an Open Platform account.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.token.unionid.as_ref()
    }

    /// Reads the user's profile from WeChat. Not after a silent login, whose scope does not allow it.
    ///
    /// # Errors
    ///
    /// [`LoginError`] if WeChat rejects the call or cannot be reached.
    pub async fn user(&self) -> Result<User, LoginError> {
        #[cfg(feature = "test-util")]
        if let Some(user) = &self.user {
            return Ok(user.clone());
        }
        let user = self.client.user(&*self.token).await;
        user.map_err(|error| match &self.context {
            Some(context) => {
                let (context, return_to) = (context.clone(), self.return_to.clone());
                let failed = LoginError::because(Arc::new(error), context, return_to);
                failed.of_app(self.app_id())
            }
            None => error.into(),
        })
    }

    /// The return path of the login, verified by the state.
    pub fn return_to(&self) -> Option<&ReturnPath> {
        self.return_to.as_ref()
    }

    /// The `state` of the login: that of its repeats, and of no other login. A site that begins one session for each login
    /// keeps it in a unique column.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Returns `true` if this callback came before, within the last minute: another request has the same result.
    ///
    /// The response to that one may not have reached the browser, so a repeat usually logs in as well, and the handler can run
    /// twice for one login. A site that ends all logins of a user rejects the repeats of those logins.
    pub fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// The tokens of the user.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The app that the user has logged in to.
    pub fn app_id(&self) -> &AppId {
        &self.token.app
    }

    /// The calls of this app.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("token", &self.token)
            .field("return_to", &self.return_to)
            .field("is_repeat", &self.is_repeat)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "test-util")]
impl Login {
    /// A login for the unit test of a handler. [`user`](Self::user) returns this user; other calls fail.
    ///
    /// # Panics
    ///
    /// Never: the placeholder for the app secret is valid.
    #[expect(clippy::expect_used, reason = "a constant that is valid")]
    pub fn for_test(token: Token, user: User) -> Self {
        use weixin::{AppSecret, Website, transport};

        let unreachable =
            transport::from_fn(async |_request| Err(transport::TransportErrorKind::Connect.into()));
        let secret = AppSecret::new("test").expect("a valid secret");
        let website = Website::builder(token.app.clone(), secret).build_with(unreachable);
        Self {
            token: Arc::new(token),
            client: website.into(),
            return_to: None,
            state: "test".to_owned(),
            is_repeat: false,
            context: None,
            user: Some(user),
        }
    }

    /// The repeat of this login.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.is_repeat = true;
        self
    }

    /// This login with a return path.
    #[must_use]
    pub fn with_return_to(mut self, path: ReturnPath) -> Self {
        self.return_to = Some(path);
        self
    }
}
