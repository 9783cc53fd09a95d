//! What holds for every callback address and every state, whatever is in it.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::Value;
use url::{Host, Url};
use weixin::{AuthorizeRequest, Callback, CsrfToken, Endpoints, Error, LoginRequest, RedirectUri};

/// Addresses, nearly addresses, and what looks like one.
fn addresses() -> impl Strategy<Value = String> {
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

fn app() -> weixin::AppId {
    "wx0123456789abcdef".parse().unwrap()
}

/// The parameters of an address, decoded as a server decodes them.
fn parameters(address: &str) -> Vec<(String, String)> {
    let url = Url::parse(address).unwrap();
    assert_eq!(url.host_str(), Some("open.weixin.qq.com"));
    assert_eq!(url.fragment(), Some("wechat_redirect"));
    url.query_pairs().into_owned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_accepted_callback_keeps_every_rule(text in addresses()) {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(uri.as_str(), &text);
            prop_assert!(matches!(url.scheme(), "http" | "https"));
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(url.fragment().is_none());
            prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\'));
            // Read by hand, as a careless server would: the same host, and no parameter of WeChat's.
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
    fn a_console_takes_domains_without_a_port_and_nothing_else(text in addresses()) {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            let is_domain = matches!(uri.url().host(), Some(Host::Domain(host)) if host.contains('.')
                && !host.split('.').any(str::is_empty) && !host.ends_with(".localhost"));
            let expected = is_domain && uri.url().port().is_none();
            prop_assert_eq!(uri.check_registrable().is_ok(), expected, "{}", text);
        }
    }

    #[test]
    fn wechat_reads_the_callback_as_it_was_given(text in addresses()) {
        let Ok(uri) = text.parse::<RedirectUri>() else { return Ok(()); };
        let endpoints = Endpoints::default();
        let qr_page = LoginRequest::new(uri.clone()).url(&endpoints, &app()).unwrap();
        let inside = AuthorizeRequest::new(uri.clone()).url(&endpoints, &app()).unwrap();
        for login in [&qr_page, &inside] {
            let parameters = parameters(login.as_str());
            let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).take(5).collect();
            prop_assert_eq!(names, ["appid", "redirect_uri", "response_type", "scope", "state"]);
            prop_assert_eq!(&parameters[1].1, &text);
            prop_assert_eq!(&parameters[4].1, &login.csrf().state());
        }
        // wxLogin.js puts its settings into the address of the page as they are.
        let frame = LoginRequest::new(uri).embedded(&endpoints, &app(), "qr").unwrap();
        let settings: Value = serde_json::from_str(frame.settings()).unwrap();
        let query = format!("redirect_uri={}", settings["redirect_uri"].as_str().unwrap());
        let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].1, &text);
        prop_assert!(!frame.settings().contains("</"));
    }

    #[test]
    fn inside_wechat_a_state_is_128_letters_and_digits_at_most(text in "[0-9A-Za-z]{1,140}|[!-~]{1,20}") {
        let callback: RedirectUri = "https://shop.example/".parse().unwrap();
        let csrf = CsrfToken::from_state(text.as_str()).unwrap();
        let request = AuthorizeRequest::new(callback).csrf(csrf);
        let is_sound = text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match request.url(&Endpoints::default(), &app()) {
            Ok(login) => prop_assert!(is_sound && login.as_str().contains(&text)),
            Err(error) => prop_assert!(!is_sound && matches!(error, Error::Parse(_)), "{}", error),
        }
    }

    #[test]
    fn the_qr_page_gives_any_state_back(text in "[!-~]{1,200}") {
        let callback: RedirectUri = "https://shop.example/".parse().unwrap();
        let csrf = CsrfToken::from_state(text.as_str()).unwrap();
        let login = LoginRequest::new(callback).csrf(csrf).url(&Endpoints::default(), &app()).unwrap();
        prop_assert_eq!(&parameters(login.as_str())[4].1, &text);
    }

    #[test]
    fn a_token_that_is_no_visible_ascii_is_rejected(text in any::<String>()) {
        let is_sound = (1..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        prop_assert_eq!(CsrfToken::from_state(text.as_str()).is_ok(), is_sound);
        prop_assert_eq!(CsrfToken::new(text).is_ok(), is_sound);
    }
}
