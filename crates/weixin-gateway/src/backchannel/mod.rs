//! Tells clients of logouts (Back-Channel Logout 1.0 §2.5 to §2.8), from the outbox of the store.

mod places;

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use axum::http::StatusCode;
use data_encoding::BASE32_NOPAD;
use thiserror::Error;
use tokio::task::JoinSet;

use self::places::{Place, Places};
use crate::{
    config::Config,
    error_text::causes,
    http::Provider,
    keys::KeyError,
    oidc::{BackChannelUri, Client, ClientId, LogoutToken, Timestamp},
    outbound::{Outbound, OutboundError},
    random::{self, NoRandomBytes},
    state::Live,
    store::{StoreError, logouts::PendingLogout},
};

/// How often the outbox is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long a node that has no URL for a client leaves its logout tokens to the others, whose configuration may be newer. It
/// counts from when they are due, and from when this node has loaded its file: before, it may have been down.
const OTHERS_FIRST: Duration = Duration::from_mins(10);

/// The same for a node that has not had its file for so long, such as one that starts again and again.
const OTHERS_LAST: Duration = Duration::from_hours(1);

/// The delivery of logout tokens.
#[derive(Debug)]
pub(crate) struct BackChannel {
    live: Arc<Live>,
    outbound: Outbound,
}

/// The configuration that this node has, and since when.
struct Loaded {
    config: Arc<Config>,
    at: Timestamp,
}

impl Loaded {
    fn now(live: &Live) -> Self {
        Self {
            config: live.config(),
            at: live.shared().now(),
        }
    }

    fn look(&mut self, live: &Live) {
        if !Arc::ptr_eq(&self.config, &live.config()) {
            *self = Self::now(live);
        }
    }
}

/// Why a token was not delivered.
#[derive(Debug, Error)]
enum DeliveryError {
    /// It may be served again before the last attempt: its operator has disabled it for a while, or moves it.
    #[error("no client with this ID is served")]
    UnknownClient,
    /// The client has said that the token is invalid: another attempt would not help (§2.8).
    #[error("the client rejects the logout token")]
    Rejected,
    #[error("the client responds with status {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
}

impl BackChannel {
    pub(crate) const fn new(live: Arc<Live>, outbound: Outbound) -> Self {
        Self { live, outbound }
    }

    /// Delivers what is in the outbox, as long as it is polled. What is cut off is tried again. Each delivery is a task, whose
    /// time goes on while the outbox is read.
    pub(crate) async fn run(self: &Arc<Self>) {
        let (mut running, mut places) = (JoinSet::new(), Places::default());
        let mut loaded = Loaded::now(&self.live);
        loop {
            loaded.look(&self.live);
            // It begins before the look, so that a clock that moves meanwhile ends it.
            let clock = Arc::clone(&self.live.shared().clock);
            let pause = clock.sleep(POLL_INTERVAL);
            for (logout, place) in self.take(&mut places, loaded.at).await {
                let this = Arc::clone(self);
                running.spawn(async move { this.deliver(logout, place).await });
            }
            let ended = tokio::select! {
                () = pause => None,
                ended = running.join_next(), if !running.is_empty() => ended,
            };
            match ended {
                Some(Ok(place)) => places.leave(place),
                // As a panic of the loop itself.
                Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
                _ => {}
            }
        }
    }

    /// What there is a place for. Nothing that is taken waits for another request.
    async fn take(&self, places: &mut Places, loaded: Timestamp) -> Vec<(PendingLogout, Place)> {
        let mut taken = Vec::new();
        if let Err(error) = self.take_from_store(places, loaded, &mut taken).await {
            let error = causes(&error);
            tracing::error!(error, "the outbox of logouts cannot be read");
        }
        taken
    }

    async fn take_from_store(
        &self,
        places: &mut Places,
        loaded: Timestamp,
        taken: &mut Vec<(PendingLogout, Place)>,
    ) -> Result<(), StoreError> {
        let (shared, providers) = (self.live.shared(), self.live.providers());
        let (store, now) = (&shared.store, shared.now());
        // Tokens of another time would be rejected, or given up.
        if !shared.readiness.knows_the_time() {
            return Ok(());
        }
        let mut due = store.due_clients(now).await?;
        places.sort(&mut due);
        let others_first = if loaded <= now.before(OTHERS_FIRST) {
            OTHERS_FIRST
        } else {
            OTHERS_LAST
        };
        for (client, due_at) in due {
            let (due_by, host) = match Recipient::find(&providers, &client) {
                Recipient::Url(.., uri) => (now, uri.url.host_str()),
                Recipient::NoUrl | Recipient::Unknown => (now.before(others_first), None),
            };
            let room = places.room(&client, host);
            if due_at <= due_by && room > 0 {
                let logouts = store.take_logouts(client.clone(), room, due_by).await?;
                taken.extend(
                    logouts
                        .into_iter()
                        .map(|it| (it, places.enter(&client, host))),
                );
            }
        }
        Ok(())
    }

    /// Returns the place when it is done.
    async fn deliver(&self, logout: PendingLogout, place: Place) -> Place {
        if let Err(error) = self.deliver_once(&logout).await {
            let error = causes(&error);
            tracing::error!(error, "the outbox of logouts cannot be written");
        }
        place
    }

    async fn deliver_once(&self, logout: &PendingLogout) -> Result<(), StoreError> {
        let providers = self.live.providers();
        let shared = self.live.shared();
        let store = &shared.store;
        let sent = match Recipient::find(&providers, &logout.client) {
            Recipient::Url(provider, client, uri) => self.post(provider, client, uri, logout).await,
            Recipient::NoUrl => Ok(()),
            Recipient::Unknown => Err(DeliveryError::UnknownClient),
        };
        let Err(error) = sent else {
            return store.remove_logout(logout).await;
        };
        let is_last = logout.is_last_attempt() || matches!(error, DeliveryError::Rejected);
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            client = logout.client.as_str(),
            attempt = logout.attempt,
            is_last,
            "a logout token was not delivered"
        );
        if !is_last {
            return Ok(());
        }
        store.give_logout_up(logout, shared.now()).await
    }

    async fn post(
        &self,
        provider: &Provider,
        client: &Client,
        uri: &BackChannelUri,
        logout: &PendingLogout,
    ) -> Result<(), DeliveryError> {
        let jti = BASE32_NOPAD.encode(&random::bytes::<16>()?);
        let jti = jti.to_ascii_lowercase();
        let ended = (logout.sid, &logout.subject);
        let shared = &provider.shared;
        let now = shared.now();
        let token = LogoutToken::new(&provider.issuer, &client.id, ended, jti, now);
        let keys = &shared.keys;
        let token = keys.sign_as(LogoutToken::TYP, client.algorithm, &token)?;
        let form = format!("logout_token={token}");
        let posted = self.outbound.post_form(&uri.url, form, uri.allow_private);
        match posted.await? {
            status if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST => Err(DeliveryError::Rejected),
            status => Err(DeliveryError::Status(status)),
        }
    }
}

/// Whom a logout token is for, by the configuration of this node.
#[derive(Debug)]
enum Recipient<'a> {
    Url(&'a Provider, &'a Client, &'a BackChannelUri),
    /// The client is not told of logouts.
    NoUrl,
    /// No client has the ID, or it is disabled.
    Unknown,
}

impl<'a> Recipient<'a> {
    fn find(providers: &'a [Arc<Provider>], id: &ClientId) -> Self {
        let mut providers = providers.iter();
        let of = providers.find_map(|it| Some((&**it, it.client(id.as_str())?)));
        let Some((provider, client)) = of else {
            return Self::Unknown;
        };
        let uri = client.logout.backchannel.as_ref();
        uri.map_or(Self::NoUrl, |uri| Self::Url(provider, client, uri))
    }
}
