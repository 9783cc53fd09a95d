//! weixin-axum's example `website`, in a real browser and with the simulated phone: an account, a link, a log-out, a deletion.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use weixin_sim::Sim;

use crate::window::Window;

struct Website {
    process: Child,
    url: String,
}

impl Website {
    fn start(sim: &Sim) -> Self {
        let here = env::current_exe().unwrap();
        let program = here.parent().unwrap().join("../examples/website");
        let mut process = Command::new(program)
            .env("WEIXIN_SIM_URL", sim.url())
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is missing: run the whole workspace's tests, or build it");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let url = url.strip_prefix("open ").unwrap().to_owned();
        Self { process, url }
    }
}

impl Drop for Website {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Allows the login on the simulated phone, in a window of its own.
async fn allow_on_the_phone(window: &Window) {
    let phone = window.second_window("#sim_phone").await;
    phone.hold_as("xiaoming").await;
    phone.click("button.allow").await;
}

#[tokio::test]
async fn an_account_gets_wechat_added_and_is_opened_by_it_after_a_log_out() {
    let sim = Sim::start().await.unwrap();
    let site = Website::start(&sim);
    let window = Window::open(&["--window-size=420,800"]).await;
    window.goto(&site.url).await;
    window.picture("website-welcome").await;
    window.write("input[name=email]", "joe@shop.example").await;
    window.write("input[name=password]", "correct horse").await;
    window.click("#register").await;
    window.reads("h1", "joe@shop.example").await;
    window.write("input[name=password]", "correct horse").await;
    window.click("#link").await;
    allow_on_the_phone(&window).await;
    window.reads("dd:last-of-type", "已绑定 · linked").await;
    window.fits().await;
    window.picture("website-linked").await;
    window.click("#logout").await;
    window.click("#login").await;
    allow_on_the_phone(&window).await;
    window.reads("h1", "joe@shop.example").await;
    window.write("input[name=password]", "correct horse").await;
    window.click("#unlink").await;
    window.reads("dd:last-of-type", "未绑定 · not linked").await;
    window.click("a[href='/delete']").await;
    window.write("input[name=password]", "correct horse").await;
    window.fits().await;
    window.picture("website-delete").await;
    window.click("#delete").await;
    window.reads("h1", "账号已注销 · Account deleted").await;
}
