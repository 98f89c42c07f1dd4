//! Memberships. Groups in groups may form a circle: every walk here ends because `UNION` keeps a group
//! once.

use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx, Val};

use super::{Group, get};
use crate::change::Change;
use crate::refused::Refused;
use crate::users;

/// How many rows one statement writes.
const AT_ONCE: usize = 50;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A person.
    User,
    /// A group in the group.
    Group,
}

impl MemberKind {
    /// As rows and events name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// From a row.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for another text.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        match row.text(column)?.as_str() {
            "user" => Ok(Self::User),
            "group" => Ok(Self::Group),
            _ => Err(StoreError::BadRow { column, why: "user or group expected" }),
        }
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its object id.
    pub id: String,
    /// What it is.
    pub kind: MemberKind,
}

/// The members of group `?2` and of those below it.
pub(crate) const EVERY_MEMBER: &str = "WITH RECURSIVE below (id) AS ( \
       SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2 \
       UNION \
       SELECT m.member_id FROM below b CROSS JOIN group_members m \
       WHERE m.tenant_id = ?1 AND m.group_id = b.id AND m.member_type = 'group') \
     SELECT DISTINCT m.member_id, m.member_type FROM below b CROSS JOIN group_members m \
     WHERE m.tenant_id = ?1 AND m.group_id = b.id ORDER BY m.member_id";

/// The memberships of `?2`: found by the index over members, which has no more than the groups, and then read.
pub(crate) const MEMBERSHIPS: &str = "SELECT m.member_id, m.member_type, m.group_id \
     FROM group_members f CROSS JOIN group_members m \
     WHERE f.tenant_id = ?1 AND f.member_id = ?2 AND m.tenant_id = ?1 AND m.group_id = f.group_id \
       AND m.member_id = ?2 ORDER BY m.group_id";

/// The groups above user or group `?2`.
pub(crate) const ABOVE: &str = "WITH RECURSIVE above (id) AS ( \
       SELECT group_id FROM group_members WHERE tenant_id = ?1 AND member_id = ?2 \
       UNION \
       SELECT m.group_id FROM above a CROSS JOIN group_members m WHERE m.tenant_id = ?1 AND m.member_id = a.id) ";

fn read(row: &Row) -> Result<Member, StoreError> {
    Ok(Member { id: row.text(0)?, kind: MemberKind::from_row(row, 1)? })
}

/// The direct members of a group, by id.
///
/// # Errors
/// The engine's.
pub fn direct_members(tx: &mut Tx<'_>, tenant: &str, group: &str) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT member_id, member_type FROM group_members WHERE tenant_id = ?1 AND group_id = ?2 \
               ORDER BY member_id";
    tx.rows(sql, &[tenant.into(), group.into()])?.iter().map(read).collect()
}

/// The members of a group and of every group below it, each once, by id.
///
/// # Errors
/// The engine's.
pub fn transitive_members(tx: &mut Tx<'_>, tenant: &str, group: &str) -> Result<Vec<Member>, StoreError> {
    tx.rows(EVERY_MEMBER, &[tenant.into(), group.into()])?.iter().map(read).collect()
}

/// The ids of the users in a group: its direct ones, or also those of every group below it.
///
/// # Errors
/// The engine's.
pub fn people_of(
    tx: &mut Tx<'_>,
    tenant: &str,
    group: &str,
    transitive: bool,
) -> Result<Vec<String>, StoreError> {
    let members = match transitive {
        true => transitive_members(tx, tenant, group)?,
        false => direct_members(tx, tenant, group)?,
    };
    Ok(members.into_iter().filter(|m| m.kind == MemberKind::User).map(|m| m.id).collect())
}

/// The groups that have this user or group as a direct member, by name.
///
/// # Errors
/// The engine's.
pub fn groups_of(tx: &mut Tx<'_>, tenant: &str, member: &str) -> Result<Vec<Group>, StoreError> {
    let sql = "SELECT g.id FROM group_members m CROSS JOIN groups g \
               WHERE m.tenant_id = ?1 AND m.member_id = ?2 AND g.tenant_id = ?1 AND g.id = m.group_id ORDER BY g.display_name_key, g.id";
    load(tx, tenant, sql, member)
}

/// The groups that have this user or group as a member, directly or through other groups, by name.
///
/// # Errors
/// The engine's.
pub fn transitive_groups_of(tx: &mut Tx<'_>, tenant: &str, member: &str) -> Result<Vec<Group>, StoreError> {
    let sql = format!(
        "{ABOVE} SELECT g.id FROM above a CROSS JOIN groups g WHERE g.tenant_id = ?1 AND g.id = a.id \
         ORDER BY g.display_name_key, g.id"
    );
    load(tx, tenant, &sql, member)
}

fn load(tx: &mut Tx<'_>, tenant: &str, sql: &str, member: &str) -> Result<Vec<Group>, StoreError> {
    let rows = tx.rows(sql, &[tenant.into(), member.into()])?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        groups.extend(super::by_id(tx, tenant, &row.text(0)?)?);
    }
    Ok(groups)
}

/// Whether a user or group is a direct member.
///
/// # Errors
/// The engine's.
pub fn is_member(tx: &mut Tx<'_>, tenant: &str, group: &str, member: &str) -> Result<bool, StoreError> {
    let sql = "SELECT member_id FROM group_members WHERE tenant_id = ?1 AND group_id = ?2 AND member_id = ?3";
    tx.exists(sql, &[tenant.into(), group.into(), member.into()])
}

/// Puts a user or group into a group.
///
/// # Errors
/// [`Refused::NotFound`] for either, [`Refused::AlreadyMember`], [`Refused::SelfMember`]; the engine's.
pub fn add_member(tx: &mut Tx<'_>, change: &Change, group: &str, member: &str) -> Result<Member, Refused> {
    get(tx, &change.tenant, group)?;
    if group == member {
        return Err(Refused::SelfMember);
    }
    let kind = if users::by_id(tx, &change.tenant, member)?.is_some() {
        MemberKind::User
    } else if super::by_id(tx, &change.tenant, member)?.is_some() {
        MemberKind::Group
    } else {
        return Err(Refused::not_found("user or group", member));
    };
    if is_member(tx, &change.tenant, group, member)? {
        return Err(Refused::AlreadyMember { member: member.to_owned() });
    }
    let member = Member { id: member.to_owned(), kind };
    insert(tx, change, group, &member)?;
    Ok(member)
}

/// Writes a membership that was looked for, and its event.
fn insert(tx: &mut Tx<'_>, change: &Change, group: &str, member: &Member) -> Result<(), StoreError> {
    insert_many(tx, change, &[(group.to_owned(), member.clone())])
}

/// Writes memberships, group and member, that were looked for, and their events.
///
/// # Errors
/// The engine's.
pub(crate) fn insert_many(
    tx: &mut Tx<'_>,
    change: &Change,
    members: &[(String, Member)],
) -> Result<(), StoreError> {
    for chunk in members.chunks(AT_ONCE) {
        // Only two texts, so that both stay prepared.
        match chunk.len() {
            AT_ONCE => insert_rows(tx, change, chunk)?,
            _ => chunk.iter().try_for_each(|one| insert_rows(tx, change, std::slice::from_ref(one)))?,
        }
    }
    let states: Vec<Json> = members.iter().map(|(_, member)| as_json(member)).collect();
    let events: Vec<_> = members
        .iter()
        .zip(&states)
        .map(|((group, _), after)| change.event("group.member_added", ("group", group), None, Some(after)))
        .collect();
    tx.append_events(&events)
}

fn insert_rows(tx: &mut Tx<'_>, change: &Change, members: &[(String, Member)]) -> Result<(), StoreError> {
    let places = |n: usize| format!("(?1, ?{}, ?{}, ?{})", n * 3 + 2, n * 3 + 3, n * 3 + 4);
    let rows: Vec<String> = (0..members.len()).map(places).collect();
    let sql = format!(
        "INSERT INTO group_members (tenant_id, group_id, member_id, member_type) VALUES {}",
        rows.join(", ")
    );
    let mut params: Vec<Val<'_>> = vec![(&change.tenant).into()];
    for (group, member) in members {
        params.extend([Val::from(group), (&member.id).into(), member.kind.as_str().into()]);
    }
    tx.exec(&sql, &params).map(|_| ())
}

/// Takes a user or group out of a group.
///
/// # Errors
/// [`Refused::NotFound`] where it is not in it; the engine's.
pub fn remove_member(tx: &mut Tx<'_>, change: &Change, group: &str, member: &str) -> Result<(), Refused> {
    if member.contains('\0') {
        return Err(Refused::not_found("member", member));
    }
    let sql = "SELECT member_id, member_type FROM group_members \
               WHERE tenant_id = ?1 AND group_id = ?2 AND member_id = ?3";
    let found = tx.row(sql, &[(&change.tenant).into(), group.into(), member.into()])?;
    let member = read(&found.ok_or_else(|| Refused::not_found("member", member))?)?;
    Ok(remove(tx, change, group, &member)?)
}

fn remove(tx: &mut Tx<'_>, change: &Change, group: &str, member: &Member) -> Result<(), StoreError> {
    let sql = "DELETE FROM group_members WHERE tenant_id = ?1 AND group_id = ?2 AND member_id = ?3";
    tx.exec(sql, &[(&change.tenant).into(), group.into(), (&member.id).into()])?;
    change.record(tx, "group.member_removed", ("group", group), Some(&as_json(member)), None)
}

/// Takes a user or group out of every group.
///
/// # Errors
/// The engine's.
pub fn leave_all(tx: &mut Tx<'_>, change: &Change, member: &str) -> Result<(), StoreError> {
    for row in tx.rows(MEMBERSHIPS, &[(&change.tenant).into(), member.into()])? {
        remove(tx, change, &row.text(2)?, &read(&row)?)?;
    }
    Ok(())
}

/// Takes everyone out of a group.
pub(super) fn remove_everyone(tx: &mut Tx<'_>, change: &Change, group: &str) -> Result<(), StoreError> {
    for member in direct_members(tx, &change.tenant, group)? {
        remove(tx, change, group, &member)?;
    }
    Ok(())
}

fn as_json(member: &Member) -> Json {
    json!({ "memberId": member.id, "memberType": member.kind.as_str() })
}
