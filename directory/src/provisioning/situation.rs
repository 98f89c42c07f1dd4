//! Reads what a plan is made from, in one snapshot.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use store::{StoreError, Tx};
use web::Timestamp;

use super::Kind;
use super::direction::{self, Direction};
use super::job::{COUNTED, Job};
use super::links;
use super::mapping::Source;
use super::pending::{self, Pending};
use super::plan::{Census, Known, Object, Situation};
use super::scope::{Scope, Standing};
use super::unsure;

/// What is due and what is known about it. Whoever has to leave comes first, whatever else waits.
///
/// # Errors
/// The engine's: then there is no plan, and nothing is sent.
pub fn read(
    tx: &mut Tx<'_>,
    job: &Job,
    now: Timestamp,
    round: i64,
) -> Result<(Situation, Vec<Pending>), StoreError> {
    let scope = Scope::of(tx, job)?;
    let mut waiting = direction::leavers(tx, job, now, round)?;
    let leavers: BTreeSet<(Kind, String)> = waiting.iter().map(|one| (one.kind, one.id.clone())).collect();
    let others = pending::due(tx, job, now, round)?.into_iter();
    waiting.extend(others.filter(|one| !leavers.contains(&(one.kind, one.id.clone()))));
    let mut situation = of_objects(tx, job, &scope, &waiting)?;
    let leaving = direction::count(tx, job, Direction::Leaves, now)?;
    let counted = census(tx, job, now, &situation, leaving)?;
    // Who was switched off by a round that a crash cut short, and comes back in this one, is not away.
    let returning = direction::count(tx, job, Direction::Returns, now)?;
    let removed = (counted.removed - returning).max(0);
    situation.census = Census { expected: waiting.len(), removed, ..counted };
    Ok((situation, waiting))
}

/// What is known about one object.
///
/// # Errors
/// The engine's.
pub fn read_one(tx: &mut Tx<'_>, job: &Job, one: &Pending, now: Timestamp) -> Result<Situation, StoreError> {
    let scope = Scope::of(tx, job)?;
    let mut situation = of_objects(tx, job, &scope, std::slice::from_ref(one))?;
    situation.census = census(tx, job, now, &situation, 0)?;
    situation.census.expected = 1;
    Ok(situation)
}

fn census(
    tx: &mut Tx<'_>,
    job: &Job,
    now: Timestamp,
    situation: &Situation,
    leaving: i64,
) -> Result<Census, StoreError> {
    let census = Census {
        leaving,
        removed: job.window.at(now).removals,
        limit: job.removal_limit,
        allowed: job.removals_allowed,
        ..Census::default()
    };
    // All that follows is asked where somebody goes, and only then.
    let goes = |object: &Object| object.standing != Standing::Entitled && object.known.is_some();
    if leaving == 0 && !situation.objects.iter().any(goes) {
        return Ok(census);
    }
    let tenant = [(&job.tenant_id).into()];
    // Whether there is anybody is all that counts, so not everybody is counted.
    let people = i64::from(tx.exists("SELECT id FROM users WHERE tenant_id = ?1 LIMIT 1", &tenant)?);
    let active = links::count_active(tx, job, COUNTED)?;
    // While the initial cycle runs, what it is about to bring counts as there.
    let linked = if job.steady.is_none() { active.max(job.total) } else { active };
    Ok(Census { people, linked, ..census })
}

fn of_objects(
    tx: &mut Tx<'_>,
    job: &Job,
    scope: &Scope,
    waiting: &[Pending],
) -> Result<Situation, StoreError> {
    let in_scope = job.mappings.users.iter().find(|m| m.source == Source::InScope);
    let mut situation = Situation {
        active_path: in_scope.map(|m| m.target.clone()),
        manager_path: job.mappings.manager().map(ToOwned::to_owned),
        ..Situation::default()
    };
    for one in waiting {
        let object = match one.kind {
            Kind::User => user(tx, job, scope, &one.id)?,
            Kind::Group => group(tx, job, scope, &one.id)?,
        };
        memberships(tx, job, scope, &object, &mut situation)?;
        if let Some(creating) = unsure::find(tx, job, object.kind, &object.id)? {
            let key = (object.kind, object.id.clone());
            situation.unsure.insert(key.clone());
            situation.creating.extend(creating.map(|name| (key, name)));
        }
        situation.objects.push(object);
    }
    unsure_memberships(tx, job, &mut situation)?;
    targets(tx, job, &mut situation)?;
    Ok(situation)
}

fn user(tx: &mut Tx<'_>, job: &Job, scope: &Scope, id: &str) -> Result<Object, StoreError> {
    let standing = scope.user(tx, id)?;
    let link = links::find(tx, job, Kind::User, id)?;
    let sql = "SELECT user_principal_name, display_name, account_enabled, manager_id, profile \
               FROM users WHERE tenant_id = ?1 AND id = ?2";
    let Some(row) = tx.row(sql, &[(&job.tenant_id).into(), id.into()])? else {
        return Ok(gone(Kind::User, id, standing, link));
    };
    let mut properties = match row.json(4)? {
        Json::Object(profile) => profile,
        _ => return Err(StoreError::BadRow { column: 4, why: "a JSON object expected" }),
    };
    properties.insert("id".to_owned(), json!(id));
    properties.insert("userPrincipalName".to_owned(), json!(row.text(0)?));
    properties.insert("displayName".to_owned(), json!(row.text(1)?));
    properties.insert("accountEnabled".to_owned(), json!(row.bool(2)?));
    let name = row.text(0)?;
    Ok(object(job, Kind::User, id, name, standing, &properties, row.opt_text(3)?, link))
}

fn group(tx: &mut Tx<'_>, job: &Job, scope: &Scope, id: &str) -> Result<Object, StoreError> {
    let standing = scope.group(tx, id)?;
    let link = links::find(tx, job, Kind::Group, id)?;
    let sql = "SELECT display_name, description, mail_nickname FROM groups WHERE tenant_id = ?1 AND id = ?2";
    let Some(row) = tx.row(sql, &[(&job.tenant_id).into(), id.into()])? else {
        return Ok(gone(Kind::Group, id, standing, link));
    };
    let name = row.text(0)?;
    let properties = json!({
        "id": id, "displayName": name, "description": row.text(1)?, "mailNickname": row.text(2)?,
    });
    let properties = properties.as_object().cloned().unwrap_or_default();
    Ok(object(job, Kind::Group, id, name, standing, &properties, None, link))
}

fn gone(kind: Kind, id: &str, standing: Standing, link: Option<(String, Known)>) -> Object {
    let (name, known) = link.unzip();
    Object {
        kind,
        id: id.to_owned(),
        name: name.unwrap_or_else(|| id.to_owned()),
        standing,
        wanted: Default::default(),
        manager: None,
        known,
    }
}

#[expect(clippy::too_many_arguments, reason = "the fields of the object, each from another row")]
fn object(
    job: &Job,
    kind: Kind,
    id: &str,
    name: String,
    standing: Standing,
    properties: &Map<String, Json>,
    manager: Option<String>,
    link: Option<(String, Known)>,
) -> Object {
    let known = link.map(|(_, known)| known);
    let entitled = standing == Standing::Entitled;
    let wanted = job.mappings.map(kind, properties, entitled, known.as_ref().map(|k| &k.sent));
    Object { kind, id: id.to_owned(), name, standing, wanted, manager, known }
}

fn memberships(
    tx: &mut Tx<'_>,
    job: &Job,
    scope: &Scope,
    object: &Object,
    situation: &mut Situation,
) -> Result<(), StoreError> {
    let id = &object.id;
    if object.standing == Standing::Entitled {
        match object.kind {
            Kind::User => {
                situation.wanted.extend(scope.groups_of(tx, id)?.into_iter().map(|g| (g, id.clone())));
            }
            Kind::Group => {
                situation.wanted.extend(scope.members_of(tx, id)?.into_iter().map(|u| (id.clone(), u)));
            }
        }
    }
    situation.sent.extend(links::memberships(tx, job, object.kind, id)?);
    Ok(())
}

/// What was perhaps sent counts as what it must not be, so that it is sent again: adding whom the group has and
/// removing whom it has not are both harmless.
fn unsure_memberships(tx: &mut Tx<'_>, job: &Job, situation: &mut Situation) -> Result<(), StoreError> {
    for object in &situation.objects {
        for pair in unsure::memberships(tx, job, object.kind, &object.id)? {
            if situation.wanted.contains(&pair) {
                situation.sent.remove(&pair);
            } else {
                situation.sent.insert(pair);
            }
        }
    }
    Ok(())
}

/// The target's ids of everything that a step may have to name.
fn targets(tx: &mut Tx<'_>, job: &Job, situation: &mut Situation) -> Result<(), StoreError> {
    let mut named: BTreeSet<(Kind, String)> = BTreeSet::new();
    for object in &situation.objects {
        situation.names.insert((object.kind, object.id.clone()), object.name.clone());
        match &object.known {
            Some(known) => {
                situation.targets.insert((object.kind, object.id.clone()), known.target.clone());
            }
            None => {
                named.insert((object.kind, object.id.clone()));
            }
        }
        named.extend(object.manager.clone().map(|m| (Kind::User, m)));
    }
    for (group, user) in situation.wanted.symmetric_difference(&situation.sent) {
        named.insert((Kind::Group, group.clone()));
        named.insert((Kind::User, user.clone()));
    }
    for (kind, id) in named {
        if situation.targets.contains_key(&(kind, id.clone())) {
            continue;
        }
        if let Some((name, known)) = links::find(tx, job, kind, &id)? {
            situation.names.insert((kind, id.clone()), name);
            situation.targets.insert((kind, id), known.target);
        }
    }
    Ok(())
}
