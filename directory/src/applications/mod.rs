//! Enterprise applications.

use store::{StoreError, Tx};

use crate::change::Change;

/// Takes every assignment of a user or group away.
///
/// # Errors
/// The engine's.
pub fn unassign_all(_: &mut Tx<'_>, _: &Change, _: &str) -> Result<(), StoreError> {
    Ok(())
}

/// The routes of this folder.
pub fn routes(_: &crate::Directory) -> web::routes::Routes<crate::Directory> {
    web::routes::Routes::new("anyone")
}
