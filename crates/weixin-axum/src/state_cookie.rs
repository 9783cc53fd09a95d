//! The cookies that tie logins to the browser that started them: one for each login in progress.

use std::{fmt::Write, time::Duration};

use data_encoding::BASE32_NOPAD;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use sha2::{Digest, Sha256};
use weixin::{CsrfToken, RedirectUri, app::AppKind};

/// How long a login may take. WeChat's QR page renews itself for as long as it is open: the user may scan after lunch.
pub(crate) const LOGIN_TIME: Duration = Duration::from_secs(2 * 60 * 60);

/// How long the same callback gets the same result.
pub(crate) const REPLAY_WINDOW: Duration = Duration::from_secs(60);

/// Most logins in progress in one browser. Without a limit, a stranger's page could fill the cookies of the whole host
/// until web servers reject every request.
const MAX_IN_PROGRESS: usize = 5;

/// Most cookies that are read: browsers keep no more than about this many for a host.
const MAX_READ: usize = 200;

/// Most cookies that a response removes, so that it stays small whatever a request contains.
const MAX_REMOVED: usize = 20;

/// Letters and digits of a token and of the state that is derived from it.
const LENGTH: usize = 22;

/// Letters of the redirect URI's hash in the name of a cookie, so that two logins on one host do not mix.
const TAG_LENGTH: usize = 4;

/// After the token of a login of the official account; no token of ours ends like this.
const INSIDE_WECHAT: char = '~';

/// How the cookies of one login are named and protected.
#[derive(Clone, Debug)]
pub(crate) struct StateCookies {
    /// All of the name before the state.
    prefix: String,
    is_secure: bool,
}

/// The content of one cookie.
#[derive(Clone, Debug)]
pub(crate) struct StateCookie {
    pub(crate) csrf: CsrfToken,
    /// The kind of app that the code will belong to.
    pub(crate) kind: AppKind,
}

impl StateCookies {
    /// `None` for plain HTTP elsewhere than on this machine: no browser would keep a protected cookie there.
    pub(crate) fn new(redirect_uri: &RedirectUri) -> Option<Self> {
        let url = redirect_uri.as_url();
        // `__Host-` keeps other hosts, sub-domains among them, from setting the cookie; `Secure` keeps it off plain HTTP.
        // On plain HTTP browsers reject both.
        let (is_secure, prefix) = match (url.scheme(), url.host_str()) {
            ("https", _) => (true, "__Host-weixin-"),
            (_, Some("localhost" | "127.0.0.1")) => (false, "weixin-"),
            _ => return None,
        };
        let digest = Sha256::digest(redirect_uri.to_string());
        let tag = BASE32_NOPAD.encode(&digest).to_ascii_lowercase();
        Some(Self {
            prefix: format!("{prefix}{}-", &tag[..TAG_LENGTH]),
            is_secure,
        })
    }

    /// The cookie of the login to which `state` claims to belong; nothing is verified here.
    pub(crate) fn find(&self, headers: &HeaderMap, state: &str) -> Option<StateCookie> {
        self.all(headers)
            .find_map(|(name, cookie)| (name == state).then_some(cookie))
    }

    /// The states of all logins in progress in this browser, the oldest first, which is the order that browsers send
    /// (RFC 6265, section 5.4).
    pub(crate) fn in_progress(&self, headers: &HeaderMap) -> Vec<String> {
        let mut states = Vec::new();
        for (state, _) in self.all(headers) {
            if !states.contains(&state) && states.len() < MAX_READ {
                states.push(state);
            }
        }
        states
    }

    /// Ends the oldest logins of this browser, so that with one more there are not too many.
    pub(crate) fn make_room(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let states = self.in_progress(headers);
        let too_many = (states.len() + 1).saturating_sub(MAX_IN_PROGRESS);
        let oldest = states.iter().take(too_many.min(MAX_REMOVED));
        oldest.filter_map(|state| self.remove(state)).collect()
    }

    /// The states of the logins that a log-out ends: the oldest and the newest, if there are too many. A completed login
    /// keeps its place, so that those in progress may be older or newer.
    pub(crate) fn to_end(&self, headers: &HeaderMap) -> Vec<String> {
        let mut states = self.in_progress(headers);
        if states.len() > MAX_REMOVED {
            states.drain(MAX_REMOVED / 2..states.len() - MAX_REMOVED / 2);
        }
        states
    }

    /// Stores the login while it is in progress.
    pub(crate) fn set(&self, state: &str, cookie: &StateCookie) -> Option<HeaderValue> {
        self.write(state, Some(cookie), LOGIN_TIME)
    }

    /// Ends the login, except for a repeat of the same callback.
    pub(crate) fn complete(&self, state: &str, cookie: &StateCookie) -> Option<HeaderValue> {
        self.write(state, Some(cookie), REPLAY_WINDOW)
    }

    /// Ends the login.
    pub(crate) fn remove(&self, state: &str) -> Option<HeaderValue> {
        self.write(state, None, Duration::ZERO)
    }

    fn write(
        &self,
        state: &str,
        cookie: Option<&StateCookie>,
        max_age: Duration,
    ) -> Option<HeaderValue> {
        let mut text = format!("{}{state}=", self.prefix);
        if let Some(cookie) = cookie {
            text.push_str(cookie.csrf.expose());
            if cookie.kind == AppKind::OfficialAccount {
                text.push(INSIDE_WECHAT);
            }
        }
        // `Strict` would keep the cookie from the callback, to which WeChat's site sends the browser.
        text.push_str("; HttpOnly; SameSite=Lax");
        if self.is_secure {
            text.push_str("; Secure");
        }
        // Browsers accept `__Host-` with this path only. Writing to a `String` cannot fail.
        let _ = write!(text, "; Path=/; Max-Age={}", max_age.as_secs());
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Cookies of exactly our shape, with their state. Names are compared as the bytes that they are: a decoded name
    /// would let `%5F%5FHost-…`, which a sub-domain may set, pass for `__Host-…`, which it may not.
    fn all<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> impl Iterator<Item = (String, StateCookie)> + 'a {
        let pairs = headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        pairs.filter_map(|pair| {
            // One that cannot be read, such as a name in Chinese, is no reason to miss the others.
            // Only what separates cookies is trimmed, as bytes: to a browser, a name that begins with another kind of
            // white space is not `__Host-…`, so that a sub-domain may set it.
            let (name, value) = str::from_utf8(pair.trim_ascii()).ok()?.split_once('=')?;
            let state = name.strip_prefix(&self.prefix)?;
            Some((is_ours(state).then(|| state.to_owned())?, parse(value)?))
        })
    }
}

fn parse(value: &str) -> Option<StateCookie> {
    let (token, kind) = match value.strip_suffix(INSIDE_WECHAT) {
        Some(token) => (token, AppKind::OfficialAccount),
        None => (value, AppKind::Website),
    };
    let csrf = is_ours(token).then(|| CsrfToken::new(token))?.ok()?;
    Some(StateCookie { csrf, kind })
}

/// Returns `true` for a text with the shape of our tokens and states.
pub(crate) fn is_ours(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "S123456789abcdefghijkl";
    const TOKEN: &str = "0123456789abcdefghijkl";

    fn cookies(redirect_uri: &str) -> StateCookies {
        StateCookies::new(&redirect_uri.parse().unwrap()).unwrap()
    }

    fn https() -> StateCookies {
        cookies("https://www.example.com/cb")
    }

    fn cookie(kind: AppKind) -> StateCookie {
        let csrf = CsrfToken::new(TOKEN).unwrap();
        StateCookie { csrf, kind }
    }

    fn headers(cookies: &[&[u8]]) -> HeaderMap {
        let values = cookies.iter().map(|bytes| HeaderValue::from_bytes(bytes));
        values.map(|value| (COOKIE, value.unwrap())).collect()
    }

    #[test]
    fn the_cookie_is_bound_to_its_host_and_kept_from_scripts_and_plain_http() {
        insta::assert_snapshot!(
            https().set(STATE, &cookie(AppKind::Website)).unwrap().to_str().unwrap(),
            @"__Host-weixin-oqpq-S123456789abcdefghijkl=0123456789abcdefghijkl; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=7200"
        );
        insta::assert_snapshot!(
            https().complete(STATE, &cookie(AppKind::OfficialAccount)).unwrap().to_str().unwrap(),
            @"__Host-weixin-oqpq-S123456789abcdefghijkl=0123456789abcdefghijkl~; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        insta::assert_snapshot!(
            https().remove(STATE).unwrap().to_str().unwrap(),
            @"__Host-weixin-oqpq-S123456789abcdefghijkl=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn only_on_this_machine_does_it_go_without() {
        for local in ["http://localhost:8080/cb", "http://127.0.0.1/cb"] {
            let set = cookies(local)
                .set(STATE, &cookie(AppKind::Website))
                .unwrap();
            let set = set.to_str().unwrap();
            assert!(
                set.starts_with("weixin-") && !set.contains("Secure"),
                "{set}"
            );
        }
        for elsewhere in [
            "http://www.example.com/cb",
            "http://localhost.example/cb",
            "http://127.0.0.2/cb",
        ] {
            assert!(
                StateCookies::new(&elsewhere.parse().unwrap()).is_none(),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        for kind in [AppKind::Website, AppKind::OfficialAccount] {
            let header = https().set(STATE, &cookie(kind)).unwrap();
            let (pair, _) = header.to_str().unwrap().split_once(';').unwrap();
            let headers = headers(&[format!("a=b; {pair}; c=d").as_bytes()]);
            let read = https().find(&headers, STATE).unwrap();
            assert_eq!((read.csrf.expose(), read.kind), (TOKEN, kind));
            assert!(https().find(&headers, TOKEN).is_none());
            assert_eq!(https().in_progress(&headers), [STATE]);
        }
    }

    #[test]
    fn a_name_that_only_decodes_to_ours_is_another_cookie() {
        for name in [
            "%5F%5FHost-weixin-oqpq-",
            "%5f%5fHost-weixin-oqpq-",
            "_%5FHost-weixin-oqpq-",
            "__Host%2Dweixin-oqpq-",
            "__host-weixin-oqpq-",
            "__Host-Weixin-oqpq-",
            "\"__Host-weixin-oqpq-",
            "__Host-weixin-",
            "weixin-oqpq-",
            "__Secure-weixin-oqpq-",
            "\u{3000}__Host-weixin-oqpq-",
            "\u{a0}__Host-weixin-oqpq-",
            "\u{85}__Host-weixin-oqpq-",
            "\u{2000}__Host-weixin-oqpq-",
            "\u{feff}__Host-weixin-oqpq-",
        ] {
            let headers = headers(&[format!("{name}{STATE}={TOKEN}").as_bytes()]);
            assert!(https().find(&headers, STATE).is_none(), "{name}");
            assert!(https().in_progress(&headers).is_empty(), "{name}");
        }
    }

    #[test]
    fn cookies_of_another_login_on_this_host_and_of_another_shape_are_not_ours() {
        let ours = format!("__Host-weixin-oqpq-{STATE}");
        for other in [
            format!("__Host-weixin-gateway={TOKEN}"),
            format!("__Host-weixin-oqpq-session={TOKEN}"),
            format!("{ours}x={TOKEN}"),
            format!("{ours}={TOKEN}x"),
            format!("{ours}={TOKEN}~~"),
            format!("{ours}=%30{}", &TOKEN[1..]),
            format!("{ours}="),
            ours.clone(),
        ] {
            let headers = headers(&[other.as_bytes()]);
            assert!(https().in_progress(&headers).is_empty(), "{other}");
        }
        let headers = headers(&[format!("{ours}={TOKEN}").as_bytes()]);
        let another = cookies("https://www.example.com/other/cb");
        assert!(another.in_progress(&headers).is_empty());
    }

    #[test]
    fn a_cookie_that_cannot_be_read_hides_no_other() {
        let ours = format!("__Host-weixin-oqpq-{STATE}={TOKEN}");
        for header in [
            format!("nick=小明; {ours}").into_bytes(),
            [b"x=\xff\xfe; ", ours.as_bytes(), b"; y=\xff"].concat(),
            format!(";;=; {ours} ;").into_bytes(),
            format!("%zz=%zz; {ours}").into_bytes(),
        ] {
            assert!(https().find(&headers(&[&header]), STATE).is_some());
        }
        // HTTP/2 may send each cookie as a header field of its own.
        let several = headers(&["nick=小明".as_bytes(), ours.as_bytes()]);
        assert!(https().find(&several, STATE).is_some());
    }

    #[test]
    fn of_a_browsers_logins_the_oldest_goes_when_there_are_more_than_five() {
        let state = |n: usize| format!("S{n:021}");
        let pair = |n| format!("__Host-weixin-oqpq-{}={TOKEN}", state(n));
        for (count, removed) in [(0, 0), (4, 0), (5, 1), (9, 5), (24, 20), (300, 20)] {
            let pairs: Vec<_> = (0..count).map(pair).collect();
            let headers = headers(&[pairs.join("; ").as_bytes()]);
            let room = https().make_room(&headers);
            let expected: Vec<_> = (0..removed)
                .map(|n| https().remove(&state(n)).unwrap())
                .collect();
            assert_eq!(room, expected, "{count} logins");
        }
    }

    #[test]
    fn each_login_in_progress_counts_once_and_no_more_than_a_browser_keeps_are_read() {
        let pair = |n: usize| format!("__Host-weixin-oqpq-S{n:021}={TOKEN}");
        let pairs: Vec<_> = (0..300).flat_map(|n| [pair(n), pair(n)]).collect();
        let headers = headers(&[pairs.join("; ").as_bytes()]);
        let expected: Vec<_> = (0..200).map(|n| format!("S{n:021}")).collect();
        assert_eq!(https().in_progress(&headers), expected);
    }
}
