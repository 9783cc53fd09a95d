//! What the client and the gateway know of each other before the first login.

/// The client ID of the demo.
pub(crate) const CLIENT_ID: &str = "demo";
/// The path of the client's redirect URI.
pub(crate) const REDIRECT_PATH: &str = "/demo/callback";

/// What the client is configured with: nothing but this.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) issuer: String,
    pub(crate) secret: String,
    pub(crate) redirect_uri: String,
}
