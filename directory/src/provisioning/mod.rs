//! Provisioning: brings the people and groups that are assigned to an application into its SCIM service,
//! and keeps them there as they are here.
//!
//! Events mark objects (`pending`). A round reads what is due in one snapshot (`situation`), decides what
//! to send (`plan`), sends it (`execute`) and records what that did (`effect`), so a crash at any point is
//! followed by the same look again: what was recorded needs nothing, what was not is found by a match or is
//! safe to send twice.

pub mod comparison;
pub mod cycle;
pub mod direction;
pub mod dry_run;
pub mod effect;
pub mod execute;
mod execute_members;
mod execute_provision;
mod execute_round;
mod execute_unsure;
pub mod expression;
pub mod filtered;
mod graph;
mod graph_comparisons;
mod graph_expressions;
mod graph_job;
mod graph_lint;
mod graph_logs;
mod graph_plans;
mod graph_schema;
mod intake;
pub mod job;
pub mod lease;
pub mod links;
pub mod lint;
pub mod lint_report;
pub mod log;
pub mod mapping;
mod on_demand;
mod pages;
mod pages_comparisons;
mod pages_expression;
mod pages_lint;
mod pages_log_download;
mod pages_logs;
mod pages_mappings;
mod pages_plans;
mod pages_provenance;
mod pages_scope;
mod pages_settings;
mod pages_status;
pub mod pending;
mod permit;
pub mod personality;
pub mod plan;
mod problem;
pub mod provenance;
pub mod quarantine;
pub mod resource;
pub mod scope;
pub mod scope_preview;
pub mod scoping_filter;
pub mod settings;
pub mod situation;
pub mod store;
pub mod target;
mod target_list;
pub mod unsure;

mod run;
pub mod status;

use std::time::Duration;

use ::store::{Row, StoreError};
use web::routes::Routes;

use crate::Directory;

pub use run::run;

/// The template of the non-gallery application (entra-id.md 5.3).
pub const NON_GALLERY: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// What is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person.
    User,
    /// A group.
    Group,
}

impl Kind {
    /// Its name in rows and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// Its name in Graph.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Its endpoint (RFC 7644 §3.2).
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The kind of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|k| k.as_str().eq_ignore_ascii_case(text))
    }

    fn of_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Self::parse(&row.text(column)?).ok_or(StoreError::BadRow { column, why: "user or group expected" })
    }
}

/// How fast and how patient the client is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// How often a request is sent before it counts as failed.
    pub tries: u32,
    /// The pause after the first failure; it doubles.
    pub first_pause: Duration,
    /// The longest pause, whatever the target asks for.
    pub longest_pause: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Requests at the same time.
    pub at_once: usize,
    /// Most objects in one round.
    pub round: i64,
    /// A breath between rounds, in which others get at the job.
    pub breath: Duration,
    /// The least time between two requests to a target that counts them.
    pub spacing: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            tries: 4,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
            at_once: 16,
            round: 1000,
            breath: Duration::from_millis(30),
            // AWS takes 20 requests a second (aws-identity-center.md 1.11).
            spacing: Duration::from_millis(50),
        }
    }
}

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    graph::routes(directory)
        .merge(graph_comparisons::routes(directory))
        .merge(graph_expressions::routes(directory))
        .merge(graph_lint::routes(directory))
        .merge(graph_logs::routes(directory))
        .merge(graph_plans::routes(directory))
        .merge(pages::routes(directory))
        .merge(provenance::routes(directory))
}
