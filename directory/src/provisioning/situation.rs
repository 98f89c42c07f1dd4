//! Reads what a plan is made from, in one snapshot.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use store::{StoreError, Tx};
use web::{Random, Timestamp};

use super::Kind;
use super::direction::{self, Direction};
use super::job::{COUNTED, Job};
use super::links;
use super::lint;
use super::mapping::{Mapped, ROLES, Surroundings};
use super::pending::{self, Pending};
use super::personality::Personality;
use super::plan::{Census, Known, Object, Situation};
use super::scope::{Scope, Standing};
use super::unsure;
use crate::applications::{self, AppRole};

/// What is due and what is known about it. Whoever has to leave comes first, whatever else waits.
///
/// # Errors
/// The engine's: then there is no plan, and nothing is sent.
pub fn read(
    tx: &mut Tx<'_>,
    job: &Job,
    now: Timestamp,
    random: &Random,
    round: i64,
) -> Result<(Situation, Vec<Pending>), StoreError> {
    let scope = Scope::of(tx, job)?;
    let mut waiting = direction::leavers(tx, job, now, round)?;
    let leavers: BTreeSet<(Kind, String)> = waiting.iter().map(|one| (one.kind, one.id.clone())).collect();
    let others = pending::due(tx, job, now, round)?.into_iter();
    waiting.extend(others.filter(|one| !leavers.contains(&(one.kind, one.id.clone()))));
    let around = surroundings(tx, &job.tenant_id, now, random)?;
    let mut situation = of_objects(tx, job, &scope, &waiting, &around)?;
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
pub fn read_one(
    tx: &mut Tx<'_>,
    job: &Job,
    one: &Pending,
    now: Timestamp,
    random: &Random,
) -> Result<Situation, StoreError> {
    read_these(tx, job, std::slice::from_ref(one), now, random)
}

/// What is known about these objects.
///
/// # Errors
/// The engine's.
pub fn read_these(
    tx: &mut Tx<'_>,
    job: &Job,
    these: &[Pending],
    now: Timestamp,
    random: &Random,
) -> Result<Situation, StoreError> {
    let scope = Scope::of(tx, job)?;
    let around = surroundings(tx, &job.tenant_id, now, random)?;
    let mut situation = of_objects(tx, job, &scope, these, &around)?;
    situation.census = census(tx, job, now, &situation, 0)?;
    situation.census.expected = these.len();
    Ok(situation)
}

/// What expressions may ask for besides the object.
///
/// # Errors
/// The engine's.
pub fn surroundings(
    tx: &mut Tx<'_>,
    tenant: &str,
    now: Timestamp,
    random: &Random,
) -> Result<Surroundings, StoreError> {
    let sql = "SELECT default_domain FROM tenants WHERE id = ?1";
    let default_domain = tx.row(sql, &[tenant.into()])?.ok_or(StoreError::NoRow)?.text(0)?;
    Ok(Surroundings { now, default_domain, random: random.clone() })
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
    around: &Surroundings,
) -> Result<Situation, StoreError> {
    let mut situation = Situation {
        out_of_scope: job.out_of_scope,
        active_path: job.mappings.active().map(ToOwned::to_owned),
        manager_path: job.mappings.manager().map(ToOwned::to_owned),
        ..Situation::default()
    };
    for one in waiting {
        let (object, properties) = match one.kind {
            Kind::User => user(tx, job, scope, &one.id)?,
            Kind::Group => group(tx, job, scope, &one.id)?,
        };
        let object = match properties {
            Some(properties) => map(job, object, &properties, around, &mut situation),
            None => object,
        };
        memberships(tx, job, scope, &object, &mut situation)?;
        if let Some(doubt) = unsure::find(tx, job, object.kind, &object.id)? {
            let key = (object.kind, object.id.clone());
            situation.unsure.insert(key.clone());
            situation.drift.extend(doubt.drift.map(|words| (key.clone(), words)));
            situation.creating.extend(doubt.creating.map(|name| (key, name)));
        }
        situation.objects.push(object);
    }
    if job.target_personality() == Personality::Aws {
        lint::for_target(&job.mappings, &mut situation);
    }
    unsure_memberships(tx, job, &mut situation)?;
    targets(tx, job, &mut situation)?;
    Ok(situation)
}

/// What the directory has of an object that is still there, by the names of Graph.
type Properties = Option<Map<String, Json>>;

fn user(tx: &mut Tx<'_>, job: &Job, scope: &Scope, id: &str) -> Result<(Object, Properties), StoreError> {
    let mut object = object(Kind::User, id, scope.user(tx, id)?, links::find(tx, job, Kind::User, id)?);
    let sql = "SELECT user_principal_name, manager_id FROM users WHERE tenant_id = ?1 AND id = ?2";
    if let Some(row) = tx.row(sql, &[(&job.tenant_id).into(), id.into()])? {
        object.name = row.text(0)?;
        object.manager = row.opt_text(1)?;
    }
    Ok((object, mapped_user(tx, job, id)?))
}

/// What the mappings read of a user: properties and, where one asks for them, roles; `None` where the row is gone.
///
/// # Errors
/// The engine's.
pub fn mapped_user(tx: &mut Tx<'_>, job: &Job, id: &str) -> Result<Properties, StoreError> {
    match job.mappings.reads_roles() {
        Some(_) => user_with_roles(tx, job, id),
        None => user_properties(tx, &job.tenant_id, id),
    }
}

/// A user's properties, and the roles in the job's application; `None` where the row is gone.
///
/// # Errors
/// The engine's.
pub fn user_with_roles(tx: &mut Tx<'_>, job: &Job, id: &str) -> Result<Properties, StoreError> {
    let Some(mut properties) = user_properties(tx, &job.tenant_id, id)? else { return Ok(None) };
    let roles = applications::roles_of_user(tx, &job.tenant_id, &job.application_id, id)?;
    let text = |role: &AppRole| {
        json!({ "id": role.id, "value": role.value, "displayName": role.display_name }).to_string()
    };
    let roles: Vec<String> = roles.iter().map(text).collect();
    properties.insert(ROLES.to_owned(), json!(roles));
    Ok(Some(properties))
}

/// A user's properties; `None` where the row is gone.
///
/// # Errors
/// The engine's.
pub fn user_properties(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Properties, StoreError> {
    let sql = "SELECT user_principal_name, display_name, account_enabled, profile \
               FROM users WHERE tenant_id = ?1 AND id = ?2";
    let Some(row) = tx.row(sql, &[tenant.into(), id.into()])? else { return Ok(None) };
    let mut properties = match row.json(3)? {
        Json::Object(profile) => profile,
        _ => return Err(StoreError::BadRow { column: 3, why: "a JSON object expected" }),
    };
    properties.insert("id".to_owned(), json!(id));
    properties.insert("userPrincipalName".to_owned(), json!(row.text(0)?));
    properties.insert("displayName".to_owned(), json!(row.text(1)?));
    properties.insert("accountEnabled".to_owned(), json!(row.bool(2)?));
    Ok(Some(properties))
}

fn group(tx: &mut Tx<'_>, job: &Job, scope: &Scope, id: &str) -> Result<(Object, Properties), StoreError> {
    let mut object = object(Kind::Group, id, scope.group(tx, id)?, links::find(tx, job, Kind::Group, id)?);
    let properties = group_properties(tx, &job.tenant_id, id)?;
    if let Some(name) = properties.as_ref().and_then(|p| p["displayName"].as_str()) {
        object.name = name.to_owned();
    }
    Ok((object, properties))
}

/// A group's properties; `None` where the row is gone.
///
/// # Errors
/// The engine's.
pub fn group_properties(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Properties, StoreError> {
    let sql = "SELECT display_name, description, mail_nickname FROM groups WHERE tenant_id = ?1 AND id = ?2";
    let Some(row) = tx.row(sql, &[tenant.into(), id.into()])? else { return Ok(None) };
    let properties = json!({
        "id": id, "displayName": row.text(0)?, "description": row.text(1)?, "mailNickname": row.text(2)?,
    });
    Ok(properties.as_object().cloned())
}

fn object(kind: Kind, id: &str, standing: Standing, link: Option<(String, Known)>) -> Object {
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

/// What the target should have of an object. Where an expression fails, that is this object's trouble alone.
fn map(
    job: &Job,
    object: Object,
    properties: &Map<String, Json>,
    around: &Surroundings,
    situation: &mut Situation,
) -> Object {
    let entitled = object.standing == Standing::Entitled;
    let known = object.known.as_ref().map(|k| &k.sent);
    let key = (object.kind, object.id.clone());
    match job.mappings.map(object.kind, properties, entitled, known, around) {
        Ok(Mapped { resource, candidates }) => {
            if !candidates.is_empty() {
                situation.candidates.insert(key, candidates);
            }
            Object { wanted: resource, ..object }
        }
        Err(unmapped) => {
            situation.unmapped.insert(key, unmapped.to_string());
            object
        }
    }
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
                for group in scope.groups_of(tx, id)? {
                    if scope.filtered(tx, Kind::Group, &group)?.is_none() {
                        situation.wanted.insert((group, id.clone()));
                    }
                }
            }
            Kind::Group => {
                situation.wanted.extend(scope.members_of(tx, id)?.into_iter().map(|u| (id.clone(), u)));
            }
        }
    }
    for (group, user) in links::memberships(tx, job, object.kind, id)? {
        // What is not processed keeps its memberships, as sent.
        let untouched = scope.filtered(tx, Kind::Group, &group)? == Some(Standing::NotProcessed)
            || scope.filtered(tx, Kind::User, &user)? == Some(Standing::NotProcessed);
        if !untouched {
            situation.sent.insert((group, user));
        }
    }
    Ok(())
}

/// What was perhaps sent counts as what it must not be, so that it is sent again: adding whom the group has and
/// removing whom it has not are both harmless.
fn unsure_memberships(tx: &mut Tx<'_>, job: &Job, situation: &mut Situation) -> Result<(), StoreError> {
    for object in &situation.objects {
        for (pair, drift) in unsure::memberships(tx, job, object.kind, &object.id)? {
            situation.drifted_members.extend(drift.map(|words| (pair.clone(), words)));
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
