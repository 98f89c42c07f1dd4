//! Why somebody is in scope of an application, or in a group that is provisioned to it: every reason, as the way
//! through groups in groups where there is one.

mod http;
mod paths;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::store::{StoreError, Tx};
use serde_json::{Value as Json, json};

use super::job::Job;
use super::scope::{Scope, Standing};
use super::{Kind, links, store as jobs};
use crate::applications::{self, Application};
use crate::groups::{self, Group};
use crate::refused::Refused;
use crate::users::{self, User};

pub use http::routes;

/// So many ways are told, the shortest first.
const TOLD: usize = 20;

/// Where somebody stands towards an application, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The application.
    pub application: Application,
    /// Who.
    pub user: User,
    /// Where they stand.
    pub standing: Standing,
    /// Whether they are in the target by us: `None` where they are not, else whether they are switched on.
    pub in_target: Option<bool>,
    /// Whether members of nested groups count.
    pub transitive: bool,
    /// The group that was asked about.
    pub group: Option<OfGroup>,
    /// Why they are in scope, or in that group; the shortest ways first.
    pub reasons: Vec<Reason>,
    /// Whether there are more than are told.
    pub more: bool,
}

/// Somebody and one provisioned group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfGroup {
    /// The group.
    pub group: Group,
    /// Where it stands.
    pub standing: Standing,
    /// Whether the target should have them as its member.
    pub member: bool,
    /// Whether that was sent.
    pub sent: bool,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Everybody is in scope.
    Everybody,
    /// Assigned in person.
    Assigned,
    /// Through groups.
    Groups {
        /// Id and name of each group on the way; the last one is assigned, or is the one that was asked about.
        groups: Vec<(String, String)>,
        /// Whether the way counts: it leads through one group, or members of nested groups count.
        counts: bool,
        /// Whether the last one is what was asked about, not an assignment.
        asked: bool,
    },
}

impl Reason {
    /// Whether it brings anybody into scope.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Groups { counts: false, .. })
    }

    /// In words.
    pub fn in_words(&self) -> String {
        let Self::Groups { groups, counts, asked } = self else {
            return match self {
                Self::Assigned => "assigned to the application in person".to_owned(),
                _ => "all users and groups are in scope of the application".to_owned(),
            };
        };
        let last = groups.len().saturating_sub(1);
        let mut text = String::new();
        for (n, (_, name)) in groups.iter().enumerate() {
            text.push_str(if n == 0 { "member of " } else { ", inside " });
            text.push_str(if n == last && !asked { "the assigned group " } else { "" });
            text.push_str(name);
        }
        if !counts {
            text.push_str(" (does not count: members of nested groups do not count for this application)");
        }
        text
    }

    /// As programs read it.
    pub fn to_json(&self) -> Json {
        let (kind, groups) = match self {
            Self::Everybody => ("everybody", None),
            Self::Assigned => ("assigned", None),
            Self::Groups { groups, .. } => ("groups", Some(groups)),
        };
        let named = |(id, name): &(String, String)| json!({ "id": id, "displayName": name });
        let groups: Vec<Json> = groups.into_iter().flatten().map(named).collect();
        json!({ "kind": kind, "groups": groups, "counts": self.counts(), "text": self.in_words() })
    }
}

impl Provenance {
    /// Asks about the user with this id or user principal name and, where it is given, the group with this id or name.
    ///
    /// # Errors
    /// [`Refused::NotFound`] and [`Refused::Ambiguous`] for what is named; the engine's.
    pub fn of(
        tx: &mut Tx<'_>,
        tenant: &str,
        application: &str,
        user: &str,
        group: Option<&str>,
    ) -> Result<Self, Refused> {
        let application = applications::by_any_id(tx, tenant, application)?;
        let user = user_of(tx, tenant, user)?;
        let group = group.map(|name| group_of(tx, tenant, name)).transpose()?;
        let job = jobs::find(tx, tenant, &application.id)?;
        let scope = match &job {
            Some(job) => Scope::of(tx, job)?,
            None => Scope::without_job(tx, tenant, &application.id)?,
        };
        let standing = scope.user(tx, &user.id)?;
        let in_target = match &job {
            Some(job) => links::active(tx, job, Kind::User, &user.id)?,
            None => None,
        };
        let group = match group {
            Some(group) => Some(of_group(tx, job.as_ref(), &scope, (&user, standing), group)?),
            None => None,
        };
        let (reasons, more) = reasons(tx, &scope, &user, group.as_ref().map(|of| &of.group))?;
        let transitive = scope.transitive;
        Ok(Self { application, user, standing, in_target, transitive, group, reasons, more })
    }

    /// As programs read it.
    pub fn to_json(&self) -> Json {
        let group = self.group.as_ref().map(|of| {
            json!({
                "id": of.group.id,
                "displayName": of.group.display_name,
                "standing": of.standing.as_str(),
                "why": of.standing.why_group(),
                "member": of.member,
                "sent": of.sent,
            })
        });
        json!({
            "application": { "id": self.application.id, "displayName": self.application.display_name },
            "user": {
                "id": self.user.id,
                "userPrincipalName": self.user.user_principal_name,
                "displayName": self.user.display_name,
            },
            "standing": self.standing.as_str(),
            "why": self.standing.why(),
            "inTarget": match self.in_target { None => "no", Some(false) => "off", Some(true) => "on" },
            "transitive": self.transitive,
            "group": group,
            "reasons": self.reasons.iter().map(Reason::to_json).collect::<Vec<_>>(),
            "truncated": self.more,
        })
    }
}

/// Deleted people are found too: they are in the target until they are gone there.
fn user_of(tx: &mut Tx<'_>, tenant: &str, name: &str) -> Result<User, Refused> {
    let found = match users::by_name(tx, tenant, name)? {
        Some(user) => Some(user),
        None => users::any_by_id(tx, tenant, name)?,
    };
    found.ok_or_else(|| Refused::not_found("user", name))
}

fn group_of(tx: &mut Tx<'_>, tenant: &str, name: &str) -> Result<Group, Refused> {
    match groups::by_id(tx, tenant, name)? {
        Some(group) => Ok(group),
        None => groups::by_name(tx, tenant, name),
    }
}

fn of_group(
    tx: &mut Tx<'_>,
    job: Option<&Job>,
    scope: &Scope,
    (user, user_standing): (&User, Standing),
    group: Group,
) -> Result<OfGroup, StoreError> {
    let standing = scope.group(tx, &group.id)?;
    let both = user_standing == Standing::Entitled && standing == Standing::Entitled;
    let member = both && scope.groups_of(tx, &user.id)?.contains(&group.id);
    let sent = match job {
        Some(job) => links::is_member(tx, job, &group.id, &user.id)?,
        None => false,
    };
    Ok(OfGroup { group, standing, member, sent })
}

fn reasons(
    tx: &mut Tx<'_>,
    scope: &Scope,
    user: &User,
    asked: Option<&Group>,
) -> Result<(Vec<Reason>, bool), StoreError> {
    let mut reasons = Vec::new();
    if asked.is_none() {
        reasons.extend(scope.all.then_some(Reason::Everybody));
        reasons.extend(scope.assigned(tx, &user.id)?.then_some(Reason::Assigned));
    }
    let above = store::above(tx, &scope.tenant, &scope.application, &user.id)?;
    let ends = match asked {
        Some(group) => BTreeSet::from([group.id.clone()]),
        None => above.assigned.clone(),
    };
    let found = paths::shortest(&above.memberships, &user.id, &ends, TOLD);
    for path in found.paths {
        let counts = scope.transitive || path.len() == 1;
        let groups = named(path, &above.names);
        reasons.push(Reason::Groups { groups, counts, asked: asked.is_some() });
    }
    Ok((reasons, found.more || above.cut))
}

fn named(path: Vec<String>, names: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let named = |id: String| {
        let name = names.get(&id).cloned().unwrap_or_else(|| id.clone());
        (id, name)
    };
    path.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words() {
        let groups = |names: &[&str], counts, asked| Reason::Groups {
            groups: names.iter().map(|n| (n.to_lowercase(), (*n).to_owned())).collect(),
            counts,
            asked,
        };
        let told = |reason: Reason| reason.in_words();
        assert_eq!(told(groups(&["Sea"], true, false)), "member of the assigned group Sea");
        assert_eq!(
            told(groups(&["A", "B", "G"], true, false)),
            "member of A, inside B, inside the assigned group G"
        );
        assert_eq!(told(groups(&["A", "G"], true, true)), "member of A, inside G");
        assert!(told(groups(&["A", "G"], false, false)).contains("does not count"));
        assert_eq!(told(Reason::Assigned), "assigned to the application in person");
    }
}
