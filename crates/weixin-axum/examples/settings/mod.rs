//! The settings of an example: three environment variables, or a simulator of its own.

use std::{
    env::{VarError, var, var_os},
    error::Error,
    fmt::Display,
    io,
    net::Ipv4Addr,
    str::FromStr,
};

use tokio::net::TcpListener;
use weixin::{AppSecret, Endpoints, RedirectUri, Website};
use weixin_sim::Sim;

const APP_ID: &str = "WEIXIN_APP_ID";
const APP_SECRET: &str = "WEIXIN_APP_SECRET";
pub(crate) const REDIRECT_URI: &str = "WEIXIN_REDIRECT_URI";

/// The settings of an example.
pub(crate) struct Settings {
    pub(crate) website: Website,
    pub(crate) redirect_uri: RedirectUri,
    /// Listens at 127.0.0.1 already: a browser that connects before the site is served waits for it.
    pub(crate) listener: TcpListener,
    /// Runs until the example ends.
    _simulator: Option<Sim>,
}

impl Settings {
    /// `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET` and `WEIXIN_REDIRECT_URI`, or a simulator that calls back at `/callback` of
    /// this machine. With `WEIXIN_SIM_URL` it is one that runs already. `PORT` is another port than 8080; 0 is any free one.
    ///
    /// Log lines go to standard error: pages of failed logins refer to them.
    #[expect(clippy::print_stdout, reason = "an example")]
    pub(crate) async fn of_environment() -> Result<Self, Box<dyn Error>> {
        tracing_subscriber::fmt().with_writer(io::stderr).init();
        let port = setting("PORT", &or("PORT", "8080")?)?;
        let listener = listen(port).await?;
        let simulator = optional("WEIXIN_SIM_URL")?;
        // `weixin sim exec` sets app ID and secret as well.
        let names_app = [APP_ID, APP_SECRET, REDIRECT_URI].map(var_os);
        if simulator.is_none() && names_app.iter().any(Option::is_some) {
            return Self::of_wechat(listener);
        }
        let callback = format!("{}/callback", url(&listener)?);
        let (wechat, simulator) = if let Some(url) = simulator {
            (url, None)
        } else {
            let simulator = Sim::start().await?;
            println!("the phone is at {}/_sim/phone", simulator.url());
            (simulator.url().to_owned(), Some(simulator))
        };
        let secret = AppSecret::new("s".repeat(32))?;
        Ok(Self {
            website: Website::builder("wx0123456789abcdef".parse()?, secret)
                .endpoints(Endpoints::single(setting("WEIXIN_SIM_URL", &wechat)?))
                .build()?,
            redirect_uri: callback.parse()?,
            listener,
            _simulator: simulator,
        })
    }

    fn of_wechat(listener: TcpListener) -> Result<Self, Box<dyn Error>> {
        let text = |name| optional(name)?.ok_or_else(|| format!("{name}: it is not set"));
        let id = setting(APP_ID, &text(APP_ID)?)?;
        let secret = AppSecret::new(text(APP_SECRET)?).map_err(named(APP_SECRET))?;
        Ok(Self {
            website: Website::new(id, secret)?,
            redirect_uri: setting(REDIRECT_URI, &text(REDIRECT_URI)?)?,
            listener,
            _simulator: None,
        })
    }
}

/// The value of an environment variable, if it is set. One that is set and cannot be read is an error without the value,
/// which may be a secret: the text of `VarError` shows it.
pub(crate) fn optional(name: &str) -> Result<Option<String>, String> {
    match var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name}: it is not UTF-8")),
    }
}

/// The same, or what is used without it.
pub(crate) fn or(name: &str, default: &str) -> Result<String, String> {
    Ok(optional(name)?.unwrap_or_else(|| default.to_owned()))
}

/// Makes an error name the setting that it is about.
pub(crate) fn named<E: Display>(name: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{name}: {error}")
}

fn setting<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(named(name))
}

/// Listens on this machine.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|error| format!("PORT: cannot listen at port {port}: {error}"))
}

/// The URL to open in a browser.
pub(crate) fn url(listener: &TcpListener) -> io::Result<String> {
    Ok(format!(
        "http://localhost:{}",
        listener.local_addr()?.port()
    ))
}
