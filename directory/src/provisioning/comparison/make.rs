//! Asks for comparisons, carries them out, and keeps what came of them.

use futures::{StreamExt, stream};
use serde_json::json;
use web::Timestamp;

use super::look::{Drifted, Findings, Halt, Look};
use super::reading::Incomplete;
use super::{Comparison, Outcome, Report, mark, store as comparisons};
use crate::Directory;
use crate::provisioning::cycle::Engine;
use crate::provisioning::job::{COUNTED, Job, ProvisioningError, hours, removal_limit};
use crate::provisioning::lease::Leased;
use crate::provisioning::personality::Personality;
use crate::provisioning::target::Target;
use crate::provisioning::{links, store as jobs};

/// Objects marked in one transaction.
const MARKS: usize = 500;
/// Of so many missing objects one is enough to be asked for, where there are too many to be made again.
const SAMPLE: usize = 5;
/// After so many hours a comparison that failed is tried again.
const AGAIN: i64 = 1;
/// Who asked, where it was due.
const SCHEDULE: &str = "schedule";

/// What a comparison is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// To change nothing.
    pub dry_run: bool,
    /// To make so many missing objects again, whatever the limit.
    pub allowed: i64,
}

/// Asks for a comparison: the process that serves the directory begins it within seconds.
///
/// # Errors
/// [`ProvisioningError::NotConfigured`]; the store's.
pub async fn ask(
    directory: &Directory,
    actor: &str,
    job: &Job,
    wish: Wish,
) -> Result<Comparison, ProvisioningError> {
    if job.base_url.is_none() || job.token_sealed.is_none() {
        return Err(ProvisioningError::NotConfigured);
    }
    let now = directory.clock.now();
    let asked = Comparison {
        id: directory.random.id(now),
        asked_at: now,
        asked_by: actor.to_owned(),
        dry_run: wish.dry_run,
        allowed: wish.allowed.clamp(0, 1_000_000),
        began_at: None,
        ended: None,
        report: Report::default(),
    };
    let (job, kept) = (job.clone(), asked.clone());
    let written = directory.store.write(move |tx| {
        comparisons::insert(tx, &job, &kept)?;
        let after = json!({ "comparison": kept.id, "dryRun": kept.dry_run, "allowed": kept.allowed });
        jobs::event(tx, &job, now, &kept.asked_by, "comparison_asked", &after)
    });
    written.await?;
    Ok(asked)
}

impl Engine {
    /// Carries out the comparison that waits, or the one that is due; whether there was one. One at a time: it
    /// holds a lease of its own, so that rounds go on meanwhile.
    ///
    /// # Errors
    /// The store's. What the target does wrong is in the comparison's outcome.
    pub async fn compare(&self, application: &str) -> Result<bool, ProvisioningError> {
        let lease = format!("{application}/comparison");
        let Some(leased) = self.take_lease(&lease).await? else { return Ok(false) };
        let compared = leased.while_held(leased.compare(application)).await;
        leased.release().await?;
        match compared {
            Err(ProvisioningError::LeaseLost) => Ok(false),
            other => other,
        }
    }
}

/// Under the lease of the comparison.
impl Leased {
    async fn compare(&self, application: &str) -> Result<bool, ProvisioningError> {
        let Some(job) = self.job(application).await? else { return Ok(false) };
        let Some(comparison) = self.next_comparison(&job).await? else { return Ok(false) };
        let (began, begun, id) = (self.directory.clock.now(), job.clone(), comparison.id.clone());
        self.write(move |tx| comparisons::begin(tx, &begun, &id, began)).await?;
        let (report, outcome) = match self.compared(&job, &comparison, began).await {
            Ok(found) => found,
            Err((report, Halt::Incomplete(why))) => {
                (report, Outcome::Incomplete(why.code().to_owned(), why.to_string()))
            }
            Err((_, Halt::Error(error))) => return Err(error),
        };
        self.finish(&job, comparison, outcome, report).await?;
        Ok(true)
    }

    async fn next_comparison(&self, job: &Job) -> Result<Option<Comparison>, ProvisioningError> {
        let read = job.clone();
        let waiting = self.directory.store.read(move |tx| comparisons::waiting(tx, &read)).await?;
        if waiting.is_some() || !comparisons::is_due(job, self.directory.clock.now()) {
            return Ok(waiting);
        }
        ask(&self.directory, SCHEDULE, job, Wish::default()).await.map(Some)
    }

    async fn compared(
        &self,
        job: &Job,
        comparison: &Comparison,
        began: Timestamp,
    ) -> Result<(Report, Outcome), (Report, Halt)> {
        let failed = |halt| (Report::default(), halt);
        let target = self.target(job).map_err(|error| failed(of_settings(error)))?;
        let by_cursor = job.target_personality() == Personality::Aws || target.has_cursors().await;
        let findings = Findings::default();
        let mut look = Look { engine: self, job, target: &target, began, by_cursor, findings };
        let read = look.everything().await;
        let mut findings = look.findings;
        let judged = match read {
            Ok(()) => self.judge_missing(job, comparison, &target, &mut findings).await,
            Err(halt) => Err(halt),
        };
        let outcome = match judged {
            Ok(outcome) => outcome,
            Err(halt) => return Err((findings.report, halt)),
        };
        if outcome == Outcome::Done
            && !comparison.dry_run
            && let Err(halt) = self.mark(job, comparison, began, &findings).await
        {
            return Err((findings.report, halt));
        }
        Ok((findings.report, outcome))
    }

    /// Whether what is missing is really gone, and little enough to be made again.
    async fn judge_missing(
        &self,
        job: &Job,
        comparison: &Comparison,
        target: &Target,
        findings: &mut Findings,
    ) -> Result<Outcome, Halt> {
        let read = job.clone();
        let linked = self.directory.store.read(move |tx| links::count_active(tx, &read, COUNTED)).await?;
        let (limit, would) = (removal_limit(job.removal_limit, linked), findings.report.missing);
        findings.report.missing_limit = limit;
        let refused = would > limit && would > comparison.allowed;
        let asked = if refused { SAMPLE } else { findings.missing.len() };
        self.are_gone(target, findings.missing.iter().take(asked).cloned().collect()).await?;
        if refused {
            return Ok(Outcome::Refused(format!(
                "{would} objects that this job brought are not in the target any more, and up to {limit} are made \
                 again without asking; nothing was changed. If the target was not reset by mistake, compare again \
                 and allow {would}"
            )));
        }
        Ok(Outcome::Done)
    }

    /// What a list leaves out is asked for by its id: a list that hides something is none to act on.
    async fn are_gone(&self, target: &Target, missing: Vec<Drifted>) -> Result<(), Halt> {
        let asked = missing.into_iter().map(|one| async move {
            let answer = target.exists(one.kind, &one.target).await;
            (one, answer)
        });
        let mut answers = stream::iter(asked).buffer_unordered(self.pace.at_once);
        while let Some((one, answer)) = answers.next().await {
            if answer? {
                let (kind, name, id) = (one.kind.endpoint(), one.name, one.target);
                return Err(Incomplete::LeftOut { kind, name, id }.into());
            }
        }
        Ok(())
    }

    /// Under the lease of the job: no round sends what is being marked.
    async fn mark(
        &self,
        job: &Job,
        comparison: &Comparison,
        began: Timestamp,
        findings: &Findings,
    ) -> Result<(), Halt> {
        let application = &job.application_id;
        let of_job = self.take_lease_patiently(application).await.map_err(Halt::Error)?;
        let marked =
            of_job.while_held(async { mark(&of_job, job, comparison, (began, findings)).await }).await;
        of_job.release().await.map_err(Halt::Error)?;
        if marked.map_err(Halt::Error)? { Ok(()) } else { Err(Incomplete::SettingsChanged.into()) }
    }

    async fn finish(
        &self,
        job: &Job,
        comparison: Comparison,
        outcome: Outcome,
        report: Report,
    ) -> Result<(), ProvisioningError> {
        let finished = self.update(&job.application_id, move |tx, job, now| {
            comparisons::finish(tx, job, &comparison.id, (now, &outcome), &report)?;
            if !comparison.dry_run {
                let failed = matches!(outcome, Outcome::Incomplete(..));
                let wait = |every: i64| if failed { every.min(AGAIN) } else { every };
                job.compare_due = job.compare_every.map(|every| now.plus(hours(wait(every))));
            }
            let after = json!({
                "comparison": comparison.id, "outcome": outcome.as_str(), "code": outcome.why().map(|(code, _)| code),
                "differences": report.difference_count, "missing": report.missing,
            });
            jobs::event(tx, job, now, &comparison.asked_by, "compared", &after)
        });
        finished.await.map(|_| ())
    }
}

/// Marks what was found, unless the settings are others meanwhile; whether they are the same.
async fn mark(
    of_job: &Leased,
    job: &Job,
    comparison: &Comparison,
    (began, findings): (Timestamp, &Findings),
) -> Result<bool, ProvisioningError> {
    let current = of_job.job(&job.application_id).await?;
    if current.is_none_or(|now| !now.same_scope(job) || now.base_url != job.base_url) {
        return Ok(false);
    }
    let now = of_job.directory.clock.now();
    for chunk in findings.objects.chunks(MARKS) {
        let (job, chunk) = (job.clone(), chunk.to_vec());
        of_job.write(move |tx| mark::objects(tx, &job, began, &chunk)).await?;
    }
    for chunk in findings.missing.chunks(MARKS) {
        let (job, chunk, id) = (job.clone(), chunk.to_vec(), comparison.id.clone());
        let random = of_job.directory.random.clone();
        of_job.write(move |tx| mark::missing(tx, &job, (began, now), &random, (&id, &chunk))).await?;
    }
    for chunk in findings.members.chunks(MARKS) {
        let (job, chunk) = (job.clone(), chunk.to_vec());
        of_job.write(move |tx| mark::members(tx, &job, &chunk)).await?;
    }
    Ok(true)
}

fn of_settings(error: ProvisioningError) -> Halt {
    match error {
        ProvisioningError::Target(error) => error.into(),
        ProvisioningError::Store(error) => error.into(),
        other => Incomplete::NotConfigured(other.to_string()).into(),
    }
}
