//! Whether a waiting object goes from the target or comes back to it. It is judged once after each mark and kept with
//! the row, so that a round finds and counts who leaves without a look at everybody who waits: whatever changes an
//! object's standing marks it again.

use store::{StoreError, Tx, Val};
use web::Timestamp;

use super::job::{Job, OutOfScope};
use super::pending::{self, Pending};
use super::scope::{Scope, Standing};
use super::{Kind, links};

/// Objects judged in one transaction.
pub const JUDGED_AT_ONCE: i64 = 2000;

/// Where a waiting object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It has to be disabled or deleted in the target.
    Leaves,
    /// A person who is switched off there will be on again.
    Returns,
    /// Neither.
    Stays,
}

impl Direction {
    /// Its name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaves => "leaves",
            Self::Returns => "returns",
            Self::Stays => "stays",
        }
    }

    /// Where an object of this standing goes; `active` says whether what it is linked to is switched on, and is
    /// `None` where it is linked to nothing. A person who is switched off already is only touched again to be
    /// deleted.
    pub fn of(kind: Kind, standing: Standing, active: Option<bool>, out_of_scope: OutOfScope) -> Self {
        if standing.stays(out_of_scope) {
            return Self::Stays;
        }
        match (kind, standing, active) {
            (_, _, None) => Self::Stays,
            (Kind::User, Standing::Entitled, Some(false)) => Self::Returns,
            (_, Standing::Entitled, _) => Self::Stays,
            (Kind::User, standing, _) if standing.deletes(out_of_scope) => Self::Leaves,
            (Kind::Group, ..) => Self::Leaves,
            (Kind::User, _, Some(on)) => {
                if on {
                    Self::Leaves
                } else {
                    Self::Stays
                }
            }
        }
    }
}

/// Judges what was marked, up to [`JUDGED_AT_ONCE`] objects; whether there may be more.
///
/// # Errors
/// The engine's.
pub fn judge(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let sql = "SELECT kind, source_id FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 AND direction IS NULL LIMIT ?3";
    let rows =
        tx.rows(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), JUDGED_AT_ONCE.into()])?;
    if rows.is_empty() {
        return Ok(false);
    }
    let scope = Scope::of(tx, job)?;
    for row in &rows {
        let (kind, id) = (Kind::of_row(row, 0)?, row.text(1)?);
        let direction = match links::active(tx, job, kind, &id)? {
            None => Direction::Stays,
            Some(active) => {
                let standing = match kind {
                    Kind::User => scope.user(tx, &id)?,
                    Kind::Group => scope.group(tx, &id)?,
                };
                Direction::of(kind, standing, Some(active), job.out_of_scope)
            }
        };
        set(tx, job, (kind, &id), Some(direction))?;
    }
    Ok(i64::try_from(rows.len()).is_ok_and(|n| n == JUDGED_AT_ONCE))
}

/// Whether something waits that was not judged.
///
/// # Errors
/// The engine's.
pub fn any_unjudged(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let sql = "SELECT source_id FROM provisioning_pending \
               WHERE tenant_id = ?1 AND application_id = ?2 AND direction IS NULL LIMIT 1";
    tx.exists(sql, &[(&job.tenant_id).into(), (&job.application_id).into()])
}

/// Has an object judged again, because it was switched on or off in the target.
///
/// # Errors
/// The engine's.
pub fn forget(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<(), StoreError> {
    set(tx, job, (kind, id), None)
}

fn set(
    tx: &mut Tx<'_>,
    job: &Job,
    (kind, id): (Kind, &str),
    direction: Option<Direction>,
) -> Result<(), StoreError> {
    let sql = "UPDATE provisioning_pending SET direction = ?5 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4";
    let params: [Val<'_>; 5] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        direction.map(Direction::as_str).into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// Of what is due, the linked objects that have to be disabled or deleted in the target.
///
/// # Errors
/// The engine's.
pub fn leavers(tx: &mut Tx<'_>, job: &Job, now: Timestamp, limit: i64) -> Result<Vec<Pending>, StoreError> {
    let sql = format!(
        "SELECT {} FROM provisioning_pending WHERE tenant_id = ?1 AND application_id = ?2 \
         AND direction = 'leaves' AND due_at <= ?3 ORDER BY due_at, kind, source_id LIMIT ?4",
        pending::READ
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), now.micros().into(), limit.into()];
    tx.rows(&sql, &params)?.iter().map(pending::read).collect()
}

/// How many objects that are due go this way.
///
/// # Errors
/// The engine's.
pub fn count(tx: &mut Tx<'_>, job: &Job, way: Direction, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM provisioning_pending WHERE tenant_id = ?1 AND application_id = ?2 \
               AND direction = ?3 AND due_at <= ?4";
    let params =
        [(&job.tenant_id).into(), (&job.application_id).into(), way.as_str().into(), now.micros().into()];
    tx.int(sql, &params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_and_who_returns() {
        let user = |standing, active| Direction::of(Kind::User, standing, active, OutOfScope::Disable);
        for away in [Standing::Disabled, Standing::OutOfScope, Standing::Deleted] {
            assert_eq!(user(away, Some(true)), Direction::Leaves, "{away:?}");
            assert_eq!(user(away, Some(false)), Direction::Stays, "{away:?}");
        }
        assert_eq!(user(Standing::Gone, Some(false)), Direction::Leaves);
        assert_eq!(user(Standing::Gone, None), Direction::Stays);
        assert_eq!(user(Standing::Entitled, Some(false)), Direction::Returns);
        assert_eq!(user(Standing::Entitled, Some(true)), Direction::Stays);
        assert_eq!(
            Direction::of(Kind::Group, Standing::OutOfScope, Some(true), OutOfScope::Disable),
            Direction::Leaves
        );
        assert_eq!(
            Direction::of(Kind::Group, Standing::Entitled, Some(true), OutOfScope::Disable),
            Direction::Stays
        );
        for left in [Standing::OutOfScope, Standing::Filtered] {
            let how = |how, active| Direction::of(Kind::User, left, Some(active), how);
            assert_eq!(how(OutOfScope::Skip, true), Direction::Stays, "{left:?}");
            assert_eq!(how(OutOfScope::Disable, false), Direction::Stays, "{left:?}");
            assert_eq!(how(OutOfScope::Delete, false), Direction::Leaves, "{left:?}");
        }
        assert_eq!(user(Standing::NotProcessed, Some(true)), Direction::Stays);
    }
}
