//! Cycles: takes events in, and works on what they mark until nothing is due.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::json;
use store::{StoreError, Tx};
use web::Timestamp;

use super::effect::{Effect, Outcome};
use super::intake::{EVENTS, marks_of};
use super::job::{Job, ProvisioningError, Reason, State, hours};
use super::lease::Leased;
use super::pending::{self, Pending};
use super::personality::Personality;
use super::plan::{Situation, plan};
use super::target::{Target, TargetError};
use super::{Kind, Pace, direction, situation, store as jobs};
use crate::Directory;

/// Works on the jobs of a directory.
#[derive(Clone)]
pub struct Engine {
    /// The directory.
    pub directory: Directory,
    /// How fast.
    pub pace: Pace,
    /// Who this is, towards other processes.
    pub holder: Arc<str>,
    /// The client of each job with the settings it was made from: its connections outlive a round.
    targets: Arc<Mutex<BTreeMap<String, (Settings, Target)>>>,
    /// Objects in the next round of each job: fewer where its target is slow, since who leaves waits for the
    /// round to end.
    rounds: Arc<Mutex<BTreeMap<String, i64>>>,
}

/// Objects in the first round, before it is known how fast the target is.
const FIRST_ROUND: i64 = 200;
/// A round that lasts longer is followed by a smaller one.
const LONG_ROUND: Duration = Duration::from_secs(1);

/// Address, sealed token, private networks, what the target is.
type Settings = (Option<String>, Option<Vec<u8>>, bool, Personality);

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Something was done; there may be more.
    Worked,
    /// Nothing is due.
    Idle,
    /// The job does not run, or waits in quarantine.
    Stopped,
    /// Another process works on it.
    Elsewhere,
}

impl Engine {
    /// An engine.
    pub fn new(directory: &Directory, pace: Pace) -> Self {
        let holder = directory.random.uuid().into();
        let (targets, rounds) = (Arc::default(), Arc::default());
        Self { directory: directory.clone(), pace, holder, targets, rounds }
    }

    /// Works until nothing is due or nothing can be done.
    ///
    /// # Errors
    /// The store's. What the target does wrong is in the log and in the job's state.
    pub async fn run(&self, application: &str) -> Result<Round, ProvisioningError> {
        loop {
            let round = self.round(application).await?;
            if round != Round::Worked {
                return Ok(round);
            }
            tokio::time::sleep(self.pace.breath).await;
        }
    }

    /// One round, under the lease.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn round(&self, application: &str) -> Result<Round, ProvisioningError> {
        if !self.has_work(application).await? {
            return Ok(Round::Idle);
        }
        let Some(leased) = self.take_lease(application).await? else { return Ok(Round::Elsewhere) };
        let outcome = leased.while_held(leased.round(application)).await;
        leased.release().await?;
        match outcome {
            Err(ProvisioningError::LeaseLost) => Ok(Round::Elsewhere),
            other => other,
        }
    }

    /// A look without a write, so that an idle job costs nothing but reads.
    async fn has_work(&self, application: &str) -> Result<bool, ProvisioningError> {
        let Some(job) = self.job(application).await? else { return Ok(false) };
        let now = self.directory.clock.now();
        let seen = self.directory.store.read(move |tx| {
            if job.wait_until.is_some_and(|until| until > now) {
                return Ok::<_, StoreError>(false);
            }
            let Some(cursor) = job.cursor else { return Ok(true) };
            if job.cycle_id.is_some() || job.steady.is_none() || job.state != State::Active {
                return Ok(true);
            }
            let events = tx.events_after(&job.tenant_id, cursor, EVENTS)?;
            let full = i64::try_from(events.len()).is_ok_and(|n| n == EVENTS);
            let marks = events.iter().any(|e| !marks_of(e, &job.application_id).is_empty());
            Ok(full || marks || !pending::due(tx, &job, now, 1)?.is_empty())
        });
        Ok(seen.await?)
    }

    fn round_size(&self, job: &Job) -> i64 {
        let rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.get(&job.application_id).copied().unwrap_or(self.pace.round.min(FIRST_ROUND))
    }

    fn size_next_round(&self, job: &Job, lasted: Duration) {
        let least = i64::try_from(self.pace.at_once).unwrap_or(1).min(self.pace.round);
        let size = self.round_size(job);
        let next = if lasted > LONG_ROUND {
            size / 2
        } else if lasted < LONG_ROUND / 4 {
            size * 2
        } else {
            size
        };
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.insert(job.application_id.clone(), next.clamp(least, self.pace.round));
    }

    /// The target of a job, with its token opened.
    ///
    /// # Errors
    /// [`ProvisioningError::NotConfigured`], [`ProvisioningError::Sealed`] and
    /// [`ProvisioningError::Target`] for an address that requests never go to.
    pub fn target(&self, job: &Job) -> Result<Target, ProvisioningError> {
        let personality = job.target_personality();
        let settings = (job.base_url.clone(), job.token_sealed.clone(), job.allow_private, personality);
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_from, target)) = targets.get(&job.application_id)
            && *made_from == settings
        {
            return Ok(target.clone());
        }
        let target = self.new_target(job)?;
        targets.insert(job.application_id.clone(), (settings, target.clone()));
        Ok(target)
    }

    fn new_target(&self, job: &Job) -> Result<Target, ProvisioningError> {
        let (Some(url), Some(sealed)) = (&job.base_url, &job.token_sealed) else {
            return Err(ProvisioningError::NotConfigured);
        };
        let opened = self.directory.master_key.open(&token_place(&job.application_id), sealed)?;
        let token = SecretString::from(String::from_utf8_lossy(&opened).into_owned());
        Ok(Target::new(url, token, job.allow_private, job.target_personality().pace(self.pace))?)
    }

    pub(super) async fn probe(&self, job: &Job, target: &Target) -> Result<(), TargetError> {
        let random = self.directory.random.uuid();
        target.probe(job.mappings.matching(Kind::User), &random).await.map(|_| ())
    }

    /// The job of an application.
    ///
    /// # Errors
    /// The store's.
    pub async fn job(&self, application: &str) -> Result<Option<Job>, ProvisioningError> {
        let (tenant, application) = (self.directory.tenant_id.clone(), application.to_owned());
        Ok(self.directory.store.read(move |tx| jobs::find(tx, &tenant, &application)).await?)
    }
}

impl Leased {
    async fn round(&self, application: &str) -> Result<Round, ProvisioningError> {
        let Some(job) = self.job(application).await? else { return Ok(Round::Stopped) };
        let Some(job) = self.ready(job).await? else { return Ok(Round::Stopped) };
        let Some(target) = self.reachable(&job).await? else { return Ok(Round::Stopped) };
        let job = match job.cursor {
            None => match self.begin(job, &target).await? {
                Some(job) => job,
                None => return Ok(Round::Stopped),
            },
            Some(cursor) => self.take_events_in(job, cursor).await?,
        };
        if job.cursor.is_none() {
            // An event changed a rule for everybody: the next round begins anew.
            return Ok(Round::Worked);
        }
        self.judge(&job).await?;
        let (situation, waiting) = self.look(&job).await?;
        if waiting.is_empty() {
            self.end(job).await?;
            return Ok(Round::Idle);
        }
        let steps = match plan(&situation) {
            Ok(steps) => steps,
            Err(refused) => {
                self.refuse(job, &refused).await?;
                return Ok(Round::Stopped);
            }
        };
        let job = self.begin_work(job, &waiting).await?;
        if job.cursor.is_none() {
            // Settings changed meanwhile: the target may be another one.
            return Ok(Round::Worked);
        }
        let began = Instant::now();
        let (effects, halted) = self.execute(&job, &target, &situation, steps).await?;
        self.size_next_round(&job, began.elapsed());
        if let Some(error) = halted {
            self.quarantine_for_trouble(job, &error).await?;
            return Ok(Round::Stopped);
        }
        self.settle(job, waiting, &effects).await?;
        Ok(Round::Worked)
    }

    /// Whether the job runs and, in quarantine, whether it is time to look again.
    async fn ready(&self, job: Job) -> Result<Option<Job>, ProvisioningError> {
        let now = self.directory.clock.now();
        Ok(match &job.state {
            State::Active if job.wait_until.is_some_and(|until| until > now) => None,
            State::Active => Some(job),
            // A refusal is looked at again with every event: what is put right here ends it.
            State::Quarantine(q) if q.reason != Reason::EncounteredQuarantineException => Some(job),
            State::Quarantine(q) if q.next_attempt <= now => Some(job),
            _ => None,
        })
    }

    /// The target; a job in quarantine for its sake asks first whether it is well again.
    async fn reachable(&self, job: &Job) -> Result<Option<Target>, ProvisioningError> {
        let target = match self.target(job) {
            Ok(target) => target,
            Err(ProvisioningError::Target(error)) => {
                self.quarantine_for_trouble(job.clone(), &error).await?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let ill =
            matches!(&job.state, State::Quarantine(q) if q.reason == Reason::EncounteredQuarantineException);
        if ill && let Err(error) = self.probe(job, &target).await {
            self.quarantine_for_trouble(job.clone(), &error).await?;
            return Ok(None);
        }
        Ok(Some(target))
    }

    /// Finds out who leaves among what was marked. Most rounds have nothing new, and write nothing.
    async fn judge(&self, job: &Job) -> Result<(), ProvisioningError> {
        let read = job.clone();
        let mut more = self.directory.store.read(move |tx| direction::any_unjudged(tx, &read)).await?;
        while more {
            let job = job.clone();
            more = self.write(move |tx| direction::judge(tx, &job)).await?;
        }
        Ok(())
    }

    async fn look(&self, job: &Job) -> Result<(Situation, Vec<Pending>), ProvisioningError> {
        let (job, now, round) = (job.clone(), self.directory.clock.now(), self.round_size(job));
        let random = self.directory.random.clone();
        Ok(self.directory.store.read(move |tx| situation::read(tx, &job, now, &random, round)).await?)
    }

    async fn begin_work(&self, job: Job, waiting: &[Pending]) -> Result<Job, ProvisioningError> {
        let recovered = job.state != State::Active;
        if job.cycle_id.is_some() && !recovered {
            return Ok(job);
        }
        let (id, count) = (self.directory.random.uuid(), waiting.len());
        let updated = self.update(&job.application_id, move |tx, job, now| {
            if job.cycle_id.is_none() {
                job.cycle_id = Some(id.clone());
                job.cycle_began = Some(now);
                job.total = job.total.max(i64::try_from(count).unwrap_or(0));
            }
            if job.state.runs() && job.state != State::Active {
                job.state = State::Active;
                job.failures = 0;
                jobs::event(tx, job, now, "system", "recovered", &json!({}))?;
            }
            Ok(())
        });
        Ok(updated.await?.unwrap_or(job))
    }

    /// Takes what is done off the waiting list.
    pub(super) async fn settle(
        &self,
        job: Job,
        waiting: Vec<Pending>,
        effects: &[Effect],
    ) -> Result<(), ProvisioningError> {
        let open: std::collections::BTreeSet<(Kind, String)> = effects
            .iter()
            .filter(|e| e.outcome != Outcome::Done)
            .map(|e| (e.entry.kind, e.entry.source_id.clone()))
            .collect();
        let done: Vec<Pending> =
            waiting.into_iter().filter(|p| !open.contains(&(p.kind, p.id.clone()))).collect();
        let healthy = (job.failures > 0).then(|| job.application_id.clone());
        self.write(move |tx| done.iter().try_for_each(|p| pending::done(tx, &job, p))).await?;
        if let Some(application) = healthy {
            self.update(&application, |_, job, _| {
                job.failures = 0;
                job.wait_until = None;
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    async fn end(&self, job: Job) -> Result<(), ProvisioningError> {
        if job.cycle_id.is_none() && job.state == State::Active && job.steady.is_some() {
            return Ok(());
        }
        let ended = self.update(&job.application_id, |tx, job, now| {
            job.cycle_id = None;
            job.cycle_ended = Some(now);
            job.total = 0;
            job.failures = 0;
            job.wait_until = None;
            job.removals_allowed = 0;
            job.compare_due = job.compare_due.or(job.compare_every.map(|every| now.plus(hours(every))));
            if pending::waiting(tx, job)? == pending::Waiting::default() {
                job.steady.get_or_insert(now);
            }
            if matches!(job.state, State::Quarantine(_)) {
                job.state = State::Active;
                jobs::event(tx, job, now, "system", "recovered", &json!({}))?;
            }
            Ok(())
        });
        ended.await.map(|_| ())
    }

    /// Changes a job in one transaction, from its row as it is then.
    pub(super) async fn update<F>(
        &self,
        application: &str,
        change: F,
    ) -> Result<Option<Job>, ProvisioningError>
    where
        F: Fn(&mut Tx<'_>, &mut Job, Timestamp) -> Result<(), StoreError> + Send + 'static,
    {
        let (tenant, application) = (self.directory.tenant_id.clone(), application.to_owned());
        let now = self.directory.clock.now();
        let changed = self.write(move |tx| {
            let Some(mut job) = jobs::find(tx, &tenant, &application)? else {
                return Ok::<_, StoreError>(None);
            };
            change(tx, &mut job, now)?;
            jobs::save(tx, &job, now)?;
            Ok(Some(job))
        });
        changed.await
    }
}

/// Where a job's token is sealed for.
pub fn token_place(application: &str) -> String {
    format!("provisioning_jobs/token/{application}")
}
