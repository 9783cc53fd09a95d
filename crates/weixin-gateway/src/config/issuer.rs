//! The issuers of the gateway.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use weixin::Bilingual;

use super::{
    app::App,
    error::ConfigError,
    problem::{Known, Problem, both},
};
use crate::oidc::Issuer;

/// A table `[[issuer]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerEntry {
    url: String,
    apps: Vec<String>,
}

/// An issuer with its apps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct IssuerConfig {
    pub(crate) issuer: Issuer,
    /// The names of its apps: at most one of each kind.
    pub(crate) apps: Vec<String>,
}

const ENDPOINT_ELSEWHERE: Bilingual = both(
    "设置了 endpoint 的应用只能用于 localhost 上的 issuer：请删除该应用的 endpoint，或使用 localhost 上的 issuer。使用模拟器时，任何人都可以登录",
    "an app with an endpoint, at an issuer that is not on localhost: remove its endpoint, or use an issuer on localhost. With a \
     simulator, anyone can log in",
);

/// The issuers, with the rules that hold among them.
pub(super) fn check(
    entries: Vec<IssuerEntry>,
    apps: &BTreeMap<String, App>,
) -> Result<Vec<IssuerConfig>, ConfigError> {
    let issuers = entries.into_iter().map(|entry| entry.check(apps));
    let issuers: Vec<_> = issuers.collect::<Result<_, _>>()?;
    if issuers.is_empty() {
        return Err(ConfigError::new(
            "issuer",
            both(
                "缺少：至少一个 [[issuer]]",
                "missing: at least one [[issuer]]",
            ),
        ));
    }
    // A path is the prefix of a router, which knows no host: two issuers at one path would be one.
    let paths: BTreeSet<_> = issuers.iter().map(|it| it.issuer.path()).collect();
    if paths.len() < issuers.len() {
        return Err(ConfigError::new(
            "issuer",
            both("两个 issuer 的路径相同", "two issuers have the same path"),
        ));
    }
    if issuers
        .iter()
        .any(|it| hides_an_endpoint(it.issuer.path(), &paths))
    {
        let problem = both(
            "路径与端点冲突，例如位于另一个 issuer 的 /token 之下",
            "its path is that of an endpoint, such as /token below another issuer",
        );
        return Err(ConfigError::new("issuer", problem));
    }
    Ok(issuers)
}

/// Whether a path is one below which the gateway or another issuer has an endpoint.
fn hides_an_endpoint(path: &str, issuers: &BTreeSet<&str>) -> bool {
    const OF_GATEWAY: [&str; 3] = [".well-known", "healthz", "readyz"];
    const OF_ISSUER: [&str; 12] = [
        ".well-known",
        "authorize",
        "callback",
        "consent",
        "end_session",
        "introspect",
        "jwks",
        "login",
        "par",
        "revoke",
        "token",
        "userinfo",
    ];
    let first_below = |outer: &str| {
        let rest = path.strip_prefix(outer)?.strip_prefix('/')?;
        rest.split('/').next()
    };
    let is_of_issuer = |outer: &&str| first_below(outer).is_some_and(|it| OF_ISSUER.contains(&it));
    let is_of_gateway = first_below("").is_some_and(|it| OF_GATEWAY.contains(&it));
    is_of_gateway || issuers.iter().any(is_of_issuer)
}

impl IssuerEntry {
    fn check(self, apps: &BTreeMap<String, App>) -> Result<IssuerConfig, ConfigError> {
        let issuer =
            Issuer::try_from(self.url).map_err(|error| ConfigError::new("issuer.url", error))?;
        let place = format!("issuer {issuer}, apps");
        let mut kinds = BTreeSet::new();
        for (number, name) in (1..).zip(&self.apps) {
            // The name is not repeated: it may be a secret.
            let unknown = || {
                let known = Known::new(name, apps.keys().cloned().collect());
                ConfigError::new(format!("{place} #{number}"), Problem::NoApp(known))
            };
            let app = apps.get(name).ok_or_else(unknown)?;
            if !kinds.insert(app.kind) {
                return Err(ConfigError::new(
                    place,
                    both("同一类型的应用只能有一个", "two apps of one kind"),
                ));
            }
        }
        if kinds.is_empty() {
            return Err(ConfigError::new(
                place,
                both("缺少：至少一个应用", "missing: at least one app"),
            ));
        }
        let has_simulator =
            |name: &String| apps.get(name).is_some_and(|app| app.endpoint.is_some());
        let simulator = self.apps.iter().position(has_simulator);
        if let Some(index) = simulator.filter(|_| !is_local(&issuer)) {
            // A simulator needs no proof of who logs in: it must never serve an issuer that others can reach.
            return Err(ConfigError::new(
                format!("{place} #{}", index + 1),
                ENDPOINT_ELSEWHERE,
            ));
        }
        Ok(IssuerConfig {
            issuer,
            apps: self.apps,
        })
    }
}

fn is_local(issuer: &Issuer) -> bool {
    let (_, rest) = issuer.as_str().split_once("://").unwrap_or_default();
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1")
}
