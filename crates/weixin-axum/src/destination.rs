//! The redirect URI of one login, with its return path, and the state that covers both.

use weixin::{CsrfToken, Error, Language, QrPageOptions, RedirectUri};

use crate::{
    ReturnPath, WebLogin,
    parameters::{RESTARTED, RETURN_TO},
};

/// The redirect URI of one login, and the token whose state covers it.
pub(crate) struct Destination {
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) csrf: CsrfToken,
}

impl WebLogin {
    /// The redirect URI of one login, and the token whose state covers it.
    pub(crate) fn destination(
        &self,
        csrf: &CsrfToken,
        return_to: Option<&ReturnPath>,
        is_restart: bool,
    ) -> Result<Destination, Error> {
        let csrf = self.bound(csrf.clone(), return_to);
        if return_to.is_none() && !is_restart {
            let redirect_uri = self.0.redirect_uri.clone();
            return Ok(Destination { redirect_uri, csrf });
        }
        let mut url = self.0.redirect_uri.as_url().clone();
        if is_restart {
            url.query_pairs_mut().append_pair(RESTARTED, "1");
        }
        if let Some(path) = return_to {
            url.query_pairs_mut()
                .append_pair(RETURN_TO, &path.in_query());
        }
        let redirect_uri = RedirectUri::try_from(url)?;
        Ok(Destination { redirect_uri, csrf })
    }

    /// Binds a token to the redirect URI, so that a state of another login on this host is worth nothing here, and to the
    /// return path, so that it cannot be exchanged in the callback's URL.
    pub(crate) fn bound(&self, csrf: CsrfToken, return_to: Option<&ReturnPath>) -> CsrfToken {
        let return_to = return_to.map(ReturnPath::in_query).unwrap_or_default();
        csrf.bound_to(&format!("{} {return_to}", self.0.redirect_uri))
    }
}

/// The QR page in the browser's language; WeChat's default is Chinese (docs/wechat.md#the-authorize-url).
pub(crate) fn in_language(options: QrPageOptions, language: Language) -> QrPageOptions {
    match language {
        Language::English => options.language(Language::English),
        _ => options,
    }
}
