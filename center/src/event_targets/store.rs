//! The rows of `event_targets`.

use std::time::Duration;

use ::store::{EventCursor, Row, StoreError, Tx, Val};
use serde_json::json;
use web::Timestamp;

use super::backoff;
use super::security_event::Notice;
use super::{EventTarget, MOST_TARGETS, NewTarget, TargetError};
use crate::instance::{Author, Subject};

/// How long nobody else delivers to a target after a sign of life of who does: longer than a request may take.
pub const LEASE: Duration = Duration::from_secs(60);
/// How far waiting events are counted.
const COUNTED: i64 = 500;

const COLUMNS: &str = "id, url, allow_private, paused, created_at, cursor_epoch, cursor_seq, delivered_at, next_at, \
                       failures, failing_since, failure, secret_sealed";

/// What waits for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub count: i64,
    /// Whether it is that many at least, because counting ends somewhere.
    pub at_least: bool,
}

/// The targets of an instance, oldest first.
///
/// # Errors
/// The engine's.
pub fn list(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<EventTarget>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM event_targets WHERE instance_id = ?1 ORDER BY created_at, id");
    tx.rows(&sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// [`TargetError::NotFound`]; the engine's.
pub fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<EventTarget, TargetError> {
    let sql = format!("SELECT {COLUMNS} FROM event_targets WHERE instance_id = ?1 AND id = ?2");
    let row = tx.row(&sql, &[instance_id.into(), id.into()])?;
    let row = row.ok_or_else(|| TargetError::NotFound(id.chars().take(40).collect()))?;
    Ok(read(&row)?)
}

/// What of the log waits for a target.
///
/// # Errors
/// The engine's.
pub fn waiting(tx: &mut Tx<'_>, instance_id: &str, target: &EventTarget) -> Result<Waiting, StoreError> {
    let events = tx.events_after(instance_id, target.cursor, COUNTED)?;
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let told = events.iter().filter(|event| Notice::of(event).is_some()).count();
    Ok(Waiting { count: length(told), at_least: length(events.len()) >= COUNTED })
}

/// Adds a target. It hears of what happens from now on.
///
/// # Errors
/// [`TargetError::TooMany`]; the engine's.
pub fn add(tx: &mut Tx<'_>, author: &Author, new: &NewTarget) -> Result<EventTarget, TargetError> {
    if list(tx, &author.instance_id)?.len() >= MOST_TARGETS {
        return Err(TargetError::TooMany);
    }
    let head = tx.event_head(&author.instance_id)?;
    let now = author.now.micros();
    tx.exec(
        "INSERT INTO event_targets (instance_id, id, url, allow_private, secret_sealed, paused, created_at, \
         cursor_epoch, cursor_seq, next_at, failures, lease_until) \
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?6, 0, 0)",
        &[
            (&author.instance_id).into(),
            (&new.id).into(),
            (&new.url).into(),
            new.allow_private.into(),
            (&new.sealed).into(),
            now.into(),
            head.epoch.into(),
            head.seq.into(),
        ],
    )?;
    let added = find(tx, &author.instance_id, &new.id)?;
    record(tx, author, "event_target.created", &added, None)?;
    Ok(added)
}

/// Removes a target. What waits for it is not told any more.
///
/// # Errors
/// [`TargetError::NotFound`]; the engine's.
pub fn remove(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), TargetError> {
    let target = find(tx, &author.instance_id, id)?;
    let sql = "DELETE FROM event_targets WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&author.instance_id).into(), id.into()])?;
    Ok(record(tx, author, "event_target.removed", &target, None)?)
}

/// Sends nothing to a target until it is resumed. What happens meanwhile waits.
///
/// # Errors
/// [`TargetError::NotFound`]; the engine's.
pub fn pause(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<EventTarget, TargetError> {
    let target = find(tx, &author.instance_id, id)?;
    if !target.paused {
        let sql = "UPDATE event_targets SET paused = 1 WHERE instance_id = ?1 AND id = ?2";
        tx.exec(sql, &[(&author.instance_id).into(), id.into()])?;
        record(tx, author, "event_target.paused", &target, None)?;
    }
    find(tx, &author.instance_id, id)
}

/// Sends again, at once, what waits; failures from before are forgotten.
///
/// # Errors
/// [`TargetError::NotFound`]; the engine's.
pub fn resume(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<EventTarget, TargetError> {
    let target = find(tx, &author.instance_id, id)?;
    if target.paused {
        let sql = "UPDATE event_targets SET paused = 0, failures = 0, failing_since = NULL, failure = NULL, \
                   next_at = ?3 WHERE instance_id = ?1 AND id = ?2";
        tx.exec(sql, &[(&author.instance_id).into(), id.into(), author.now.micros().into()])?;
        record(tx, author, "event_target.resumed", &target, None)?;
    }
    find(tx, &author.instance_id, id)
}

/// The targets to which something may be sent now.
///
/// # Errors
/// The engine's.
pub fn due(tx: &mut Tx<'_>, instance_id: &str, now: Timestamp) -> Result<Vec<EventTarget>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM event_targets \
         WHERE instance_id = ?1 AND paused = 0 AND next_at <= ?2 AND lease_until <= ?2 ORDER BY created_at, id"
    );
    tx.rows(&sql, &[instance_id.into(), now.micros().into()])?.iter().map(read).collect()
}

/// Takes the lease of a target that is due; nothing where another has it.
///
/// # Errors
/// The engine's.
pub fn claim(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    holder: &str,
) -> Result<Option<EventTarget>, StoreError> {
    let Some(target) = due(tx, &author.instance_id, author.now)?.into_iter().find(|target| target.id == id)
    else {
        return Ok(None);
    };
    let sql =
        "UPDATE event_targets SET lease_holder = ?3, lease_until = ?4 WHERE instance_id = ?1 AND id = ?2";
    let until = author.now.plus(LEASE).micros();
    tx.exec(sql, &[(&author.instance_id).into(), id.into(), holder.into(), until.into()])?;
    Ok(Some(target))
}

/// Gives the lease back.
///
/// # Errors
/// The engine's.
pub fn release(tx: &mut Tx<'_>, instance_id: &str, id: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "UPDATE event_targets SET lease_holder = NULL, lease_until = 0 \
               WHERE instance_id = ?1 AND id = ?2 AND lease_holder = ?3";
    tx.exec(sql, &[instance_id.into(), id.into(), holder.into()]).map(|_| ())
}

/// Takes away what a process that crashed has left, for a database that one process serves.
///
/// # Errors
/// The engine's.
pub fn clear_leases(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    let sql = "UPDATE event_targets SET lease_holder = NULL, lease_until = 0 WHERE instance_id = ?1";
    tx.exec(sql, &[instance_id.into()]).map(|_| ())
}

/// The target has accepted what stands at `cursor`. Whether `holder` may send the next one: it still has the lease,
/// which is renewed, and the target is not paused.
///
/// # Errors
/// The engine's.
pub fn accepted(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    holder: &str,
    cursor: EventCursor,
) -> Result<bool, StoreError> {
    let sql = "UPDATE event_targets SET cursor_epoch = ?4, cursor_seq = ?5, delivered_at = ?6, next_at = ?6, \
               failures = 0, failing_since = NULL, failure = NULL, lease_until = ?7 \
               WHERE instance_id = ?1 AND id = ?2 AND lease_holder = ?3";
    let params: [Val<'_>; 7] = [
        (&author.instance_id).into(),
        id.into(),
        holder.into(),
        cursor.epoch.into(),
        cursor.seq.into(),
        author.now.micros().into(),
        author.now.plus(LEASE).micros().into(),
    ];
    let ours = tx.exec(sql, &params)? > 0;
    let sql = "SELECT 1 FROM event_targets WHERE instance_id = ?1 AND id = ?2 AND paused = 0";
    Ok(ours && tx.exists(sql, &[(&author.instance_id).into(), id.into()])?)
}

/// Passes over entries that are not for targets.
///
/// # Errors
/// The engine's.
pub fn pass_over(
    tx: &mut Tx<'_>,
    instance_id: &str,
    id: &str,
    holder: &str,
    cursor: EventCursor,
) -> Result<(), StoreError> {
    let sql = "UPDATE event_targets SET cursor_epoch = ?4, cursor_seq = ?5 \
               WHERE instance_id = ?1 AND id = ?2 AND lease_holder = ?3";
    let params: [Val<'_>; 5] =
        [instance_id.into(), id.into(), holder.into(), cursor.epoch.into(), cursor.seq.into()];
    tx.exec(sql, &params).map(|_| ())
}

/// A request failed: it is tried again later, and the target is paused where nothing was accepted for too long.
///
/// # Errors
/// The engine's.
pub fn failed(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    holder: &str,
    failure: &Failure,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM event_targets WHERE instance_id = ?1 AND id = ?2 AND lease_holder = ?3"
    );
    let row = tx.row(&sql, &[(&author.instance_id).into(), id.into(), holder.into()])?;
    let Some(target) = row.as_ref().map(read).transpose()? else { return Ok(()) };
    let failures = target.failures.saturating_add(1);
    let since = target.failing_since.unwrap_or(author.now);
    let gives_up = !target.paused && backoff::gives_up(since, author.now);
    let next = author.now.plus(backoff::wait(failures, failure.jitter, failure.retry_after));
    tx.exec(
        "UPDATE event_targets SET failures = ?3, failing_since = ?4, failure = ?5, next_at = ?6, paused = ?7 \
         WHERE instance_id = ?1 AND id = ?2",
        &[
            (&author.instance_id).into(),
            id.into(),
            failures.into(),
            since.micros().into(),
            (&failure.reason).into(),
            next.micros().into(),
            (target.paused || gives_up).into(),
        ],
    )?;
    if gives_up {
        let reason = format!("nothing was accepted since {}: {}", since.rfc3339(), failure.reason);
        record(tx, author, "event_target.paused", &target, Some(&reason))?;
    }
    Ok(())
}

/// How a request failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// For people; without secrets.
    pub reason: String,
    /// How long the target asked to be left alone.
    pub retry_after: Option<Duration>,
    /// A random byte for the time of the next request.
    pub jitter: u8,
}

fn record(
    tx: &mut Tx<'_>,
    author: &Author,
    action: &str,
    target: &EventTarget,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let mut state = json!({ "url": target.url, "allowPrivate": target.allow_private });
    if let Some(reason) = reason {
        state["reason"] = reason.into();
    }
    let subject = Subject { kind: "event_target", id: &target.id };
    match action {
        "event_target.removed" => author.record(tx, action, subject, Some(&state), None),
        _ => author.record(tx, action, subject, None, Some(&state)),
    }
}

fn read(row: &Row) -> Result<EventTarget, StoreError> {
    Ok(EventTarget {
        id: row.text(0)?,
        url: row.text(1)?,
        allow_private: row.bool(2)?,
        paused: row.bool(3)?,
        created_at: Timestamp(row.int(4)?),
        cursor: EventCursor { epoch: row.int(5)?, seq: row.int(6)? },
        delivered_at: row.opt_int(7)?.map(Timestamp),
        next_at: Timestamp(row.int(8)?),
        failures: row.int(9)?,
        failing_since: row.opt_int(10)?.map(Timestamp),
        failure: row.opt_text(11)?,
        sealed: row.bytes(12)?,
    })
}
