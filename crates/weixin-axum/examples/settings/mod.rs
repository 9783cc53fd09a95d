//! Where an example listens, and where it finds WeChat: by three environment variables, else in a simulator of its own.

use std::{env::var, error::Error};

use weixin::{AppSecret, Client, Endpoints, RedirectUri};
use weixin_sim::Sim;

/// What an example needs to log users in.
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) redirect_uri: RedirectUri,
    /// Of 127.0.0.1.
    pub(crate) port: u16,
    /// WeChat, unless the real one is asked.
    _simulator: Option<Sim>,
}

impl Settings {
    /// `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET` and `WEIXIN_REDIRECT_URI`, or a simulator that calls back at `/callback` of
    /// this machine. With `WEIXIN_SIM` it is one that runs already. `PORT` is another port than 8080.
    #[expect(clippy::print_stdout, reason = "an example")]
    pub(crate) async fn of_environment() -> Result<Self, Box<dyn Error>> {
        let port = var("PORT").map_or(Ok(8080), |port| port.parse())?;
        if let (Ok(app), Ok(secret)) = (var("WEIXIN_APP_ID"), var("WEIXIN_APP_SECRET")) {
            return Ok(Self {
                client: Client::builder(app.parse()?, AppSecret::new(secret)?).build()?,
                redirect_uri: var("WEIXIN_REDIRECT_URI")?.parse()?,
                port,
                _simulator: None,
            });
        }
        let (url, simulator) = if let Ok(url) = var("WEIXIN_SIM") {
            (url, None)
        } else {
            let simulator = Sim::start().await?;
            println!("the phone is at {}/_sim/phone", simulator.url());
            (simulator.url().to_owned(), Some(simulator))
        };
        let secret = AppSecret::new("s".repeat(32))?;
        Ok(Self {
            client: Client::builder("wx0123456789abcdef".parse()?, secret)
                .endpoints(Endpoints::single(url.parse()?))
                .build()?,
            redirect_uri: format!("http://localhost:{port}/callback").parse()?,
            port,
            _simulator: simulator,
        })
    }
}
