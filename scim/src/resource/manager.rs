//! The manager of a user (RFC 7643 §4.3): a reference that only a server with rows can follow.

use serde_json::Value;

use crate::Rules;
use crate::error::{ScimError, shorten};
use crate::quirks::Quirk;
use crate::schema::urn;

/// The id of the manager that a change brings: none where there is none, or where it is the one before. A
/// reference that was right when it was written is not judged again.
#[must_use]
pub fn new_manager<'v>(before: &Value, wanted: &'v Value) -> Option<&'v str> {
    let new = id(wanted)?;
    (id(before) != Some(new)).then_some(new)
}

/// Judges a manager whose id no user has.
///
/// # Errors
/// [`ScimError::InvalidValue`] where that is not tolerated.
pub fn check_unknown_manager(rules: &Rules, id: &str) -> Result<(), ScimError> {
    if rules.tolerates(Quirk::AwsUnknownManager) {
        return Ok(());
    }
    let reason = format!(
        "no user has the id \"{}\". Provision the manager first, and send the \"id\" that the server answered with",
        shorten(id)
    );
    Err(ScimError::InvalidValue { attribute: format!("{}:manager.value", urn::ENTERPRISE_USER), reason })
}

fn id(user: &Value) -> Option<&str> {
    user.get(urn::ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()
}
