//! Dry runs: what would be sent, object by object and attribute by attribute. A dry run is kept under an id;
//! who approves it gets exactly what it shows, or nothing where either side has moved.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use web::Timestamp;

use super::Kind;
use super::mapping::Mappings;
use super::plan::{Link, Members, Situation, Step, without_manager};
use super::resource::{Resource, changed, read};

mod make;
pub mod store;

/// More objects are not looked at in one dry run.
pub const MOST_OBJECTS: usize = 20_000;
/// More changes are not shown; a dry run with more cannot be approved.
pub const MOST_CHANGES: usize = 2_000;

/// A dry run.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// When it can be approved no more.
    pub expires_at: Timestamp,
    /// When and by whom it was approved.
    pub approved: Option<(Timestamp, String)>,
    /// What would be done.
    pub changes: Changes,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Objects that were looked at.
    pub looked_at: usize,
    /// Of the changes, those that disable or delete.
    pub removals: usize,
    /// How many removals pass without a person's word.
    pub removal_limit: i64,
    /// Whether there are more changes than are shown.
    pub truncated: bool,
    /// The changes, in the order of sending.
    pub changes: Vec<Change>,
}

/// What would be done to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `user` or `group`.
    pub kind: String,
    /// Its id here.
    pub id: String,
    /// Its name here.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// Its id there.
    pub target_id: Option<String>,
    /// The attributes that change.
    pub attributes: Vec<AttributeChange>,
    /// The people who become members, or are so no more.
    pub members: Vec<String>,
    /// Why it cannot be done.
    pub problem: Option<String>,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Made.
    Create,
    /// Found in the target, linked, and changed where it differs.
    Match,
    /// Changed.
    Update,
    /// Switched off.
    Disable,
    /// Deleted.
    Delete,
    /// Gets members.
    AddMembers,
    /// Loses members.
    RemoveMembers,
    /// Nothing, because of a problem.
    Problem,
}

impl Action {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Match => "match",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::AddMembers => "add members",
            Self::RemoveMembers => "remove members",
            Self::Problem => "problem",
        }
    }
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// Its path in the target.
    pub path: String,
    /// What the target has.
    pub from: Option<Json>,
    /// What it gets.
    pub to: Option<Json>,
}

impl AttributeChange {
    /// A value for people.
    pub fn shown(value: Option<&Json>) -> String {
        match value {
            None => "–".to_owned(),
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

/// What the target has of an object that a step is about; `None` where it has nothing.
pub type There = BTreeMap<(Kind, String), Option<Json>>;

/// What the steps would do to what the target has.
pub fn changes(steps: &[Step], situation: &Situation, mappings: &Mappings, there: &There) -> Vec<Change> {
    steps.iter().filter_map(|step| change(step, situation, mappings, there)).collect()
}

fn change(step: &Step, situation: &Situation, mappings: &Mappings, there: &There) -> Option<Change> {
    let found = |link: &Link| there.get(&(link.kind, link.id.clone())).and_then(Option::as_ref);
    let target = |link: &Link| situation.targets.get(&(link.kind, link.id.clone())).cloned();
    let diff = |link: &Link, has: &Resource, wanted: &Resource| {
        attributes(has, wanted, &hidden(link, situation, mappings))
    };
    Some(match step {
        Step::Skip(..) => return None,
        Step::Unmapped(link, why) | Step::Unfit(link, why) => {
            Change { problem: Some(why.clone()), ..plain(link, Action::Problem, target(link)) }
        }
        Step::Disable(link, _) => {
            let path = situation.active_path.clone().unwrap_or_default();
            let has = found(link).map(|f| read(f, std::iter::once(&path))).unwrap_or_default();
            let off = Resource::from([(path, json!(false))]);
            Change { attributes: diff(link, &has, &off), ..plain(link, Action::Disable, target(link)) }
        }
        Step::Delete(link) => plain(link, Action::Delete, target(link)),
        Step::Recall(link, name, _) => {
            let why = format!("perhaps made as {name}; it is looked for and taken back");
            Change { problem: Some(why), ..plain(link, Action::Delete, None) }
        }
        Step::Provision(link, wanted, _) => match found(link) {
            None => Change {
                attributes: diff(link, &Resource::new(), wanted),
                ..plain(link, Action::Create, None)
            },
            Some(object) => {
                let has = read(object, wanted.keys());
                let wanted = mappings.adopted(link.kind, wanted, &has);
                let id = object["id"].as_str().map(ToOwned::to_owned);
                Change { attributes: diff(link, &has, &wanted), ..plain(link, Action::Match, id) }
            }
        },
        Step::Update(link, known, wanted) | Step::Compare(link, known, wanted) => {
            let sent = without_manager(&known.sent, situation);
            let paths: BTreeSet<String> = sent.keys().chain(wanted.keys()).cloned().collect();
            let has = found(link).map(|f| read(f, paths.iter())).unwrap_or_default();
            // An update sends what differs from what was sent; a comparison what differs from what is there.
            let sends: BTreeSet<String> = match step {
                Step::Update(..) => changed(&sent, wanted).into_iter().collect(),
                _ => paths,
            };
            let attributes = diff(link, &only(&has, &sends), &only(wanted, &sends));
            Change { attributes, ..plain(link, Action::Update, target(link)) }
        }
        Step::AddMembers(members) => of_members(members, Action::AddMembers, situation),
        Step::RemoveMembers(members) => of_members(members, Action::RemoveMembers, situation),
        Step::Refer(link, known, manager) => {
            let path = situation.manager_path.clone().unwrap_or_default();
            let name = |id: &String| situation.names.get(&(Kind::User, id.clone())).unwrap_or(id).clone();
            let change = AttributeChange {
                from: known.sent.get(&path).cloned(),
                to: manager.as_ref().map(|m| json!(name(m))),
                path,
            };
            Change { attributes: vec![change], ..plain(link, Action::Update, target(link)) }
        }
    })
}

fn only(resource: &Resource, paths: &BTreeSet<String>) -> Resource {
    resource.iter().filter(|(p, _)| paths.contains(*p)).map(|(p, v)| (p.clone(), v.clone())).collect()
}

fn of_members(members: &Members, action: Action, situation: &Situation) -> Change {
    let name = |kind, id: &String| situation.names.get(&(kind, id.clone())).unwrap_or(id).clone();
    let group = &members.group;
    let link = Link { kind: Kind::Group, id: group.clone(), name: name(Kind::Group, group) };
    let target = situation.targets.get(&(Kind::Group, group.clone())).cloned();
    let members = members.users.iter().map(|user| name(Kind::User, user)).collect();
    Change { members, ..plain(&link, action, target) }
}

fn plain(link: &Link, action: Action, target_id: Option<String>) -> Change {
    Change {
        kind: link.kind.as_str().to_owned(),
        id: link.id.clone(),
        name: link.name.clone(),
        action,
        target_id,
        attributes: Vec::new(),
        members: Vec::new(),
        problem: None,
    }
}

/// Paths whose values are not shown as they are, and what is shown instead.
fn hidden(link: &Link, situation: &Situation, mappings: &Mappings) -> BTreeMap<String, String> {
    let mut hidden = BTreeMap::new();
    for row in mappings.of(link.kind) {
        let Some(expression) = row.expression() else { continue };
        if expression.redacted() {
            hidden.insert(row.target.clone(), "[Redact]".to_owned());
        } else if expression.changes_by_itself() {
            hidden.insert(row.target.clone(), "a new value, made when it is sent".to_owned());
        }
    }
    for (path, values) in situation.candidates.get(&(link.kind, link.id.clone())).into_iter().flatten() {
        hidden.insert(path.clone(), format!("the first that is free of {}", values.join(", ")));
    }
    hidden
}

fn attributes(has: &Resource, wanted: &Resource, hidden: &BTreeMap<String, String>) -> Vec<AttributeChange> {
    let shown = |path: &String, value: Option<&Json>| match hidden.get(path) {
        Some(instead) => value.map(|_| json!(instead)),
        None => value.cloned(),
    };
    let one = |path: String| AttributeChange {
        from: shown(&path, has.get(&path)),
        to: shown(&path, wanted.get(&path)),
        path,
    };
    changed(has, wanted).into_iter().map(one).collect()
}

/// What would be done to an object: then, and now.
type ThenAndNow<'a> = (Vec<&'a Change>, Vec<&'a Change>);

/// What of a dry run is not so any more: the objects that would be treated otherwise now.
pub fn moved(approved: &Changes, now: &Changes) -> Vec<String> {
    let key = |c: &Change| (c.kind.clone(), c.id.clone());
    let mut objects: BTreeMap<(String, String), ThenAndNow<'_>> = BTreeMap::new();
    for change in &approved.changes {
        objects.entry(key(change)).or_default().0.push(change);
    }
    for change in &now.changes {
        objects.entry(key(change)).or_default().1.push(change);
    }
    let differing = objects.into_values().filter(|(then, now)| then != now);
    differing.map(|(then, now)| sentence(&then, &now)).collect()
}

fn sentence(then: &[&Change], now: &[&Change]) -> String {
    let text = |all: &[&Change]| match all {
        [] => "nothing".to_owned(),
        all => all.iter().map(|c| c.in_words()).collect::<Vec<_>>().join("; "),
    };
    let name = then.first().or(now.first()).map_or(String::new(), |c| format!("{} {}", c.kind, c.name));
    format!("{name}: the plan says {}, now it would be {}", text(then), text(now))
}

impl Change {
    /// In a line: `update title: Mate → Captain`.
    pub fn in_words(&self) -> String {
        let attribute = |a: &AttributeChange| {
            let (from, to) = (AttributeChange::shown(a.from.as_ref()), AttributeChange::shown(a.to.as_ref()));
            format!("{}: {from} → {to}", a.path)
        };
        let mut parts: Vec<String> = self.attributes.iter().map(attribute).collect();
        parts.extend(self.members.iter().cloned());
        parts.extend(self.problem.clone());
        format!("{} {}", self.action.label(), parts.join(", ")).trim_end().to_owned()
    }
}
