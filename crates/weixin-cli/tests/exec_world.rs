//! `weixin sim exec --world` and `weixin sim health`: a simulator that runs already.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the whole program is run here")]
mod running;

use serde_json::{Value, json};

use self::running::{Printed, Running, closed, command, run, weixin};

fn exec(sim: &Running, options: &[&str], program: &str) -> Printed {
    let mut weixin = command(&["sim", "exec", &sim.option()]);
    weixin.args(options).args(["--", "python3", "-c", program]);
    run(weixin)
}

async fn get(sim: &Running, path: &str) -> Value {
    let url = format!("{}/_sim/api{path}", sim.url);
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// Logs in as the only test of a world, which the simulator's own URL does not see.
const LOG_IN: &str = "import json, os, urllib.parse as p, urllib.request as r
def api(path, data=None):
    return json.load(r.urlopen(os.environ['WEIXIN_SIM_URL'] + '/_sim/api' + path, data))
login = dict(appid=os.environ['WEIXIN_APP_ID'], redirect_uri='http://localhost/', scope='snsapi_login', state='short')
page = r.urlopen('https://open.weixin.qq.com/connect/qrconnect?' + p.urlencode(login)).read().decode()
print('https://long.open.weixin.qq.com' in page, [one['app_id'] for one in api('/logins')])
uuid = api('/logins')[0]['uuid']
callback = api(f'/logins/{uuid}/allow', b'{}')['redirect_url']
token = dict(appid=login['appid'], secret=os.environ['WEIXIN_APP_SECRET'], grant_type='authorization_code')
token['code'] = p.parse_qs(p.urlparse(callback).query)['code'][0]
token = json.load(r.urlopen('https://api.weixin.qq.com/sns/oauth2/access_token?' + p.urlencode(token)))
print(token['scope'], os.environ['WEIXIN_API_URL'] == os.environ['WEIXIN_SIM_URL'])
broken = json.dumps(dict(effect='reset', path='/sns/auth')).encode()
api('/faults', broken)
try:
    r.urlopen('https://api.weixin.qq.com/sns/auth').read()
except Exception as error:
    print(type(error).__name__)
raise SystemExit(7)";

#[tokio::test(flavor = "multi_thread")]
async fn a_program_runs_in_a_world_that_is_deleted_afterwards() {
    let sim = Running::sim(&[]);
    let printed = exec(&sim, &["--world", "tests-1"], LOG_IN);
    let expected = "True ['wx0123456789abcdef']\nsnsapi_login True\nRemoteDisconnected\n";
    assert_eq!(printed.stdout, expected, "{}", printed.stderr);
    assert_eq!(printed.code, Some(7));
    assert_eq!(get(&sim, "/worlds").await, json!([]));
    assert_eq!(get(&sim, "/timeline").await, json!([]));
    // What WeChat would reject counts for the simulator, too.
    let findings = get(&sim, "/findings?since=start").await;
    let of = |finding: &Value| (finding["id"].clone(), finding["world"].clone());
    let found: Vec<_> = findings.as_array().unwrap().iter().map(of).collect();
    let in_world = |id: &str| (json!(id), json!("tests-1"));
    assert_eq!(found, [in_world("callback-host"), in_world("state-short")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_exists_is_used_and_remains_and_its_findings_fail_the_run() {
    let sim = Running::sim(&[]);
    let client = reqwest::Client::builder().build().unwrap();
    let worlds = format!("{}/_sim/api/worlds", sim.url);
    let request = client.post(worlds).json(&json!({ "id": "mine" }));
    let opened: Value = request.send().await.unwrap().json().await.unwrap();
    let program = "import os, urllib.request as r
r.urlopen('https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=short'
          '&redirect_uri=http%3A%2F%2Flocalhost%2F')
print(os.environ['WEIXIN_SIM_URL'])";
    let printed = exec(&sim, &["--world", "mine", "--fail-on-findings"], program);
    assert_eq!(printed.code, Some(1), "{}", printed.stderr);
    assert_eq!(printed.stdout.trim(), opened["url"]);
    let expected = "error: 1 finding: fix, or accept by --accept state-short\n";
    assert!(printed.stderr.ends_with(expected), "{}", printed.stderr);
    assert!(printed.stderr.contains("world mine"), "{}", printed.stderr);
    assert_eq!(get(&sim, "/worlds").await, json!([opened]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_needs_a_simulator_that_runs_and_has_its_options() {
    let closed = closed::closed_port();
    let sim = format!("--sim=http://{}", closed.address);
    let printed = weixin(&["sim", "exec", &sim, "--world", "a", "--", "true"]);
    let error = format!(
        "error: no simulator responds at http://{}/: start it with `weixin sim`, or use --sim\n",
        closed.address
    );
    assert_eq!((printed.code, &printed.stderr), (Some(1), &error));
    let sim = Running::sim(&[]);
    let printed = exec(&sim, &["--world", "a", "--quotas"], "");
    let error = "error: --quotas is an option of the simulator that runs, and not of --world\n";
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(2), error));
    let printed = exec(&sim, &["--world", "A"], "");
    let error = format!(
        "error: {}/: id expected 1 to 64 characters of a-z, 0-9 and -\n",
        sim.url
    );
    assert_eq!((printed.code, printed.stderr), (Some(1), error));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_whether_a_simulator_responds() {
    let sim = Running::sim(&[]);
    // As in the image, which has no certificates.
    let mut health = command(&["sim", "health", &sim.option()]);
    health
        .env("SSL_CERT_FILE", "/none")
        .env("SSL_CERT_DIR", "/none");
    let printed = run(health);
    let text = format!("{}/ is a simulator\n", sim.url);
    assert_eq!((printed.code, printed.stdout), (Some(0), text));
    let closed = closed::closed_port();
    let printed = weixin(&["sim", "health", &format!("--sim=http://{}", closed.address)]);
    let error = format!(
        "error: no simulator responds at http://{}/: start it with `weixin sim`, or use --sim\n",
        closed.address
    );
    assert_eq!((printed.code, printed.stderr), (Some(1), error));
}

#[tokio::test(flavor = "multi_thread")]
async fn worlds_use_the_ports_of_the_option_and_pages_poll_at_theirs() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let range = format!("{port}-{port}");
    let sim = Running::sim(&["--world-ports", &range, "--poll-port", "127.0.0.1:0"]);
    let client = reqwest::Client::builder().build().unwrap();
    let worlds = format!("{}/_sim/api/worlds", sim.url);
    let open = async || client.post(&worlds).send().await.unwrap();
    let rule = format!(
        "all ports from {port} to {port} are in use: delete a world, or start the simulator with a wider range"
    );
    let error: Value = open().await.json().await.unwrap();
    assert_eq!(error["error"]["rule"], rule);
    drop(free);
    let world: Value = open().await.json().await.unwrap();
    assert_eq!(world["url"], format!("http://127.0.0.1:{port}"));
    let login = format!(
        "{}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F",
        sim.url
    );
    let page = reqwest::get(login).await.unwrap().text().await.unwrap();
    assert!(!page.contains("short=1"));
}
