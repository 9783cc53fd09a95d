//! The settings of an app, from which each process builds its own.

use std::{sync::Arc, time::Duration};

use pyo3::{exceptions::PyValueError, prelude::*};
use weixin::{
    AppId, AppSecret, Endpoints, MiniProgram, MobileApp, OfficialAccount, RedirectUri, Website,
    app::{App, AppKind},
    transport::{Origin, RetryPolicy, Transport},
};

use crate::{callable::Callable, failure::raise, https, secret::SecretText};

/// The longest time-out that makes sense for a login.
const MAX_TIMEOUT: Duration = Duration::from_mins(10);

/// Builds an app: the builders are types of their own.
macro_rules! built {
    ($builder:expr, $network:expr, $transport:expr) => {{
        let (endpoints, retry_policy) = $network;
        let builder = $builder.endpoints(endpoints).retry_policy(retry_policy);
        builder.build_with($transport).into()
    }};
}

/// The settings of an app, as Python passes them.
pub(crate) struct Arguments<'py> {
    pub(crate) kind: String,
    pub(crate) app_id: String,
    pub(crate) app_secret: SecretText<'py>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) open_url: Option<String>,
    pub(crate) connect_timeout: f64,
    pub(crate) timeout: f64,
    pub(crate) max_attempts: u32,
    pub(crate) transport: Option<Py<PyAny>>,
    pub(crate) sandbox: bool,
    pub(crate) allow_snapshot_users: bool,
}

/// The settings of an app, checked.
pub(crate) struct Settings {
    pub(crate) kind: AppKind,
    pub(crate) id: AppId,
    secret: AppSecret,
    pub(crate) redirect_uri: Option<RedirectUri>,
    endpoints: Endpoints,
    connect_timeout: Duration,
    timeout: Duration,
    retry_policy: RetryPolicy,
    transport: Option<Py<PyAny>>,
    is_sandbox: bool,
    allows_snapshot_users: bool,
}

impl Settings {
    pub(crate) fn new(py: Python<'_>, arguments: Arguments<'_>) -> PyResult<Self> {
        let redirect_uri = match &arguments.redirect_uri {
            Some(text) => Some(text.parse::<RedirectUri>().map_err(raise(py))?),
            None => None,
        };
        if let Some(function) = &arguments.transport {
            Callable::check(function.bind(py))?;
        }
        Ok(Self {
            kind: kind(&arguments.kind)?,
            id: arguments.app_id.parse().map_err(raise(py))?,
            secret: AppSecret::new(arguments.app_secret.text()?).map_err(raise(py))?,
            redirect_uri,
            endpoints: arguments.endpoints(py)?,
            connect_timeout: seconds("connect_timeout", arguments.connect_timeout)?,
            timeout: seconds("timeout", arguments.timeout)?,
            retry_policy: RetryPolicy::default().max_attempts(arguments.max_attempts.max(1)),
            transport: arguments.transport,
            is_sandbox: arguments.sandbox,
            allows_snapshot_users: arguments.allow_snapshot_users,
        })
    }

    /// The app of this process.
    pub(crate) fn build(&self, py: Python<'_>) -> PyResult<App> {
        let transport: Arc<dyn Transport> = match &self.transport {
            Some(callable) => Arc::new(Callable::new(callable.clone_ref(py), self.timeout)),
            None => Arc::new(https::shared(py, self.connect_timeout, self.timeout)?),
        };
        let secret = AppSecret::new(self.secret.expose()).map_err(raise(py))?;
        let id = self.id.clone();
        let network = (self.endpoints.clone(), self.retry_policy.clone());
        Ok(match self.kind {
            AppKind::OfficialAccount => {
                let mut builder = OfficialAccount::builder(id, secret);
                if self.is_sandbox {
                    builder = builder.sandbox();
                }
                if self.allows_snapshot_users {
                    builder = builder.allow_snapshot_users();
                }
                built!(builder, network, transport)
            }
            AppKind::MobileApp => built!(MobileApp::builder(id, secret), network, transport),
            AppKind::MiniProgram => built!(MiniProgram::builder(id, secret), network, transport),
            _ => built!(Website::builder(id, secret), network, transport),
        })
    }
}

impl Arguments<'_> {
    /// One URL for a simulator; two for a proxy of one's own; none for WeChat.
    fn endpoints(&self, py: Python<'_>) -> PyResult<Endpoints> {
        let origin = |text: &String| text.parse::<Origin>().map_err(raise(py));
        match (&self.open_url, &self.api_url) {
            (None, None) => Ok(Endpoints::default()),
            (Some(open), Some(api)) if open != api => {
                Ok(Endpoints::new(origin(open)?, origin(api)?))
            }
            (_, Some(one)) => Ok(Endpoints::single(origin(one)?)),
            (Some(_), None) => Err(PyValueError::new_err("open_url: needs api_url beside it")),
        }
    }
}

fn kind(name: &str) -> PyResult<AppKind> {
    match name {
        "website" => Ok(AppKind::Website),
        "official_account" => Ok(AppKind::OfficialAccount),
        "mobile_app" => Ok(AppKind::MobileApp),
        "mini_program" => Ok(AppKind::MiniProgram),
        _ => Err(PyValueError::new_err(
            "kind: expected 'website', 'official_account', 'mobile_app' or 'mini_program'",
        )),
    }
}

/// The name of a kind in Python.
pub(crate) fn kind_name(kind: AppKind) -> &'static str {
    match kind {
        AppKind::OfficialAccount => "official_account",
        AppKind::MobileApp => "mobile_app",
        AppKind::MiniProgram => "mini_program",
        _ => "website",
    }
}

fn seconds(name: &str, value: f64) -> PyResult<Duration> {
    let duration = Duration::try_from_secs_f64(value).ok();
    duration
        .filter(|duration| !duration.is_zero() && *duration <= MAX_TIMEOUT)
        .ok_or_else(|| {
            PyValueError::new_err(format!(
                "{name}: expected seconds, more than 0 and at most 600"
            ))
        })
}
