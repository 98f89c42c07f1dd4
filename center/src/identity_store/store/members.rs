//! Who is in which group. Every function costs as much as the memberships that it is given, however
//! large the group is.

use std::collections::BTreeSet;

use serde_json::json;
use store::{StoreError, Tx, Val};

use super::groups;
use crate::identity_store::{Group, IdentityError, MAX_MEMBERS_PER_CALL};
use crate::instance::{Author, Subject};

/// A member of a group, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub user_name: String,
    /// The user's display name.
    pub display_name: String,
    /// Whether the user may sign in.
    pub active: bool,
}

/// Adds users to a group; how many were not in it yet.
///
/// # Errors
/// [`IdentityError::GroupNotFound`], [`IdentityError::UserNotFound`],
/// [`IdentityError::TooManyMembers`]; the engine's.
pub fn add_members(
    tx: &mut Tx<'_>,
    author: &Author,
    group_id: &str,
    user_ids: &[String],
) -> Result<u64, IdentityError> {
    check_count(user_ids)?;
    groups::required(tx, author, group_id)?;
    let mut added = 0;
    for user_id in user_ids {
        let key: [Val<'_>; 2] = [(&author.instance_id).into(), user_id.into()];
        if !tx.exists("SELECT 1 FROM users WHERE instance_id = ?1 AND id = ?2", &key)? {
            return Err(IdentityError::UserNotFound(user_id.clone()));
        }
        let new = tx.exec(
            "INSERT INTO group_members (instance_id, group_id, user_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (instance_id, group_id, user_id) DO NOTHING",
            &[(&author.instance_id).into(), group_id.into(), user_id.into()],
        )?;
        if new > 0 {
            let after = member(user_id);
            author.record(tx, "group.member_added", subject(group_id), None, Some(&after))?;
            added += 1;
        }
    }
    touch(tx, author, group_id, added)?;
    Ok(added)
}

/// Removes users from a group; how many were in it. Users who are not are no error.
///
/// # Errors
/// [`IdentityError::GroupNotFound`], [`IdentityError::TooManyMembers`]; the engine's.
pub fn remove_members(
    tx: &mut Tx<'_>,
    author: &Author,
    group_id: &str,
    user_ids: &[String],
) -> Result<u64, IdentityError> {
    check_count(user_ids)?;
    groups::required(tx, author, group_id)?;
    let mut removed = 0;
    for user_id in user_ids {
        removed += remove(tx, author, group_id, user_id)?;
    }
    touch(tx, author, group_id, removed)?;
    Ok(removed)
}

/// Makes these users and nobody else the members of a group; how many memberships changed. Only ids are
/// read of those who are members already.
///
/// # Errors
/// [`IdentityError::GroupNotFound`], [`IdentityError::UserNotFound`]; the engine's.
pub fn replace_members(
    tx: &mut Tx<'_>,
    author: &Author,
    group_id: &str,
    user_ids: &[String],
) -> Result<u64, IdentityError> {
    groups::required(tx, author, group_id)?;
    let sql = "SELECT user_id FROM group_members WHERE instance_id = ?1 AND group_id = ?2 ORDER BY user_id";
    let rows = tx.rows(sql, &[(&author.instance_id).into(), group_id.into()])?;
    let known = rows.iter().map(|row| row.text(0)).collect::<Result<BTreeSet<_>, _>>()?;
    let wanted: BTreeSet<String> = user_ids.iter().cloned().collect();
    let mut changed = 0;
    for user_id in known.difference(&wanted) {
        changed += remove(tx, author, group_id, user_id)?;
    }
    let new: Vec<String> = wanted.difference(&known).cloned().collect();
    touch(tx, author, group_id, changed)?;
    for part in new.chunks(MAX_MEMBERS_PER_CALL) {
        changed += add_members(tx, author, group_id, part)?;
    }
    Ok(changed)
}

/// Takes a user out of every group.
pub(super) fn leave_all(tx: &mut Tx<'_>, author: &Author, user_id: &str) -> Result<(), StoreError> {
    let sql = "SELECT group_id FROM group_members WHERE instance_id = ?1 AND user_id = ?2 ORDER BY group_id";
    for row in tx.rows(sql, &[(&author.instance_id).into(), user_id.into()])? {
        let group_id = row.text(0)?;
        let gone = remove(tx, author, &group_id, user_id)?;
        touch(tx, author, &group_id, gone)?;
    }
    Ok(())
}

/// Takes every user out of a group.
pub(super) fn empty(tx: &mut Tx<'_>, author: &Author, group_id: &str) -> Result<(), StoreError> {
    let sql = "SELECT user_id FROM group_members WHERE instance_id = ?1 AND group_id = ?2 ORDER BY user_id";
    for row in tx.rows(sql, &[(&author.instance_id).into(), group_id.into()])? {
        remove(tx, author, group_id, &row.text(0)?)?;
    }
    Ok(())
}

/// Members of a group by user id, after `after`; empty for the first page.
///
/// # Errors
/// The engine's.
pub fn list_members(
    tx: &mut Tx<'_>,
    instance_id: &str,
    group_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT u.id, u.user_name, u.display_name, u.active FROM group_members m \
               JOIN users u ON u.instance_id = m.instance_id AND u.id = m.user_id \
               WHERE m.instance_id = ?1 AND m.group_id = ?2 AND m.user_id > ?3 ORDER BY m.user_id LIMIT ?4";
    let rows = tx.rows(sql, &[instance_id.into(), group_id.into(), after.into(), limit.into()])?;
    rows.iter().map(read).collect()
}

/// How many members a group has.
///
/// # Errors
/// The engine's.
pub fn count_members(tx: &mut Tx<'_>, instance_id: &str, group_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM group_members WHERE instance_id = ?1 AND group_id = ?2";
    tx.int(sql, &[instance_id.into(), group_id.into()])
}

/// How many memberships there are in all groups together.
///
/// # Errors
/// The engine's.
pub fn count_memberships(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    tx.int("SELECT count(*) FROM group_members WHERE instance_id = ?1", &[instance_id.into()])
}

/// Whether a user is in a group.
///
/// # Errors
/// The engine's.
pub fn is_member(
    tx: &mut Tx<'_>,
    instance_id: &str,
    group_id: &str,
    user_id: &str,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM group_members WHERE instance_id = ?1 AND group_id = ?2 AND user_id = ?3";
    tx.exists(sql, &[instance_id.into(), group_id.into(), user_id.into()])
}

/// Those of `user_ids` who are in the group, in their order.
///
/// # Errors
/// The engine's.
pub fn members_among(
    tx: &mut Tx<'_>,
    instance_id: &str,
    group_id: &str,
    user_ids: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for user_id in user_ids {
        if is_member(tx, instance_id, group_id, user_id)? {
            found.push(user_id.clone());
        }
    }
    Ok(found)
}

/// The groups that a user is in, by name, up to `limit`.
///
/// # Errors
/// The engine's.
pub fn groups_of(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
    limit: i64,
) -> Result<Vec<Group>, StoreError> {
    let sql = "SELECT g.id, g.display_name, g.external_id, g.description, g.owner, g.created_at, g.updated_at, \
               g.version, g.extensions \
               FROM group_members m JOIN groups g ON g.instance_id = m.instance_id AND g.id = m.group_id \
               WHERE m.instance_id = ?1 AND m.user_id = ?2 ORDER BY g.display_name_key LIMIT ?3";
    let rows = tx.rows(sql, &[instance_id.into(), user_id.into(), limit.into()])?;
    rows.iter().map(groups::read).collect()
}

/// Users who are not in the group and whose name contains `search`, for choosing new members.
///
/// # Errors
/// The engine's.
pub fn users_outside(
    tx: &mut Tx<'_>,
    instance_id: &str,
    group_id: &str,
    search: &str,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT u.id, u.user_name, u.display_name, u.active FROM users u \
               WHERE u.instance_id = ?1 \
               AND (u.user_name_key LIKE ?3 ESCAPE '\\' OR u.display_name_key LIKE ?3 ESCAPE '\\') \
               AND NOT EXISTS (SELECT 1 FROM group_members m WHERE m.instance_id = ?1 \
                 AND m.group_id = ?2 AND m.user_id = u.id) \
               ORDER BY u.user_name_key LIMIT ?4";
    let pattern = super::containing(search);
    let rows = tx.rows(sql, &[instance_id.into(), group_id.into(), (&pattern).into(), limit.into()])?;
    rows.iter().map(read).collect()
}

fn remove(tx: &mut Tx<'_>, author: &Author, group_id: &str, user_id: &str) -> Result<u64, StoreError> {
    let gone = tx.exec(
        "DELETE FROM group_members WHERE instance_id = ?1 AND group_id = ?2 AND user_id = ?3",
        &[(&author.instance_id).into(), group_id.into(), user_id.into()],
    )?;
    if gone > 0 {
        let before = member(user_id);
        author.record(tx, "group.member_removed", subject(group_id), Some(&before), None)?;
    }
    Ok(gone)
}

fn touch(tx: &mut Tx<'_>, author: &Author, group_id: &str, changed: u64) -> Result<(), StoreError> {
    if changed > 0 {
        tx.exec(
            "UPDATE groups SET updated_at = ?3, version = version + 1 WHERE instance_id = ?1 AND id = ?2",
            &[(&author.instance_id).into(), group_id.into(), author.now.micros().into()],
        )?;
    }
    Ok(())
}

fn check_count(user_ids: &[String]) -> Result<(), IdentityError> {
    if user_ids.len() > MAX_MEMBERS_PER_CALL {
        return Err(IdentityError::TooManyMembers(user_ids.len()));
    }
    Ok(())
}

fn member(user_id: &str) -> serde_json::Value {
    json!({ "memberId": user_id, "memberType": "user" })
}

fn read(row: &store::Row) -> Result<Member, StoreError> {
    Ok(Member { id: row.text(0)?, user_name: row.text(1)?, display_name: row.text(2)?, active: row.bool(3)? })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "group", id }
}
