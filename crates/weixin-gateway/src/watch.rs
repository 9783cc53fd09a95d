//! The configuration file, taken over each time that it has changed.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use crate::{
    config::{Config, FileContent},
    error_text::causes,
    gateway::Gateway,
    reload::{ReloadError, Reloaded},
    slow_files, telemetry,
};

/// How often the files are compared with what was loaded.
const INTERVAL: Duration = Duration::from_secs(5);

impl Gateway {
    /// Takes over the configuration file each time that it, or one of the files of secrets that it names, no longer holds
    /// what was loaded: also if it has changed before this was called. They are read every five seconds, and what two reads
    /// have found is taken over: a file that is still being written may have no error, and lack clients or what protects
    /// them. Never returns.
    pub async fn watch(&self, file: &Path) {
        let clock = Arc::clone(&self.shared().clock);
        let (mut before, mut rejected) = (Vec::new(), Rejected::default());
        let mut changes = Changes::default();
        loop {
            clock.sleep(INTERVAL).await;
            let loaded = files(file, &self.config());
            if slow_files::are_stuck() {
                continue;
            }
            // The file itself may no longer name what cannot be read.
            let mut now = read_again(file, &loaded).await.unwrap_or_default();
            let _loading = self.loading.lock().await;
            // A file that was rejected, and is as before again, is loaded, so that the log says that it is right.
            if now == loaded && rejected.error.is_none() {
                before.clear();
                changes.look(&now);
                continue;
            }
            let config = Config::load_meanwhile(file).await;
            if let Ok(config) = &config {
                now = files(file, config);
            }
            changes.look(&now);
            if now != before {
                before = now;
                continue;
            }
            let reloaded = match config {
                Ok(config) => self.take_over(config).await,
                Err(error) => Err(error.into()),
            };
            rejected.note(reloaded.err(), now);
        }
    }

    /// Takes over the configuration file, as after `SIGHUP`. What came of it is logged.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if it cannot be used. Nothing is changed then.
    pub async fn reload_file(&self, file: &Path) -> Result<Reloaded, ReloadError> {
        let _loading = self.loading.lock().await;
        let reloaded = match Config::load_meanwhile(file).await {
            Ok(config) => self.take_over(config).await,
            Err(error) => Err(error.into()),
        };
        reloaded.inspect_err(|error| {
            telemetry::reload_failed();
            tracing::error!(error = causes(error), "{UNUSED}");
        })
    }

    async fn take_over(&self, config: Config) -> Result<Reloaded, ReloadError> {
        let removed = removed_clients(&self.config(), &config);
        let reloaded = self.reload(config).await?;
        tracing::info!("the configuration was loaded again");
        warn_of_removed(&removed);
        warn_of_restart(&reloaded);
        Ok(reloaded)
    }
}

/// The files that were tried last, and why they were rejected, if they were.
#[derive(Debug, Default)]
struct Rejected {
    error: Option<String>,
    files: Vec<FileContent>,
}

impl Rejected {
    /// Logs once why these files were rejected.
    fn note(&mut self, error: Option<ReloadError>, files: Vec<FileContent>) {
        let error = error.map(|error| causes(&error));
        let is_new = error != self.error || files != self.files;
        if let Some(error) = error.as_ref().filter(|_| is_new) {
            telemetry::reload_failed();
            tracing::error!(error, "{UNUSED}");
        }
        *self = Self { error, files };
    }
}

/// Looks in a row that differ, after which the operator is told that nothing is loaded.
const UNSETTLED: u32 = 3;

/// How many times in a row the files have differed from the look before.
#[derive(Debug, Default)]
struct Changes {
    last: Option<Vec<FileContent>>,
    count: u32,
}

impl Changes {
    /// Logs once that the files change too often to be loaded.
    fn look(&mut self, now: &[FileContent]) {
        let Some(last) = self.last.replace(now.to_vec()) else {
            return;
        };
        if now == last {
            self.count = 0;
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.count == UNSETTLED {
            let changed = now.iter().filter(|file| !last.contains(file));
            let changed: Vec<_> = changed
                .map(|file| file.path.display().to_string())
                .collect();
            tracing::warn!(files = changed.join(", "), "{NOT_LOADED}");
        }
    }
}

/// What the files of a configuration hold now.
async fn read_again(file: &Path, loaded: &[FileContent]) -> Option<Vec<FileContent>> {
    let paths: Vec<_> = loaded.iter().map(|it| it.path.clone()).collect();
    let read = move || paths.iter().map(|it| FileContent::read(it)).collect();
    slow_files::read(file, read).await
}

/// The files of a configuration, with what was read.
fn files(file: &Path, config: &Config) -> Vec<FileContent> {
    let own = FileContent::new(file, config.text);
    let secrets = config.secret_files.iter().cloned();
    [own].into_iter().chain(secrets).collect()
}

/// The clients of a configuration that another one lacks.
fn removed_clients(old: &Config, new: &Config) -> Vec<String> {
    let new: BTreeSet<_> = new.clients.iter().map(|client| &client.id).collect();
    let removed = old.clients.iter().map(|client| &client.id);
    let removed = removed.filter(|id| !new.contains(id));
    removed.map(ToString::to_string).collect()
}

fn warn_of_removed(clients: &[String]) {
    let clients = clients.join(", ");
    if !clients.is_empty() {
        tracing::warn!(clients, "these clients are no longer in the configuration");
    }
}

fn warn_of_restart(reloaded: &Reloaded) {
    let settings = reloaded.needs_restart.join(", ");
    if !settings.is_empty() {
        tracing::warn!(settings, "these settings have changed and need a restart");
    }
}

const UNUSED: &str = "the configuration cannot be used: the one before stays";
const NOT_LOADED: &str = "these files have changed at each of the last three looks, and what changes is not loaded: \
    write each once, to another name in its folder, and rename it";
