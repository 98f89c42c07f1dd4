//! Marks what differs, so that the next round repairs it. What was sent or settled otherwise since the target was
//! read is left to the next comparison.

use serde_json::json;
use store::{StoreError, Tx};
use web::{Random, Timestamp};

use super::look::{Drifted, DriftedMember};
use crate::provisioning::job::Job;
use crate::provisioning::log::{self, Action, Entry, Status};
use crate::provisioning::target::Problem;
use crate::provisioning::{Kind, links, pending, unsure};

/// Has objects compared and put right.
pub(super) fn objects(
    tx: &mut Tx<'_>,
    job: &Job,
    began: Timestamp,
    all: &[Drifted],
) -> Result<(), StoreError> {
    for one in all {
        if !stands(tx, job, began, one)? {
            continue;
        }
        unsure::drifted(tx, job, one.kind, &one.id, &one.words)?;
        if one.switched_on {
            // Who is switched off again counts as removed, and passes the limits.
            links::switched_on(tx, job, &one.id)?;
        }
        pending::mark(tx, job, one.kind, &one.id)?;
    }
    Ok(())
}

/// Gives up the links of objects that are gone: they are matched or made again.
pub(super) fn missing(
    tx: &mut Tx<'_>,
    job: &Job,
    (began, now): (Timestamp, Timestamp),
    random: &Random,
    (comparison, all): (&str, &[Drifted]),
) -> Result<(), StoreError> {
    for one in all {
        if !stands(tx, job, began, one)? {
            continue;
        }
        links::remove(tx, job, one.kind, &one.id)?;
        pending::lost(tx, job, one.kind, &one.id, now)?;
        log::append(tx, job, &entry(one, comparison, now, random))?;
    }
    Ok(())
}

/// Has memberships sent or taken back.
pub(super) fn members(tx: &mut Tx<'_>, job: &Job, all: &[DriftedMember]) -> Result<(), StoreError> {
    for one in all {
        let pair = (one.group.as_str(), one.user.as_str());
        let as_before = links::has_member(tx, job, pair)? == one.was_sent;
        if as_before && !unsure::has_member(tx, job, pair)? {
            unsure::drifted_member(tx, job, pair, &one.words)?;
            pending::mark(tx, job, Kind::User, &one.user)?;
        }
    }
    Ok(())
}

fn stands(tx: &mut Tx<'_>, job: &Job, began: Timestamp, one: &Drifted) -> Result<bool, StoreError> {
    let linked = links::stands(tx, job, (one.kind, &one.id), &one.target, began)?;
    Ok(linked && unsure::find(tx, job, one.kind, &one.id)?.is_none())
}

fn entry(one: &Drifted, comparison: &str, now: Timestamp, random: &Random) -> Entry {
    let mut entry = Entry {
        id: random.id(now),
        at: now,
        cycle_id: format!("comparison-{comparison}"),
        kind: one.kind,
        source_id: one.id.clone(),
        source_name: one.name.clone(),
        target_id: Some(one.target.clone()),
        action: Action::Other.as_str(),
        status: Status::Warning.as_str(),
        micros: 0,
        code: Some(Problem::NotFound.code().to_owned()),
        reason: Some(format!("drift was found: {}; it is matched or created again", one.words)),
        fix: Some(Problem::NotFound.fix().to_owned()),
        steps: json!([]),
        modified: json!([]),
    };
    entry.step("EntryImport", true, "the target does not have the object any more");
    entry
}
