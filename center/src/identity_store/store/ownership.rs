//! Who owns what, and handing it over.

use serde_json::json;
use store::{StoreError, Tx};

use super::{groups, users};
use crate::identity_store::owner::MAX_HANDED_OVER;
use crate::identity_store::{Foreign, Group, IdentityError, IdentityKind, Owner, OwnershipError, User};
use crate::instance::{Author, Subject};

/// What automatic provisioning does not own, word for word as the indexes users_foreign and groups_foreign have it.
/// The names, of which none is empty, are there for SQLite: without them it takes another index.
pub(crate) fn foreign(table: &str, name: &str) -> String {
    format!("{table} WHERE instance_id = ?1 AND {name} > '' AND owner <> 'scim' AND owner NOT LIKE 'scim:%'")
}

/// How many users and groups automatic provisioning does not own.
///
/// # Errors
/// The engine's.
pub fn count_foreign(tx: &mut Tx<'_>, instance_id: &str) -> Result<Foreign, StoreError> {
    let mut count = |table, name| {
        tx.int(&format!("SELECT count(*) FROM {}", foreign(table, name)), &[instance_id.into()])
    };
    Ok(Foreign { users: count("users", "user_name_key")?, groups: count("groups", "display_name_key")? })
}

/// The users that automatic provisioning does not own, by user name.
///
/// # Errors
/// The engine's.
pub fn foreign_users(tx: &mut Tx<'_>, instance_id: &str, limit: i64) -> Result<Vec<User>, StoreError> {
    let columns = users::COLUMNS;
    let from = foreign("users", "user_name_key");
    let sql = format!("SELECT {columns} FROM {from} ORDER BY user_name_key LIMIT ?2");
    tx.rows(&sql, &[instance_id.into(), limit.into()])?.iter().map(users::read).collect()
}

/// The groups that automatic provisioning does not own, by name.
///
/// # Errors
/// The engine's.
pub fn foreign_groups(tx: &mut Tx<'_>, instance_id: &str, limit: i64) -> Result<Vec<Group>, StoreError> {
    let columns = groups::COLUMNS;
    let from = foreign("groups", "display_name_key");
    let sql = format!("SELECT {columns} FROM {from} ORDER BY display_name_key LIMIT ?2");
    tx.rows(&sql, &[instance_id.into(), limit.into()])?.iter().map(groups::read).collect()
}

/// Makes automatic provisioning the owner, or (`to` is any other) the console or admin API; whether that is new.
///
/// # Errors
/// [`IdentityError::UserNotFound`], [`IdentityError::GroupNotFound`]; the engine's.
pub fn set_owner(
    tx: &mut Tx<'_>,
    author: &Author,
    what: IdentityKind,
    id: &str,
    to: Owner,
) -> Result<bool, IdentityError> {
    let before = match what {
        IdentityKind::User => super::user(tx, &author.instance_id, id)?.map(|user| user.owner),
        IdentityKind::Group => super::group(tx, &author.instance_id, id)?.map(|group| group.owner),
    };
    let before = before.ok_or_else(|| match what {
        IdentityKind::User => IdentityError::UserNotFound(id.to_owned()),
        IdentityKind::Group => IdentityError::GroupNotFound(id.to_owned()),
    })?;
    if Owner::of(&before).is_provisioning() == to.is_provisioning() {
        return Ok(false);
    }
    let (table, action) = match what {
        IdentityKind::User => ("users", "user.owner_changed"),
        IdentityKind::Group => ("groups", "group.owner_changed"),
    };
    let owner = match to {
        Owner::Provisioning => "scim",
        Owner::Api => "api",
        Owner::Console | Owner::SignIn | Owner::Other => "console",
    };
    let sql = format!("UPDATE {table} SET owner = ?3 WHERE instance_id = ?1 AND id = ?2");
    tx.exec(&sql, &[(&author.instance_id).into(), id.into(), owner.into()])?;
    let subject = Subject { kind: what.kind(), id };
    let (was, is) = (json!({ "owner": before }), json!({ "owner": owner }));
    author.record(tx, action, subject, Some(&was), Some(&is))?;
    Ok(true)
}

/// Hands every user and group over to automatic provisioning, where there are as many as were confirmed.
///
/// # Errors
/// [`OwnershipError::Outdated`], [`OwnershipError::TooMany`]; the engine's.
pub fn hand_over_everything(
    tx: &mut Tx<'_>,
    author: &Author,
    confirmed: Foreign,
) -> Result<Foreign, OwnershipError> {
    let found = count_foreign(tx, &author.instance_id)?;
    if found != confirmed {
        return Err(OwnershipError::Outdated { confirmed, found });
    }
    let most = found.users.max(found.groups);
    if most > MAX_HANDED_OVER {
        return Err(OwnershipError::TooMany(most));
    }
    for user in foreign_users(tx, &author.instance_id, MAX_HANDED_OVER)? {
        set_owner(tx, author, IdentityKind::User, &user.id, Owner::Provisioning)?;
    }
    for group in foreign_groups(tx, &author.instance_id, MAX_HANDED_OVER)? {
        set_owner(tx, author, IdentityKind::Group, &group.id, Owner::Provisioning)?;
    }
    Ok(found)
}
