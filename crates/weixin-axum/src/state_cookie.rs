//! The cookie that ties a login to the browser that started it: one for each login in progress.

use cookie::{Cookie, SameSite, time::Duration};
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, COOKIE, REFERRER_POLICY, SET_COOKIE},
};
use weixin::{AppKind, RedirectUri, State};

use crate::ReturnPath;

/// How long a login may take.
const IN_PROGRESS: Duration = Duration::minutes(10);
/// How long the same callback may come again.
const SPENT: Duration = Duration::seconds(60);

/// Characters of the state in the name of its cookie, so that two tabs do not share one.
const NAME_LENGTH: usize = 8;

/// Behind the state of a login of the official account; no state of ours ends so.
const INSIDE_WECHAT: &str = "~";

/// How cookies of this site are named and protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Site {
    /// `__Host-` keeps other hosts from planting the cookie; `Secure` keeps it off plain HTTP.
    Https,
    /// Plain HTTP on this machine, where browsers refuse both.
    Localhost,
}

impl Site {
    /// `None` for plain HTTP anywhere else: no browser would keep a protected cookie there.
    pub(crate) fn of(redirect_uri: &RedirectUri) -> Option<Self> {
        let url = redirect_uri.url();
        match (url.scheme(), url.host_str()) {
            ("https", _) => Some(Self::Https),
            (_, Some("localhost" | "127.0.0.1")) => Some(Self::Localhost),
            _ => None,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Https => "__Host-weixin-",
            Self::Localhost => "weixin-",
        }
    }
}

/// What the cookie remembers.
#[derive(Clone, Debug)]
pub(crate) struct StateCookie {
    site: Site,
    pub(crate) state: State,
    /// Which app the code will belong to.
    pub(crate) kind: AppKind,
    pub(crate) return_to: Option<ReturnPath>,
}

impl StateCookie {
    pub(crate) fn new(site: Site, state: State, kind: AppKind) -> Self {
        Self {
            site,
            state,
            kind,
            return_to: None,
        }
    }

    /// The cookie of the login that `state` claims to belong to; the state is not compared here.
    pub(crate) fn find(site: Site, headers: &HeaderMap, state: &str) -> Option<Self> {
        let wanted = name(site, state);
        let cookie = cookies(headers).find(|cookie| cookie.name() == wanted)?;
        let (state, return_to) = cookie
            .value()
            .split_once('.')
            .unwrap_or((cookie.value(), ""));
        let (state, kind) = match state.strip_suffix(INSIDE_WECHAT) {
            Some(state) => (state, AppKind::OfficialAccount),
            None => (state, AppKind::Website),
        };
        Some(Self {
            site,
            state: State::from_stored(state),
            kind,
            return_to: return_to.parse().ok(),
        })
    }

    /// Whether this browser has any login in progress.
    pub(crate) fn any(site: Site, headers: &HeaderMap) -> bool {
        cookies(headers).any(|cookie| cookie.name().starts_with(site.prefix()))
    }

    /// Keeps the login in this browser while it lasts.
    pub(crate) fn keep(&self) -> Option<HeaderValue> {
        self.header(IN_PROGRESS)
    }

    /// Ends it, but for a repeat of the same callback.
    pub(crate) fn spend(&self) -> ForgetState {
        ForgetState(self.header(SPENT))
    }

    /// Ends it.
    pub(crate) fn remove(&self) -> ForgetState {
        ForgetState(self.header(Duration::ZERO))
    }

    fn header(&self, max_age: Duration) -> Option<HeaderValue> {
        let mut value = self.state.as_str().to_owned();
        if self.kind == AppKind::OfficialAccount {
            value.push_str(INSIDE_WECHAT);
        }
        if let Some(path) = &self.return_to {
            value.push('.');
            value.push_str(path.as_str());
        }
        let cookie = Cookie::build((name(self.site, self.state.as_str()), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.site == Site::Https)
            .max_age(max_age)
            .build();
        // `None` cannot happen to a state of ours; one of the caller's may hold anything.
        HeaderValue::try_from(cookie.encoded().to_string()).ok()
    }
}

/// A part of the response that ends a login in this browser: for a minute the same callback may
/// come again, then the state is worth nothing. It also keeps the callback's address, which holds the
/// code, out of caches and `Referer`. Put it in front: `(login.forget, Redirect::to("/"))`.
#[derive(Clone, Debug)]
#[must_use = "make it a part of the response"]
pub struct ForgetState(Option<HeaderValue>);

impl ForgetState {
    /// The headers, for a response of any framework; a response may have other cookies of its own.
    pub fn into_headers(self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(cookie) = self.0 {
            headers.append(SET_COOKIE, cookie);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers
    }
}

fn name(site: Site, state: &str) -> String {
    let id: String = state
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(NAME_LENGTH)
        .collect();
    format!("{}{id}", site.prefix())
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse_encoded)
        .filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(redirect_uri: &str) -> StateCookie {
        let site = Site::of(&redirect_uri.parse().unwrap()).unwrap();
        let mut cookie = StateCookie::new(
            site,
            State::from_stored("0123456789abcdefghijkl"),
            AppKind::Website,
        );
        cookie.return_to = Some("/cart?a=\"1\";b".parse().unwrap());
        cookie
    }

    #[test]
    fn the_cookie_is_bound_to_its_host_and_kept_from_scripts_and_plain_http() {
        insta::assert_snapshot!(
            cookie("https://www.example.com/cb").keep().unwrap().to_str().unwrap(),
            @"__Host-weixin-01234567=0123456789abcdefghijkl.%2Fcart%3Fa%3D%221%22%3Bb; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
        );
    }

    #[test]
    fn only_on_this_machine_does_it_go_without() {
        for local in ["http://localhost:8080/cb", "http://127.0.0.1/cb"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(
                    cookie(local).keep().unwrap().to_str().unwrap(),
                    @"weixin-01234567=0123456789abcdefghijkl.%2Fcart%3Fa%3D%221%22%3Bb; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"
                );
            }
        }
        for elsewhere in [
            "http://www.example.com/cb",
            "http://localhost.example/cb",
            "http://127.0.0.2/cb",
        ] {
            assert_eq!(Site::of(&elsewhere.parse().unwrap()), None, "{elsewhere}");
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let written = cookie("https://www.example.com/cb");
        let header = written.keep().unwrap();
        let pair = header
            .to_str()
            .unwrap()
            .split_once(';')
            .unwrap()
            .0
            .to_owned();
        let headers = HeaderMap::from_iter([(
            COOKIE,
            HeaderValue::try_from(format!("a=b; {pair}")).unwrap(),
        )]);
        let read = StateCookie::find(Site::Https, &headers, "0123456789abcdefghijkl").unwrap();
        assert!(read.state.matches(written.state.as_str()));
        assert_eq!(read.return_to, written.return_to);
        assert!(StateCookie::find(Site::Https, &headers, "another").is_none());
        assert!(StateCookie::find(Site::Localhost, &headers, "0123456789abcdefghijkl").is_none());
        assert!(StateCookie::any(Site::Https, &headers));
    }

    #[test]
    fn it_knows_which_app_the_code_will_belong_to() {
        for kind in [AppKind::Website, AppKind::OfficialAccount] {
            let state = State::from_stored("0123456789abcdefghijkl");
            let written = StateCookie::new(Site::Https, state, kind).keep().unwrap();
            let pair = written.to_str().unwrap().split(';').next().unwrap();
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pair).unwrap())]);
            let read = StateCookie::find(Site::Https, &headers, "0123456789abcdefghijkl").unwrap();
            assert_eq!(
                (read.kind, read.state.as_str()),
                (kind, "0123456789abcdefghijkl")
            );
        }
    }
}
