//! Where an example listens, and where it finds WeChat: by three environment variables, else in a simulator of its own.

use std::{env::var, error::Error, io, net::Ipv4Addr};

use tokio::net::TcpListener;
use weixin::{AppSecret, Client, Endpoints, RedirectUri};
use weixin_sim::Sim;

/// What an example needs to log users in.
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) redirect_uri: RedirectUri,
    /// Listens at 127.0.0.1 already: a browser that connects before the site is served waits for it.
    pub(crate) listener: TcpListener,
    /// WeChat, unless the real one is asked.
    _simulator: Option<Sim>,
}

impl Settings {
    /// `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET` and `WEIXIN_REDIRECT_URI`, or a simulator that calls back at `/callback` of
    /// this machine. With `WEIXIN_SIM` it is one that runs already. `PORT` is another port than 8080; 0 is any free one.
    #[expect(clippy::print_stdout, reason = "an example")]
    pub(crate) async fn of_environment() -> Result<Self, Box<dyn Error>> {
        let port: u16 = var("PORT").map_or(Ok(8080), |port| port.parse())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let callback = format!("{}/callback", url(&listener)?);
        if let (Ok(app), Ok(secret)) = (var("WEIXIN_APP_ID"), var("WEIXIN_APP_SECRET")) {
            return Ok(Self {
                client: Client::builder(app.parse()?, AppSecret::new(secret)?).build()?,
                redirect_uri: var("WEIXIN_REDIRECT_URI")?.parse()?,
                listener,
                _simulator: None,
            });
        }
        let (wechat, simulator) = if let Ok(url) = var("WEIXIN_SIM") {
            (url, None)
        } else {
            let simulator = Sim::start().await?;
            println!("the phone is at {}/_sim/phone", simulator.url());
            (simulator.url().to_owned(), Some(simulator))
        };
        let secret = AppSecret::new("s".repeat(32))?;
        Ok(Self {
            client: Client::builder("wx0123456789abcdef".parse()?, secret)
                .endpoints(Endpoints::single(wechat.parse()?))
                .build()?,
            redirect_uri: callback.parse()?,
            listener,
            _simulator: simulator,
        })
    }
}

/// What to open in a browser.
pub(crate) fn url(listener: &TcpListener) -> io::Result<String> {
    Ok(format!(
        "http://localhost:{}",
        listener.local_addr()?.port()
    ))
}
