//! Requests copied as commands of curl: any web page can send the requests that are shown, and a user runs the command.
#![expect(clippy::unwrap_used, reason = "a test")]
#![cfg(unix)]

use std::process::Command;

use reqwest::Client;
use weixin_sim::Sim;

/// The command that the dashboard copies for the last request.
async fn copied(sim: &Sim) -> String {
    let number = sim.request_count();
    let url = format!("{}/_sim/?login=none&step=r{number}", sim.url());
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    let (_, button) = page.split_once("id=\"curl\" data-copy=\"").unwrap();
    let (command, _) = button.split_once('"').unwrap();
    let entities = [
        ("&#34;", "\""),
        ("&#38;", "&"),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(command.to_owned(), |text, (entity, character)| {
            text.replace(entity, character)
        })
}

/// Runs the command with a curl that prints its arguments, in a directory in which nothing may appear.
fn arguments(command: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{command}");
    let ran = Command::new("sh")
        .args(["-c", &script])
        .current_dir(directory.path())
        .env("WEIXIN_APP_SECRET", "my secret")
        .env("CODE", "my code")
        .env("ACCESS_TOKEN", "my token")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{command}");
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "{command}: {left:?}");
    let printed = String::from_utf8(ran.stdout).unwrap();
    let printed = printed.strip_suffix('\0').unwrap();
    printed.split('\0').map(str::to_owned).collect()
}

#[tokio::test]
async fn secrets_are_variables_and_everything_else_is_as_it_was_sent() {
    let sim = Sim::start().await.unwrap();
    let client = Client::builder().build().unwrap();
    let url = sim.url();
    client
        .get(format!(
            "{url}/sns/oauth2/access_token?appid=wx1&secret=s&code=c&x=a%27b"
        ))
        .send()
        .await
        .unwrap();
    let path = format!("{url}/sns/oauth2/access_token");
    let pairs = ["appid=wx1", "secret=my secret", "code=my code", "x=a'b"];
    let mut expected = vec!["-G".to_owned(), path];
    for pair in pairs {
        expected.extend(["--data-urlencode".to_owned(), pair.to_owned()]);
    }
    assert_eq!(arguments(&copied(&sim).await), expected);

    let stable =
        r#"{"appid":"wx1","force_refresh":true,"grant_type":"client_credential","secret":"s"}"#;
    client
        .post(format!("{url}/cgi-bin/stable_token"))
        .header("content-type", "application/json")
        .body(stable)
        .send()
        .await
        .unwrap();
    let expected = [
        format!("{url}/cgi-bin/stable_token"),
        "--json".to_owned(),
        stable.replace("\"s\"", "\"my secret\""),
    ];
    assert_eq!(arguments(&copied(&sim).await), expected);
}

#[tokio::test]
async fn a_hostile_request_runs_nothing_in_the_shell() {
    let sim = Sim::start().await.unwrap();
    let client = Client::builder().build().unwrap();
    let gets = [
        "/sns/$(touch${IFS}planted)",
        "/sns/auth?$(touch%20planted)=***",
        "/sns/auth?%60touch%20planted%60=1",
        "/sns/auth?a%27%3Btouch%20planted%3B%27=***",
        "/sns/userinfo?access_token=abc&openid%22%3Btouch%20planted%3B%22=***",
        "/sns/{a,b}",
    ];
    for path in gets {
        let url = format!("{}{path}", sim.url());
        client.get(url).send().await.unwrap();
        let arguments = arguments(&copied(&sim).await);
        assert!(arguments.iter().any(|word| word.starts_with(sim.url())));
    }
    let bodies = [
        r#"{"grant_type":"$(touch planted)"}"#,
        r#"{"a\"$(touch planted)":"b"}"#,
        r#"{"$(touch planted)":"***"}"#,
        r#"{"a'; touch planted; '":"'`touch planted`"}"#,
    ];
    for body in bodies {
        let url = format!("{}/sns/auth?access_token=$(touch%20planted)", sim.url());
        let request = client
            .post(url)
            .header("content-type", "text/plain; x=json");
        request.body(body).send().await.unwrap();
        let arguments = arguments(&copied(&sim).await);
        assert_eq!(arguments[1], "--json");
        assert_eq!(arguments[2], body);
    }
}
