//! A world of a simulator that runs in another process.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use url::Url;
use weixin_sim::Relay;

use super::control::Control;
use crate::error::CliError;

/// A world, and the way of a program to it.
#[derive(Debug)]
pub(super) struct World {
    simulator: Control,
    /// The control API of the world itself.
    pub(super) control: Control,
    pub(super) url: Url,
    pub(super) relay: Relay,
    id: String,
    /// It was opened here, and is deleted at the end.
    is_own: bool,
    /// Ended on drop.
    _kept_open: JoinSet<()>,
}

/// Base URL of a world on the host by which the simulator is reached. Its own may be a public one.
fn beside(simulator: &Url, world: &Value) -> Option<Url> {
    let world = Url::parse(world["url"].as_str()?).ok()?;
    let mut url = simulator.clone();
    url.set_port(world.port_or_known_default()).ok()?;
    Some(url)
}

/// Sends a request now and then, so that the world does not end while the program sends none.
async fn keep_open(world: Control, every: Duration) {
    loop {
        sleep(every).await;
        // If it has ended all the same, the program's own requests show it.
        let _ = world.call(Method::GET, "/health", &Value::Null).await;
    }
}

impl World {
    /// Uses the world with this ID, or opens it.
    pub(super) async fn open(simulator: &Url, id: &str) -> Result<Self, CliError> {
        let control = Control::at(simulator);
        let body = json!({ "id": id });
        let (status, mut world) = control.call(Method::POST, "/worlds", &body).await?;
        let is_own = status == 201;
        // Exists already, unless something else is wrong.
        if status == 409 && world["error"]["field"] == "id" {
            let path = format!("/worlds/{id}");
            world = control.expect(Method::GET, &path, &Value::Null).await?;
        } else if !is_own {
            return Err(control.rejected(&world));
        }
        let url = beside(simulator, &world).ok_or_else(|| control.not_a_simulator())?;
        let idle = world["idle_seconds"].as_u64().map(Duration::from_secs);
        let mut kept_open = JoinSet::new();
        if let Some(idle) = idle {
            kept_open.spawn(keep_open(Control::at(&url), idle / 3));
        }
        Ok(Self {
            simulator: control,
            control: Control::at(&url),
            relay: Relay::to(&url),
            url,
            id: id.to_owned(),
            is_own,
            _kept_open: kept_open,
        })
    }

    /// ID and secret of the first app.
    pub(super) async fn app(&self) -> Result<Option<(String, String)>, CliError> {
        let apps = "/apps?secrets=true";
        let apps = self.control.expect(Method::GET, apps, &Value::Null).await?;
        let text = |member: &str| apps[0][member].as_str().map(str::to_owned);
        Ok(text("id").zip(text("secret")))
    }

    pub(super) async fn findings(&self) -> Result<Value, CliError> {
        let path = "/findings?since=start";
        self.control.expect(Method::GET, path, &Value::Null).await
    }

    /// Deletes the world if it was opened here.
    pub(super) async fn end(self) -> Result<(), CliError> {
        if self.is_own {
            let path = format!("/worlds/{}", self.id);
            let deleted = self.simulator.expect(Method::DELETE, &path, &Value::Null);
            deleted.await?;
        }
        Ok(())
    }
}
