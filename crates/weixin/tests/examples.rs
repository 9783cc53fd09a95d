//! The output of each example.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{env, process::Command};

fn program(example: &str) -> Command {
    let here = env::current_exe().unwrap();
    Command::new(here.parent().unwrap().join("../examples").join(example))
}

/// The standard output of an example.
fn output(example: &str) -> String {
    let output = program(example).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_mobile_apps_server() {
    insta::assert_snapshot!(output("mobile_app"), @r#"
    oIyvjaLdsi_3nYFuEEgTK2GfpmA- may use snsapi_userinfo: ليلى بنت أحمد (layla)
    again: /sns/oauth2/access_token returned 40163 (code been used); log in again: true
    invalid: 42001 (access_token expired)
    refreshed: true
    "#);
}

#[test]
fn a_mini_programs_server() {
    insta::assert_snapshot!(output("mini_program"), @r#"
    logged in: oqB7LGtYVn4z98NZEmj2uuUbAeJc
    decrypted: 微信用户
    the raw data is signed: true
    the session key is the latest: true
    phone: +86 13800003791
    not decrypted: the payload cannot be decrypted: let the mini program call wx.login, get the payload after that, and send both together
    "#);
}

#[test]
fn one_site_with_two_apps() {
    insta::assert_snapshot!(output("which_login"), @r#"
    Desktop: QR page of wx0123456789abcdef
      oKscDDNLo66EpN5DXZ_ssb_dSBp6 is 小明🐼é
      a new account
    Phone: QR page of wx0123456789abcdef
      A phone cannot scan its own screen: open the website in WeChat and log in there, or scan the code with another phone.
      oKscDDNLo66EpN5DXZ_ssb_dSBp6 is 小明🐼é
      account 0
    WeChat: consent page of wx0123456789abcde0
      onwdEeEfyLDE2hTakwRaE4ntCn44 is 小明🐼é
      account 0, with the OpenID of one more app
    "#);
}

#[cfg(all(feature = "postgres", feature = "redis"))]
#[test]
fn a_setting_that_cannot_be_read_is_named_and_its_value_is_not_shown() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    for name in [
        "WEIXIN_APP_ID",
        "WEIXIN_APP_SECRET",
        "WEIXIN_SIM_URL",
        "WEIXIN_STORE_KEY",
    ] {
        let mut example = program("token_server");
        let ended = example
            .env(name, OsStr::from_bytes(b"hunter2\xff"))
            .output();
        let says = String::from_utf8(ended.unwrap().stderr).unwrap();
        assert_eq!(says, format!("Error: \"{name}: it is not UTF-8\"\n"));
    }
}

#[test]
fn another_http_client() {
    insta::assert_snapshot!(output("own_transport"), @r#"
    an error: /sns/oauth2/access_token returned 40029 (invalid code)
    "#);
}

#[test]
fn logs_and_metrics() {
    insta::assert_snapshot!(output("observed"), @r#"
    the response of /sns/oauth2/access_token was lost and the code may have been used: the user must log in again
    /sns/oauth2/access_token returned 40029 (invalid code)
    Key(weixin_calls_total, [path = /sns/oauth2/access_token]): 2
    Key(weixin_errors_total, [path = /sns/oauth2/access_token, error = -1]): 1
    Key(weixin_errors_total, [path = /sns/oauth2/access_token, error = 40029]): 1
    "#);
}
