//! Event targets: other systems that are told of changes of users and groups, by Security Event Tokens (RFC 8417)
//! with the SCIM events of RFC 9967, pushed over HTTPS (RFC 8935). Each target follows the event log with a cursor of
//! its own, which moves only when the target has accepted what came before.

mod backoff;
mod deliver;
mod http;
mod pages;
mod run;
mod security_event;
pub mod store;

use std::time::Duration;

use ::http::Method;
use ::store::{EventCursor, Retryable, StoreError};
use thiserror::Error;
use url::Url;
use web::outbound::{Outbound, OutboundError, Reach};
use web::routes::Routes;
use web::sealed::{MasterKey, SealedError};
use web::{Random, Timestamp};
use zeroize::Zeroizing;

pub use deliver::{Round, deliver_due};
pub use run::run;
pub use security_event::EVENT_URIS;

use crate::{Center, admin_api, console};

/// Most targets of an instance.
pub const MOST_TARGETS: usize = 5;
/// A target that fails for so long is pointed out.
const WARN_AFTER: Duration = Duration::from_secs(3600);
/// Longest URL.
const LONGEST_URL: usize = 2048;

/// A system that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTarget {
    /// Its id.
    pub id: String,
    /// Where tokens are sent.
    pub url: String,
    /// Whether it may be in a private network.
    pub allow_private: bool,
    /// Whether nothing is sent at present.
    pub paused: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// The last entry of the event log that it accepted or that is not for it.
    pub cursor: EventCursor,
    /// When it last accepted an event.
    pub delivered_at: Option<Timestamp>,
    /// When the next request may go out.
    pub next_at: Timestamp,
    /// Requests that failed since it last accepted one.
    pub failures: i64,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// Why the last one did.
    pub failure: Option<String>,
    sealed: Vec<u8>,
}

/// A target to be added, with the secret that is shown this once.
#[derive(Clone)]
pub struct NewTarget {
    /// A fresh id.
    pub id: String,
    /// Where tokens are sent.
    pub url: String,
    /// Whether it may be in a private network.
    pub allow_private: bool,
    /// The key of HMAC: this text in UTF-8.
    pub secret: Zeroizing<String>,
    sealed: Vec<u8>,
}

/// Why something about a target was not done.
#[derive(Debug, Error)]
pub enum TargetError {
    /// No such target.
    #[error("there is no event target {0}")]
    NotFound(String),
    /// As many as there may be.
    #[error("there are {MOST_TARGETS} event targets, which is the most")]
    TooMany,
    /// An address to which nothing is sent.
    #[error("the URL of the event target is not allowed: {why}")]
    Url {
        /// What is wrong with it.
        why: String,
        /// The URL.
        found: String,
    },
    /// The secret cannot be sealed or opened.
    #[error("the secret of the event target: {0}")]
    Secret(#[from] SealedError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for TargetError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl NewTarget {
    /// Draws id and secret, after a look at the address.
    ///
    /// # Errors
    /// [`TargetError::Url`] and [`TargetError::Secret`].
    pub fn draw(
        random: &Random,
        master_key: &MasterKey,
        url: &str,
        allow_private: bool,
    ) -> Result<Self, TargetError> {
        check_url(url, allow_private)?;
        let (id, secret) = (random.uuid(), Zeroizing::new(random.token("entev-")));
        let sealed = master_key.seal(&place(&id), secret.as_bytes())?;
        Ok(Self { id, url: url.to_owned(), allow_private, secret, sealed })
    }
}

impl EventTarget {
    /// The secret, for the moment in which it is used.
    ///
    /// # Errors
    /// [`TargetError::Secret`] where the master key was exchanged.
    fn secret(&self, master_key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, TargetError> {
        Ok(Zeroizing::new(master_key.open(&place(&self.id), &self.sealed)?))
    }

    /// Its state in one word: `active`, `failing` or `paused`.
    pub fn state(&self) -> &'static str {
        match (self.paused, self.failing_since) {
            (true, _) => "paused",
            (false, Some(_)) => "failing",
            (false, None) => "active",
        }
    }
}

/// What the dashboard says of targets that have accepted nothing for an hour; nothing where all is well.
pub fn warning(targets: &[EventTarget], now: Timestamp) -> Option<String> {
    let failing = targets.iter().filter_map(|target| Some((target, target.failing_since?)));
    let (target, since) = failing.min_by_key(|(_, since)| *since)?;
    let text = format!(
        "{} has accepted nothing since {}{}: {}. Look under Settings, Event targets.",
        target.url,
        since.readable(),
        if target.paused { " and is paused" } else { "" },
        target.failure.as_deref().unwrap_or_default()
    );
    (target.paused || now.since(since) >= WARN_AFTER).then_some(text)
}

fn place(id: &str) -> String {
    format!("event_targets/secret/{id}")
}

/// The guarded client for a target.
fn outbound(allow_private: bool) -> Result<Outbound, OutboundError> {
    Outbound::new(if allow_private { Reach::Private } else { Reach::Public })
}

fn check_url(url: &str, allow_private: bool) -> Result<(), TargetError> {
    let refused = |why: String| TargetError::Url { why, found: url.chars().take(LONGEST_URL).collect() };
    if url.len() > LONGEST_URL {
        return Err(refused(format!("it is longer than {LONGEST_URL} characters")));
    }
    let parsed = Url::parse(url).map_err(|_| refused("it cannot be read as a URL".to_owned()))?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return Err(refused("user name, password and fragment have no place in it".to_owned()));
    }
    let checked = outbound(allow_private).and_then(|client| client.request(Method::POST, url).map(|_| ()));
    checked.map_err(|error| refused(error.to_string()))
}

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let api = Routes::new("api_key")
        .get("/api/event-targets", http::list)
        .post("/api/event-targets", http::add)
        .delete("/api/event-targets/{id}", http::remove)
        .post("/api/event-targets/{id}/test", http::test)
        .post("/api/event-targets/{id}/pause", http::pause)
        .post("/api/event-targets/{id}/resume", http::resume);
    let pages = Routes::new("administrator")
        .get("/console/settings/event-targets", pages::show)
        .post("/console/settings/event-targets", pages::change);
    admin_api::guarded(center, api).merge(console::guarded(center, pages))
}
