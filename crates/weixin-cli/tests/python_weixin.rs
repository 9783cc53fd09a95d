//! The library that this project grew out of, unmodified at version 0.5.0, logs in against `weixin sim`.
//! Its refresh never works, and the simulator says so as WeChat would.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "one simulator is enough here")]
mod running;

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use self::running::Running;

#[test]
fn python_weixin_gets_token_and_profile_from_the_simulator() {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("python")
        .join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: ./scripts/test installs it",
        python.display()
    );
    let sim = Running::sim(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/login.py");
    let output = Command::new(python)
        .args([script, &sim.url])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let result: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| Value::from(&*error));
    assert_eq!(
        result,
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
