//! Clients of other languages, unmodified but for the host names, log in against `weixin sim`.
//! `./scripts/test` installs them, at the versions that stand there.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "one simulator is enough here")]
mod running;

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use self::running::Running;

/// What the script prints; what went wrong, if it prints nothing.
fn run(script: &str) -> Value {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let python = target.with_file_name("python").join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: ./scripts/test installs it",
        python.display()
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/python")
        .join(script);
    let sim = Running::sim(&[]);
    let mut command = Command::new(python);
    let output = command
        .arg("-B")
        .arg(script)
        .arg(&sim.url)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| Value::from(&*error))
}

/// The library that this project grew out of. Its refresh never works, and the simulator says so as
/// WeChat would.
#[test]
fn python_weixin_gets_token_and_profile_from_the_simulator() {
    assert_eq!(
        run("python_weixin.py"),
        json!({
            "token_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope", "unionid"],
            "expires_in": 7200,
            "nickname": "小明🐼é",
            "same_person": true,
            "valid": { "errcode": 0, "errmsg": "ok" },
            "refresh": 41008,
            "code_twice": 40163,
            "bogus_code": 40029,
        })
    );
}

#[test]
fn wechatpy_logs_in_on_a_website_inside_wechat_and_in_a_mini_program() {
    assert_eq!(
        run("wechatpy_oauth.py"),
        json!({
            "nickname": "小明🐼é",
            "valid": true,
            "same_token": true,
            "code_twice": 40163,
            "silent_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope"],
            "session_keys": ["openid", "session_key", "unionid"],
            "same_union_id": true,
        })
    );
}

/// It sends POST forms, and repairs the name on the assumption that the answer is `text/plain` without a
/// charset and in raw UTF-8: anything else would spoil the name.
#[test]
fn social_auth_core_reads_the_name_that_it_believes_to_be_garbled() {
    assert_eq!(
        run("social_auth.py"),
        json!({
            "token_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope", "unionid"],
            "nickname": "小明🐼é",
            "same_person": true,
            "details": ["profile_image_url", "username"],
            "refused": 40029,
        })
    );
}
