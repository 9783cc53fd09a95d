//! The bundled HTTP client, shared by the apps of a process.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use pyo3::prelude::*;
use weixin::transport::Https;

use crate::{failure::raise, process::PerProcess};

/// The most clients that are kept: programs have one or two.
const MAX_CLIENTS: usize = 8;

/// What the bundled client reads from the environment when it is made.
const ENVIRONMENT: [&str; 10] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

#[derive(PartialEq)]
struct Key {
    connect: Duration,
    total: Duration,
    environment: [Option<std::ffi::OsString>; ENVIRONMENT.len()],
}

static CLIENTS: PerProcess<Mutex<Vec<(Key, Https)>>> = PerProcess::new();

/// A client with these time-outs, and with the proxy and the certificates that the environment names now. Programs that
/// make an app for each request share its connections.
pub(crate) fn shared(py: Python<'_>, connect: Duration, total: Duration) -> PyResult<Https> {
    let key = Key {
        connect,
        total,
        environment: ENVIRONMENT.map(std::env::var_os),
    };
    let clients = CLIENTS.get(py, || Ok(Mutex::default()))?;
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, found)) = clients.iter().find(|(of, _)| *of == key) {
        return Ok(found.clone());
    }
    let made = Https::with_timeouts(connect, total).map_err(raise(py))?;
    if clients.len() == MAX_CLIENTS {
        clients.remove(0);
    }
    clients.push((key, made.clone()));
    Ok(made)
}
