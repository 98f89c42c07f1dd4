//! The rows of what was sent: links between objects here and there, and memberships.

use store::{StoreError, Tx, Val};
use web::Timestamp;

use super::Kind;
use super::job::Job;
use super::plan::Known;
use super::resource::Resource;

/// The link of an object.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<Option<(String, Known)>, StoreError> {
    let sql = "SELECT display_name, target_id, active, sent FROM provisioning_links \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4";
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()];
    let Some(row) = tx.row(sql, &params)? else { return Ok(None) };
    let sent: Resource = serde_json::from_value(row.json(3)?)
        .map_err(|_| StoreError::BadRow { column: 3, why: "a JSON object expected" })?;
    Ok(Some((row.text(0)?, Known { target: row.text(1)?, active: row.bool(2)?, sent })))
}

/// What an object is linked to, and whether that is switched on; `None` where it is linked to nothing.
///
/// # Errors
/// The engine's.
pub fn target(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Option<(String, bool)>, StoreError> {
    let sql = "SELECT target_id, active FROM provisioning_links \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4";
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()];
    tx.row(sql, &params)?.map(|row| Ok((row.text(0)?, row.bool(1)?))).transpose()
}

/// Whether what an object is linked to is switched on; `None` where it is linked to nothing.
///
/// # Errors
/// The engine's.
pub fn active(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<Option<bool>, StoreError> {
    Ok(target(tx, job, kind, id)?.map(|(_, active)| active))
}

/// How many linked objects are switched on, counted no further than `most`.
///
/// # Errors
/// The engine's.
pub fn count_active(tx: &mut Tx<'_>, job: &Job, most: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT source_id FROM provisioning_links \
               WHERE tenant_id = ?1 AND application_id = ?2 AND active = 1 LIMIT ?3) AS counted";
    tx.int(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), most.into()])
}

/// The object here that an object there is linked to.
///
/// # Errors
/// The engine's.
pub fn owner(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    target: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT source_id, display_name FROM provisioning_links \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND target_id = ?4";
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), target.into()];
    tx.row(sql, &params)?.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

/// A linked object, without what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// Its id there.
    pub target: String,
    /// When something was sent last.
    pub updated: Timestamp,
}

/// Some of the linked objects of a kind, in the order of their ids, after one of them.
///
/// # Errors
/// The engine's.
pub fn page(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    after: &str,
    limit: i64,
) -> Result<Vec<Linked>, StoreError> {
    let sql = "SELECT source_id, target_id, updated_at FROM provisioning_links WHERE tenant_id = ?1 \
               AND application_id = ?2 AND kind = ?3 AND source_id > ?4 ORDER BY source_id LIMIT ?5";
    let params: [Val<'_>; 5] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        after.into(),
        limit.into(),
    ];
    let linked = |row: &store::Row| {
        Ok(Linked { kind, id: row.text(0)?, target: row.text(1)?, updated: Timestamp(row.int(2)?) })
    };
    tx.rows(sql, &params)?.iter().map(linked).collect()
}

/// Whether an object is still linked to `target`, and nothing was sent to it after `since`.
///
/// # Errors
/// The engine's.
pub fn stands(
    tx: &mut Tx<'_>,
    job: &Job,
    (kind, id): (Kind, &str),
    target: &str,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT source_id FROM provisioning_links WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4 AND target_id = ?5 AND updated_at <= ?6";
    let params: [Val<'_>; 6] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        target.into(),
        since.micros().into(),
    ];
    tx.exists(sql, &params)
}

/// Writes that somebody was switched on in the target by others.
///
/// # Errors
/// The engine's.
pub fn switched_on(tx: &mut Tx<'_>, job: &Job, user: &str) -> Result<(), StoreError> {
    let sql = "UPDATE provisioning_links SET active = 1 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = 'user' AND source_id = ?3";
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), user.into()]).map(|_| ())
}

/// Whether a membership was sent.
///
/// # Errors
/// The engine's.
pub fn has_member(tx: &mut Tx<'_>, job: &Job, (group, user): (&str, &str)) -> Result<bool, StoreError> {
    let sql = "SELECT user_id FROM provisioning_members WHERE tenant_id = ?1 AND application_id = ?2 \
               AND group_id = ?3 AND user_id = ?4";
    tx.exists(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), group.into(), user.into()])
}

/// Links an object that is linked to nothing.
///
/// # Errors
/// The engine's; [`StoreError::Unique`] where it is linked, or the object there is linked to another one.
pub fn save(
    tx: &mut Tx<'_>,
    job: &Job,
    object: (Kind, &str, &str),
    known: &Known,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_links (tenant_id, application_id, kind, source_id, target_id, \
                 display_name, active, sent, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    write(tx, job, sql, object, known, now)
}

/// Notes what was sent to the object that is linked already. The index of targets is not touched.
///
/// # Errors
/// The engine's.
pub fn update(
    tx: &mut Tx<'_>,
    job: &Job,
    object: (Kind, &str, &str),
    known: &Known,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE provisioning_links SET display_name = ?6, active = ?7, sent = ?8, updated_at = ?9 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3 AND source_id = ?4 \
                 AND target_id = ?5";
    write(tx, job, sql, object, known, now)
}

fn write(
    tx: &mut Tx<'_>,
    job: &Job,
    sql: &str,
    (kind, id, name): (Kind, &str, &str),
    known: &Known,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sent = serde_json::to_string(&known.sent).map_err(|e| StoreError::Database(e.to_string()))?;
    let params: [Val<'_>; 9] = [
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        kind.as_str().into(),
        id.into(),
        (&known.target).into(),
        name.into(),
        known.active.into(),
        (&sent).into(),
        now.micros().into(),
    ];
    tx.exec(sql, &params).map(|_| ())
}

/// Removes a link and the memberships that went with it: the target has neither any more.
///
/// # Errors
/// The engine's.
pub fn remove(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<(), StoreError> {
    let (tenant, application) = (Val::from(&job.tenant_id), Val::from(&job.application_id));
    let sql = "DELETE FROM provisioning_links WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4";
    tx.exec(sql, &[tenant, application, kind.as_str().into(), id.into()])?;
    let column = match kind {
        Kind::User => "user_id",
        Kind::Group => "group_id",
    };
    for table in ["members", "unsure_members"] {
        let sql = format!(
            "DELETE FROM provisioning_{table} WHERE tenant_id = ?1 AND application_id = ?2 AND {column} = ?3"
        );
        tx.exec(&sql, &[tenant, application, id.into()])?;
    }
    Ok(())
}

/// Forgets what the target has, but not which objects are ours: everything is sent anew.
///
/// # Errors
/// The engine's.
pub fn forget_sent(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let params = [(&job.tenant_id).into(), (&job.application_id).into()];
    let sql = "UPDATE provisioning_links SET sent = '{}' WHERE tenant_id = ?1 AND application_id = ?2";
    tx.exec(sql, &params).map(|_| ())
}

/// Forgets all that is known of a target, because another one takes its place.
///
/// # Errors
/// The engine's.
pub fn forget_all(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    for table in ["links", "members", "unsure", "unsure_members", "pending"] {
        let sql = format!("DELETE FROM provisioning_{table} WHERE tenant_id = ?1 AND application_id = ?2");
        tx.exec(&sql, &[(&job.tenant_id).into(), (&job.application_id).into()])?;
    }
    Ok(())
}

/// The memberships that were sent for a group or a user, as (group, user).
///
/// # Errors
/// The engine's.
pub fn memberships(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let column = match kind {
        Kind::User => "user_id",
        Kind::Group => "group_id",
    };
    let sql = format!(
        "SELECT group_id, user_id FROM provisioning_members \
         WHERE tenant_id = ?1 AND application_id = ?2 AND {column} = ?3"
    );
    let rows = tx.rows(&sql, &[(&job.tenant_id).into(), (&job.application_id).into(), id.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Whether a membership was sent and not taken back.
///
/// # Errors
/// The engine's.
pub fn is_member(tx: &mut Tx<'_>, job: &Job, group: &str, user: &str) -> Result<bool, StoreError> {
    let sql = "SELECT user_id FROM provisioning_members WHERE tenant_id = ?1 AND application_id = ?2 \
               AND group_id = ?3 AND user_id = ?4";
    tx.exists(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), group.into(), user.into()])
}

/// Writes that a membership was sent, or taken back.
///
/// # Errors
/// The engine's.
pub fn set_member(
    tx: &mut Tx<'_>,
    job: &Job,
    (group, user): (&str, &str),
    is: bool,
) -> Result<(), StoreError> {
    let sql = if is {
        "INSERT INTO provisioning_members (tenant_id, application_id, group_id, user_id) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM provisioning_members WHERE tenant_id = ?1 AND application_id = ?2 \
         AND group_id = ?3 AND user_id = ?4"
    };
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), group.into(), user.into()])
        .map(|_| ())
}

/// How many objects are in the target by this job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// People who are switched on.
    pub users: i64,
    /// People who are switched off.
    pub disabled: i64,
    /// Groups.
    pub groups: i64,
    /// Memberships.
    pub members: i64,
}

/// The counts.
///
/// # Errors
/// The engine's.
pub fn counts(tx: &mut Tx<'_>, job: &Job) -> Result<Counts, StoreError> {
    let params = [Val::from(&job.tenant_id), Val::from(&job.application_id)];
    let sql = "SELECT kind, active, count(*) FROM provisioning_links \
               WHERE tenant_id = ?1 AND application_id = ?2 GROUP BY kind, active";
    let mut counts = Counts::default();
    for row in tx.rows(sql, &params)? {
        let count = row.int(2)?;
        match (Kind::of_row(&row, 0)?, row.bool(1)?) {
            (Kind::User, true) => counts.users = count,
            (Kind::User, false) => counts.disabled = count,
            (Kind::Group, _) => counts.groups = count,
        }
    }
    let sql = "SELECT count(*) FROM provisioning_members WHERE tenant_id = ?1 AND application_id = ?2";
    counts.members = tx.int(sql, &params)?;
    Ok(counts)
}
