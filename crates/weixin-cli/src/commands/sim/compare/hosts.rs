//! The hosts to which cases are sent.

use url::{Host, Url};
use weixin::transport::Origin;

use crate::{args::EndpointArgs, endpoints::OPEN, error::CliError, message::message};

/// The host of each of WeChat's paths.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) open: Origin,
    pub(super) api: Origin,
    /// The host of `wxLogin.js`: WeChat's own, or the one of another login page.
    pub(super) scripts: Origin,
}

impl Hosts {
    pub(super) fn of(args: &EndpointArgs) -> Result<Self, CliError> {
        let endpoints = args.of_arguments()?;
        let open = endpoints.open().clone();
        let scripts = if open.as_str() == OPEN {
            endpoints.scripts()
        } else {
            &open
        };
        let hosts = Self {
            scripts: scripts.clone(),
            api: endpoints.api().first().unwrap_or(&open).clone(),
            open,
        };
        if !is_loopback(&hosts.api) && !hosts.api.as_str().starts_with("https://") {
            let api = &hosts.api;
            return Err(CliError::Usage(message(
                format!("--api-url {api}：请使用 https，因为请求含有 AppSecret"),
                format!("--api-url {api}: use https, because the requests contain the app secret"),
            )));
        }
        Ok(hosts)
    }

    pub(super) fn of_path(&self, path: &str) -> &Origin {
        if path.starts_with("/connect/zh_CN/htmledition/") {
            &self.scripts
        } else if path.starts_with("/connect/") {
            &self.open
        } else {
            &self.api
        }
    }

    /// Returns `true` if nothing is sent to another machine.
    pub(super) fn are_loopback(&self) -> bool {
        [&self.open, &self.api, &self.scripts]
            .into_iter()
            .all(is_loopback)
    }
}

fn is_loopback(origin: &Origin) -> bool {
    let Ok(url) = Url::parse(origin.as_str()) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_loopback_and_no_other() {
        for (origin, expected) in [
            ("http://127.0.0.1:9300", true),
            ("http://localhost", true),
            ("http://[::1]:80", true),
            ("https://open.weixin.qq.com", false),
            ("http://localhost.weixin.qq.com", false),
            ("http://192.168.1.2:9300", false),
        ] {
            assert_eq!(is_loopback(&origin.parse().unwrap()), expected, "{origin}");
        }
    }
}
