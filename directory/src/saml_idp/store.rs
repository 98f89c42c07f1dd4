//! What a sign-on reads beside the rows of users and applications.

use store::{StoreError, Tx};

use crate::applications::{self, Application};
use crate::groups::ABOVE;
use crate::refused::Refused;
use crate::tenant;
use crate::users::{self, User};

/// The application with this id, whichever of its three ids it is.
///
/// # Errors
/// The engine's.
pub fn application(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<Application>, Refused> {
    match applications::by_any_id(tx, tenant, id) {
        Ok(application) => Ok(Some(application)),
        Err(Refused::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A user that is not deleted, by object id or by sign-in name.
///
/// # Errors
/// The engine's.
pub fn person(tx: &mut Tx<'_>, tenant: &str, id_or_name: &str) -> Result<Option<User>, StoreError> {
    match users::by_id(tx, tenant, id_or_name)? {
        None => users::by_name(tx, tenant, id_or_name),
        found => Ok(found),
    }
}

/// Whether an assigned group has the user in a group inside it, whatever the tenant's setting.
///
/// # Errors
/// The engine's.
pub fn is_nested(tx: &mut Tx<'_>, tenant: &str, application: &str, user: &str) -> Result<bool, StoreError> {
    tx.exists(&nested(), &[tenant.into(), user.into(), application.into()])
}

pub(crate) fn nested() -> String {
    format!(
        "{ABOVE} SELECT r.id FROM above a CROSS JOIN app_role_assignments r \
         WHERE r.tenant_id = ?1 AND r.principal_id = a.id AND r.application_id = ?3"
    )
}

/// Whether the path names the tenant: by its id or by its domain, in any letter case.
///
/// # Errors
/// The engine's.
pub fn is_tenant(tx: &mut Tx<'_>, tenant: &str, named: &str) -> Result<bool, StoreError> {
    Ok(named.eq_ignore_ascii_case(tenant)
        || tenant::get(tx, tenant)?.default_domain.eq_ignore_ascii_case(named))
}
