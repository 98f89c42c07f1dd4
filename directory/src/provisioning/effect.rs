//! What a step did, and how it is recorded.

use store::{StoreError, Tx};
use web::Timestamp;

use super::Kind;
use super::job::{Job, Window};
use super::log::{self, Action, Entry, Status};
use super::plan::Known;
use super::target::TargetError;
use super::{direction, links, pending, store as jobs, unsure};

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What is told of it.
    pub entry: Entry,
    /// The link as it is now.
    pub link: LinkChange,
    /// Memberships (group, user) that are there now.
    pub added: Vec<(String, String)>,
    /// Memberships that are no more.
    pub removed: Vec<(String, String)>,
    /// Objects that the target does not have any more: they are matched or made again.
    pub lost: Vec<(Kind, String)>,
    /// How it ended for the object.
    pub outcome: Outcome,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkChange {
    /// Nothing.
    Keep,
    /// This is sent now.
    Save(Known),
    /// The object was deleted there.
    Remove,
}

/// How a step ended for its object.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Well.
    Done,
    /// Not well; it is tried again later.
    Failed(TargetError),
    /// Not tried, or tried in vain because the target as a whole has trouble; it stays as it is.
    Halted,
}

/// Records effects and their log entries, all in the caller's transaction. They are no events of their own:
/// the directory did not change, and an event for each would wake the very cycle that wrote it.
///
/// # Errors
/// The engine's.
pub fn record(tx: &mut Tx<'_>, job: &Job, effects: &[Effect], now: Timestamp) -> Result<(), StoreError> {
    let current = jobs::find(tx, &job.tenant_id, &job.application_id)?;
    if current.is_none_or(|current| current.base_url != job.base_url) {
        // Another target took the place of this one while the requests were on their way.
        return Ok(());
    }
    let (mut removed, mut returned) = (0, 0);
    for effect in effects {
        returned += i64::from(returns(tx, job, effect)?);
        removed += i64::from(removes(tx, job, effect)?);
        record_one(tx, job, effect, now)?;
        unsure::settled(tx, job, effect)?;
    }
    if removed > 0 || returned > 0 { count_removals(tx, job, removed, returned, now) } else { Ok(()) }
}

/// Whether a person who was switched off is on again: who came back does not count as removed any more.
fn returns(tx: &mut Tx<'_>, job: &Job, effect: &Effect) -> Result<bool, StoreError> {
    if !matches!(&effect.link, LinkChange::Save(known) if known.active) {
        return Ok(false);
    }
    Ok(links::active(tx, job, effect.entry.kind, &effect.entry.source_id)? == Some(false))
}

fn record_one(tx: &mut Tx<'_>, job: &Job, effect: &Effect, now: Timestamp) -> Result<(), StoreError> {
    let (kind, id) = (effect.entry.kind, effect.entry.source_id.as_str());
    match &effect.link {
        LinkChange::Keep => {}
        LinkChange::Save(known) => {
            let (before, was_active) = links::target(tx, job, kind, id)?.unzip();
            let object = (kind, id, effect.entry.source_name.as_str());
            if was_active.is_some_and(|was| was != known.active) {
                direction::forget(tx, job, kind, id)?;
            }
            if before.as_ref() == Some(&known.target) {
                links::update(tx, job, object, known, now)?;
            } else {
                if before.is_some() {
                    // Another object there: it has none of the memberships that the old one had.
                    links::remove(tx, job, kind, id)?;
                    pending::mark(tx, job, kind, id)?;
                }
                links::save(tx, job, object, known, now)?;
                if kind == Kind::User {
                    pending::mark_reports(tx, job, id)?;
                }
            }
        }
        LinkChange::Remove => {
            links::remove(tx, job, kind, id)?;
            direction::forget(tx, job, kind, id)?;
            if kind == Kind::User {
                pending::mark_reports(tx, job, id)?;
            }
        }
    }
    for (group, user) in &effect.added {
        links::set_member(tx, job, (group, user), true)?;
    }
    for (group, user) in &effect.removed {
        links::set_member(tx, job, (group, user), false)?;
    }
    for (kind, id) in &effect.lost {
        links::remove(tx, job, *kind, id)?;
        pending::lost(tx, job, *kind, id, now)?;
    }
    if let Outcome::Failed(error) = &effect.outcome {
        pending::failed(tx, job, (kind, id), error, now)?;
    }
    let untold = effect.outcome == Outcome::Halted && effect.entry.status != Status::Failure.as_str();
    if untold { Ok(()) } else { log::append(tx, job, &effect.entry) }
}

/// Whether it counts for the limit: successful disables and deletes do. Whoever was off already is switched off
/// again where a crash left a doubt, and counts once.
fn removes(tx: &mut Tx<'_>, job: &Job, effect: &Effect) -> Result<bool, StoreError> {
    if effect.entry.status != Status::Success.as_str() {
        return Ok(false);
    }
    if effect.entry.action == Action::Disable.as_str() {
        return Ok(links::active(tx, job, effect.entry.kind, &effect.entry.source_id)? != Some(false));
    }
    Ok(effect.entry.action == Action::Delete.as_str())
}

fn count_removals(
    tx: &mut Tx<'_>,
    job: &Job,
    removed: i64,
    returned: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut job) = jobs::find(tx, &job.tenant_id, &job.application_id)? else { return Ok(()) };
    let window = job.window.at(now);
    job.window = Window { removals: (window.removals + removed - returned).max(0), ..window };
    job.removals_allowed = (job.removals_allowed - removed).max(0);
    jobs::save(tx, &job, now)
}
