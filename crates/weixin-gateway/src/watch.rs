//! The configuration file, taken over each time that it has changed.

use std::{path::Path, sync::Arc, time::Duration};

use crate::{
    config::{Config, FileContent},
    error_text::causes,
    gateway::Gateway,
    reload::{ReloadError, Reloaded},
    telemetry,
};

/// How often the files are compared with what was loaded.
const INTERVAL: Duration = Duration::from_secs(5);

impl Gateway {
    /// Takes over the configuration file each time that it, or one of the files of secrets that it names, no longer holds
    /// what was loaded: also if it has changed before this was called. They are read every five seconds. Never returns.
    pub async fn watch(&self, file: &Path) {
        let clock = Arc::clone(&self.shared().clock);
        let (mut seen, mut failed) = (Vec::new(), None);
        loop {
            clock.sleep(INTERVAL).await;
            let loaded = self.loaded(file);
            let now: Vec<_> = loaded
                .iter()
                .map(|it| FileContent::read(&it.path))
                .collect();
            // A file that was rejected, and is as before again, is loaded, so that the log says that it is right.
            if now == loaded && failed.is_none() {
                continue;
            }
            let error = self.load(file).await.err().map(|error| causes(&error));
            if let Some(error) = error.as_ref().filter(|_| error != failed || now != seen) {
                telemetry::reload_failed();
                tracing::error!(error, "{UNUSED}");
            }
            failed = error;
            seen = now;
        }
    }

    /// Takes over the configuration file, as after `SIGHUP`. What came of it is logged.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if it cannot be used. Nothing is changed then.
    pub async fn reload_file(&self, file: &Path) -> Result<Reloaded, ReloadError> {
        let loaded = self.load(file).await;
        loaded.inspect_err(|error| {
            telemetry::reload_failed();
            tracing::error!(error = causes(error), "{UNUSED}");
        })
    }

    async fn load(&self, file: &Path) -> Result<Reloaded, ReloadError> {
        let reloaded = self.reload(Config::load(file)?).await?;
        tracing::info!("the configuration was loaded again");
        warn_of_restart(&reloaded);
        Ok(reloaded)
    }

    /// The files of the configuration in use, with what was loaded.
    fn loaded(&self, file: &Path) -> Vec<FileContent> {
        let config = self.config();
        let own = FileContent::new(file, config.text);
        let secrets = config.secret_files.iter().cloned();
        [own].into_iter().chain(secrets).collect()
    }
}

fn warn_of_restart(reloaded: &Reloaded) {
    let settings = reloaded.needs_restart.join(", ");
    if !settings.is_empty() {
        tracing::warn!(settings, "these settings have changed and need a restart");
    }
}

const UNUSED: &str = "the configuration cannot be used: the one before stays";
