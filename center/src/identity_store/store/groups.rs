use scim::caseless;
use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::{Kept, Page, containing, counts, extensions, members};
use crate::assignments;
use crate::identity_store::{Group, GroupFields, IdentityError, IdentityKind};
use crate::instance::{Author, Subject};
use crate::recycle_bin::{self, Binned};

pub(super) const COLUMNS: &str =
    "id, display_name, external_id, description, owner, created_at, updated_at, version, extensions";

/// The group with this id.
///
/// # Errors
/// The engine's.
pub fn group(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<Group>, StoreError> {
    one(tx, "id = ?2", &[instance_id.into(), id.into()])
}

/// The group with this name, in whatever case.
///
/// # Errors
/// The engine's.
pub fn group_by_name(
    tx: &mut Tx<'_>,
    instance_id: &str,
    display_name: &str,
) -> Result<Option<Group>, StoreError> {
    one(tx, "display_name_key = ?2", &[instance_id.into(), (&caseless::key(display_name)).into()])
}

/// The groups with this identity provider's id, with its exact case, by id.
///
/// # Errors
/// The engine's.
pub fn groups_by_external_id(
    tx: &mut Tx<'_>,
    instance_id: &str,
    external_id: &str,
) -> Result<Vec<Group>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE instance_id = ?1 AND external_id = ?2 ORDER BY id LIMIT 100"
    );
    tx.rows(&sql, &[instance_id.into(), external_id.into()])?.iter().map(read).collect()
}

/// Groups in the order of their names, for people. The next page starts after the last one's name in
/// lower case.
///
/// # Errors
/// The engine's.
pub fn list_groups(tx: &mut Tx<'_>, instance_id: &str, page: Page<'_>) -> Result<Vec<Group>, StoreError> {
    let pattern = containing(page.search);
    let searched = !page.search.trim().is_empty();
    let search = if searched { " AND display_name_key LIKE ?4 ESCAPE '\\'" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE instance_id = ?1 AND display_name_key > ?2{search} \
         ORDER BY display_name_key LIMIT ?3"
    );
    let mut params: Vec<Val<'_>> = vec![instance_id.into(), page.after.into(), page.limit.into()];
    if searched {
        params.push((&pattern).into());
    }
    tx.rows(&sql, &params)?.iter().map(read).collect()
}

/// How many groups there are.
///
/// # Errors
/// The engine's.
pub fn count_groups(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    counts::count(tx, instance_id, IdentityKind::Group)
}

/// Makes a group without members; `id` is fresh, `owner` is as [`crate::identity_store::Owner`] is stored.
///
/// # Errors
/// [`IdentityError::GroupNameTaken`], [`IdentityError::Invalid`]; the engine's.
pub fn create_group(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    owner: &str,
    fields: &GroupFields,
) -> Result<Group, IdentityError> {
    let kept = Kept { id, owner, created_at: author.now, version: 1 };
    insert(tx, author, &kept, fields)?;
    let made = required(tx, author, id)?;
    author.record(tx, "group.created", subject(id), None, Some(&made.for_event()))?;
    Ok(made)
}

/// Puts a group back that was deleted, without members: they are for the caller.
///
/// # Errors
/// Those of [`create_group`].
pub fn put_back_group(
    tx: &mut Tx<'_>,
    author: &Author,
    kept: &Kept<'_>,
    fields: &GroupFields,
) -> Result<Group, IdentityError> {
    insert(tx, author, kept, fields)?;
    let back = required(tx, author, kept.id)?;
    author.record(tx, "group.restored", subject(kept.id), None, Some(&back.for_event()))?;
    Ok(back)
}

fn insert(
    tx: &mut Tx<'_>,
    author: &Author,
    kept: &Kept<'_>,
    fields: &GroupFields,
) -> Result<(), IdentityError> {
    fields.check()?;
    check_free(tx, author, fields, "")?;
    tx.exec(
        "INSERT INTO groups (instance_id, id, display_name, display_name_key, external_id, owner, \
         description, created_at, updated_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            (&author.instance_id).into(),
            kept.id.into(),
            (&fields.display_name).into(),
            (&caseless::key(&fields.display_name)).into(),
            (&fields.external_id).into(),
            kept.owner.into(),
            (&fields.description).into(),
            kept.created_at.micros().into(),
            author.now.micros().into(),
            kept.version.into(),
        ],
    )?;
    Ok(counts::made(tx, &author.instance_id, IdentityKind::Group, kept.id)?)
}

/// Puts `fields` in place of the group's. Nothing happens where they are the same.
///
/// # Errors
/// [`IdentityError::GroupNotFound`] and those of [`create_group`].
pub fn update_group(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    fields: &GroupFields,
) -> Result<Group, IdentityError> {
    let before = required(tx, author, id)?;
    if before.fields == *fields {
        return Ok(before);
    }
    fields.check()?;
    check_free(tx, author, fields, id)?;
    tx.exec(
        "UPDATE groups SET display_name = ?3, display_name_key = ?4, external_id = ?5, description = ?6, \
         updated_at = ?7, version = version + 1 WHERE instance_id = ?1 AND id = ?2",
        &[
            (&author.instance_id).into(),
            id.into(),
            (&fields.display_name).into(),
            (&caseless::key(&fields.display_name)).into(),
            (&fields.external_id).into(),
            (&fields.description).into(),
            author.now.micros().into(),
        ],
    )?;
    let after = required(tx, author, id)?;
    let (shown_before, shown_after) = (before.for_event(), after.for_event());
    author.record(tx, "group.updated", subject(id), Some(&shown_before), Some(&shown_after))?;
    Ok(after)
}

/// Moves a group to the recycle bin with its memberships and assignments, each with an event of its own before that of
/// the group.
///
/// # Errors
/// [`IdentityError::GroupNotFound`]; the engine's.
pub fn delete_group(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<Group, IdentityError> {
    let before = required(tx, author, id)?;
    recycle_bin::store::put(tx, author, &Binned::group(&before, &author.actor, author.now))?;
    members::empty(tx, author, id)?;
    assignments::store::remove_of_principal(tx, author, id)?;
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), id.into()];
    extensions::forget(tx, &author.instance_id, id)?;
    tx.exec("DELETE FROM groups WHERE instance_id = ?1 AND id = ?2", &key)?;
    counts::gone(tx, &author.instance_id, IdentityKind::Group, id)?;
    author.record(tx, "group.deleted", subject(id), Some(&before.for_event()), None)?;
    Ok(before)
}

pub(super) fn required(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<Group, IdentityError> {
    group(tx, &author.instance_id, id)?.ok_or_else(|| IdentityError::GroupNotFound(id.to_owned()))
}

fn check_free(
    tx: &mut Tx<'_>,
    author: &Author,
    fields: &GroupFields,
    own: &str,
) -> Result<(), IdentityError> {
    let named = group_by_name(tx, &author.instance_id, &fields.display_name)?;
    match named.filter(|g| g.id != own) {
        None => Ok(()),
        Some(other) => {
            Err(IdentityError::GroupNameTaken { display_name: fields.display_name.clone(), id: other.id })
        }
    }
}

fn one(tx: &mut Tx<'_>, condition: &str, params: &[Val<'_>]) -> Result<Option<Group>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE instance_id = ?1 AND {condition}");
    tx.row(&sql, params)?.as_ref().map(read).transpose()
}

pub(super) fn read(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.text(0)?,
        fields: GroupFields {
            display_name: row.text(1)?,
            external_id: row.opt_text(2)?,
            description: row.text(3)?,
        },
        owner: row.text(4)?,
        created_at: Timestamp(row.int(5)?),
        updated_at: Timestamp(row.int(6)?),
        version: row.int(7)?,
        extensions: row.json(8)?,
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "group", id }
}
