//! The SQL of the identity store. Every function that changes something takes the [`Author`] and
//! appends the events of what it changed; calling it again with the same values changes nothing more.
//!
//! [`Author`]: crate::instance::Author

mod counts;
mod emails;
mod extensions;
mod groups;
pub(super) mod keys;
mod matching;
mod members;
mod ownership;
mod users;

use ::store::{StoreError, Tx};
use scim::caseless;
use web::Timestamp;

pub use counts::{miscounts, recount};
pub use extensions::{clear_extension, count_extension_uses, set_group_extensions};
pub use groups::{
    count_groups, create_group, delete_group, group, group_by_name, groups_by_external_id, list_groups,
    put_back_group, update_group,
};
pub use matching::{
    Condition, Operand, Slice, count_groups_matching, count_users_matching, groups_matching, users_matching,
};
#[cfg(test)]
pub(crate) use matching::{explained, plans};
pub use members::{
    Member, add_members, count_members, count_memberships, groups_of, is_member, list_members, members_among,
    remove_members, replace_members, users_outside,
};
#[cfg(test)]
pub(crate) use ownership::foreign;
pub use ownership::{count_foreign, foreign_groups, foreign_users, hand_over_everything, set_owner};
pub use users::{
    count_users, create_stored_user, create_user, delete_user, find_user, list_users, put_back_user,
    stored_user, update_user, user, user_by_email, user_by_name, user_exists, users_by_external_id,
};

pub use super::owner::MAX_HANDED_OVER;
use super::{IdentityError, Owner};

/// What a user or group keeps that comes back.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who owns it, as stored.
    pub owner: &'a str,
    /// When it was first made.
    pub created_at: Timestamp,
    /// The version that it has now: higher than any that a client has seen.
    pub version: i64,
}

/// Which part of a list is wanted: keyset paging in the order of the name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'a> {
    /// Only entries with this text in a name (or, of users, the primary e-mail address).
    pub search: &'a str,
    /// Start after this name key (lower case); empty for the first page.
    pub after: &'a str,
    /// Most entries.
    pub limit: i64,
}

/// Refuses that a person or program of ours makes users or groups while automatic provisioning is on, as AWS does in
/// its console: the identity provider would overwrite it.
///
/// # Errors
/// [`IdentityError::ManagedByProvisioning`]; the engine's.
pub fn check_editable(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), IdentityError> {
    if managed(tx, instance_id)? { Err(IdentityError::ManagedByProvisioning) } else { Ok(()) }
}

/// The same for a change of what is there: only what automatic provisioning owns is changed at the identity
/// provider alone. `owner` is as stored.
///
/// # Errors
/// [`IdentityError::ManagedByProvisioning`]; the engine's.
pub fn check_editable_of(tx: &mut Tx<'_>, instance_id: &str, owner: &str) -> Result<(), IdentityError> {
    if Owner::of(owner).is_provisioning() { check_editable(tx, instance_id) } else { Ok(()) }
}

/// Whether users and groups come from automatic provisioning: an external source, and SCIM is on.
///
/// # Errors
/// The engine's.
pub fn managed(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM instances i JOIN identity_sources s ON s.instance_id = i.id \
               WHERE i.id = ?1 AND i.scim_enabled = 1 AND s.state = 'active' AND s.kind = 'external'";
    tx.exists(sql, &[instance_id.into()])
}

/// A LIKE pattern (with `ESCAPE '\'`) for keys that contain `text`.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in caseless::key(text.trim()).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
