//! The rows of what waits: objects whose state here has to be compared with what was sent.

use store::{StoreError, Tx, Val};
use web::Timestamp;

use super::Kind;
use super::job::{Job, back_off};
use super::target::{Problem, TargetError};

/// People and groups in the order of work; later looks at people already sent come last.
const LATER: i64 = 3;

/// An object that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// Its mark, to tell whether it was marked again.
    pub generation: i64,
    /// How often it failed.
    pub attempts: i64,
}

/// An object that failed, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrowed {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// How often it failed.
    pub attempts: i64,
    /// When it is tried again.
    pub due: Timestamp,
    /// The code of the last error.
    pub code: String,
    /// Its words.
    pub reason: String,
}

fn rank(kind: Kind) -> i64 {
    match kind {
        Kind::User => 1,
        Kind::Group => 2,
    }
}

/// What [`read`] reads.
pub(super) const READ: &str = "kind, source_id, generation, attempts";
const COLUMNS: &str = "(tenant_id, application_id, kind, source_id, rank, generation, attempts, due_at)";
/// A new mark makes a waiting object due at once, and has it judged anew.
const AGAIN: &str = "ON CONFLICT (tenant_id, application_id, kind, source_id) DO UPDATE SET \
    generation = provisioning_pending.generation + 1, due_at = 0, direction = NULL, \
    rank = CASE WHEN excluded.rank < provisioning_pending.rank THEN excluded.rank \
           ELSE provisioning_pending.rank END";

/// Marks an object.
///
/// # Errors
/// The engine's.
pub fn mark(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO provisioning_pending {COLUMNS} VALUES (?1, ?2, ?3, ?4, ?5, 1, 0, 0) {AGAIN}");
    let params = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        rank(kind).into(),
    ];
    tx.exec(&sql, &params).map(|_| ())
}

/// Marks every linked object, so that what left scope unseen is looked at too.
///
/// # Errors
/// The engine's.
pub fn mark_linked(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO provisioning_pending {COLUMNS} \
         SELECT tenant_id, application_id, kind, source_id, CASE WHEN kind = 'user' THEN 1 ELSE 2 END, 1, 0, 0 \
         FROM provisioning_links WHERE tenant_id = ?1 AND application_id = ?2 {AGAIN}"
    );
    tx.exec(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()]).map(|_| ())
}

/// Marks the people in a group and in the groups below it, and those who were sent as its members.
///
/// # Errors
/// The engine's.
pub fn mark_people_below(tx: &mut Tx<'_>, job: &Job, group: &str) -> Result<(), StoreError> {
    let sql = format!(
        "WITH RECURSIVE down(id) AS ( \
           SELECT member_id FROM group_members \
             WHERE tenant_id = ?1 AND group_id = ?3 AND member_type = 'group' \
           UNION SELECT m.member_id FROM down CROSS JOIN group_members m \
             WHERE m.tenant_id = ?1 AND m.group_id = down.id AND m.member_type = 'group') \
         INSERT INTO provisioning_pending {COLUMNS} \
         SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), 'user', found.id, 1, 1, 0, 0 FROM ( \
           SELECT m.member_id AS id FROM down CROSS JOIN group_members m \
             WHERE m.tenant_id = ?1 AND m.group_id = down.id AND m.member_type = 'user' \
           UNION SELECT member_id FROM group_members \
             WHERE tenant_id = ?1 AND group_id = ?3 AND member_type = 'user' \
           UNION SELECT user_id FROM provisioning_members \
             WHERE tenant_id = ?1 AND application_id = ?2 AND group_id = ?3) found WHERE 1 = 1 {AGAIN}"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), group.into()];
    tx.exec(&sql, &params).map(|_| ())
}

/// Marks the people who have a role of the application, in person or by a group.
///
/// # Errors
/// The engine's.
pub fn mark_people_with_role(tx: &mut Tx<'_>, job: &Job, role: &str) -> Result<(), StoreError> {
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), role.into()];
    let sql = format!(
        "INSERT INTO provisioning_pending {COLUMNS} \
         SELECT tenant_id, application_id, 'user', principal_id, 1, 1, 0, 0 FROM app_role_assignments \
         WHERE tenant_id = ?1 AND application_id = ?2 AND app_role_id = ?3 AND principal_type = 'user' {AGAIN}"
    );
    tx.exec(&sql, &params)?;
    let groups = "SELECT principal_id FROM app_role_assignments \
                  WHERE tenant_id = ?1 AND application_id = ?2 AND app_role_id = ?3 AND principal_type = 'group'";
    for row in tx.rows(groups, &params)? {
        mark_people_below(tx, job, &row.text(0)?)?;
    }
    Ok(())
}

/// Marks the linked people whose manager this is, for a later look. CROSS JOIN keeps SQLite to this order: it would
/// go through all links otherwise.
///
/// # Errors
/// The engine's.
pub fn mark_reports(tx: &mut Tx<'_>, job: &Job, manager: &str) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO provisioning_pending {COLUMNS} \
         SELECT l.tenant_id, l.application_id, 'user', l.source_id, {LATER}, 1, 0, 0 \
         FROM users u CROSS JOIN provisioning_links l \
         WHERE u.tenant_id = ?1 AND u.manager_id = ?3 AND l.tenant_id = u.tenant_id \
           AND l.application_id = ?2 AND l.kind = 'user' AND l.source_id = u.id {AGAIN}"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), manager.into()];
    tx.exec(&sql, &params).map(|_| ())
}

/// What is due, in the order of work.
///
/// # Errors
/// The engine's.
pub fn due(tx: &mut Tx<'_>, job: &Job, now: Timestamp, limit: i64) -> Result<Vec<Pending>, StoreError> {
    let sql = format!(
        "SELECT {READ} FROM provisioning_pending \
         WHERE tenant_id = ?1 AND application_id = ?2 AND due_at <= ?3 \
         ORDER BY rank, due_at, source_id LIMIT ?4"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), now.micros().into(), limit.into()];
    tx.rows(&sql, &params)?.iter().map(read).collect()
}

/// One object, if it waits.
///
/// # Errors
/// The engine's.
pub fn one(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<Option<Pending>, StoreError> {
    let sql = format!(
        "SELECT {READ} FROM provisioning_pending \
         WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()];
    tx.row(&sql, &params)?.map(|row| read(&row)).transpose()
}

pub(super) fn read(row: &store::Row) -> Result<Pending, StoreError> {
    Ok(Pending {
        kind: Kind::of_row(row, 0)?,
        id: row.text(1)?,
        generation: row.int(2)?,
        attempts: row.int(3)?,
    })
}

/// Takes an object off, unless it was marked again since it was read.
///
/// # Errors
/// The engine's.
pub fn done(tx: &mut Tx<'_>, job: &Job, pending: &Pending) -> Result<(), StoreError> {
    let sql = "DELETE FROM provisioning_pending WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4 AND generation = ?5";
    let params: [Val<'_>; 5] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        pending.kind.as_str().into(),
        (&pending.id).into(),
        pending.generation.into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// Keeps an object for another attempt, later each time.
///
/// # Errors
/// The engine's.
pub fn failed(
    tx: &mut Tx<'_>,
    job: &Job,
    (kind, id): (Kind, &str),
    error: &TargetError,
    now: Timestamp,
) -> Result<(), StoreError> {
    let attempts = one(tx, job, kind, id)?.map_or(0, |p| p.attempts) + 1;
    let sql = "INSERT INTO provisioning_pending (tenant_id, application_id, kind, source_id, rank, generation, \
                 attempts, due_at, error_code, error_reason) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9) \
               ON CONFLICT (tenant_id, application_id, kind, source_id) DO UPDATE SET attempts = ?6, \
                 due_at = ?7, error_code = ?8, error_reason = ?9";
    let due = now.plus(back_off(attempts)).micros();
    let params: [Val<'_>; 9] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        rank(kind).into(),
        attempts.into(),
        due.into(),
        error.problem.code().into(),
        (&error.reason).into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// Marks an object that the target does not have any more. The first time it is looked at again at once; a target that
/// loses what it has just made is given time.
///
/// # Errors
/// The engine's.
pub fn lost(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str, now: Timestamp) -> Result<(), StoreError> {
    mark(tx, job, kind, id)?;
    let before = one(tx, job, kind, id)?.map_or(0, |p| p.attempts);
    let due = if before == 0 { 0 } else { now.plus(back_off(before)).micros() };
    let sql = "UPDATE provisioning_pending SET attempts = ?5, due_at = ?6, error_code = ?7, error_reason = ?8 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4";
    let params: [Val<'_>; 8] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        (before + 1).into(),
        due.into(),
        Problem::NotFound.code().into(),
        "the target does not have it any more".into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// Whether an object waits, and if it does, why it failed last.
///
/// # Errors
/// The engine's.
pub fn trouble(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Option<Option<String>>, StoreError> {
    let sql = "SELECT error_reason FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4";
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()];
    tx.row(sql, &params)?.map(|row| row.opt_text(0)).transpose()
}

/// Makes everything due now: what failed is tried again at once.
///
/// # Errors
/// The engine's.
pub fn clear_waiting_times(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let sql = "UPDATE provisioning_pending SET due_at = 0, attempts = 0, error_code = NULL, \
               error_reason = NULL WHERE tenant_id = ?1 AND application_id = ?2";
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into()]).map(|_| ())
}

/// How many objects wait, by rank, and how many of them have failed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// People.
    pub users: i64,
    /// Groups.
    pub groups: i64,
    /// Later looks.
    pub later: i64,
    /// Of all these, those that failed and wait for another attempt.
    pub escrowed: i64,
}

/// The counts.
///
/// # Errors
/// The engine's.
pub fn waiting(tx: &mut Tx<'_>, job: &Job) -> Result<Waiting, StoreError> {
    let sql = "SELECT rank, CASE WHEN attempts > 0 THEN 1 ELSE 0 END, count(*) FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 \
               GROUP BY rank, CASE WHEN attempts > 0 THEN 1 ELSE 0 END";
    let mut waiting = Waiting::default();
    for row in tx.rows(sql, &[(&job.tenant_id).into(), (&job.application_id).into()])? {
        let count = row.int(2)?;
        match (row.int(1)?, row.int(0)?) {
            (1, _) => waiting.escrowed += count,
            (_, 1) => waiting.users += count,
            (_, 2) => waiting.groups += count,
            _ => waiting.later += count,
        }
    }
    Ok(waiting)
}

/// Whether an object failed because the target had trouble, which another attempt may well heal.
///
/// # Errors
/// The engine's.
pub fn may_heal(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let codes: Vec<String> =
        [Problem::Timeout, Problem::Throttled, Problem::Failed, Problem::Unreachable, Problem::NotFound]
            .map(|problem| format!("'{}'", problem.code()))
            .to_vec();
    let sql = format!(
        "SELECT source_id FROM provisioning_pending WHERE tenant_id = ?1 AND application_id = ?2 \
         AND attempts > 0 AND error_code IN ({}) LIMIT 1",
        codes.join(", ")
    );
    tx.exists(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()])
}

/// The objects that failed, the next to be tried first.
///
/// # Errors
/// The engine's.
pub fn escrowed(tx: &mut Tx<'_>, job: &Job, limit: i64) -> Result<Vec<Escrowed>, StoreError> {
    let sql = "SELECT kind, source_id, attempts, due_at, error_code, error_reason FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 AND attempts > 0 ORDER BY due_at LIMIT ?3";
    let rows = tx.rows(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), limit.into()])?;
    rows.iter()
        .map(|row| {
            Ok(Escrowed {
                kind: Kind::of_row(row, 0)?,
                id: row.text(1)?,
                attempts: row.int(2)?,
                due: Timestamp(row.int(3)?),
                code: row.opt_text(4)?.unwrap_or_default(),
                reason: row.opt_text(5)?.unwrap_or_default(),
            })
        })
        .collect()
}
