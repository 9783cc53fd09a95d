//! The methods that websites, official accounts and mobile apps have in common.

/// Implements for a newtype of [`Client`](crate::Client) what each kind with user tokens has. A macro, so that every kind
/// has its methods on its own page, without a trait to import.
macro_rules! login_app {
    ($app:ident) => {
        impl $app {
            /// An app with the bundled HTTP client and the default options.
            ///
            /// # Errors
            ///
            /// [`Error::Transport`](crate::Error::Transport) if TLS cannot be set up on this machine.
            #[cfg(feature = "reqwest")]
            pub fn new(id: crate::AppId, secret: crate::AppSecret) -> Result<Self, crate::Error> {
                Self::builder(id, secret).build()
            }

            /// An app with options.
            pub fn builder(
                id: crate::AppId,
                secret: crate::AppSecret,
            ) -> crate::app::AppBuilder<Self> {
                crate::app::AppBuilder::new(id, secret)
            }

            /// The app ID.
            pub fn id(&self) -> &crate::AppId {
                self.0.app_id()
            }

            /// The calls that all kinds of login apps share.
            pub fn client(&self) -> &crate::Client {
                &self.0
            }

            /// Exchanges a code for a token; see [`Client::exchange`](crate::Client::exchange).
            ///
            /// # Errors
            ///
            /// [`Error::needs_login`](crate::Error::needs_login) if the code is unknown, used or expired, or if the
            /// response was lost; [`Error::is_configuration`](crate::Error::is_configuration) if app ID or secret is
            /// wrong.
            pub async fn exchange(&self, code: crate::Code) -> Result<crate::Token, crate::Error> {
                self.0.exchange(code).await
            }

            /// Refreshes an access token; see [`Client::refresh`](crate::Client::refresh).
            ///
            /// # Errors
            ///
            /// [`Error::needs_login`](crate::Error::needs_login) if the refresh token is wrong or has expired.
            pub async fn refresh(
                &self,
                token: &crate::tokens::RefreshToken,
            ) -> Result<crate::Token, crate::Error> {
                self.0.refresh(token).await
            }

            /// Asks WeChat whether an access token is valid for its user; see [`Client::check`](crate::Client::check).
            ///
            /// # Errors
            ///
            /// An error if WeChat could not be asked; an invalid token is no error.
            pub async fn check(
                &self,
                bearer: impl Into<crate::tokens::Bearer<'_>>,
            ) -> Result<crate::tokens::TokenStatus, crate::Error> {
                self.0.check(bearer).await
            }

            /// Reads a user's profile; see [`Client::user`](crate::Client::user).
            ///
            /// # Errors
            ///
            /// [`Error::needs_refresh`](crate::Error::needs_refresh) if the access token has expired;
            /// [`Error::needs_login`](crate::Error::needs_login) if the user has withdrawn.
            pub async fn user(
                &self,
                bearer: impl Into<crate::tokens::Bearer<'_>>,
            ) -> Result<crate::User, crate::Error> {
                self.0.user(bearer).await
            }
        }

        impl From<$app> for crate::Client {
            fn from(app: $app) -> Self {
                app.0
            }
        }

        impl From<&$app> for crate::Client {
            fn from(app: &$app) -> Self {
                app.0.clone()
            }
        }

        impl crate::builder::sealed::Kind for $app {
            const KIND: crate::app::AppKind = crate::app::AppKind::$app;

            fn new(client: crate::Client) -> Self {
                Self(client)
            }
        }
    };
}
