//! Complete logins through one server on one thread, against a simulator on another: logins per second, and the processor
//! time of the server's thread per login.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{fs, sync::Arc, sync::mpsc, thread, time::Instant};

use axum::{Json, Router, routing::get};
use http::{
    HeaderMap, Request,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use tokio::runtime::Builder;
use weixin::{
    AppSecret, Endpoints, User, Website,
    transport::{Https, Transport},
};
use weixin_axum::{Login, LoginError, StartLogin, WebLogin};
use weixin_sim::{Effect, Fault, Sim};

const AT_ONCE: usize = 32;
const LOGINS: usize = 400;

/// Processor time of a thread of this process, in nanoseconds.
fn thread_time(thread: &str) -> u64 {
    let statistics = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap();
    statistics.split(' ').next().unwrap().parse().unwrap()
}

/// Runs on a thread of its own until the benchmark ends. Returns its message, and the thread's ID.
fn on_a_thread<T: Send + 'static>(
    work: impl AsyncFnOnce(mpsc::Sender<T>) + Send + 'static,
) -> (T, String) {
    let (sender, receiver) = mpsc::channel();
    let (id_sender, id_receiver) = mpsc::channel();
    thread::spawn(move || {
        let id = fs::read_link("/proc/thread-self").unwrap();
        id_sender
            .send(id.file_name().unwrap().to_str().unwrap().to_owned())
            .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work(sender));
    });
    (receiver.recv().unwrap(), id_receiver.recv().unwrap())
}

async fn serve(sim: String, sender: mpsc::Sender<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    let website = Website::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .endpoints(Endpoints::single(sim.parse().unwrap()))
        .build()
        .unwrap();
    let login = WebLogin::new(website, format!("{origin}/callback").parse().unwrap()).unwrap();
    let site = Router::new()
        .route("/login", get(async |start: StartLogin| start))
        .route("/callback", get(callback))
        .layer(login);
    sender.send(origin).unwrap();
    axum::serve(listener, site).await.unwrap();
}

async fn callback(login: Login) -> Result<Json<User>, LoginError> {
    Ok(Json(login.user().await?))
}

/// A browser's three steps: the site, WeChat, the site.
async fn log_in(browser: &Https, origin: &str) {
    let get = async |url: &str, cookie: &str| {
        let request = Request::get(url).header(COOKIE, cookie).body(Vec::new());
        browser.send(request.unwrap()).await.unwrap()
    };
    let text = |headers: &HeaderMap, name| headers[name].to_str().unwrap().to_owned();
    let start = get(&format!("{origin}/login"), "").await;
    let page = text(start.headers(), LOCATION);
    let cookie = text(start.headers(), SET_COOKIE);
    let page = get(page.split('#').next().unwrap(), "").await;
    let user = get(
        &text(page.headers(), LOCATION),
        cookie.split(';').next().unwrap(),
    )
    .await;
    assert_eq!(user.status(), 200);
}

fn main() {
    let (sim, _) = on_a_thread(async |sender| {
        let sim = Arc::new(Sim::builder().auto_allow().start().await.unwrap());
        sender.send(Arc::clone(&sim)).unwrap();
        std::future::pending::<()>().await;
    });
    let url = sim.url().to_owned();
    let (origin, server) = on_a_thread(async move |sender| serve(url, sender).await);
    let origin: Arc<str> = origin.into();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let browser = Https::new().unwrap();
        log_in(&browser, &origin).await;
        let (began, processor) = (Instant::now(), thread_time(&server));
        let mut browsers = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (browser, origin) = (browser.clone(), Arc::clone(&origin));
            browsers.spawn(async move {
                for _ in 0..LOGINS {
                    log_in(&browser, &origin).await;
                }
            });
        }
        browsers.join_all().await;
        let logins = (AT_ONCE * LOGINS) as u64;
        let micros = (thread_time(&server) - processor) / logins / 1000;
        let a_second = u128::from(logins) * 1000 / began.elapsed().as_millis();
        println!(
            "logins: {a_second} a second with browsers, simulator and site on {} cores; the site's thread took {micros} us each, {} a second on a core of its own",
            thread::available_parallelism().unwrap(),
            1_000_000 / micros.max(1),
        );
        for path in ["/sns/oauth2/access_token", "/sns/userinfo"] {
            sim.fault(Fault::new(Effect::DelayMs(30)).path(path).percent(100));
        }
        let began = Instant::now();
        for _ in 0..20 {
            log_in(&browser, &origin).await;
        }
        println!(
            "logins: {} ms each with WeChat 30 ms away (two round trips: 60 ms)",
            began.elapsed().as_millis() / 20
        );
    });
}
