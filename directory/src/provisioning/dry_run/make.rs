//! Makes dry runs, and carries out those that are approved.

use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::{Value as Json, json};
use store::StoreError;

use super::store as runs;
use super::{Changes, DryRun, MOST_CHANGES, MOST_OBJECTS, There, changes, moved};
use crate::provisioning::cycle::Engine;
use crate::provisioning::effect::Effect;
use crate::provisioning::job::{COUNTED, Job, ProvisioningError, removal_limit};
use crate::provisioning::lease::Leased;
use crate::provisioning::pending::{self, Pending};
use crate::provisioning::plan::{Situation, Step, steps};
use crate::provisioning::resource::Resource;
use crate::provisioning::scope::Scope;
use crate::provisioning::target::{Target, TargetError};
use crate::provisioning::{Kind, links, situation, store as jobs};

/// How long a dry run can be approved.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// Objects read in one transaction.
const CHUNK: usize = 500;

/// What a dry run is made from.
struct Look {
    situation: Situation,
    waiting: Vec<Pending>,
    steps: Vec<Step>,
    changes: Changes,
}

impl Engine {
    /// Looks at everything in scope and everything linked, asks the target what it has of what would change,
    /// and keeps the outcome. Nothing is sent.
    ///
    /// # Errors
    /// Those of the target's settings, the target's own, and [`ProvisioningError::Invalid`] where there is too
    /// much to look at.
    pub async fn dry_run(&self, job: Job, actor: &str) -> Result<DryRun, ProvisioningError> {
        let target = self.target(&job)?;
        self.probe(&job, &target).await?;
        let changes = self.look_at_everything(&job, &target).await?.changes;
        let now = self.directory.clock.now();
        let run = DryRun {
            id: self.directory.random.id(now),
            made_at: now,
            made_by: actor.to_owned(),
            expires_at: now.plus(LIFE),
            approved: None,
            changes,
        };
        let kept = run.clone();
        let saved = self.directory.store.write(move |tx| {
            runs::insert(tx, &job, &kept)?;
            let after = json!({ "plan": kept.id, "changes": kept.changes.changes.len() });
            jobs::event(tx, &job, now, &kept.made_by, "plan_made", &after)
        });
        saved.await?;
        Ok(run)
    }

    /// Carries out a dry run, whatever the job's state is: exactly what it shows. Removals in it were looked at
    /// by whoever approves, so the limit does not count.
    ///
    /// # Errors
    /// [`ProvisioningError::PlanOver`] and [`ProvisioningError::PlanMoved`], where nothing was sent;
    /// [`ProvisioningError::Busy`].
    pub async fn approve(&self, job: Job, id: &str, actor: &str) -> Result<Vec<Effect>, ProvisioningError> {
        self.target(&job)?;
        let application = job.application_id.clone();
        let leased = self.take_lease_patiently(&application).await?;
        let outcome = leased.while_held(leased.approve(job, id, actor)).await;
        leased.release().await?;
        outcome
    }

    async fn look_at_everything(&self, job: &Job, target: &Target) -> Result<Look, ProvisioningError> {
        self.refresh_filtered(job).await?;
        let read = job.clone();
        let objects = self.directory.store.read(move |tx| {
            let mut objects = Scope::of(tx, &read)?.everything(tx)?;
            objects.extend(runs::touched(tx, &read)?);
            objects.sort();
            objects.dedup();
            Ok::<_, StoreError>((objects, links::count_active(tx, &read, COUNTED)?))
        });
        let (objects, linked) = objects.await?;
        if objects.len() > MOST_OBJECTS {
            let why = format!(
                "{} objects are in scope, and a dry run looks at {MOST_OBJECTS} at most; narrow the scope, or start \
                 with a scoping filter",
                objects.len()
            );
            return Err(ProvisioningError::Invalid { field: "plan", why });
        }
        let (situation, waiting) = self.situation_of(job, &objects).await?;
        let steps = steps(&situation);
        let shown = &steps[..steps.len().min(MOST_CHANGES)];
        let there = self.there(job, target, shown).await?;
        let changes = Changes {
            looked_at: objects.len(),
            removals: steps.iter().filter(|s| s.stage() == 0).count(),
            removal_limit: removal_limit(job.removal_limit, linked),
            truncated: steps.len() > MOST_CHANGES,
            changes: changes(shown, &situation, &job.mappings, &there),
        };
        Ok(Look { situation, waiting, steps, changes })
    }

    async fn situation_of(
        &self,
        job: &Job,
        objects: &[(Kind, String)],
    ) -> Result<(Situation, Vec<Pending>), ProvisioningError> {
        let (mut whole, mut waiting) = (Situation::default(), Vec::new());
        for chunk in objects.chunks(CHUNK) {
            let (job, chunk) = (job.clone(), chunk.to_vec());
            let (now, random) = (self.directory.clock.now(), self.directory.random.clone());
            let read = self.directory.store.read(move |tx| {
                let mut waiting = Vec::new();
                for (kind, id) in &chunk {
                    let unmarked = Pending { kind: *kind, id: id.clone(), generation: 0, attempts: 0 };
                    waiting.push(pending::one(tx, &job, *kind, id)?.unwrap_or(unmarked));
                }
                Ok::<_, StoreError>((situation::read_these(tx, &job, &waiting, now, &random)?, waiting))
            });
            let (part, marked) = read.await?;
            whole.absorb(part);
            waiting.extend(marked);
        }
        Ok((whole, waiting))
    }

    /// What the target has of the objects that the steps are about.
    async fn there(&self, job: &Job, target: &Target, steps: &[Step]) -> Result<There, TargetError> {
        let asked: Vec<(Kind, String, Question)> = steps.iter().filter_map(question).collect();
        let answers = asked.into_iter().map(|(kind, id, question)| ask(job, target, kind, id, question));
        let mut answers = stream::iter(answers).buffer_unordered(self.pace.at_once);
        let mut there = There::new();
        while let Some(answer) = answers.next().await {
            let (key, found) = answer?;
            there.insert(key, found);
        }
        Ok(there)
    }
}

impl Leased {
    async fn approve(&self, mut job: Job, id: &str, actor: &str) -> Result<Vec<Effect>, ProvisioningError> {
        let target = &self.target(&job)?;
        let (read, wanted) = (job.clone(), id.to_owned());
        let run = self.directory.store.read(move |tx| runs::find(tx, &read, &wanted)).await?;
        let run = run.ok_or_else(|| ProvisioningError::NoPlan(id.to_owned()))?;
        let now = self.directory.clock.now();
        may_be_approved(&run, now)?;
        self.probe(&job, target).await?;
        let look = self.look_at_everything(&job, target).await?;
        let moved = moved(&run.changes, &look.changes);
        if !moved.is_empty() {
            return Err(ProvisioningError::PlanMoved(moved));
        }
        let (approved, plan, by) = (job.clone(), run.id.clone(), actor.to_owned());
        let first = self.write(move |tx| {
            let first = runs::approve(tx, &approved, &plan, &by, now)?;
            if first {
                jobs::event(tx, &approved, now, &by, "plan_approved", &json!({ "plan": plan }))?;
            }
            Ok::<_, StoreError>(first)
        });
        if !first.await? {
            return Err(ProvisioningError::PlanOver("it was approved before"));
        }
        job.cycle_id = Some(format!("plan-{}", run.id));
        let (effects, halted) = self.execute(&job, target, &look.situation, look.steps).await?;
        match halted {
            None => self.settle(job, look.waiting, &effects).await?,
            Some(error) => return Err(error.into()),
        }
        Ok(effects)
    }
}

fn may_be_approved(run: &DryRun, now: web::Timestamp) -> Result<(), ProvisioningError> {
    if run.approved.is_some() {
        return Err(ProvisioningError::PlanOver("it was approved before"));
    }
    if run.expires_at <= now {
        return Err(ProvisioningError::PlanOver("it is older than a day"));
    }
    if run.changes.truncated {
        return Err(ProvisioningError::PlanOver("it has more changes than are shown"));
    }
    Ok(())
}

/// What the target is asked about an object.
enum Question {
    /// What it has under this id.
    Get(String),
    /// Whether it has an object that matches.
    Find(Resource),
}

fn question(step: &Step) -> Option<(Kind, String, Question)> {
    let (link, question) = match step {
        Step::Provision(link, wanted, _) => (link, Question::Find(wanted.clone())),
        Step::Disable(link, known) | Step::Update(link, known, _) | Step::Compare(link, known, _) => {
            (link, Question::Get(known.target.clone()))
        }
        _ => return None,
    };
    Some((link.kind, link.id.clone(), question))
}

async fn ask(
    job: &Job,
    target: &Target,
    kind: Kind,
    id: String,
    question: Question,
) -> Result<((Kind, String), Option<Json>), TargetError> {
    let wanted = match question {
        Question::Get(there) => return Ok(((kind, id), target.get(kind, &there).await?)),
        Question::Find(wanted) => wanted,
    };
    for attribute in job.mappings.matching_order(kind) {
        let Some(value) = wanted.get(attribute).and_then(Json::as_str) else { continue };
        if let Some(found) = target.find(kind, attribute, value).await? {
            return Ok(((kind, id), Some(found)));
        }
    }
    Ok(((kind, id), None))
}
