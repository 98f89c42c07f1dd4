//! What has to be sent, decided from what should be and what was sent. Nothing is read or sent here, and
//! the plan may refuse as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use thiserror::Error;

use super::Kind;
use super::job::{OutOfScope, removal_limit};
use super::resource::{Resource, changed};
use super::scope::Standing;

/// AWS takes at most 100 membership changes in one PATCH (aws-identity-center.md 1.6).
pub const MEMBERS_PER_REQUEST: usize = 100;

/// Everything that a plan is made from, read in one snapshot.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// The objects to look at.
    pub objects: Vec<Object>,
    /// Memberships (group, user) that there should be, as far as they touch the objects.
    pub wanted: BTreeSet<(String, String)>,
    /// Memberships that were sent, as far as they touch the objects.
    pub sent: BTreeSet<(String, String)>,
    /// The target's ids of all linked objects that appear above.
    pub targets: BTreeMap<(Kind, String), String>,
    /// The names of these objects, for people.
    pub names: BTreeMap<(Kind, String), String>,
    /// The objects about which something was perhaps sent: only the target knows.
    pub unsure: BTreeSet<(Kind, String)>,
    /// Those of them that were perhaps made, and the name that was to be theirs.
    pub creating: BTreeMap<(Kind, String), String>,
    /// Of the unsure, those that others changed in the target, in words.
    pub drift: BTreeMap<(Kind, String), String>,
    /// Memberships (group, user) that others changed there, in words.
    pub drifted_members: BTreeMap<(String, String), String>,
    /// Objects that an expression has no value for, and why.
    pub unmapped: BTreeMap<(Kind, String), String>,
    /// Objects that the target would refuse, and why.
    pub unfit: BTreeMap<(Kind, String), String>,
    /// Of objects to be made: attributes whose value has to be free in the target, and all values that may be.
    pub candidates: BTreeMap<(Kind, String), BTreeMap<String, Vec<String>>>,
    /// The path that switches an account off, if one is mapped.
    pub active_path: Option<String>,
    /// The path of the manager, if one is mapped.
    pub manager_path: Option<String>,
    /// What becomes of whoever leaves the scope.
    pub out_of_scope: OutOfScope,
    /// What the limits are judged by.
    pub census: Census,
}

/// One object here and what is known of it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// What the target should have; without references.
    pub wanted: Resource,
    /// The manager's id here.
    pub manager: Option<String>,
    /// What the target has from us.
    pub known: Option<Known>,
}

/// A linked object.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its id there.
    pub target: String,
    /// Whether it is switched on there.
    pub active: bool,
    /// What was sent.
    pub sent: Resource,
}

/// Counts that the limits are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// Objects that were to be read.
    pub expected: usize,
    /// People in the directory, in scope or not.
    pub people: i64,
    /// Linked objects, counted as far as it matters for the limit.
    pub linked: i64,
    /// Linked objects that have to go, of all that wait.
    pub leaving: i64,
    /// Removals in the running window.
    pub removed: i64,
    /// The administrator's limit.
    pub limit: Option<i64>,
    /// So many removals were looked at and allowed.
    pub allowed: i64,
}

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// More would go than may without a person's word.
    #[error("{would} objects would be disabled or deleted in the target, the limit is {limit}")]
    TooManyDeletes {
        /// As many, with those of the running window.
        would: i64,
        /// The limit.
        limit: i64,
    },
    /// What was read cannot be everything.
    #[error("the directory was not read completely: {found} of {expected} objects")]
    IncompleteSource {
        /// As many there should be.
        expected: i64,
        /// As many there were.
        found: i64,
    },
}

/// One thing to send. The order of the variants is the order of sending: removals first, then people,
/// groups, members, references.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Switch a person off.
    Disable(Link, Known),
    /// Delete an object.
    Delete(Link),
    /// Take people out of a group.
    RemoveMembers(Members),
    /// Leave an object alone, and say why.
    Skip(Link, Standing),
    /// Send nothing of an object whose attributes cannot be computed, and say why.
    Unmapped(Link, String),
    /// Send nothing of an object that the target would refuse, and say why.
    Unfit(Link, String),
    /// Find the object there or make it; under the name first under which it was perhaps made.
    Provision(Link, Resource, Option<String>),
    /// Look in the target for what was perhaps made under this name, and switch it off: it is not wanted any
    /// more. It is deleted where the standing asks for that.
    Recall(Link, String, Standing),
    /// Compare with what the target has, and change what differs.
    Compare(Link, Known, Resource),
    /// Change what differs.
    Update(Link, Known, Resource),
    /// Put people into a group.
    AddMembers(Members),
    /// Set the manager, or take it away.
    Refer(Link, Known, Option<String>),
}

/// The object that a step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// Its name, for people.
    pub name: String,
}

/// Some members of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The group's id here.
    pub group: String,
    /// The people's ids here, at most [`MEMBERS_PER_REQUEST`].
    pub users: Vec<String>,
}

impl Step {
    /// Steps of one stage may be sent at the same time; a stage begins when the one before is over.
    pub fn stage(&self) -> u8 {
        match self {
            Self::Disable(..) | Self::Delete(_) => 0,
            Self::RemoveMembers(_) => 1,
            Self::Skip(..) => 2,
            Self::Unmapped(link, _)
            | Self::Unfit(link, _)
            | Self::Provision(link, ..)
            | Self::Recall(link, ..)
            | Self::Compare(link, ..)
            | Self::Update(link, ..)
                if link.kind == Kind::User =>
            {
                2
            }
            Self::Unmapped(..)
            | Self::Unfit(..)
            | Self::Provision(..)
            | Self::Recall(..)
            | Self::Compare(..)
            | Self::Update(..) => 3,
            Self::AddMembers(_) => 4,
            Self::Refer(..) => 5,
        }
    }
}

/// The steps, in the order of sending.
///
/// # Errors
/// [`Refused`] where nothing may be sent.
pub fn plan(situation: &Situation) -> Result<Vec<Step>, Refused> {
    let steps = steps(situation);
    let removals = steps.iter().filter(|s| s.stage() == 0).count();
    refuse(situation, i64::try_from(removals).unwrap_or(i64::MAX))?;
    Ok(steps)
}

/// The same without a judgement of how much that is, for those who show it to somebody first.
pub fn steps(situation: &Situation) -> Vec<Step> {
    let mut steps: Vec<Step> = situation.objects.iter().filter_map(|o| object_step(o, situation)).collect();
    steps.extend(situation.objects.iter().filter_map(|o| disabled_step(o, situation)));
    steps.extend(member_steps(situation));
    steps.extend(situation.objects.iter().filter_map(|o| reference_step(o, situation)));
    steps.sort_by_key(Step::stage);
    steps
}

impl Situation {
    /// Adds what was read about other objects.
    pub fn absorb(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.wanted.extend(other.wanted);
        self.sent.extend(other.sent);
        self.targets.extend(other.targets);
        self.names.extend(other.names);
        self.unsure.extend(other.unsure);
        self.creating.extend(other.creating);
        self.drift.extend(other.drift);
        self.drifted_members.extend(other.drifted_members);
        self.unmapped.extend(other.unmapped);
        self.unfit.extend(other.unfit);
        self.candidates.extend(other.candidates);
        self.active_path = other.active_path;
        self.manager_path = other.manager_path;
        self.out_of_scope = other.out_of_scope;
        self.census = other.census;
    }
}

fn refuse(situation: &Situation, removals: i64) -> Result<(), Refused> {
    let census = &situation.census;
    let found = situation.objects.len();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    if found != census.expected {
        return Err(Refused::IncompleteSource { expected: count(census.expected), found: count(found) });
    }
    let leaving = census.leaving.max(removals);
    // An empty directory beside a full target is a restore that went wrong, not a company that left.
    if leaving > 0 && census.people == 0 {
        return Err(Refused::IncompleteSource { expected: census.linked, found: 0 });
    }
    let limit = removal_limit(census.limit, census.linked);
    let would = leaving + census.removed;
    if leaving > 0 && would > limit && leaving > census.allowed {
        return Err(Refused::TooManyDeletes { would, limit });
    }
    Ok(())
}

fn object_step(object: &Object, situation: &Situation) -> Option<Step> {
    let link = || Link { kind: object.kind, id: object.id.clone(), name: object.name.clone() };
    let key = (object.kind, object.id.clone());
    let unsure = situation.unsure.contains(&key);
    let creating = situation.creating.get(&key);
    if object.standing.stays(situation.out_of_scope) {
        return None;
    }
    if let (Standing::Entitled, Some(why)) = (object.standing, situation.unmapped.get(&key)) {
        return Some(Step::Unmapped(link(), why.clone()));
    }
    if let (Standing::Entitled, Some(why)) = (object.standing, situation.unfit.get(&key)) {
        return Some(Step::Unfit(link(), why.clone()));
    }
    match (object.standing, &object.known) {
        (Standing::Entitled, Some(known)) if doubtful(object, situation) => {
            Some(Step::Compare(link(), known.clone(), object.wanted.clone()))
        }
        (Standing::Entitled, None) => Some(Step::Provision(link(), object.wanted.clone(), creating.cloned())),
        (standing, None) if creating.is_some() => {
            creating.map(|name| Step::Recall(link(), name.clone(), standing))
        }
        (Standing::Entitled, Some(known)) => {
            let sent = without_manager(&known.sent, situation);
            let differs = !changed(&sent, &object.wanted).is_empty();
            differs.then(|| Step::Update(link(), known.clone(), object.wanted.clone()))
        }
        // Never made by this job, so nothing there is this job's to change.
        (Standing::Disabled, None) => Some(Step::Skip(link(), object.standing)),
        (_, None) => None,
        (Standing::Gone, Some(_)) => Some(Step::Delete(link())),
        (_, Some(_)) if object.kind == Kind::Group || situation.active_path.is_none() => {
            Some(Step::Delete(link()))
        }
        (standing, Some(_)) if standing.deletes(situation.out_of_scope) => Some(Step::Delete(link())),
        (_, Some(known)) => (known.active || unsure).then(|| Step::Disable(link(), known.clone())),
    }
}

/// Whether only the target knows what it has of a linked object: something was perhaps sent, or what was sent
/// was forgotten, on purpose or because the person was switched off while in doubt.
fn doubtful(object: &Object, situation: &Situation) -> bool {
    let forgotten = object.known.as_ref().is_some_and(|known| known.sent.is_empty());
    forgotten || situation.unsure.contains(&(object.kind, object.id.clone()))
}

/// A person in scope who is disabled keeps the attributes of the directory, so that what the target has does
/// not depend on when it heard of which change. They go after the account was switched off, never instead.
fn disabled_step(object: &Object, situation: &Situation) -> Option<Step> {
    let (path, known) = (situation.active_path.as_ref()?, object.known.as_ref()?);
    let key = (object.kind, object.id.clone());
    let stays = situation.unmapped.contains_key(&key) || situation.unfit.contains_key(&key);
    if object.standing != Standing::Disabled || stays {
        return None;
    }
    let mut off = Known { active: false, ..known.clone() };
    off.sent.insert(path.clone(), false.into());
    let differs = !changed(&without_manager(&off.sent, situation), &object.wanted).is_empty();
    let link = Link { kind: object.kind, id: object.id.clone(), name: object.name.clone() };
    if doubtful(object, situation) {
        return Some(Step::Compare(link, off, object.wanted.clone()));
    }
    differs.then(|| Step::Update(link, off, object.wanted.clone()))
}

/// What was sent besides the manager, which steps of its own send.
pub fn without_manager(sent: &Resource, situation: &Situation) -> Resource {
    let mut sent = sent.clone();
    if let Some(path) = &situation.manager_path {
        sent.remove(path);
    }
    sent
}

/// Memberships differ object by object; whoever is deleted loses them with that.
fn member_steps(situation: &Situation) -> Vec<Step> {
    let by_id: BTreeMap<(Kind, &str), &Object> =
        situation.objects.iter().map(|o| ((o.kind, o.id.as_str()), o)).collect();
    let there = |kind: Kind, id: &str| match by_id.get(&(kind, id)) {
        Some(object) => object.standing == Standing::Entitled,
        None => situation.targets.contains_key(&(kind, id.to_owned())),
    };
    let deleted = |kind: Kind, id: &str| {
        by_id.get(&(kind, id)).is_some_and(|o| matches!(object_step(o, situation), Some(Step::Delete(_))))
    };
    let mut gone: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut new: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (group, user) in situation.sent.difference(&situation.wanted) {
        if !deleted(Kind::Group, group) && !deleted(Kind::User, user) {
            gone.entry(group).or_default().push(user.clone());
        }
    }
    for (group, user) in situation.wanted.difference(&situation.sent) {
        if there(Kind::Group, group) && there(Kind::User, user) {
            new.entry(group).or_default().push(user.clone());
        }
    }
    let batches = |all: BTreeMap<&str, Vec<String>>, step: fn(Members) -> Step| -> Vec<Step> {
        let each = all.into_iter().flat_map(|(group, users)| {
            let batch = |b: &[String]| Members { group: group.to_owned(), users: b.to_vec() };
            users.chunks(MEMBERS_PER_REQUEST).map(batch).collect::<Vec<_>>()
        });
        each.map(step).collect()
    };
    let mut steps = batches(gone, Step::RemoveMembers);
    steps.extend(batches(new, Step::AddMembers));
    steps
}

fn reference_step(object: &Object, situation: &Situation) -> Option<Step> {
    let path = situation.manager_path.as_ref()?;
    let there = object.standing == Standing::Entitled
        || (object.standing == Standing::Disabled && object.known.is_some());
    if !there || object.kind != Kind::User {
        return None;
    }
    let known = object.known.clone().unwrap_or_else(|| Known {
        target: String::new(),
        active: true,
        sent: Resource::new(),
    });
    let link = Link { kind: object.kind, id: object.id.clone(), name: object.name.clone() };
    let unsure = doubtful(object, situation);
    let sent = known.sent.get(path).and_then(|v| v.as_str());
    let Some(manager) = &object.manager else {
        return (sent.is_some() || unsure).then(|| Step::Refer(link, known.clone(), None));
    };
    let made_now = |o: &&Object| o.kind == Kind::User && o.id == *manager && o.standing == Standing::Entitled;
    match situation.targets.get(&(Kind::User, manager.clone())) {
        Some(target) if sent == Some(target) && !unsure => None,
        Some(_) => Some(Step::Refer(link, known, Some(manager.clone()))),
        None if situation.objects.iter().any(|o| made_now(&o)) => {
            Some(Step::Refer(link, known, Some(manager.clone())))
        }
        // The manager is not in the target. If it comes into it, this person is looked at again.
        None => sent.is_some().then(|| Step::Refer(link, known.clone(), None)),
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disable(link, _) => write!(f, "disable {link}"),
            Self::Delete(link) => write!(f, "delete {link}"),
            Self::RemoveMembers(m) => write!(f, "remove {} from group {}", m.users.join(", "), m.group),
            Self::Skip(link, why) => write!(f, "skip {link}: {}", why.why()),
            Self::Unmapped(link, why) => write!(f, "cannot map {link}: {why}"),
            Self::Unfit(link, why) => write!(f, "skip {link}: {why}"),
            Self::Provision(link, ..) => write!(f, "match or create {link}"),
            Self::Recall(link, ..) => write!(f, "recall {link}"),
            Self::Compare(link, ..) => write!(f, "compare {link}"),
            Self::Update(link, known, wanted) => {
                write!(f, "update {link}: {}", changed(&known.sent, wanted).join(", "))
            }
            Self::AddMembers(m) => write!(f, "add {} to group {}", m.users.join(", "), m.group),
            Self::Refer(link, _, Some(manager)) => write!(f, "set manager of {link} to {manager}"),
            Self::Refer(link, _, None) => write!(f, "remove manager of {link}"),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

#[cfg(test)]
mod tests;
