//! A window of Chromium, with the actions of a user.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    key::Key,
    wd::{Capabilities, WindowHandle},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

/// Time-out of every wait. Only a failure waits this long.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Interval at which a page is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The mode of the system.
pub(crate) const DARK: &str = "--blink-settings=preferredColorScheme=0";
pub(crate) const LIGHT: &str = "--blink-settings=preferredColorScheme=1";

/// The driver's process; ends with its last window, and Chromium with it.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts on a free port. The driver chooses one for IPv4 and uses it for IPv6 as well, where it may be in use: then
    /// the driver ends, and another one is started.
    fn start() -> Self {
        (0..10)
            .find_map(|_| Self::at_a_free_port())
            .expect("chromedriver does not start")
    }

    fn at_a_free_port() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is missing: ./scripts/test installs Debian's chromium and chromium-driver");
        let mut lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let started = lines.find(|line| line.contains("started successfully on port"));
        let Some(started) = started else {
            process.wait().unwrap();
            return None;
        };
        // The pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        let port = started
            .trim_end_matches('.')
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        Some(Self { process, port })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // If it were killed, its Chromium would go on running.
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let _ = connection.read(&mut [0; 256]);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One window of a browser; several windows of one browser share its cookies.
pub(crate) struct Window {
    client: Client,
    handle: WindowHandle,
    /// The frame to act in.
    frame: Option<&'static str>,
    driver: Arc<Driver>,
}

impl Window {
    /// A new browser, in Chinese unless an argument sets the language.
    pub(crate) async fn open(arguments: &[&str]) -> Self {
        Self::start(arguments, json!({})).await
    }

    /// A browser of a phone's size, in its dark mode.
    pub(crate) async fn small_and_dark() -> Self {
        Self::small(&[DARK]).await
    }

    /// A browser of a phone's size.
    pub(crate) async fn small(arguments: &[&str]) -> Self {
        let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 1 });
        let options = json!({ "mobileEmulation": { "deviceMetrics": metrics } });
        Self::start(arguments, options).await
    }

    async fn start(arguments: &[&str], mut options: Value) -> Self {
        let driver = Driver::start();
        let mut args = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1000,760",
            "--lang=zh-CN",
        ];
        if !arguments
            .iter()
            .any(|argument| argument.starts_with("--accept-lang"))
        {
            args.push("--accept-lang=zh-CN");
        }
        args.extend(arguments);
        options["args"] = json!(args);
        let milliseconds = TIMEOUT.as_millis();
        let timeouts = json!({ "pageLoad": milliseconds, "script": milliseconds });
        let capabilities = json!({ "goog:chromeOptions": options, "timeouts": timeouts });
        let capabilities: Capabilities = serde_json::from_value(capabilities).unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        let handle = client.window().await.unwrap();
        Self {
            client,
            handle,
            frame: None,
            driver: Arc::new(driver),
        }
    }

    pub(crate) async fn tab(&self) -> Self {
        let handle = self.focused().await.new_window(true).await.unwrap().handle;
        self.with(handle, None)
    }

    /// The content of a frame of this window.
    pub(crate) fn framed(&self, css: &'static str) -> Self {
        self.with(self.handle.clone(), Some(css))
    }

    fn with(&self, handle: WindowHandle, frame: Option<&'static str>) -> Self {
        Self {
            client: self.client.clone(),
            handle,
            frame,
            driver: Arc::clone(&self.driver),
        }
    }

    /// The target of a link, in a window of its own.
    pub(crate) async fn second_window(&self, link: &str) -> Self {
        let url = self.find(link).await.prop("href").await.unwrap().unwrap();
        let window = self.tab().await;
        window.goto(&url).await;
        window
    }

    /// Chooses who holds the phone that this window shows: a user with a difficult name.
    pub(crate) async fn hold_as(&self, user: &str) {
        self.click("#switch").await;
        self.click(".person-form .fold-names > summary").await;
        self.click(&format!("button[value={user}]")).await;
        self.wait_for("#me").await;
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: &str) {
        let focus = self.focused().await.active_element().await.unwrap();
        focus.send_keys(key).await.unwrap();
    }

    /// The URL of this window.
    pub(crate) async fn url(&self) -> String {
        self.focused().await.current_url().await.unwrap().into()
    }

    /// Waits until the URL of this window starts with a prefix.
    pub(crate) async fn arrives(&self, prefix: &str) {
        let arrived = async |_| self.url().await.starts_with(prefix).then_some(());
        let has_arrived = self.poll("body", arrived).await.is_some();
        assert!(
            has_arrived,
            "{} does not start with {prefix}",
            self.url().await
        );
    }

    /// The back button.
    pub(crate) async fn back(&self) {
        self.focused().await.back().await.unwrap();
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.focused().await.goto(url).await.unwrap();
    }

    /// Deletes the cookies of the site in this window.
    pub(crate) async fn lose_cookies(&self) {
        self.focused().await.delete_all_cookies().await.unwrap();
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.unwrap();
    }

    pub(crate) async fn wait_for(&self, css: &str) {
        self.find(css).await;
    }

    /// Waits until an element that always exists is visible.
    pub(crate) async fn shows(&self, css: &str) {
        self.wait_for(&format!("{css}:not([hidden])")).await;
    }

    /// Waits until an element has this text; the page may change meanwhile.
    pub(crate) async fn reads(&self, css: &str, expected: &str) {
        let reads = async |element: Element| {
            let text = element.text().await.ok()?;
            (text == expected).then_some(())
        };
        if self.poll(css, reads).await.is_some() {
            return;
        }
        let found = self.text(css).await;
        panic!("{css}: expected {expected:?}, found {found:?}");
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        let text = self
            .poll(css, async |element: Element| element.text().await.ok())
            .await;
        text.unwrap_or_else(|| panic!("{css} has no text"))
    }

    /// Polls an element until `read` returns a value. An element of the previous page may be found first, and be gone when
    /// it is read.
    async fn poll<T>(&self, css: &str, read: impl AsyncFn(Element) -> Option<T>) -> Option<T> {
        let mut polls = interval(POLL_INTERVAL);
        let value = async {
            loop {
                polls.tick().await;
                if let Ok(element) = self.focused().await.find(Locator::Css(css)).await
                    && let Some(value) = read(element).await
                {
                    return value;
                }
            }
        };
        timeout(TIMEOUT, value).await.ok()
    }

    /// The elements that match.
    pub(crate) async fn count(&self, css: &str) -> usize {
        let client = self.focused().await;
        client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub(crate) async fn number(&self, css: &str) -> u64 {
        self.text(css).await.parse().unwrap()
    }

    pub(crate) async fn attribute(&self, css: &str, name: &str) -> String {
        let value = self.poll(css, async |element: Element| {
            element.attr(name).await.ok()?
        });
        value.await.unwrap_or_else(|| panic!("{css} has no {name}"))
    }

    /// The labels of buttons and fields that have no Chinese.
    pub(crate) async fn attributes_in_english(&self) -> Vec<String> {
        let script = r#"
            const names = ["title", "aria-label", "placeholder"];
            const elements = [...document.querySelectorAll("[title], [aria-label], [placeholder]")];
            const labels = elements.flatMap((element) => names.map((name) => element.getAttribute(name)));
            return labels.filter((label) => label && !/\p{Script=Han}/u.test(label));
        "#;
        let labels = self.focused().await.execute(script, Vec::new()).await;
        serde_json::from_value(labels.unwrap()).unwrap()
    }

    /// Presses Tab until the element has the focus, as a user without a mouse does.
    pub(crate) async fn press_until_focused(&self, css: &str) {
        let wanted = self.find(css).await.element_id();
        for _ in 0..20 {
            let focus = self.focused().await.active_element().await.unwrap();
            if focus.element_id() == wanted {
                return;
            }
            focus
                .send_keys(&char::from(Key::Tab).to_string())
                .await
                .unwrap();
        }
        panic!("{css} cannot be reached by Tab");
    }

    pub(crate) async fn press_enter(&self) {
        let focus = self.focused().await.active_element().await.unwrap();
        focus
            .send_keys(&char::from(Key::Enter).to_string())
            .await
            .unwrap();
    }

    /// Nothing is wider than the window.
    pub(crate) async fn fits(&self) {
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let excess = self
            .focused()
            .await
            .execute(script, Vec::new())
            .await
            .unwrap();
        assert!(excess.as_i64().unwrap() <= 0, "{excess} pixels too wide");
    }

    /// All of the elements that match are within the window, without scrolling.
    pub(crate) async fn is_in_view(&self, css: &str) {
        let script = "
            const boxes = [...document.querySelectorAll(arguments[0])].map((it) => it.getBoundingClientRect());
            return boxes.length > 0 && boxes.every((box) => box.width > 0 && box.height > 0 && box.left >= 0
                && box.top >= 0 && box.right <= window.innerWidth && box.bottom <= window.innerHeight);
        ";
        let seen = self.focused().await.execute(script, vec![json!(css)]).await;
        assert_eq!(seen.unwrap(), json!(true), "{css} is not in view");
    }

    /// Saves what the window shows as `target/screenshots/NAME.png`.
    pub(crate) async fn picture(&self, name: &str) {
        let png = self.focused().await.screenshot().await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    async fn find(&self, css: &str) -> Element {
        let client = self.focused().await;
        let found = client
            .wait()
            .at_most(TIMEOUT)
            .for_element(Locator::Css(css))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let (url, source) = (client.current_url().await, client.source().await);
                panic!(
                    "no {css} at {url:?} ({error}):\n{}",
                    source.unwrap_or_default()
                );
            }
        }
    }

    /// Commands of a driver go to one window, and one frame in it, at a time.
    async fn focused(&self) -> &Client {
        self.client
            .switch_to_window(self.handle.clone())
            .await
            .unwrap();
        if let Some(css) = self.frame {
            let wait = self.client.wait().at_most(TIMEOUT);
            let frame = wait.for_element(Locator::Css(css)).await.unwrap();
            frame.enter_frame().await.unwrap();
        }
        &self.client
    }
}
