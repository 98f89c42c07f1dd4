//! Whom the scoping filters of a job leave out, kept beside the directory so that who is in scope, and how
//! many are leaving, is known without reading everybody's attributes.

use std::collections::BTreeSet;

use store::{StoreError, Tx, Val};

use super::expression::Attributes;
use super::job::Job;
use super::mapping::Mappings;
use super::scope::Standing;
use super::scoping_filter::ScopingFilter;
use super::{Kind, situation};

/// What a filter makes of an object; `None` where it lets it through.
pub fn verdict(filter: &ScopingFilter, attributes: &Attributes) -> Option<Standing> {
    if !filter.admits(attributes).matched {
        return Some(Standing::NotProcessed);
    }
    (!filter.matches(attributes).matched).then_some(Standing::Filtered)
}

/// Renews what is kept of one object.
///
/// # Errors
/// The engine's.
pub fn refresh(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<(), StoreError> {
    let filter = job.mappings.scope(kind);
    if filter.is_empty() {
        return Ok(());
    }
    let found = attributes(tx, job, kind, id)?.and_then(|a| verdict(filter, &a));
    let Some(verdict) = found.and_then(name) else {
        let sql = "DELETE FROM provisioning_filtered WHERE tenant_id = ?1 AND application_id = ?2 \
                   AND kind = ?3 AND source_id = ?4";
        return tx.exec(sql, &key(job, kind, id)).map(|_| ());
    };
    let sql = "INSERT INTO provisioning_filtered (tenant_id, application_id, kind, source_id, verdict) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, application_id, kind, source_id) \
               DO UPDATE SET verdict = excluded.verdict";
    let [tenant, application, kind, id] = key(job, kind, id);
    tx.exec(sql, &[tenant, application, kind, id, verdict.into()]).map(|_| ())
}

/// An object's attributes as filters see them; `None` where it is gone.
///
/// # Errors
/// The engine's.
pub fn attributes(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Option<Attributes>, StoreError> {
    let properties = match kind {
        Kind::User => situation::user_properties(tx, &job.tenant_id, id)?,
        Kind::Group => situation::group_properties(tx, &job.tenant_id, id)?,
    };
    Ok(properties.map(|p| Attributes::from_object(&p)))
}

/// Everything that the filters of `mappings` are asked about: the objects of the kinds that have one.
///
/// # Errors
/// The engine's.
pub fn everything(
    tx: &mut Tx<'_>,
    job: &Job,
    mappings: &Mappings,
) -> Result<Vec<(Kind, String)>, StoreError> {
    let mut found = Vec::new();
    for (kind, table) in [(Kind::User, "users"), (Kind::Group, "groups")] {
        if mappings.scope(kind).is_empty() {
            continue;
        }
        let sql = format!("SELECT id FROM {table} WHERE tenant_id = ?1");
        for row in tx.rows(&sql, &[(&job.tenant_id).into()])? {
            found.push((kind, row.text(0)?));
        }
    }
    Ok(found)
}

/// Forgets what is kept for a kind that has no filter any more.
///
/// # Errors
/// The engine's.
pub fn forget_unfiltered(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let sql = "DELETE FROM provisioning_filtered WHERE tenant_id = ?1 AND application_id = ?2 AND kind = ?3";
    for kind in [Kind::User, Kind::Group] {
        if job.mappings.scope(kind).is_empty() {
            tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into()])?;
        }
    }
    Ok(())
}

/// What is kept of one object.
///
/// # Errors
/// The engine's, and [`StoreError::BadRow`] for a verdict that is none.
pub fn find(
    tx: &mut Tx<'_>,
    (tenant, application): (&str, &str),
    kind: Kind,
    id: &str,
) -> Result<Option<Standing>, StoreError> {
    let sql = "SELECT verdict FROM provisioning_filtered WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4";
    let Some(row) = tx.row(sql, &[tenant.into(), application.into(), kind.as_str().into(), id.into()])?
    else {
        return Ok(None);
    };
    let text = row.text(0)?;
    let found = [Standing::Filtered, Standing::NotProcessed].into_iter().find(|s| name(*s) == Some(&text));
    found.map(Some).ok_or(StoreError::BadRow { column: 0, why: "out_of_scope or not_processed expected" })
}

/// Whom the filters of a job do not let through.
///
/// # Errors
/// The engine's.
pub fn all(
    tx: &mut Tx<'_>,
    (tenant, application): (&str, &str),
) -> Result<BTreeSet<(Kind, String)>, StoreError> {
    let sql =
        "SELECT kind, source_id FROM provisioning_filtered WHERE tenant_id = ?1 AND application_id = ?2";
    let rows = tx.rows(sql, &[tenant.into(), application.into()])?;
    rows.iter().map(|row| Ok((Kind::of_row(row, 0)?, row.text(1)?))).collect()
}

fn name(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Filtered => Some("out_of_scope"),
        Standing::NotProcessed => Some("not_processed"),
        _ => None,
    }
}

fn key<'a>(job: &'a Job, kind: Kind, id: &'a str) -> [Val<'a>; 4] {
    [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()]
}
