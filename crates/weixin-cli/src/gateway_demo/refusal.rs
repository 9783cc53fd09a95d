//! A user who refuses: WeChat's part is played here, since its QR page stays open when the user cancels on the phone.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header::LOCATION},
    middleware::Next,
    response::Response,
};
use url::{Url, form_urlencoded};

use super::{login::Attempt, site::Site};

/// Sends the browser back from WeChat before it arrives there, if the user is to refuse.
pub(super) async fn refuse(State(site): State<Site>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let state = value(query, "state").unwrap_or_default();
    let is_refused = site.0.visits.attempt(&state) == Some(Attempt::Refused);
    let mut response = next.run(request).await;
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|url| url.to_str().ok());
    let to_wechat = location.filter(|url| is_refused && url.starts_with(site.0.sim.url()));
    if let Some(callback) = to_wechat.and_then(refused) {
        response.headers_mut().insert(LOCATION, callback);
    }
    response
}

/// The callback of a refused login, as WeChat documents it: with the state, without a code.
fn refused(to_wechat: &str) -> Option<HeaderValue> {
    let url = Url::parse(to_wechat).ok()?;
    let query = url.query()?;
    let mut callback = Url::parse(&value(query, "redirect_uri")?).ok()?;
    callback
        .query_pairs_mut()
        .append_pair("state", &value(query, "state")?);
    HeaderValue::try_from(callback.as_str()).ok()
}

/// The value of a parameter.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_returns_without_a_code() {
        let page = "http://127.0.0.1:9300/connect/qrconnect?appid=wx1&redirect_uri=http%3A%2F%2Flocalhost%3A8090%2Fcallback%3Fto%3Dx&response_type=code&state=s#wechat_redirect";
        assert_eq!(
            refused(page).unwrap(),
            "http://localhost:8090/callback?to=x&state=s"
        );
        assert_eq!(refused("http://127.0.0.1:9300/"), None);
    }
}
