//! Two processes of the example `token_server` on one database, one of them killed in the middle.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use weixin::{
    AppSecret, Code, Endpoints, MobileApp, OpenId, UserTokens,
    store::{PostgresStore, RedisStore, Store, StoreKeys},
};
use weixin_sim::{Effect, Fault, Sim, User};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const APP: &str = "wx0123456789abcde1";
const REFRESH: &str = "/sns/oauth2/refresh_token";
const USERS: usize = 8;

fn service(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

/// A server of its own process.
struct Server {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(store: &str, sim: &Sim) -> Self {
        let program = env::current_exe().unwrap();
        let program = program.parent().unwrap().join("../examples/token_server");
        let mut process = Command::new(program)
            .env("WEIXIN_STORE", store)
            .env("WEIXIN_STORE_KEY", KEY)
            .env("WEIXIN_SIM_URL", sim.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        assert_eq!(output.next().unwrap().unwrap(), "ready");
        Self {
            process,
            input,
            output,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    fn ask(&mut self, users: &[OpenId]) {
        for user in users {
            self.say(&format!("token {user}"));
        }
    }

    /// The next responses, by their user.
    fn responses(&mut self, count: usize) -> BTreeMap<String, String> {
        let lines = self.output.by_ref().take(count);
        let response = |line: String| {
            let (user, response) = line.split_once(' ').unwrap();
            (user.to_owned(), response.to_owned())
        };
        lines.map(|line| response(line.unwrap())).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn all_valid(users: &[OpenId]) -> BTreeMap<String, String> {
    let valid = |user: &OpenId| (user.to_string(), "valid".to_owned());
    users.iter().map(valid).collect()
}

fn refreshes(sim: &Sim) -> usize {
    let requests = sim.requests();
    requests.iter().filter(|one| one.path == REFRESH).count()
}

/// Users whose tokens are in the store.
async fn log_in(sim: &Sim, store: impl Store + 'static) -> Vec<OpenId> {
    let app = MobileApp::builder(
        APP.parse().unwrap(),
        AppSecret::new("s".repeat(32)).unwrap(),
    )
    .endpoints(Endpoints::single(sim.url().parse().unwrap()))
    .build()
    .unwrap();
    let tokens = UserTokens::new(&app, store);
    let mut users = Vec::new();
    for n in 0..USERS {
        let person = format!("person-{n}");
        sim.put_user(User::new(&person, &person));
        let code = Code::new(sim.send_auth(APP, &person).unwrap()).unwrap();
        let token = app.exchange(code).await.unwrap();
        tokens.insert(&token).await.unwrap();
        users.push(token.openid);
    }
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_postgres_lose_nothing_when_one_is_killed() {
    let url = service("WEIXIN_TEST_POSTGRES");
    let store = PostgresStore::connect(&url, StoreKeys::new(KEY).unwrap());
    two_servers(&url, store.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_redis_lose_nothing_when_one_is_killed() {
    let url = service("WEIXIN_TEST_REDIS");
    let store = RedisStore::connect(&url, StoreKeys::new(KEY).unwrap());
    two_servers(&url, store.await.unwrap()).await;
}

async fn two_servers(url: &str, store: impl Store + 'static) {
    let sim = Sim::start().await.unwrap();
    let users = log_in(&sim, store).await;
    let (mut one, mut other) = (Server::start(url, &sim), Server::start(url, &sim));
    let three_hours = |sim: &Sim, servers: &mut [&mut Server]| {
        sim.advance(Duration::from_secs(3 * 60 * 60)).unwrap();
        for server in servers {
            server.say("advance 10800");
        }
    };

    // Both are asked for all users at once: each token is refreshed once.
    three_hours(&sim, &mut [&mut one, &mut other]);
    one.ask(&users);
    other.ask(&users);
    assert_eq!(one.responses(USERS), all_valid(&users));
    assert_eq!(other.responses(USERS), all_valid(&users));
    assert_eq!(refreshes(&sim), USERS);

    // One is killed after WeChat's response and before it has written it.
    three_hours(&sim, &mut [&mut one, &mut other]);
    sim.fault(Fault::new(Effect::SlowBodyMs(60_000)).path(REFRESH));
    one.ask(&users[..1]);
    sim.until(|sim| (refreshes(sim) == USERS + 1).then_some(()))
        .await;
    one.process.kill().unwrap();

    // The other responds for all other users at once, and for that one when the lease has expired.
    other.ask(&users);
    assert_eq!(other.responses(USERS - 1), all_valid(&users[1..]));
    assert_eq!(refreshes(&sim), 2 * USERS);
    other.say("advance 31");
    assert_eq!(other.responses(1), all_valid(&users[..1]));
    assert_eq!(refreshes(&sim), 2 * USERS + 1);

    // A server that starts now finds all tokens in the store.
    let mut third = Server::start(url, &sim);
    third.say("advance 21631");
    third.ask(&users);
    assert_eq!(third.responses(USERS), all_valid(&users));
    assert_eq!(refreshes(&sim), 2 * USERS + 1);
}
