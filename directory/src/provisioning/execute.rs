//! Sends the steps of a plan. What to send was decided there; here is only how, and what to make of the
//! answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use web::{Clock, Random};

use super::Kind;
use super::effect::{Effect, LinkChange, Outcome};
use super::job::Job;
use super::log::{Action, Entry, Status, modified};
use super::plan::{Known, Link, Step};
use super::resource::Resource;
use super::target::{Problem, Target, TargetError};

/// So many failures of the target in a row, and the round is over: it has trouble as a whole.
const TROUBLES: u32 = 24;

/// Finds out which object here an object there is linked to: (id, name).
pub type Owner<'a> = dyn Fn(Kind, String) -> BoxFuture<'a, Option<(String, String)>> + Send + Sync + 'a;

/// Carries out the steps of one round.
pub struct Executor<'a> {
    /// The job.
    pub job: &'a Job,
    /// Where to send.
    pub target: &'a Target,
    /// For the log.
    pub clock: &'a Clock,
    /// For the log's ids.
    pub random: &'a Random,
    /// The cycle, for the log.
    pub cycle_id: &'a str,
    /// The path that switches an account off.
    pub active_path: Option<String>,
    /// The path of the manager.
    pub manager_path: Option<String>,
    /// Who owns an object in the target.
    pub owner: &'a Owner<'a>,
    names: BTreeMap<(Kind, String), String>,
    unsure: BTreeSet<(Kind, String)>,
    drift: BTreeMap<(Kind, String), String>,
    pub(super) drifted_members: BTreeMap<(String, String), String>,
    pub(super) candidates: BTreeMap<(Kind, String), BTreeMap<String, Vec<String>>>,
    shared: Mutex<Shared>,
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) targets: BTreeMap<(Kind, String), String>,
    /// What the target has of people who were made or changed in this round, for their references.
    pub(super) fresh: BTreeMap<String, Known>,
    /// Objects of the target that were matched or made in this round, and for whom.
    pub(super) claimed: BTreeMap<(Kind, String), String>,
    pub(super) failed: BTreeSet<(Kind, String)>,
    troubles: u32,
    halted: Option<TargetError>,
}

impl<'a> Executor<'a> {
    /// An executor that knows the target's ids of `targets`.
    pub fn new(
        job: &'a Job,
        target: &'a Target,
        clock: &'a Clock,
        random: &'a Random,
        cycle_id: &'a str,
        situation: &super::plan::Situation,
        owner: &'a Owner<'a>,
    ) -> Self {
        let shared = Shared { targets: situation.targets.clone(), ..Shared::default() };
        Self {
            job,
            target,
            clock,
            random,
            cycle_id,
            active_path: situation.active_path.clone(),
            manager_path: situation.manager_path.clone(),
            owner,
            names: situation.names.clone(),
            unsure: situation.unsure.clone(),
            drift: situation.drift.clone(),
            drifted_members: situation.drifted_members.clone(),
            candidates: situation.candidates.clone(),
            shared: Mutex::new(shared),
        }
    }

    /// Why the round ended early, if it did.
    pub fn halted(&self) -> Option<TargetError> {
        self.shared().halted.clone()
    }

    /// Carries out one step. A batch of members that the target refuses is cut in halves until the one that
    /// it refuses is alone, so a step can have several effects.
    pub async fn run(&self, step: Step) -> Vec<Effect> {
        if self.halted().is_some() {
            return vec![self.not_tried(&step)];
        }
        let began = Instant::now();
        let mut effects = match step {
            Step::Disable(link, known) => vec![self.disable(link, known).await],
            Step::Delete(link) => vec![self.delete(link).await],
            Step::Skip(link, why) => vec![self.skip(link, why.why())],
            Step::Unmapped(link, why) => vec![self.unmapped(link, why)],
            Step::Unfit(link, why) => vec![self.unfit(link, why)],
            Step::Provision(link, wanted, before) => vec![self.provision(link, wanted, before).await],
            Step::Recall(link, name, standing) => vec![self.recall(link, &name, standing).await],
            Step::Compare(link, known, wanted) => vec![self.compare(link, known, wanted).await],
            Step::Update(link, known, wanted) => vec![self.update(link, known, wanted).await],
            Step::RemoveMembers(members) => self.members(members, false).await,
            Step::AddMembers(members) => self.members(members, true).await,
            Step::Refer(link, known, manager) => vec![self.refer(link, known, manager).await],
        };
        let micros = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
        for effect in &mut effects {
            effect.entry.micros = micros;
            self.tell_drift(effect);
            effect.entry.redact(&self.job.mappings.redacted(effect.entry.kind));
            self.judge(effect);
        }
        effects
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What repairs a change by others says so; effects on members say it themselves.
    fn tell_drift(&self, effect: &mut Effect) {
        let about_members = !effect.added.is_empty() || !effect.removed.is_empty();
        let sent = effect.entry.modified.as_array().is_some_and(|changes| !changes.is_empty());
        if about_members || !sent || effect.entry.status != Status::Success.as_str() {
            return;
        }
        if let Some(words) = self.drift.get(&(effect.entry.kind, effect.entry.source_id.clone())) {
            effect.entry.repaired(words);
        }
    }

    /// Tells trouble of the target from trouble of one object.
    fn judge(&self, effect: &mut Effect) {
        let mut shared = self.shared();
        let Outcome::Failed(error) = &effect.outcome else {
            shared.troubles = 0;
            return;
        };
        shared.failed.insert((effect.entry.kind, effect.entry.source_id.clone()));
        shared.troubles = if error.problem.is_trouble() { shared.troubles + 1 } else { 0 };
        if error.problem.concerns_all() || shared.troubles >= TROUBLES {
            shared.halted.get_or_insert(error.clone());
        }
        if error.problem.concerns_all() {
            effect.outcome = Outcome::Halted;
        }
    }

    async fn disable(&self, link: Link, known: Known) -> Effect {
        let mut effect = self.effect(&link, Action::Disable);
        let Some(path) = &self.active_path else { return effect };
        effect.entry.modified = json!([{ "displayName": path, "oldValue": true, "newValue": false }]);
        let operation = json!({ "op": "replace", "path": path, "value": false });
        match self.target.change(link.kind, &known.target, &[operation]).await {
            Ok(()) => {
                effect.entry.step("EntryExportUpdate", true, "active was set to false");
                let known_nothing = known.sent.is_empty();
                let mut off = Known { active: false, ..known };
                off.sent.insert(path.clone(), json!(false));
                if known_nothing || self.unsure.contains(&(link.kind, link.id.clone())) {
                    // The switch says nothing about the other attributes: who comes back is compared.
                    off.sent.clear();
                }
                // A manager sent in the same round must not bring back what was known before the switch.
                self.shared().fresh.insert(link.id.clone(), off.clone());
                effect.link = LinkChange::Save(off);
            }
            Err(error) if error.problem == Problem::NotFound => {
                effect.entry.status = Status::Warning.as_str();
                effect.entry.reason = Some("the target does not have the object any more".to_owned());
                effect.link = LinkChange::Remove;
            }
            Err(error) => fail(&mut effect, "EntryExportUpdate", error),
        }
        effect
    }

    async fn delete(&self, link: Link) -> Effect {
        let mut effect = self.effect(&link, Action::Delete);
        let Some(target) = self.id_of(link.kind, &link.id) else { return effect };
        match self.target.delete(link.kind, &target).await {
            Ok(()) => {
                effect.entry.step("EntryExportDelete", true, "the object was deleted in the target");
                effect.link = LinkChange::Remove;
                self.shared().targets.remove(&(link.kind, link.id.clone()));
            }
            Err(error) => fail(&mut effect, "EntryExportDelete", error),
        }
        effect
    }

    fn skip(&self, link: Link, why: &str) -> Effect {
        let mut effect = self.effect(&link, Action::Other);
        effect.entry.status = Status::Skipped.as_str();
        effect.entry.code = Some("NotEffectivelyEntitled".to_owned());
        effect.entry.reason = Some(format!("not created: {why}"));
        effect.entry.step("EntrySynchronizationScoping", true, why);
        effect
    }

    fn unmapped(&self, link: Link, why: String) -> Effect {
        let mut effect = self.effect(&link, Action::Other);
        let request = "nothing was sent".to_owned();
        let error = TargetError { problem: Problem::Unmapped, request, status: None, reason: why };
        fail(&mut effect, "EntrySynchronizationMapping", error);
        effect
    }

    /// Skipped, and looked at again later: what is wrong may be put right at another object.
    fn unfit(&self, link: Link, why: String) -> Effect {
        let mut effect = self.effect(&link, Action::Other);
        let request = "nothing was sent".to_owned();
        let error = TargetError { problem: Problem::Unfit, request, status: None, reason: why };
        fail(&mut effect, "EntrySynchronizationCheck", error);
        effect.entry.status = Status::Skipped.as_str();
        effect
    }

    async fn update(&self, link: Link, known: Known, wanted: Resource) -> Effect {
        let mut effect = self.effect(&link, Action::Update);
        if self.shared().failed.contains(&(link.kind, link.id.clone())) {
            // It could not be switched off; that is tried again before anything else.
            effect.outcome = Outcome::Halted;
            return effect;
        }
        let manager = self.manager_path.as_ref().and_then(|p| Some((p.clone(), known.sent.get(p)?.clone())));
        let mut sent = known.sent.clone();
        if let Some((path, _)) = &manager {
            sent.remove(path);
        }
        effect.entry.modified = modified(&sent, &wanted);
        let operations = self.job.mappings.patch(link.kind, &sent, &wanted);
        match self.target.change(link.kind, &known.target, &operations).await {
            Ok(()) => {
                effect.entry.step("EntryExportUpdate", true, "the changed attributes were sent");
                let on = self.active_path.as_ref().and_then(|path| wanted.get(path)) != Some(&json!(false));
                let mut now = Known { target: known.target, active: on, sent: wanted };
                now.sent.extend(manager);
                if link.kind == Kind::User {
                    self.shared().fresh.insert(link.id.clone(), now.clone());
                }
                effect.link = LinkChange::Save(now);
            }
            Err(error) if error.problem == Problem::NotFound => self.lost(&mut effect, link.kind, &link.id),
            Err(error) => fail(&mut effect, "EntryExportUpdate", error),
        }
        effect
    }

    async fn refer(&self, link: Link, known: Known, manager: Option<String>) -> Effect {
        let mut effect = self.effect(&link, Action::Update);
        let fresh = self.shared().fresh.get(&link.id).cloned();
        let known = fresh.unwrap_or(known);
        let Some(path) = self.manager_path.clone() else { return effect };
        let failed_before = self.shared().failed.contains(&(link.kind, link.id.clone()));
        let to = manager.as_ref().and_then(|m| self.id_of(Kind::User, m));
        // The person or the manager could not be made: a later look at either brings the reference.
        if failed_before || known.target.is_empty() || (manager.is_some() && to.is_none()) {
            effect.entry.status = Status::Skipped.as_str();
            effect.entry.code = Some("UnresolvedReference".to_owned());
            effect.entry.reason = Some("the person or the manager is not in the target yet".to_owned());
            effect.outcome = if failed_before { Outcome::Halted } else { Outcome::Done };
            return effect;
        }
        if known.sent.get(&path).and_then(Json::as_str) == to.as_deref() {
            return effect;
        }
        let mut now = known.clone();
        let operation = match &to {
            Some(id) => {
                now.sent.insert(path.clone(), json!(id));
                json!({ "op": "replace", "path": path, "value": { "value": id } })
            }
            None => {
                now.sent.remove(&path);
                json!({ "op": "remove", "path": path })
            }
        };
        effect.entry.modified = modified(&known.sent, &now.sent);
        match self.target.change(link.kind, &known.target, &[operation]).await {
            Ok(()) => {
                effect.entry.step("EntryExportReference", true, "the manager was sent");
                effect.link = LinkChange::Save(now);
            }
            Err(error) if error.problem == Problem::NotFound => self.lost(&mut effect, link.kind, &link.id),
            Err(error) => fail(&mut effect, "EntryExportReference", error),
        }
        effect
    }

    pub(super) async fn is_there(&self, kind: Kind, target: &str) -> bool {
        // Only a clear "no" counts: a link is never given up because of trouble.
        !matches!(self.target.exists(kind, target).await, Ok(false))
    }

    pub(super) fn lost(&self, effect: &mut Effect, kind: Kind, id: &str) {
        effect.entry.status = Status::Warning.as_str();
        effect.entry.code = Some(Problem::NotFound.code().to_owned());
        effect.entry.reason = Some(format!(
            "the target does not have the {} any more; it is matched or created again",
            kind.as_str()
        ));
        effect.lost.push((kind, id.to_owned()));
        let mut shared = self.shared();
        shared.targets.remove(&(kind, id.to_owned()));
        shared.failed.insert((kind, id.to_owned()));
    }

    pub(super) fn id_of(&self, kind: Kind, id: &str) -> Option<String> {
        self.shared().targets.get(&(kind, id.to_owned())).cloned()
    }

    pub(super) fn group_name(&self, id: &str) -> String {
        self.names.get(&(Kind::Group, id.to_owned())).cloned().unwrap_or_else(|| id.to_owned())
    }

    fn not_tried(&self, step: &Step) -> Effect {
        let link = match step {
            Step::Disable(link, _) | Step::Delete(link) | Step::Skip(link, _) => link.clone(),
            Step::Unmapped(link, _) | Step::Unfit(link, _) => link.clone(),
            Step::Provision(link, ..) | Step::Recall(link, ..) | Step::Compare(link, ..) => link.clone(),
            Step::Update(link, ..) | Step::Refer(link, ..) => link.clone(),
            Step::RemoveMembers(m) | Step::AddMembers(m) => {
                Link { kind: Kind::Group, id: m.group.clone(), name: self.group_name(&m.group) }
            }
        };
        let mut effect = self.effect(&link, Action::Other);
        effect.outcome = Outcome::Halted;
        effect
    }

    pub(super) fn effect(&self, link: &Link, action: Action) -> Effect {
        let at = self.clock.now();
        let entry = Entry {
            id: self.random.id(at),
            at,
            cycle_id: self.cycle_id.to_owned(),
            kind: link.kind,
            source_id: link.id.clone(),
            source_name: link.name.clone(),
            target_id: self.id_of(link.kind, &link.id),
            action: action.as_str(),
            status: Status::Success.as_str(),
            micros: 0,
            code: None,
            reason: None,
            fix: None,
            steps: json!([]),
            modified: json!([]),
        };
        Effect {
            entry,
            link: LinkChange::Keep,
            added: Vec::new(),
            removed: Vec::new(),
            lost: Vec::new(),
            outcome: Outcome::Done,
        }
    }
}

pub(super) fn fail(effect: &mut Effect, step: &str, error: TargetError) {
    effect.entry.step(step, false, &error.to_string());
    effect.entry.failed(&error);
    effect.outcome = Outcome::Failed(error);
}
