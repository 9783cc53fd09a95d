//! What the endpoints of one issuer share.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{extract::ConnectInfo, http::request::Parts};
use weixin::{AppId, clock::Clock};
use weixin_axum::{ReturnPath, WebLogin};

use super::{client_ip::ClientAddresses, rate_limit::RateLimit, session_cookie::SessionCookie};
use crate::{
    config::{Lifetimes, Limits},
    keys::KeySet,
    master_key::MasterKeys,
    oidc::{Client, Clients, Issuer, RequestId, Timestamp},
    readiness::Readiness,
    store::{Store, identities::UnionIds},
};

/// Where WeChat sends browsers back to, below the issuer.
pub(crate) const CALLBACK: &str = "/callback";

/// What all issuers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clients: Clients,
    pub(crate) keys: KeySet,
    pub(crate) master: Arc<MasterKeys>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) addresses: ClientAddresses,
    pub(crate) rate_limit: Arc<RateLimit>,
    pub(crate) readiness: Arc<Readiness>,
    /// The apps with `union_ids = "replace"`.
    pub(crate) moved_apps: BTreeSet<AppId>,
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().into()
    }

    /// The address that a request comes from. `None` in a program that serves the router without telling it.
    pub(super) fn address(&self, request: &Parts) -> Option<IpAddr> {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        peer.map(|peer| self.addresses.client(peer, &request.headers, self.now()))
    }

    /// What another UnionID than the known one means in a login through this app.
    pub(crate) fn unionids(&self, app: &AppId) -> UnionIds {
        if self.moved_apps.contains(app) {
            UnionIds::Replace
        } else {
            UnionIds::Keep
        }
    }
}

/// One issuer.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: Issuer,
    pub(crate) web_login: WebLogin,
    /// What the configuration calls the apps of this issuer.
    pub(crate) app_names: BTreeMap<AppId, String>,
    pub(crate) cookie: SessionCookie,
    /// The metadata as JSON: it changes with the configuration only.
    pub(crate) metadata: String,
    pub(crate) shared: Arc<Shared>,
}

impl Provider {
    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.shared.clients.find(self.issuer.id(), id)
    }

    /// The URL at which a waiting request continues, on this host.
    pub(crate) fn login_path(&self, id: RequestId) -> String {
        format!("{}/login/{id}", self.issuer.path())
    }

    /// The URL of the page that asks the user about a request.
    pub(crate) fn consent_path(&self, id: RequestId) -> String {
        format!("{}/consent/{id}", self.issuer.path())
    }

    /// The request that a return path belongs to: one of this issuer's, and no other path.
    pub(crate) fn request_of(&self, path: &ReturnPath) -> Option<RequestId> {
        let rest = path.as_str().strip_prefix(self.issuer.path())?;
        rest.strip_prefix("/login/")?.parse().ok()
    }
}
