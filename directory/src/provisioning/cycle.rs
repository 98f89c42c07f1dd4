//! Cycles: takes events in, and works on what they mark until nothing is due.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use store::{Event, EventCursor, StoreError, Tx};
use web::Timestamp;

use super::effect::{Effect, Outcome, record};
use super::execute::Executor;
use super::job::{Job, ProvisioningError, Quarantine, Reason, State, back_off};
use super::log::{self, Action, Entry, Status};
use super::pending::{self, Pending};
use super::plan::{Object, Refused, Situation, Step, plan};
use super::scope::Scope;
use super::target::{Target, TargetError};
use super::{Kind, Pace, lease, links, situation, store as jobs};
use crate::Directory;

/// Events read at once.
const EVENTS: i64 = 500;
/// Objects marked in one transaction.
const MARKS: usize = 2000;

/// Works on the jobs of a directory.
#[derive(Clone)]
pub struct Engine {
    /// The directory.
    pub directory: Directory,
    /// How fast.
    pub pace: Pace,
    /// Who this is, towards other processes.
    pub holder: Arc<str>,
}

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
        Self { directory: directory.clone(), pace, holder }
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
        if !self.take_lease(application).await? {
            return Ok(Round::Elsewhere);
        }
        let outcome = self.while_leased(application, self.round_leased(application)).await;
        self.release_lease(application).await?;
        match outcome {
            Some(round) => round,
            None => Ok(Round::Elsewhere),
        }
    }

    /// A look without a write, so that an idle job costs nothing but reads.
    async fn has_work(&self, application: &str) -> Result<bool, ProvisioningError> {
        let Some(job) = self.job(application).await? else { return Ok(false) };
        let now = self.directory.clock.now();
        let seen = self.directory.store.read(move |tx| {
            let Some(cursor) = job.cursor else { return Ok::<_, StoreError>(true) };
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

    async fn round_leased(&self, application: &str) -> Result<Round, ProvisioningError> {
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
        let (effects, halted) = self.execute(&job, &target, &situation, steps).await?;
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

    /// The target of a job, with its token opened.
    ///
    /// # Errors
    /// [`ProvisioningError::NotConfigured`], [`ProvisioningError::Sealed`] and
    /// [`ProvisioningError::Target`] for an address that requests never go to.
    pub fn target(&self, job: &Job) -> Result<Target, ProvisioningError> {
        let (Some(url), Some(sealed)) = (&job.base_url, &job.token_sealed) else {
            return Err(ProvisioningError::NotConfigured);
        };
        let opened = self.directory.master_key.open(&token_place(&job.application_id), sealed)?;
        let token = SecretString::from(String::from_utf8_lossy(&opened).into_owned());
        Ok(Target::new(url, token, job.allow_private, self.pace)?)
    }

    async fn probe(&self, job: &Job, target: &Target) -> Result<(), TargetError> {
        let random = self.directory.random.uuid();
        target.probe(job.mappings.matching(Kind::User), &random).await.map(|_| ())
    }

    /// The initial cycle: everything in scope and everything linked is marked, as read in one snapshot
    /// together with the place in the event log. The cursor is saved last: a crash before that begins anew.
    async fn begin(&self, job: Job, target: &Target) -> Result<Option<Job>, ProvisioningError> {
        if let Err(error) = self.probe(&job, target).await {
            self.quarantine_for_trouble(job, &error).await?;
            return Ok(None);
        }
        let read = job.clone();
        let (head, found) = self
            .directory
            .store
            .read(move |tx| {
                let head = tx.event_head(&read.tenant_id)?;
                Ok::<_, StoreError>((head, Scope::of(tx, &read)?.everything(tx)?))
            })
            .await?;
        for chunk in found.chunks(MARKS) {
            let (job, chunk) = (job.clone(), chunk.to_vec());
            self.directory
                .store
                .write(move |tx| chunk.iter().try_for_each(|(kind, id)| pending::mark(tx, &job, *kind, id)))
                .await?;
        }
        let marked = self.update(&job.application_id, move |tx, job, now| {
            pending::mark_linked(tx, job)?;
            job.cursor = Some(head);
            let waiting = pending::waiting(tx, job)?;
            job.total = waiting.users + waiting.groups + waiting.later + waiting.escrowed;
            job.cycle_began = Some(now);
            job.steady = None;
            Ok(())
        });
        marked.await
    }

    /// Marks what events are about. The marks and the cursor are saved in one transaction.
    async fn take_events_in(&self, job: Job, mut cursor: EventCursor) -> Result<Job, ProvisioningError> {
        let mut current = job;
        loop {
            let (realm, after) = (current.tenant_id.clone(), cursor);
            let events = self.directory.store.read(move |tx| tx.events_after(&realm, after, EVENTS)).await?;
            let Some(last) = events.last().map(|e| e.cursor) else { return Ok(current) };
            let full = i64::try_from(events.len()).is_ok_and(|n| n == EVENTS);
            let marks: Vec<Mark> = events.iter().flat_map(|e| marks_of(e, &current.application_id)).collect();
            // Events of others are passed over without a write until there are many.
            if marks.is_empty() && !full {
                return Ok(current);
            }
            let Some(saved) = self.save_marks(&current.application_id, marks, last).await? else {
                return Ok(current);
            };
            current = saved;
            cursor = last;
            if !full || current.cursor.is_none() {
                return Ok(current);
            }
        }
    }

    async fn save_marks(
        &self,
        application: &str,
        marks: Vec<Mark>,
        last: EventCursor,
    ) -> Result<Option<Job>, ProvisioningError> {
        let everything = marks.contains(&Mark::Everything);
        let mut unique: Vec<Mark> = Vec::new();
        for mark in marks {
            if !unique.contains(&mark) {
                unique.push(mark);
            }
        }
        self.update(application, move |tx, job, _| {
            for mark in &unique {
                match mark {
                    Mark::User(id) => pending::mark(tx, job, Kind::User, id)?,
                    Mark::Group(id) => pending::mark(tx, job, Kind::Group, id)?,
                    Mark::PeopleBelow(id) => pending::mark_people_below(tx, job, id)?,
                    Mark::Everything => {}
                }
            }
            // Without a cursor the next round begins as an initial cycle does.
            job.cursor = if everything { None } else { Some(last) };
            Ok(())
        })
        .await
    }

    async fn look(&self, job: &Job) -> Result<(Situation, Vec<Pending>), ProvisioningError> {
        let (job, now, round) = (job.clone(), self.directory.clock.now(), self.pace.round);
        Ok(self.directory.store.read(move |tx| situation::read(tx, &job, now, round)).await?)
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

    /// Sends the steps stage by stage and records what they did, some at a time.
    ///
    /// # Errors
    /// The store's.
    pub async fn execute(
        &self,
        job: &Job,
        target: &Target,
        situation: &Situation,
        steps: Vec<Step>,
    ) -> Result<(Vec<Effect>, Option<TargetError>), ProvisioningError> {
        let owner = |kind: Kind, target: String| -> BoxFuture<'_, Option<(String, String)>> {
            let job = job.clone();
            let read = self.directory.store.read(move |tx| links::owner(tx, &job, kind, &target));
            async move { read.await.ok().flatten() }.boxed()
        };
        let cycle = job.cycle_id.clone().unwrap_or_default();
        let (clock, random) = (&self.directory.clock, &self.directory.random);
        let executor = Executor::new(job, target, clock, random, &cycle, situation, &owner);
        let mut effects = Vec::new();
        let mut steps = steps.into_iter().peekable();
        while let Some(stage) = steps.peek().map(Step::stage) {
            let same: Vec<Step> = std::iter::from_fn(|| steps.next_if(|s| s.stage() == stage)).collect();
            let running =
                stream::iter(same).map(|step| executor.run(step)).buffer_unordered(self.pace.at_once);
            let mut finished = Box::pin(running.ready_chunks(self.pace.at_once));
            while let Some(some) = finished.next().await {
                let some: Vec<Effect> = some.into_iter().flatten().collect();
                self.record(job, some.clone()).await?;
                effects.extend(some);
            }
        }
        Ok((effects, executor.halted()))
    }

    /// One object, now and whatever the job's state is: where it stands and what was done. A removal that is asked for by name needs
    /// no other allowance.
    ///
    /// # Errors
    /// [`ProvisioningError::Busy`] where a cycle does not let go, and those of the target's settings.
    pub async fn on_demand(
        &self,
        job: Job,
        kind: Kind,
        id: &str,
    ) -> Result<(Object, Vec<Effect>), ProvisioningError> {
        let target = self.target(&job)?;
        let application = job.application_id.clone();
        let mut patience = 400;
        while !self.take_lease(&application).await? {
            patience -= 1;
            if patience == 0 {
                return Err(ProvisioningError::Busy);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let outcome = self.while_leased(&application, self.on_demand_leased(job, &target, kind, id)).await;
        self.release_lease(&application).await?;
        outcome.unwrap_or(Err(ProvisioningError::Busy))
    }

    async fn on_demand_leased(
        &self,
        mut job: Job,
        target: &Target,
        kind: Kind,
        id: &str,
    ) -> Result<(Object, Vec<Effect>), ProvisioningError> {
        self.probe(&job, target).await?;
        let now = self.directory.clock.now();
        job.removals_allowed = 1;
        job.cycle_id = Some(format!("on-demand-{}", self.directory.random.uuid()));
        let (read, id) = (job.clone(), id.to_owned());
        let (situation, one) = self
            .directory
            .store
            .read(move |tx| {
                let waiting = pending::one(tx, &read, kind, &id)?;
                let one = waiting.unwrap_or(Pending { kind, id: id.clone(), generation: 0, attempts: 0 });
                Ok::<_, StoreError>((situation::read_one(tx, &read, &one, now)?, one))
            })
            .await?;
        let steps = plan(&situation)?;
        let (effects, halted) = self.execute(&job, target, &situation, steps).await?;
        if halted.is_none() {
            self.settle(job, vec![one], &effects).await?;
        }
        let object = situation.objects.into_iter().next();
        Ok((object.ok_or(StoreError::NoRow)?, effects))
    }

    async fn record(&self, job: &Job, effects: Vec<Effect>) -> Result<(), ProvisioningError> {
        let (job, now) = (job.clone(), self.directory.clock.now());
        Ok(self.directory.store.write(move |tx| record(tx, &job, &effects, now)).await?)
    }

    /// Takes what is done off the waiting list.
    async fn settle(
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
        let settled =
            self.directory.store.write(move |tx| done.iter().try_for_each(|p| pending::done(tx, &job, p)));
        Ok(settled.await?)
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
            job.removals_allowed = 0;
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

    async fn refuse(&self, job: Job, refused: &Refused) -> Result<(), ProvisioningError> {
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

    async fn quarantine_for_trouble(&self, job: Job, error: &TargetError) -> Result<(), ProvisioningError> {
        let detail = format!("{error}. {}", error.problem.fix());
        let updated = self.update(&job.application_id, move |tx, job, now| {
            quarantine(tx, job, Reason::EncounteredQuarantineException, &detail, now)
        });
        updated.await.map(|_| ())
    }

    /// The job of an application.
    ///
    /// # Errors
    /// The store's.
    pub async fn job(&self, application: &str) -> Result<Option<Job>, ProvisioningError> {
        let (tenant, application) = (self.directory.tenant_id.clone(), application.to_owned());
        Ok(self.directory.store.read(move |tx| jobs::find(tx, &tenant, &application)).await?)
    }

    /// Changes a job in one transaction, from its row as it is then.
    async fn update<F>(&self, application: &str, change: F) -> Result<Option<Job>, ProvisioningError>
    where
        F: Fn(&mut Tx<'_>, &mut Job, Timestamp) -> Result<(), StoreError> + Send + 'static,
    {
        let (tenant, application) = (self.directory.tenant_id.clone(), application.to_owned());
        let now = self.directory.clock.now();
        let changed = self.directory.store.write(move |tx| {
            let Some(mut job) = jobs::find(tx, &tenant, &application)? else {
                return Ok::<_, StoreError>(None);
            };
            change(tx, &mut job, now)?;
            jobs::save(tx, &job, now)?;
            Ok(Some(job))
        });
        Ok(changed.await?)
    }

    /// Takes the lease of a job.
    ///
    /// # Errors
    /// The store's.
    pub async fn take_lease(&self, application: &str) -> Result<bool, ProvisioningError> {
        let (tenant, name) = (self.directory.tenant_id.clone(), lease_name(application));
        let (holder, now) = (self.holder.clone(), self.directory.clock.now());
        Ok(self.directory.store.write(move |tx| lease::take(tx, &tenant, &name, &holder, now)).await?)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// The store's.
    pub async fn release_lease(&self, application: &str) -> Result<(), ProvisioningError> {
        let (tenant, name) = (self.directory.tenant_id.clone(), lease_name(application));
        let holder = self.holder.clone();
        Ok(self.directory.store.write(move |tx| lease::release(tx, &tenant, &name, &holder)).await?)
    }

    /// Works while the lease is renewed; `None` where it was lost. The work is dropped then, which is no
    /// worse than a crash.
    pub async fn while_leased<T>(&self, application: &str, work: impl Future<Output = T>) -> Option<T> {
        let renew = async {
            loop {
                tokio::time::sleep(lease::LENGTH / 4).await;
                match self.take_lease(application).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::warn!(%error, application, "the lease was not renewed"),
                }
            }
        };
        tokio::select! {
            done = work => Some(done),
            () = renew => None,
        }
    }
}

fn lease_name(application: &str) -> String {
    format!("provisioning/{application}")
}

/// Where a job's token is sealed for.
pub fn token_place(application: &str) -> String {
    format!("provisioning_jobs/token/{application}")
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
    let leaving = Scope::of(tx, job)?.leavers(tx, now.micros(), limit)?;
    let mut staged = Vec::new();
    for (kind, id) in leaving {
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

/// What an event asks to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    User(String),
    Group(String),
    /// The people in a group and below it.
    PeopleBelow(String),
    /// A rule changed that everybody's standing depends on.
    Everything,
}

fn marks_of(event: &Event, application: &str) -> Vec<Mark> {
    let detail = |name: &str| -> String {
        let from = |json: &Option<Json>| Some(json.as_ref()?.get(name)?.as_str()?.to_owned());
        from(&event.after).or_else(|| from(&event.before)).unwrap_or_default()
    };
    let subject = event.subject_id.clone();
    match event.action.as_str() {
        "tenant.updated" => vec![Mark::Everything],
        "group.member_added" | "group.member_removed" => match Kind::parse(&detail("memberType")) {
            Some(Kind::Group) => vec![Mark::PeopleBelow(detail("memberId"))],
            _ => vec![Mark::User(detail("memberId"))],
        },
        "assignment.created" | "assignment.deleted" if event.subject_id != application => Vec::new(),
        "assignment.created" | "assignment.deleted" => match Kind::parse(&detail("principalType")) {
            Some(Kind::Group) => {
                vec![Mark::Group(detail("principalId")), Mark::PeopleBelow(detail("principalId"))]
            }
            _ => vec![Mark::User(detail("principalId"))],
        },
        "group.deleted" => vec![Mark::Group(subject.clone()), Mark::PeopleBelow(subject)],
        action if action.starts_with("user.") => vec![Mark::User(subject)],
        action if action.starts_with("group.") => vec![Mark::Group(subject)],
        _ => Vec::new(),
    }
}
