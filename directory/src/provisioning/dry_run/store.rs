//! The rows of dry runs.

use store::{Row, StoreError, Tx};
use web::Timestamp;

use super::{DryRun, MOST_OBJECTS};
use crate::provisioning::Kind;
use crate::provisioning::job::Job;

/// As many are kept for an application; the oldest goes first.
const KEPT: i64 = 20;
const COLUMNS: &str = "id, made_at, made_by, expires_at, approved_at, approved_by, changes";

/// Keeps a dry run.
///
/// # Errors
/// The engine's.
pub fn insert(tx: &mut Tx<'_>, job: &Job, run: &DryRun) -> Result<(), StoreError> {
    let changes = serde_json::to_string(&run.changes).map_err(|e| StoreError::Database(e.to_string()))?;
    let sql = "INSERT INTO provisioning_plans (tenant_id, application_id, id, made_at, made_by, expires_at, \
               changes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let params = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        (&run.id).into(),
        run.made_at.micros().into(),
        (&run.made_by).into(),
        run.expires_at.micros().into(),
        (&changes).into(),
    ];
    tx.exec(sql, &params)?;
    let sql = "DELETE FROM provisioning_plans WHERE tenant_id = ?1 AND application_id = ?2 AND id NOT IN ( \
               SELECT id FROM provisioning_plans WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY made_at DESC, id DESC LIMIT ?3)";
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), KEPT.into()]).map(|_| ())
}

/// The dry runs of a job, the newest first.
///
/// # Errors
/// The engine's.
pub fn list(tx: &mut Tx<'_>, job: &Job) -> Result<Vec<DryRun>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_plans WHERE tenant_id = ?1 AND application_id = ?2 \
         ORDER BY made_at DESC, id DESC"
    );
    tx.rows(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()])?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, job: &Job, id: &str) -> Result<Option<DryRun>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_plans WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), id.into()];
    tx.row(&sql, &params)?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<DryRun, StoreError> {
    let bad = |column, why| StoreError::BadRow { column, why };
    let approved = match (row.opt_int(4)?, row.opt_text(5)?) {
        (Some(at), Some(by)) => Some((Timestamp(at), by)),
        (None, None) => None,
        _ => return Err(bad(4, "approved_at and approved_by, or neither")),
    };
    Ok(DryRun {
        id: row.text(0)?,
        made_at: Timestamp(row.int(1)?),
        made_by: row.text(2)?,
        expires_at: Timestamp(row.int(3)?),
        approved,
        changes: serde_json::from_str(&row.text(6)?)
            .map_err(|_| bad(6, "the changes of a dry run expected"))?,
    })
}

/// Marks a dry run as approved; `false` where somebody else was faster.
///
/// # Errors
/// The engine's.
pub fn approve(
    tx: &mut Tx<'_>,
    job: &Job,
    id: &str,
    actor: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE provisioning_plans SET approved_at = ?4, approved_by = ?5 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3 AND approved_at IS NULL";
    let params =
        [(&job.tenant_id).into(), (&job.application_id).into(), id.into(), now.micros().into(), actor.into()];
    Ok(tx.exec(sql, &params)? == 1)
}

/// What is linked or waits, in scope or not; one more than a dry run looks at, to tell that there are more.
///
/// # Errors
/// The engine's.
pub fn touched(tx: &mut Tx<'_>, job: &Job) -> Result<Vec<(Kind, String)>, StoreError> {
    let sql = "SELECT kind, source_id FROM provisioning_links WHERE tenant_id = ?1 AND application_id = ?2 \
               UNION SELECT kind, source_id FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 LIMIT ?3";
    let most = i64::try_from(MOST_OBJECTS).unwrap_or(i64::MAX) + 1;
    let rows = tx.rows(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), most.into()])?;
    rows.iter().map(|row| Ok((Kind::of_row(row, 0)?, row.text(1)?))).collect()
}
