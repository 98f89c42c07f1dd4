//! What the overview of provisioning says while it is open: a script asks for it, and puts the figures in their places.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::job::{ProvisioningError, State as JobState};
use super::pages::{PageError, Subject};
use super::status::Status;
use crate::Directory;

/// What changes on the page by itself.
#[derive(Debug, Serialize)]
pub(super) struct Live {
    /// What stands in each place of the page.
    figures: BTreeMap<&'static str, String>,
    /// Done and all of the running cycle.
    progress: Option<(i64, i64)>,
    /// What the page has beside figures: where this differs, the page is loaded again.
    shape: String,
}

impl Live {
    pub fn of(status: &Status) -> Self {
        let (waiting, counts, progress) = (&status.waiting, &status.counts, status.progress());
        let (done, all) = progress.unwrap_or_default();
        let figures = [
            ("phase", status.phase().to_owned()),
            ("done", done.to_string()),
            ("all", all.to_string()),
            ("users", counts.users.to_string()),
            ("groups", counts.groups.to_string()),
            ("members", counts.members.to_string()),
            ("disabled", counts.disabled.to_string()),
            ("waiting", (waiting.users + waiting.groups + waiting.later).to_string()),
            ("escrowed", waiting.escrowed.to_string()),
        ];
        Self { figures: figures.into(), progress, shape: shape(status) }
    }

    /// What stands in a place.
    pub fn figure(&self, name: &str) -> &str {
        self.figures.get(name).map_or("", String::as_str)
    }

    /// What the page has beside figures.
    pub fn shape(&self) -> &str {
        &self.shape
    }
}

/// The list of what failed is renewed when the cycle is over, not with each failure.
fn shape(status: &Status) -> String {
    let job = &status.job;
    let reason = match &job.state {
        JobState::Quarantine(q) => format!("{} {}", q.reason.as_str(), q.next_attempt.micros()),
        _ => String::new(),
    };
    let running = status.progress().is_some();
    let failed = if running { status.waiting.escrowed.min(1) } else { status.waiting.escrowed };
    let ended = job.cycle_ended.map_or(0, web::Timestamp::micros);
    format!("{} {reason} {running} {failed} {} {ended}", job.state.as_str(), status.staged_count)
}

/// GET /console/applications/{id}/provisioning/status
pub(super) async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Json<Live>, PageError> {
    let subject = Subject::find(&directory, &id).await?;
    let job = subject.job.ok_or(ProvisioningError::NoJob)?;
    let now = directory.clock.now();
    let status = directory.store.read(move |tx| Status::read(tx, job.clone(), now)).await?;
    Ok(Json(Live::of(&status)))
}
