//! The configuration file, taken over each time that it has changed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    config::Config,
    error_text::causes,
    gateway::Gateway,
    reload::{ReloadError, Reloaded},
    telemetry,
};

/// How often the times of the files are compared.
const INTERVAL: Duration = Duration::from_secs(5);

/// The time and size of each file; none of a file that is missing.
type Versions = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

impl Gateway {
    /// Takes over the configuration file each time that it, or one of the files of secrets that it names, has changed. Their
    /// times are compared every five seconds. Never returns.
    pub async fn watch(&self, file: &Path) {
        let clock = Arc::clone(&self.shared().clock);
        let mut seen = self.versions(file);
        let mut failed = None;
        loop {
            clock.sleep(INTERVAL).await;
            let now = self.versions(file);
            // After a failure, what is missing may be a file that no configuration in use names.
            if now == seen && failed.is_none() {
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

    fn versions(&self, file: &Path) -> Versions {
        let files = [file.to_owned()].into_iter().chain(self.secret_files());
        let version = |file: PathBuf| {
            let version = fs::metadata(&file).and_then(|it| Ok((it.modified()?, it.len())));
            (file, version.ok())
        };
        files.map(version).collect()
    }
}

fn warn_of_restart(reloaded: &Reloaded) {
    let settings = reloaded.needs_restart.join(", ");
    if !settings.is_empty() {
        tracing::warn!(settings, "these settings have changed and need a restart");
    }
}

const UNUSED: &str = "the configuration cannot be used: the one before stays";
