//! What is known here of what the target lists.

use std::collections::BTreeMap;

use scim::caseless;
use serde_json::{Map, Value as Json};
use store::{StoreError, Tx};
use web::{Random, Timestamp};

use super::{Match, store as comparisons};
use crate::provisioning::job::Job;
use crate::provisioning::pending::Pending;
use crate::provisioning::plan::Situation;
use crate::provisioning::resource::read;
use crate::provisioning::scope::{Scope, Standing};
use crate::provisioning::{Kind, links, situation, unsure};

/// What is known here of the objects on a page.
pub(super) struct Known {
    pub situation: Situation,
    /// By id there: the id here.
    pub owners: BTreeMap<String, String>,
    /// Linked, but being sent.
    pub under_way: usize,
    pub matches: BTreeMap<String, Match>,
}

pub(super) fn unmarked(kind: Kind, id: String) -> Pending {
    Pending { kind, id, generation: 0, attempts: 0 }
}

/// What is known here of a page, in one snapshot. What was sent since the comparison began, or is being sent, is
/// not compared: the page may be older or newer than the record.
pub(super) fn known(
    tx: &mut Tx<'_>,
    job: &Job,
    (kind, resources): (Kind, &[Json]),
    began: Timestamp,
    random: &Random,
    list: bool,
) -> Result<Known, StoreError> {
    let (mut owners, mut linked, mut under_way) = (BTreeMap::new(), Vec::new(), 0);
    let mut matches = BTreeMap::new();
    for resource in resources {
        let target = resource["id"].as_str().unwrap_or_default();
        let Some((id, _)) = links::owner(tx, job, kind, target)? else {
            if list && let Some(found) = matched(tx, job, (kind, resource), began, random)? {
                matches.insert(target.to_owned(), found);
            }
            continue;
        };
        owners.insert(target.to_owned(), id.clone());
        let settled = links::stands(tx, job, (kind, &id), target, began)?;
        if settled && unsure::find(tx, job, kind, &id)?.is_none() {
            linked.push(unmarked(kind, id));
        } else {
            under_way += 1;
        }
    }
    let situation = situation::read_these(tx, job, &linked, began, random)?;
    Ok(Known { situation, owners, under_way, matches })
}

/// Who here would be matched with an object there.
fn matched(
    tx: &mut Tx<'_>,
    job: &Job,
    (kind, resource): (Kind, &Json),
    now: Timestamp,
    random: &Random,
) -> Result<Option<Match>, StoreError> {
    let around = situation::surroundings(tx, &job.tenant_id, now, random)?;
    for path in job.mappings.matching_order(kind) {
        let path = path.to_owned();
        let there = read(resource, std::iter::once(&path)).remove(&path);
        let Some(value) = there.as_ref().and_then(Json::as_str) else { continue };
        for id in comparisons::candidates(tx, &job.tenant_id, kind, value)? {
            let (scope, properties) = (Scope::of(tx, job)?, properties(tx, job, kind, &id)?);
            let Some(properties) = properties else { continue };
            if links::find(tx, job, kind, &id)?.is_some() {
                continue;
            }
            let Ok(mapped) = job.mappings.map(kind, &properties, true, None, &around) else { continue };
            let wanted = mapped.resource.get(&path).and_then(Json::as_str);
            if wanted.is_none_or(|wanted| caseless::key(wanted) != caseless::key(value)) {
                continue;
            }
            let standing = match kind {
                Kind::User => scope.user(tx, &id)?,
                Kind::Group => scope.group(tx, &id)?,
            };
            let name = properties.get("userPrincipalName").or(properties.get("displayName"));
            let name = name.and_then(Json::as_str).unwrap_or(&id).to_owned();
            return Ok(Some(Match { in_scope: standing == Standing::Entitled, id, name }));
        }
    }
    Ok(None)
}

fn properties(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Option<Map<String, Json>>, StoreError> {
    match kind {
        Kind::User => situation::user_properties(tx, &job.tenant_id, id),
        Kind::Group => situation::group_properties(tx, &job.tenant_id, id),
    }
}
