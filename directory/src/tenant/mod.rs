//! The tenant: its names and its settings.

mod http;

use serde::Serialize;
use serde_json::json;
use store::{StoreError, Tx};

pub(crate) use http::cursor;
pub use http::{events_json, routes};

use crate::change::Change;
use crate::refused::Refused;
use crate::users;

/// Longest time for which sign-ins are kept, in days.
const LONGEST_RETENTION: i64 = 730;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub display_name: String,
    /// The domain that user principal names get where none is given.
    pub default_domain: String,
    /// Whether members of nested groups count for applications that do not say so themselves. Entra does not count
    /// them.
    pub transitive_groups: bool,
    /// For how many days sign-ins are kept with their checks and messages.
    pub sign_in_retention_days: i64,
}

/// The tenant with this id.
///
/// # Errors
/// [`StoreError::NoRow`] where it is not there; the engine's.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Tenant, StoreError> {
    let sql = "SELECT id, display_name, default_domain, transitive_groups, sign_in_retention_days \
               FROM tenants WHERE id = ?1";
    let row = tx.row(sql, &[id.into()])?.ok_or(StoreError::NoRow)?;
    Ok(Tenant {
        id: row.text(0)?,
        display_name: row.text(1)?,
        default_domain: row.text(2)?,
        transitive_groups: row.bool(3)?,
        sign_in_retention_days: row.int(4)?,
    })
}

/// Changes the tenant's name and settings.
///
/// # Errors
/// [`Refused::Invalid`]; the engine's.
pub fn update(
    tx: &mut Tx<'_>,
    change: &Change,
    display_name: &str,
    transitive_groups: bool,
) -> Result<Tenant, Refused> {
    let before = get(tx, &change.tenant)?;
    let display_name = users::checked_display_name(display_name)?;
    let after = Tenant { display_name, transitive_groups, ..before.clone() };
    if before == after {
        return Ok(after);
    }
    let sql = "UPDATE tenants SET display_name = ?2, transitive_groups = ?3 WHERE id = ?1";
    tx.exec(sql, &[(&after.id).into(), (&after.display_name).into(), after.transitive_groups.into()])?;
    let (old, new) = (json!(before), json!(after));
    change.record(tx, "tenant.updated", ("tenant", &after.id), Some(&old), Some(&new))?;
    Ok(after)
}

/// Changes for how many days sign-ins are kept. Fewer days remove what is older at the next clearing away.
///
/// # Errors
/// [`Refused::Invalid`]; the engine's.
pub fn set_sign_in_retention(tx: &mut Tx<'_>, change: &Change, days: i64) -> Result<Tenant, Refused> {
    let before = get(tx, &change.tenant)?;
    if !(1..=LONGEST_RETENTION).contains(&days) {
        let expected = format!("a number of days from 1 to {LONGEST_RETENTION}");
        return Err(Refused::invalid("signInRetentionDays", expected, &days.to_string()));
    }
    let after = Tenant { sign_in_retention_days: days, ..before.clone() };
    if before == after {
        return Ok(after);
    }
    let sql = "UPDATE tenants SET sign_in_retention_days = ?2 WHERE id = ?1";
    tx.exec(sql, &[(&after.id).into(), days.into()])?;
    let (old, new) = (json!(before), json!(after));
    change.record(tx, "tenant.updated", ("tenant", &after.id), Some(&old), Some(&new))?;
    Ok(after)
}

/// Whether the set-up was completed: its one-time secret is gone.
///
/// # Errors
/// The engine's.
pub fn is_set_up(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(!tx.exists("SELECT tenant_id FROM setup_secrets WHERE tenant_id = ?1", &[id.into()])?)
}
