//! The job of an application: its state, its limits, its settings.

use std::time::Duration;

use store::{EventCursor, Retryable, StoreError};
use thiserror::Error;
use web::Timestamp;
use web::sealed::SealedError;

use super::mapping::{MappingError, Mappings};
use super::personality::{Personality, PersonalityChoice};
use super::plan::Refused;
use super::target::TargetError;

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Tenant URL or secret token are missing.
    NotConfigured,
    /// Nothing is sent until it is started.
    Paused,
    /// Changes are sent as they happen.
    Active,
    /// Something is wrong with the whole of it.
    Quarantine(Quarantine),
}

/// Why a job is in quarantine and when it looks again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Why.
    pub reason: Reason,
    /// In words.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
    /// When it looks whether that is over. It never gives up.
    pub next_attempt: Timestamp,
}

/// Why a job is in quarantine; Graph's names (entra-id.md 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The target cannot be reached, refuses the token, or fails at everything.
    EncounteredQuarantineException,
    /// More would be disabled or deleted than the limit allows.
    TooManyDeletes,
    /// The directory could not be read completely.
    IngestionInterrupted,
}

impl Reason {
    /// Its name in Graph and in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EncounteredQuarantineException => "EncounteredQuarantineException",
            Self::TooManyDeletes => "TooManyDeletes",
            Self::IngestionInterrupted => "IngestionInterrupted",
        }
    }

    /// The reason of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::EncounteredQuarantineException, Self::TooManyDeletes, Self::IngestionInterrupted]
            .into_iter()
            .find(|r| r.as_str() == text)
    }
}

impl State {
    /// Its name in rows.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Paused => "paused",
            Self::Active => "active",
            Self::Quarantine(_) => "quarantine",
        }
    }

    /// Its name for people.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotConfigured => "Not configured",
            Self::Paused => "Paused",
            Self::Active => "Active",
            Self::Quarantine(_) => "Quarantine",
        }
    }

    /// Whether cycles run.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Active | Self::Quarantine(_))
    }
}

/// A job as its row has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The tenant.
    pub tenant_id: String,
    /// The application's object id.
    pub application_id: String,
    /// Its own id, `scim.{tenant}.{guid}`.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// How often in a row it failed as a whole.
    pub failures: i64,
    /// While it runs: nothing is tried before this, because the target had trouble.
    pub wait_until: Option<Timestamp>,
    /// The SCIM base.
    pub base_url: Option<String>,
    /// The bearer token, sealed.
    pub token_sealed: Option<Vec<u8>>,
    /// Whether the target may be in a private network.
    pub allow_private: bool,
    /// Whether everybody is in scope, assigned or not.
    pub sync_all: bool,
    /// What becomes of whoever leaves the scope.
    pub out_of_scope: OutOfScope,
    /// The administrator's own limit of removals.
    pub removal_limit: Option<i64>,
    /// So many removals an administrator has looked at and allowed.
    pub removals_allowed: i64,
    /// The running window of the limit.
    pub window: Window,
    /// What the target is, as the administrator chose.
    pub personality: PersonalityChoice,
    /// What is mapped.
    pub mappings: Mappings,
    /// Up to where events are taken in; `None` before the initial cycle.
    pub cursor: Option<EventCursor>,
    /// How many objects the running cycle began with.
    pub total: i64,
    /// The running or last cycle.
    pub cycle_id: Option<String>,
    /// When it began.
    pub cycle_began: Option<Timestamp>,
    /// When the last cycle ended.
    pub cycle_ended: Option<Timestamp>,
    /// When nothing was left to do for the first time.
    pub steady: Option<Timestamp>,
    /// How often the whole target is compared by itself, in hours.
    pub compare_every: Option<i64>,
    /// When next, once it is known.
    pub compare_due: Option<Timestamp>,
}

/// How often the whole target is compared where nobody set it, in hours.
pub const COMPARE_EVERY: i64 = 24;

impl Job {
    /// Whether it knows where to send, and has a token for it.
    pub fn is_configured(&self) -> bool {
        self.base_url.is_some() && self.token_sealed.is_some()
    }

    /// Whether another version of the job means the same people, and sends the same of them.
    pub fn same_scope(&self, other: &Self) -> bool {
        self.sync_all == other.sync_all
            && self.out_of_scope == other.out_of_scope
            && self.mappings == other.mappings
            && self.target_personality() == other.target_personality()
    }

    /// When the whole target is to be compared by itself.
    pub fn next_comparison(&self) -> Option<Timestamp> {
        let every = hours(self.compare_every?);
        self.compare_due.or_else(|| Some(self.steady?.plus(every)))
    }

    /// What the target is.
    pub fn target_personality(&self) -> Personality {
        self.personality.of(self.base_url.as_deref())
    }
}

/// So many hours.
pub fn hours(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0).saturating_mul(3600))
}

/// What becomes of whoever leaves the scope, but is still in the directory (entra-id.md 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutOfScope {
    /// People are disabled, groups are deleted.
    #[default]
    Disable,
    /// People and groups are deleted.
    Delete,
    /// The target keeps them as they are. Entra's `SkipOutOfScopeDeletions`.
    Skip,
}

impl OutOfScope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Disable, Self::Delete, Self::Skip];

    /// Its name in rows, forms and Graph.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Skip => "skip",
        }
    }

    /// The action of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(text))
    }
}

/// Removals are counted over a while: a script that deletes people one by one must not slip through
/// because each cycle sees only a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it began.
    pub began: Timestamp,
    /// Removals in it.
    pub removals: i64,
}

impl Window {
    /// As long as one of Entra's cycles (entra-id.md 3.3), which its threshold counts over.
    const LENGTH: Duration = Duration::from_secs(40 * 60);

    /// The window at `now`: this one, or a new one where it is over.
    pub fn at(self, now: Timestamp) -> Self {
        if now.since(self.began) >= Self::LENGTH { Self { began: now, removals: 0 } } else { self }
    }
}

/// How many removals (disables and deletes) pass without a person's word: what the administrator set;
/// else the smaller of 500 (Entra's sample) and a fifth of what is linked, but 25 at least, because in a
/// small company a team that leaves is a large part of it.
pub fn removal_limit(set: Option<i64>, linked: i64) -> i64 {
    set.unwrap_or_else(|| (linked / 5).clamp(25, 500))
}

/// From so many linked objects on, the default limit stays as it is: no more of them are counted.
pub const COUNTED: i64 = 2500;

/// As many failures of the whole job in a row pass as a short trouble of the target, a restart of it for
/// example, before it is quarantine.
pub const SHORT_TROUBLES: i64 = 3;

/// How long an object or a job waits after `failures` failures in a row: 5 s, doubling up to an hour.
pub fn back_off(failures: i64) -> Duration {
    let doublings = u32::try_from(failures.clamp(1, 20) - 1).unwrap_or(0);
    Duration::from_secs(5).saturating_mul(1 << doublings).min(Duration::from_secs(3600))
}

/// What can be wrong with a request to provisioning.
#[derive(Debug, Error)]
pub enum ProvisioningError {
    /// No such application.
    #[error("there is no application {0}")]
    NoApplication(String),
    /// The application has no job.
    #[error("the application has no provisioning job; create one first")]
    NoJob,
    /// The application has a job already.
    #[error("the application has a provisioning job already")]
    HasJob,
    /// Tenant URL or token are missing.
    #[error("enter the tenant URL and the secret token first")]
    NotConfigured,
    /// A value that cannot be used.
    #[error("{field}: {why}")]
    Invalid {
        /// Of what.
        field: &'static str,
        /// Why.
        why: String,
    },
    /// No such user or group.
    #[error("there is no {0} {1}")]
    NoObject(&'static str, String),
    /// A cycle runs and does not let go.
    #[error("a provisioning cycle is running; try again in a moment")]
    Busy,
    /// No such dry run.
    #[error("there is no plan {0}; only the newest 20 are kept")]
    NoPlan(String),
    /// A dry run that can be approved no more.
    #[error("the plan cannot be approved: {0}; make a new one")]
    PlanOver(&'static str),
    /// No such comparison.
    #[error("there is no comparison {0}; only the newest 20 are kept")]
    NoComparison(String),
    /// What would be done now is not what the dry run shows.
    #[error("nothing was sent, because the plan is not what would be done now; make a new one. {}", listed(.0))]
    PlanMoved(Vec<String>),
    /// Another process took the job over; it goes on.
    #[error("another process has taken the provisioning of the application over")]
    LeaseLost,
    /// The mappings cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The plan refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The target did not do what it should.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The token cannot be opened.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first of them, and how many more there are.
fn listed(all: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = all.len().saturating_sub(SHOWN);
    let end = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{end}", all[..all.len().min(SHOWN)].join(". "))
}

impl Retryable for ProvisioningError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limit_follows_the_size() {
        assert_eq!(removal_limit(None, 0), 25);
        assert_eq!(removal_limit(None, 125), 25);
        assert_eq!(removal_limit(None, 1000), 200);
        assert_eq!(removal_limit(None, 100_000), 500);
        assert_eq!(removal_limit(Some(3), 100_000), 3);
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        assert_eq!(back_off(1), Duration::from_secs(5));
        assert_eq!(back_off(3), Duration::from_secs(20));
        assert_eq!(back_off(1000), Duration::from_secs(3600));
    }

    #[test]
    fn a_window_ends() {
        let window = Window { began: Timestamp(0), removals: 7 };
        assert_eq!(window.at(Timestamp(1)), window);
        assert_eq!(window.at(Timestamp(3_000_000_000)).removals, 0);
    }
}
