//! When a job as a whole cannot go on: it says why, waits, and looks again by itself.

use serde_json::json;
use store::{StoreError, Tx};
use web::Timestamp;

use super::job::{Job, ProvisioningError, Quarantine, Reason, SHORT_TROUBLES, State, back_off};
use super::lease::Leased;
use super::log::{self, Action, Entry, Status};
use super::pending::Pending;
use super::plan::Refused;
use super::target::{Problem, TargetError};
use super::{Kind, direction, links, store as jobs};

impl Leased {
    pub(super) async fn refuse(&self, job: Job, refused: &Refused) -> Result<(), ProvisioningError> {
        let reason = match refused {
            Refused::TooManyDeletes { .. } => Reason::TooManyDeletes,
            Refused::IncompleteSource { .. } => Reason::IngestionInterrupted,
        };
        let already = matches!(&job.state, State::Quarantine(q) if q.reason == reason && q.detail == refused.to_string());
        if already {
            return Ok(());
        }
        let staged =
            if reason == Reason::TooManyDeletes { self.staged_entries(&job).await? } else { Vec::new() };
        let detail = refused.to_string();
        let refused = self.update(&job.application_id, move |tx, job, now| {
            quarantine(tx, job, reason, &detail, now)?;
            staged.iter().try_for_each(|entry| log::append(tx, job, entry))
        });
        refused.await.map(|_| ())
    }

    async fn staged_entries(&self, job: &Job) -> Result<Vec<Entry>, ProvisioningError> {
        let (read, now) = (job.clone(), self.directory.clock.now());
        let staged = self.directory.store.read(move |tx| staged(tx, &read, now, 10_000)).await?;
        let entry = |(kind, id, name): (Kind, String, String)| {
            Entry {
            id: self.directory.random.id(now),
            at: now,
            cycle_id: job.cycle_id.clone().unwrap_or_default(),
            kind,
            source_id: id,
            source_name: name,
            target_id: None,
            action: Action::StagedDelete.as_str(),
            status: Status::Skipped.as_str(),
            micros: 0,
            code: Some(Reason::TooManyDeletes.as_str().to_owned()),
            reason: Some("the removal waits until an administrator allows it".to_owned()),
            fix: Some("Look at the list on the provisioning overview; allow the removals, or put the assignments right.".to_owned()),
            steps: json!([]),
            modified: json!([]),
        }
        };
        Ok(staged.into_iter().map(entry).collect())
    }

    pub(super) async fn quarantine_for_trouble(
        &self,
        job: Job,
        error: &TargetError,
    ) -> Result<(), ProvisioningError> {
        let detail = format!("{error}. {}", error.problem.fix());
        // A target that restarts is away for a moment; a wrong token or address does not mend itself.
        let may_mend = !matches!(error.problem, Problem::Unauthorized | Problem::Address);
        let updated = self.update(&job.application_id, move |tx, job, now| {
            if may_mend && job.state == State::Active && job.failures < SHORT_TROUBLES {
                job.failures += 1;
                job.wait_until = Some(now.plus(back_off(job.failures)));
                return Ok(());
            }
            quarantine(tx, job, Reason::EncounteredQuarantineException, &detail, now)
        });
        updated.await.map(|_| ())
    }
}

/// Who would be disabled or deleted: kind, id and name.
///
/// # Errors
/// The engine's.
pub fn staged(
    tx: &mut Tx<'_>,
    job: &Job,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(Kind, String, String)>, StoreError> {
    let leaving = direction::leavers(tx, job, now, limit)?;
    let mut staged = Vec::new();
    for Pending { kind, id, .. } in leaving {
        let name = links::find(tx, job, kind, &id)?.map(|(name, _)| name);
        let name = name.unwrap_or_else(|| id.clone());
        staged.push((kind, id, name));
    }
    Ok(staged)
}

fn quarantine(
    tx: &mut Tx<'_>,
    job: &mut Job,
    reason: Reason,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    job.failures += 1;
    let since = match &job.state {
        State::Quarantine(q) if q.reason == reason => q.since,
        // It was paused meanwhile: that stands.
        state if !state.runs() => return Ok(()),
        _ => {
            let after = json!({ "reason": reason.as_str(), "detail": detail });
            jobs::event(tx, job, now, "system", "quarantined", &after)?;
            now
        }
    };
    let next_attempt = now.plus(back_off(job.failures));
    job.state = State::Quarantine(Quarantine { reason, detail: detail.to_owned(), since, next_attempt });
    Ok(())
}
