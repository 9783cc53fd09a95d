//! Properties of every redirect URI and every state.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::Value;
use url::{Host, Url};
use weixin::{
    AppSecret, Callback, ConsentOptions, CsrfToken, Endpoints, Error, OfficialAccount,
    QrPageOptions, RedirectUri, Website,
    transport::{self, TransportErrorKind},
};

/// URLs, near misses, and texts that look like one.
fn urls() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec![
        "http://", "https://", "HTTPS://", "https:/", "https:", "ftp://", "//", "",
    ]);
    let user = prop::sample::select(vec!["", "", "", "joe@", "joe:pw@", "\\"]);
    let host = prop_oneof![
        "[a-z]{1,8}\\.example",
        Just("localhost".to_owned()),
        Just("127.0.0.1".to_owned()),
        Just("[::1]".to_owned()),
        Just("微信.example".to_owned()),
        Just("shop%2eexample".to_owned()),
        Just("ｓｈｏｐ.example".to_owned()),
        Just("/shop.example".to_owned()),
        Just("0x7f.1".to_owned()),
        "[ -~]{0,8}",
    ];
    let port = prop::sample::select(vec!["", "", "", ":80", ":443", ":8080", ":", ":x"]);
    let rest = prop_oneof![
        Just(String::new()),
        "/[a-z]{0,8}(\\?[a-zA-Z0-9=&%+/;]{0,16})?",
        "/[a-z]{0,8}#?[ -~é微\t]{0,8}",
        "/\\?(a=b&)?(state|code|%73tate|co%64e|State|x)(=[a-z]{0,4})?",
    ];
    (scheme, user, host, port, rest)
        .prop_map(|(scheme, user, host, port, rest)| [scheme, user, &host, port, &rest].concat())
}

/// Apps that accept every redirect URI, since their login page is not WeChat's. Nothing is sent.
fn apps() -> (Website, OfficialAccount) {
    let secret = || AppSecret::new("unused").unwrap();
    let id = || "wx0123456789abcdef".parse().unwrap();
    let endpoints = || Endpoints::single("http://open.weixin.qq.com".parse().unwrap());
    let transport = || transport::from_fn(async |_| Err(TransportErrorKind::Other.into()));
    let website = Website::builder(id(), secret()).endpoints(endpoints());
    let account = OfficialAccount::builder(id(), secret()).endpoints(endpoints());
    (
        website.build_with(transport()),
        account.build_with(transport()),
    )
}

/// The parameters of a URL, decoded as a server decodes them.
fn parameters(url: &Url) -> Vec<(String, String)> {
    assert_eq!(url.host_str(), Some("open.weixin.qq.com"));
    assert_eq!(url.fragment(), Some("wechat_redirect"));
    url.query_pairs().into_owned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_accepted_redirect_uri_follows_every_rule(text in urls()) {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(uri.to_string(), text.as_str());
            prop_assert_eq!(uri.as_url(), &url);
            prop_assert!(matches!(url.scheme(), "http" | "https"));
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(url.fragment().is_none());
            prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\'));
            // Read as a careless server would, without a parser: the same host, and no parameter of WeChat's.
            let (_, rest) = text.split_once("://").unwrap();
            let authority = rest.split(['/', '?']).next().unwrap();
            let host = authority.strip_suffix(&format!(":{}", url.port_or_known_default().unwrap()));
            prop_assert_eq!(host.unwrap_or(authority).to_lowercase(), url.host_str().unwrap());
            let query = text.split_once('?').map_or("", |(_, query)| query);
            let callback = format!("{query}&code=071v&state=s1");
            let code = Callback::parse(&callback).and_then(|callback| callback.verify(&CsrfToken::from_state("s1").unwrap()));
            let code = code.unwrap();
            prop_assert_eq!(code.expose(), "071v");
        }
    }

    #[test]
    fn a_console_accepts_domains_without_a_port_and_nothing_else(text in urls()) {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            let is_domain = matches!(uri.as_url().host(), Some(Host::Domain(host)) if host.contains('.')
                && !host.split('.').any(str::is_empty) && !host.ends_with(".localhost"));
            let expected = is_domain && uri.as_url().port().is_none();
            prop_assert_eq!(uri.check_registrable().is_ok(), expected, "{}", text);
        }
    }

    #[test]
    fn wechat_reads_the_redirect_uri_as_it_was_given(text in urls()) {
        let Ok(uri) = text.parse::<RedirectUri>() else { return Ok(()); };
        let (website, account) = apps();
        let (csrf, options) = (CsrfToken::random().unwrap(), QrPageOptions::new());
        let qr_page = website.authorize_url(&uri, &csrf, &options).unwrap();
        let consent = account.authorize_url(&uri, &csrf, &ConsentOptions::new()).unwrap();
        for url in [&qr_page, &consent] {
            let parameters = parameters(url);
            let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).take(5).collect();
            prop_assert_eq!(names, ["appid", "redirect_uri", "response_type", "scope", "state"]);
            prop_assert_eq!(&parameters[1].1, &text);
            prop_assert_eq!(&parameters[4].1, &csrf.state());
        }
        // wxLogin.js puts its settings into the URL of the page as they are.
        let qr = website.embedded_qr(&uri, &csrf, &options).unwrap();
        let settings = qr.settings("qr");
        prop_assert!(!settings.contains("</"));
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let query = format!("redirect_uri={}", settings["redirect_uri"].as_str().unwrap());
        let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].1, &text);
    }

    #[test]
    fn inside_wechat_a_state_has_at_most_128_letters_and_digits(text in "[0-9A-Za-z]{1,140}|[!-~]{1,20}") {
        let redirect_uri: RedirectUri = "https://shop.example/".parse().unwrap();
        let csrf = CsrfToken::from_state(text.as_str()).unwrap();
        let is_valid = text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match apps().1.authorize_url(&redirect_uri, &csrf, &ConsentOptions::new()) {
            Ok(url) => prop_assert!(is_valid && url.as_str().contains(&text)),
            Err(error) => prop_assert!(!is_valid && matches!(error, Error::Parse(_)), "{}", error),
        }
    }

    #[test]
    fn the_qr_page_returns_any_state(text in "[!-~]{1,200}") {
        let redirect_uri: RedirectUri = "https://shop.example/".parse().unwrap();
        let csrf = CsrfToken::from_state(text.as_str()).unwrap();
        let url = apps().0.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new()).unwrap();
        prop_assert_eq!(&parameters(&url)[4].1, &text);
    }

    #[test]
    fn a_token_with_anything_but_visible_ascii_is_rejected(text in any::<String>()) {
        let is_valid = (1..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        prop_assert_eq!(CsrfToken::from_state(text.as_str()).is_ok(), is_valid);
        prop_assert_eq!(CsrfToken::new(text).is_ok(), is_valid);
    }
}
