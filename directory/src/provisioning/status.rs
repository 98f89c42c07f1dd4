//! How a job stands, read in one snapshot for pages and programs.

use store::{StoreError, Tx};
use web::Timestamp;

use super::job::{Job, State, removal_limit};
use super::links::{self, Counts};
use super::pending::{self, Escrowed, Waiting};
use super::scope::Scope;
use super::{Kind, quarantine};

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
            (quarantine::staged(tx, &job, now, 200)?, Scope::of(tx, &job)?.leaving(tx, now.micros())?)
        } else {
            (Vec::new(), 0)
        };
        Ok(Self {
            waiting: pending::waiting(tx, &job)?,
            escrowed: pending::escrowed(tx, &job, 100)?,
            limit: removal_limit(job.removal_limit, counts.users + counts.groups),
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
