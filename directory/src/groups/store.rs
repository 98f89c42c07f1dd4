//! Groups as rows.

use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::{Group, members, nickname};
use crate::applications;
use crate::change::Change;
use crate::refused::Refused;
use crate::users::{self, Page, Query};

pub use crate::users::key;

const COLUMNS: &str = "id, display_name, description, mail_nickname, created_at";

/// What a group is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Its name for mail; made of the display name where it is empty.
    pub mail_nickname: String,
}

/// What to change about a group; absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// A new name for people.
    pub display_name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new name for mail.
    pub mail_nickname: Option<String>,
}

fn read(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.text(0)?,
        display_name: row.text(1)?,
        description: row.text(2)?,
        mail_nickname: row.text(3)?,
        created_date_time: Timestamp(row.int(4)?).rfc3339(),
    })
}

/// The group with this id, if there is one.
///
/// # Errors
/// The engine's.
pub fn by_id(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<Group>, StoreError> {
    // PostgreSQL takes no NUL in a text, and no id has one.
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE tenant_id = ?1 AND id = ?2");
    tx.row(&sql, &[tenant.into(), id.into()])?.as_ref().map(read).transpose()
}

/// The group with this id.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn get(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Group, Refused> {
    by_id(tx, tenant, id)?.ok_or_else(|| Refused::not_found("group", id))
}

/// The one group with this display name, whatever its letter case.
///
/// # Errors
/// [`Refused::NotFound`]; [`Refused::Ambiguous`] where several have it; the engine's.
pub fn by_name(tx: &mut Tx<'_>, tenant: &str, name: &str) -> Result<Group, Refused> {
    if name.contains('\0') {
        return Err(Refused::not_found("group", name));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = ?1 AND display_name_key = ?2 ORDER BY id LIMIT 2"
    );
    let rows = tx.rows(&sql, &[tenant.into(), (&key(name)).into()])?;
    match rows.as_slice() {
        [] => Err(Refused::not_found("group", name)),
        [row] => Ok(read(row)?),
        _ => Err(Refused::Ambiguous { kind: "group", name: name.to_owned() }),
    }
}

/// A page of the groups in the order of their names. Filters name columns that users have too:
/// `id` and `display_name_key`, or [`users::Filter::Contains`].
///
/// # Errors
/// [`Refused::Query`]; the engine's.
pub fn list(tx: &mut Tx<'_>, tenant: &str, query: &Query) -> Result<Page<Group>, Refused> {
    let (mut conditions, mut texts) = (Vec::new(), Vec::new());
    for filter in &query.filters {
        conditions.push(condition(filter, &mut texts)?);
    }
    let joined = conditions.join(if query.any { " OR " } else { " AND " });
    let filters = if joined.is_empty() { String::new() } else { format!(" AND ({joined})") };
    let (after_key, after_id) = query.after.as_deref().map_or(Ok(Default::default()), users::open)?;
    let (of_key, of_id, of_limit) = (texts.len() + 2, texts.len() + 3, texts.len() + 4);
    let sql = format!(
        "SELECT {COLUMNS}, display_name_key FROM groups WHERE tenant_id = ?1{filters} \
         AND (display_name_key, id) > (?{of_key}, ?{of_id}) ORDER BY display_name_key, id LIMIT ?{of_limit}"
    );
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut params: Vec<Val<'_>> = vec![tenant.into()];
    params.extend(texts.iter().map(Val::from));
    params.extend([Val::from(&after_key), Val::from(&after_id), Val::from(limit)]);
    let rows = tx.rows(&sql, &params)?;
    users::page(&rows, query.limit, |row| Ok((read(row)?, row.text(5)?, row.text(0)?)))
}

fn condition(filter: &users::Filter, texts: &mut Vec<String>) -> Result<String, Refused> {
    let mut parameter = |text: String| {
        texts.push(text);
        texts.len() + 1
    };
    match filter {
        users::Filter::Is("id", text) => Ok(format!("id = ?{}", parameter(text.clone()))),
        users::Filter::Is("display_name_key", text) => {
            Ok(format!("display_name_key = ?{}", parameter(key(text))))
        }
        users::Filter::StartsWith("display_name_key", text) => {
            let from = key(text);
            let to = format!("{from}\u{10FFFF}");
            let (from, to) = (parameter(from), parameter(to));
            Ok(format!("(display_name_key >= ?{from} AND display_name_key < ?{to})"))
        }
        users::Filter::Contains(text) => {
            Ok(format!("display_name_key LIKE ?{} ESCAPE '!'", parameter(users::like(text))))
        }
        _ => Err(Refused::Query("groups are filtered by id and displayName".to_owned())),
    }
}

/// Creates a group.
///
/// # Errors
/// [`Refused::Invalid`]; the engine's.
pub fn create(tx: &mut Tx<'_>, change: &Change, new: &NewGroup) -> Result<Group, Refused> {
    let group = checked(Group {
        id: change.id(),
        display_name: new.display_name.clone(),
        description: new.description.clone(),
        mail_nickname: new.mail_nickname.clone(),
        created_date_time: change.now.rfc3339(),
    })?;
    save(tx, change, None, &group)?;
    Ok(group)
}

/// Changes a group; what it is now. Nothing is written where nothing differs.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Invalid`]; the engine's.
pub fn update(tx: &mut Tx<'_>, change: &Change, id: &str, wanted: &GroupChange) -> Result<Group, Refused> {
    let before = get(tx, &change.tenant, id)?;
    let mut after = before.clone();
    if let Some(name) = &wanted.display_name {
        after.display_name.clone_from(name);
    }
    if let Some(description) = &wanted.description {
        after.description.clone_from(description);
    }
    if let Some(nickname) = &wanted.mail_nickname {
        after.mail_nickname.clone_from(nickname);
    }
    let after = checked(after)?;
    if after != before {
        save(tx, change, Some(&before), &after)?;
    }
    Ok(after)
}

/// The group with its values in order.
///
/// # Errors
/// [`Refused::Invalid`].
pub(crate) fn checked(mut group: Group) -> Result<Group, Refused> {
    group.display_name = users::checked_display_name(&group.display_name)?;
    group.description = group.description.trim().to_owned();
    if group.description.chars().count() > 1024 || group.description.contains('\0') {
        return Err(Refused::invalid("description", "at most 1024 characters", &group.description));
    }
    if group.mail_nickname.is_empty() {
        group.mail_nickname = nickname(&group.display_name);
    }
    let plain = |c: char| c.is_ascii_graphic() && !"@()\\[]\";:<>,".contains(c);
    if group.mail_nickname.len() > 64 || !group.mail_nickname.chars().all(plain) {
        let expected = "at most 64 letters, digits and signs other than @ ( ) \\ [ ] \" ; : < > ,";
        return Err(Refused::invalid("mailNickname", expected, &group.mail_nickname));
    }
    Ok(group)
}

/// Writes a group whose values were checked, and its event.
///
/// # Errors
/// The engine's.
pub fn save(
    tx: &mut Tx<'_>,
    change: &Change,
    before: Option<&Group>,
    after: &Group,
) -> Result<(), StoreError> {
    let sql = match before {
        None => {
            "INSERT INTO groups (tenant_id, id, display_name, display_name_key, description, \
             mail_nickname, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
        }
        Some(_) => {
            "UPDATE groups SET display_name = ?3, display_name_key = ?4, description = ?5, \
             mail_nickname = ?6, updated_at = ?7 WHERE tenant_id = ?1 AND id = ?2"
        }
    };
    let name_key = key(&after.display_name);
    let values: [Val<'_>; 7] = [
        (&change.tenant).into(),
        (&after.id).into(),
        (&after.display_name).into(),
        (&name_key).into(),
        (&after.description).into(),
        (&after.mail_nickname).into(),
        change.now.micros().into(),
    ];
    tx.exec(sql, &values)?;
    let action = if before.is_some() { "group.updated" } else { "group.created" };
    let before = before.map(Group::to_json);
    change.record(tx, action, ("group", &after.id), before.as_ref(), Some(&after.to_json()))
}

/// Deletes a group for good: only users are kept for a while. Its members,
/// its own memberships and its assignments go first, each with an event.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn delete(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), Refused> {
    let before = get(tx, &change.tenant, id)?;
    members::remove_everyone(tx, change, id)?;
    members::leave_all(tx, change, id)?;
    applications::unassign_all(tx, change, id)?;
    tx.exec("DELETE FROM groups WHERE tenant_id = ?1 AND id = ?2", &[(&change.tenant).into(), id.into()])?;
    change.record(tx, "group.deleted", ("group", id), Some(&before.to_json()), None)?;
    Ok(())
}

/// How many direct members a group has.
///
/// # Errors
/// The engine's.
pub fn member_count(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM group_members WHERE tenant_id = ?1 AND group_id = ?2";
    tx.int(sql, &[tenant.into(), id.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(display_name: &str, nickname: &str) -> Result<Group, Refused> {
        checked(Group {
            id: "1".to_owned(),
            display_name: display_name.to_owned(),
            description: String::new(),
            mail_nickname: nickname.to_owned(),
            created_date_time: String::new(),
        })
    }

    #[test]
    fn nicknames_are_made_where_none_is_given() {
        assert_eq!(named("Sales & Marketing", "").unwrap().mail_nickname, "SalesMarketing");
        assert_eq!(named("営業", "").unwrap().mail_nickname, "group");
        assert!(named("Sales", "a@b").is_err());
        assert!(named(" ", "x").is_err());
    }
}
