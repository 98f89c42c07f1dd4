//! The rows of comparisons.

use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::{Comparison, Difference, Fate, Outcome, Report, TOO_MANY_MISSING};
use crate::provisioning::job::{Job, State};
use crate::provisioning::{Kind, pending, store as jobs};

/// As many are kept for an application; the oldest goes first.
const KEPT: i64 = 20;
const COLUMNS: &str =
    "id, asked_at, asked_by, dry_run, allowed, began_at, ended_at, outcome, code, reason, report";

/// Writes that a comparison is asked for.
///
/// # Errors
/// The engine's.
pub fn insert(tx: &mut Tx<'_>, job: &Job, comparison: &Comparison) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_comparisons (tenant_id, application_id, id, asked_at, asked_by, \
               dry_run, allowed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let params: [Val<'_>; 7] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        (&comparison.id).into(),
        comparison.asked_at.micros().into(),
        (&comparison.asked_by).into(),
        comparison.dry_run.into(),
        comparison.allowed.into(),
    ];
    tx.exec(sql, &params)?;
    let sql = "DELETE FROM provisioning_comparisons WHERE tenant_id = ?1 AND application_id = ?2 AND id NOT IN ( \
               SELECT id FROM provisioning_comparisons WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY asked_at DESC, id DESC LIMIT ?3)";
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), KEPT.into()]).map(|_| ())
}

/// Writes when it began.
///
/// # Errors
/// The engine's.
pub fn begin(tx: &mut Tx<'_>, job: &Job, id: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE provisioning_comparisons SET began_at = ?4 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3";
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), id.into(), now.micros().into()];
    tx.exec(sql, &params).map(|_| ())
}

/// Writes how it ended.
///
/// # Errors
/// The engine's.
pub fn finish(
    tx: &mut Tx<'_>,
    job: &Job,
    id: &str,
    (now, outcome): (Timestamp, &Outcome),
    report: &Report,
) -> Result<(), StoreError> {
    let report = serde_json::to_string(report).map_err(|e| StoreError::Database(e.to_string()))?;
    let (code, words) = outcome.why().unzip();
    let sql = "UPDATE provisioning_comparisons SET ended_at = ?4, outcome = ?5, code = ?6, reason = ?7, \
               report = ?8 WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3";
    let params: [Val<'_>; 8] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        id.into(),
        now.micros().into(),
        outcome.as_str().into(),
        code.into(),
        words.into(),
        (&report).into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// The oldest that did not end.
///
/// # Errors
/// The engine's.
pub fn waiting(tx: &mut Tx<'_>, job: &Job) -> Result<Option<Comparison>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_comparisons WHERE tenant_id = ?1 AND application_id = ?2 \
         AND ended_at IS NULL ORDER BY asked_at, id LIMIT 1"
    );
    tx.row(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()])?.map(|row| read(&row)).transpose()
}

/// All that are kept, the newest first.
///
/// # Errors
/// The engine's.
pub fn list(tx: &mut Tx<'_>, job: &Job) -> Result<Vec<Comparison>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_comparisons WHERE tenant_id = ?1 AND application_id = ?2 \
         ORDER BY asked_at DESC, id DESC"
    );
    tx.rows(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()])?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, job: &Job, id: &str) -> Result<Option<Comparison>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_comparisons WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), id.into()];
    tx.row(&sql, &params)?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Comparison, StoreError> {
    let bad = |column, why| StoreError::BadRow { column, why };
    let (code, words) = (row.opt_text(8)?.unwrap_or_default(), row.opt_text(9)?.unwrap_or_default());
    let outcome = match row.opt_text(7)?.as_deref() {
        None => None,
        Some("done") => Some(Outcome::Done),
        Some("incomplete") => Some(Outcome::Incomplete(code, words)),
        Some("refused") if code == TOO_MANY_MISSING => Some(Outcome::Refused(words)),
        Some(_) => return Err(bad(7, "done, incomplete or refused expected")),
    };
    let ended = match (row.opt_int(6)?, outcome) {
        (Some(at), Some(outcome)) => Some((Timestamp(at), outcome)),
        (None, None) => None,
        _ => return Err(bad(6, "ended_at and outcome, or neither")),
    };
    let report = row.opt_text(10)?.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Comparison {
        id: row.text(0)?,
        asked_at: Timestamp(row.int(1)?),
        asked_by: row.text(2)?,
        dry_run: row.bool(3)?,
        allowed: row.int(4)?,
        began_at: row.opt_int(5)?.map(Timestamp),
        ended,
        report: report.map_err(|_| bad(10, "a report expected"))?.unwrap_or_default(),
    })
}

/// The applications for which there is something to compare: because it was asked for, or because it is time.
///
/// # Errors
/// The engine's.
pub fn with_work(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT c.application_id FROM provisioning_comparisons c \
               JOIN applications a ON a.tenant_id = c.tenant_id AND a.id = c.application_id \
               WHERE c.tenant_id = ?1 AND c.ended_at IS NULL";
    let asked: Result<Vec<String>, StoreError> =
        tx.rows(sql, &[tenant.into()])?.iter().map(|row| row.text(0)).collect();
    let mut found = asked?;
    for application in jobs::running(tx, tenant)? {
        let job = jobs::find(tx, tenant, &application)?;
        if job.is_some_and(|job| is_due(&job, now)) && !found.contains(&application) {
            found.push(application);
        }
    }
    Ok(found)
}

/// Whether a job is to be compared by itself now: not before it has sent everything once, and not while it sends.
pub fn is_due(job: &Job, now: Timestamp) -> bool {
    let quiet = job.state == State::Active && job.cursor.is_some() && job.cycle_id.is_none();
    quiet && job.next_comparison().is_some_and(|due| due <= now)
}

/// What became of the differences that a comparison lists.
///
/// # Errors
/// The engine's.
pub fn fates(tx: &mut Tx<'_>, job: &Job, comparison: &Comparison) -> Result<Vec<Fate>, StoreError> {
    let acts = !comparison.dry_run && matches!(comparison.ended, Some((_, Outcome::Done)));
    comparison.report.differences.iter().map(|one| fate(tx, job, one, acts)).collect()
}

fn fate(tx: &mut Tx<'_>, job: &Job, one: &Difference, acts: bool) -> Result<Fate, StoreError> {
    if let Some(why) = &one.left {
        return Ok(Fate::Left(why.clone()));
    }
    if !acts {
        return Ok(Fate::Found);
    }
    let (kind, id) = one.looked_at();
    Ok(match pending::trouble(tx, job, kind, id)? {
        None => Fate::Repaired,
        Some(Some(why)) => Fate::Failed(why),
        Some(None) => Fate::Due,
    })
}

/// The objects here that may be meant by a name or an id there; what the mappings make of them decides.
///
/// # Errors
/// The engine's.
pub fn candidates(tx: &mut Tx<'_>, tenant: &str, kind: Kind, value: &str) -> Result<Vec<String>, StoreError> {
    let sql = match kind {
        Kind::User => {
            "SELECT id FROM users WHERE tenant_id = ?1 AND deleted_at IS NULL \
             AND (user_principal_name_key = ?2 OR id = ?3) LIMIT 5"
        }
        Kind::Group => {
            "SELECT id FROM groups WHERE tenant_id = ?1 AND (display_name_key = ?2 OR id = ?3) LIMIT 5"
        }
    };
    let key = value.to_lowercase();
    tx.rows(sql, &[tenant.into(), (&key).into(), value.into()])?.iter().map(|row| row.text(0)).collect()
}
