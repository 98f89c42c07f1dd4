//! How a job stands, read in one snapshot for pages and programs.

use store::{StoreError, Tx};
use web::Timestamp;

use super::direction::Direction;
use super::intake::{EVENTS, marks_of};
use super::job::{Job, State, removal_limit};
use super::links::{self, Counts};
use super::pending::{self, Escrowed, Waiting};
use super::{Kind, direction, quarantine};

/// A job and what belongs to it.
#[derive(Debug, Clone)]
pub struct Status {
    /// The job.
    pub job: Job,
    /// What is in the target by it.
    pub counts: Counts,
    /// What waits.
    pub waiting: Waiting,
    /// What failed and is tried again.
    pub escrowed: Vec<Escrowed>,
    /// What would be removed, while that waits for an administrator: the first of them.
    pub staged: Vec<(Kind, String, String)>,
    /// How many that are in all.
    pub staged_count: i64,
    /// The limit of removals as it is now.
    pub limit: i64,
    /// Whether everything that is known by now has been sent, besides what the target refuses.
    pub up_to_date: bool,
}

impl Status {
    /// Reads it.
    ///
    /// # Errors
    /// The engine's.
    pub fn read(tx: &mut Tx<'_>, job: Job, now: Timestamp) -> Result<Self, StoreError> {
        let counts = links::counts(tx, &job)?;
        let refused =
            matches!(&job.state, State::Quarantine(q) if q.reason == super::job::Reason::TooManyDeletes);
        let (staged, staged_count) = if refused {
            (quarantine::staged(tx, &job, now, 200)?, direction::count(tx, &job, Direction::Leaves, now)?)
        } else {
            (Vec::new(), 0)
        };
        Ok(Self {
            waiting: pending::waiting(tx, &job)?,
            escrowed: pending::escrowed(tx, &job, 100)?,
            limit: removal_limit(job.removal_limit, counts.users + counts.groups),
            up_to_date: up_to_date(tx, &job, now)?,
            counts,
            staged,
            staged_count,
            job,
        })
    }

    /// Done and all of the running cycle; `None` between cycles.
    pub fn progress(&self) -> Option<(i64, i64)> {
        let waiting = self.waiting.users + self.waiting.groups + self.waiting.later;
        let running = self.job.cycle_id.is_some() || (self.job.state == State::Active && waiting > 0);
        let all = self.job.total.max(waiting);
        (running && all > 0).then(|| (all - waiting, all))
    }

    /// What the running cycle works on.
    pub fn phase(&self) -> &'static str {
        match &self.job.state {
            State::NotConfigured | State::Paused => "Nothing is sent",
            State::Quarantine(_) => "Waiting",
            State::Active if self.job.cursor.is_none() => "Reading the directory",
            State::Active if self.waiting.users > 0 => "Sending people",
            State::Active if self.waiting.groups > 0 => "Sending groups and members",
            State::Active if self.waiting.later > 0 => "Sending managers",
            State::Active => "Following changes",
        }
    }
}

fn up_to_date(tx: &mut Tx<'_>, job: &Job, now: Timestamp) -> Result<bool, StoreError> {
    let Some(cursor) = job.cursor.filter(|_| job.state == State::Active && job.cycle_id.is_none()) else {
        return Ok(false);
    };
    if job.cycle_ended.is_none() || !pending::due(tx, job, now, 1)?.is_empty() || pending::may_heal(tx, job)?
    {
        return Ok(false);
    }
    // On PostgreSQL the newest events may not be settled yet; then nobody knows.
    let newest = tx.events_newest(&job.tenant_id, None, None, 1)?;
    let settled = newest.first().map(|e| e.cursor) <= Some(tx.event_head(&job.tenant_id)?);
    let events = tx.events_after(&job.tenant_id, cursor, EVENTS)?;
    let full = i64::try_from(events.len()).is_ok_and(|n| n == EVENTS);
    Ok(settled && !full && events.iter().all(|e| marks_of(e, &job.application_id).is_empty()))
}
