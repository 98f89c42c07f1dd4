//! The SQL of the recycle bin.

use scim::caseless;
use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::{Aside, BinError, Binned, KEPT, Restored};
use crate::assignments::{Assignment, PrincipalType, store as assignments};
use crate::identity_store::store::{self as identities, Kept};
use crate::identity_store::{Group, GroupFields, IdentityError, IdentityKind, MAX_MEMBERS_PER_CALL, User};
use crate::instance::{Author, Subject};

const COLUMNS: &str = "id, kind, name, external_id, owner, deleted_at, deleted_by, record";

/// Puts what is about to be deleted into the bin, with its memberships and assignments.
///
/// # Errors
/// The engine's.
pub fn put(tx: &mut Tx<'_>, author: &Author, gone: &Binned) -> Result<(), StoreError> {
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), (&gone.id).into()];
    let (end, _) = ends(gone.kind);
    let sql = format!(
        "INSERT INTO recycle_bin_members (instance_id, group_id, user_id) \
         SELECT instance_id, group_id, user_id FROM group_members WHERE instance_id = ?1 AND {end} = ?2 \
         ON CONFLICT (instance_id, group_id, user_id) DO NOTHING"
    );
    tx.exec(&sql, &key)?;
    tx.exec(
        "INSERT INTO recycle_bin_assignments (instance_id, principal_id, account_id, permission_set_id, \
         principal_type) SELECT instance_id, principal_id, account_id, permission_set_id, principal_type \
         FROM account_assignments WHERE instance_id = ?1 AND principal_id = ?2 \
         ON CONFLICT (instance_id, principal_id, account_id, permission_set_id) DO NOTHING",
        &key,
    )?;
    tx.exec(
        "INSERT INTO recycle_bin (instance_id, id, kind, name, name_key, external_id, owner, deleted_at, \
         deleted_by, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            (&author.instance_id).into(),
            (&gone.id).into(),
            gone.kind.kind().into(),
            (&gone.name).into(),
            (&caseless::key(&gone.name)).into(),
            (&gone.external_id).into(),
            (&gone.owner).into(),
            gone.deleted_at.micros().into(),
            (&gone.deleted_by).into(),
            (&gone.record.to_string()).into(),
        ],
    )?;
    Ok(())
}

/// What is in the bin, the last deleted first, after a time and id.
///
/// # Errors
/// The engine's.
pub fn list(
    tx: &mut Tx<'_>,
    instance_id: &str,
    after: Option<(i64, &str)>,
    limit: i64,
) -> Result<Vec<Binned>, StoreError> {
    let (at, id) = after.unwrap_or((i64::MAX, ""));
    let sql = format!(
        "SELECT {COLUMNS} FROM recycle_bin WHERE instance_id = ?1 AND (deleted_at, id) < (?2, ?3) \
         ORDER BY deleted_at DESC, id DESC LIMIT ?4"
    );
    tx.rows(&sql, &[instance_id.into(), at.into(), id.into(), limit.into()])?.iter().map(read).collect()
}

/// How much is in the bin.
///
/// # Errors
/// The engine's.
pub fn count(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    tx.int("SELECT count(*) FROM recycle_bin WHERE instance_id = ?1", &[instance_id.into()])
}

/// One of them, with how much is kept aside with it.
///
/// # Errors
/// [`BinError::NotFound`]; the engine's.
pub fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<(Binned, Aside), BinError> {
    let sql = format!("SELECT {COLUMNS} FROM recycle_bin WHERE instance_id = ?1 AND id = ?2");
    let row = tx.row(&sql, &[instance_id.into(), id.into()])?;
    let found = read(&row.ok_or_else(|| BinError::NotFound(id.to_owned()))?)?;
    let aside = aside(tx, instance_id, &found)?;
    Ok((found, aside))
}

/// Whoever comes back with what automatic provisioning creates now, where the instance has it so.
///
/// # Errors
/// The engine's.
pub fn returning(
    tx: &mut Tx<'_>,
    instance_id: &str,
    kind: IdentityKind,
    name: &str,
    external_id: Option<&str>,
) -> Result<Option<Binned>, StoreError> {
    let (column, value) = match external_id {
        Some(id) => ("external_id", id.to_owned()),
        None => ("name_key", caseless::key(name)),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM recycle_bin WHERE instance_id = ?1 AND kind = ?2 AND {column} = ?3 \
         ORDER BY deleted_at DESC, id DESC LIMIT 10"
    );
    let rows = tx.rows(&sql, &[instance_id.into(), kind.kind().into(), (&value).into()])?;
    let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let found = found.into_iter().find(|binned| binned.returns_as(name, external_id));
    Ok(if found.is_some() && restores_returning(tx, instance_id)? { found } else { None })
}

/// The user of this name, in whatever case, who was deleted last. Names are unique without case, so whoever would
/// become a user of this name could be taken for that one.
///
/// # Errors
/// The engine's.
pub fn user_named(tx: &mut Tx<'_>, instance_id: &str, name: &str) -> Result<Option<Binned>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM recycle_bin WHERE instance_id = ?1 AND kind = 'user' AND name_key = ?2 \
         ORDER BY deleted_at DESC, id DESC LIMIT 1"
    );
    let row = tx.row(&sql, &[instance_id.into(), (&caseless::key(name)).into()])?;
    row.as_ref().map(read).transpose()
}

/// Whether what automatic provisioning creates again comes back from the bin.
///
/// # Errors
/// The engine's.
pub fn restores_returning(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT restore_returning FROM instances WHERE id = ?1";
    tx.row(sql, &[instance_id.into()])?.ok_or(StoreError::NoRow)?.bool(0)
}

/// Sets [`restores_returning`].
///
/// # Errors
/// The engine's.
pub fn set_restores_returning(tx: &mut Tx<'_>, author: &Author, on: bool) -> Result<(), StoreError> {
    let before = restores_returning(tx, &author.instance_id)?;
    if before == on {
        return Ok(());
    }
    let sql = "UPDATE instances SET restore_returning = ?2 WHERE id = ?1";
    tx.exec(sql, &[(&author.instance_id).into(), on.into()])?;
    let subject = Subject { kind: "instance", id: &author.instance_id };
    let shown = |on: bool| json!({ "restoreReturning": on });
    author.record(tx, "instance.updated", subject, Some(&shown(before)), Some(&shown(on)))
}

/// An administrator restores it: with the same id, memberships and assignments.
///
/// # Errors
/// [`BinError::NotFound`]; [`IdentityError`] where its name or address was taken meanwhile; the engine's.
pub fn restore(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<Restored, BinError> {
    let (binned, before) = find(tx, &author.instance_id, id)?;
    match binned.kind {
        IdentityKind::User => {
            let resource = binned.record["resource"].clone();
            identities::put_back_user(tx, author, &kept(&binned), &resource)?;
        }
        IdentityKind::Group => {
            let description = binned.record["description"].as_str().unwrap_or_default().to_owned();
            let fields = GroupFields {
                display_name: binned.name.clone(),
                external_id: binned.external_id.clone(),
                description,
            };
            identities::put_back_group(tx, author, &kept(&binned), &fields)?;
            identities::set_group_extensions(tx, author, id, &binned.record["extensions"])?;
        }
    }
    forget(tx, author, id)?;
    let memberships = rejoin(tx, author, &binned, false)?;
    let assignments = reassign(tx, author, id)?;
    let with = Aside { memberships, assignments };
    let without = Aside {
        memberships: before.memberships - memberships,
        assignments: before.assignments - assignments,
    };
    Ok(Restored { id: id.to_owned(), kind: binned.kind, with, without })
}

/// A user comes back by being created again: with the same id and assignments, as the new resource has it.
/// Memberships in groups of automatic provisioning are left to the client, which does not know of old ones and
/// could not take them away.
///
/// # Errors
/// [`IdentityError`] as for a creation; the engine's.
pub fn return_user(
    tx: &mut Tx<'_>,
    author: &Author,
    binned: &Binned,
    resource: &Json,
) -> Result<User, IdentityError> {
    identities::put_back_user(tx, author, &kept(binned), resource)?;
    forget(tx, author, &binned.id)?;
    rejoin(tx, author, binned, true)?;
    forget_members(tx, author, binned)?;
    reassign(tx, author, &binned.id)?;
    let back = identities::user(tx, &author.instance_id, &binned.id)?;
    back.ok_or_else(|| IdentityError::UserNotFound(binned.id.clone()))
}

/// A group comes back by being created again: with the same id and assignments. Its members are those that the
/// client sends.
///
/// # Errors
/// [`IdentityError`] as for a creation; the engine's.
pub fn return_group(
    tx: &mut Tx<'_>,
    author: &Author,
    binned: &Binned,
    fields: &GroupFields,
) -> Result<Group, IdentityError> {
    let back = identities::put_back_group(tx, author, &kept(binned), fields)?;
    forget(tx, author, &binned.id)?;
    forget_members(tx, author, binned)?;
    reassign(tx, author, &binned.id)?;
    Ok(back)
}

/// Removes one for good.
///
/// # Errors
/// [`BinError::NotFound`]; the engine's.
pub fn remove(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), BinError> {
    let (binned, aside) = find(tx, &author.instance_id, id)?;
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), id.into()];
    forget(tx, author, id)?;
    forget_members(tx, author, &binned)?;
    tx.exec("DELETE FROM recycle_bin_assignments WHERE instance_id = ?1 AND principal_id = ?2", &key)?;
    tx.exec("DELETE FROM passwords WHERE instance_id = ?1 AND user_id = ?2", &key)?;
    let before = json!({
        "id": binned.id, "name": binned.name, "externalId": binned.external_id, "owner": binned.owner,
        "memberships": aside.memberships, "assignments": aside.assignments,
    });
    let action = match binned.kind {
        IdentityKind::User => "user.removed",
        IdentityKind::Group => "group.removed",
    };
    author.record(tx, action, Subject { kind: binned.kind.kind(), id }, Some(&before), None)?;
    Ok(())
}

/// Removes for good what was deleted [`KEPT`] ago, up to `most`; how many.
///
/// # Errors
/// The engine's.
pub fn remove_due(tx: &mut Tx<'_>, author: &Author, most: i64) -> Result<usize, BinError> {
    let until = author.now.micros() - i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let sql = "SELECT id FROM recycle_bin WHERE instance_id = ?1 AND deleted_at <= ?2 \
               ORDER BY deleted_at, id LIMIT ?3";
    let due = tx.rows(sql, &[(&author.instance_id).into(), until.into(), most.into()])?;
    for row in &due {
        remove(tx, author, &row.text(0)?)?;
    }
    Ok(due.len())
}

/// The column of what is in the bin in a membership, and that of its other end.
fn ends(kind: IdentityKind) -> (&'static str, &'static str) {
    match kind {
        IdentityKind::User => ("user_id", "group_id"),
        IdentityKind::Group => ("group_id", "user_id"),
    }
}

fn aside(tx: &mut Tx<'_>, instance_id: &str, of: &Binned) -> Result<Aside, StoreError> {
    let (end, _) = ends(of.kind);
    let key: [Val<'_>; 2] = [instance_id.into(), (&of.id).into()];
    let members = format!("SELECT count(*) FROM recycle_bin_members WHERE instance_id = ?1 AND {end} = ?2");
    let assignments =
        "SELECT count(*) FROM recycle_bin_assignments WHERE instance_id = ?1 AND principal_id = ?2";
    Ok(Aside { memberships: tx.int(&members, &key)?, assignments: tx.int(assignments, &key)? })
}

/// The memberships whose other end is there; how many. With `foreign`, only those in groups that automatic
/// provisioning does not own.
fn rejoin(tx: &mut Tx<'_>, author: &Author, back: &Binned, foreign: bool) -> Result<i64, IdentityError> {
    let (end, other) = ends(back.kind);
    let table = if back.kind == IdentityKind::User { "groups" } else { "users" };
    let owned = if foreign { " AND o.owner <> 'scim' AND o.owner NOT LIKE 'scim:%'" } else { "" };
    let sql = format!(
        "SELECT m.{other} FROM recycle_bin_members m \
         JOIN {table} o ON o.instance_id = m.instance_id AND o.id = m.{other} \
         WHERE m.instance_id = ?1 AND m.{end} = ?2{owned} ORDER BY m.{other}"
    );
    let rows = tx.rows(&sql, &[(&author.instance_id).into(), (&back.id).into()])?;
    let others = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    match back.kind {
        IdentityKind::User => {
            for group in &others {
                identities::add_members(tx, author, group, std::slice::from_ref(&back.id))?;
            }
        }
        IdentityKind::Group => {
            for part in others.chunks(MAX_MEMBERS_PER_CALL) {
                identities::add_members(tx, author, &back.id, part)?;
            }
        }
    }
    let sql =
        format!("DELETE FROM recycle_bin_members WHERE instance_id = ?1 AND {end} = ?2 AND {other} = ?3");
    for id in &others {
        tx.exec(&sql, &[(&author.instance_id).into(), (&back.id).into(), id.into()])?;
    }
    Ok(i64::try_from(others.len()).unwrap_or(i64::MAX))
}

/// The assignments whose account and permission set are there; how many. The others are gone.
fn reassign(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<i64, StoreError> {
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), id.into()];
    let sql = "SELECT b.account_id, b.permission_set_id, b.principal_type FROM recycle_bin_assignments b \
               JOIN accounts c ON c.instance_id = b.instance_id AND c.id = b.account_id \
               JOIN permission_sets p ON p.instance_id = b.instance_id AND p.id = b.permission_set_id \
               WHERE b.instance_id = ?1 AND b.principal_id = ?2 ORDER BY b.account_id, b.permission_set_id";
    let mut back = 0;
    for row in tx.rows(sql, &key)? {
        let why = "USER or GROUP expected";
        let principal_type = PrincipalType::parse(&row.text(2)?);
        let assignment = Assignment {
            account_id: row.text(0)?,
            permission_set_id: row.text(1)?,
            principal_type: principal_type.ok_or(StoreError::BadRow { column: 2, why })?,
            principal_id: id.to_owned(),
        };
        back += i64::from(assignments::insert(tx, author, &assignment)?);
    }
    tx.exec("DELETE FROM recycle_bin_assignments WHERE instance_id = ?1 AND principal_id = ?2", &key)?;
    Ok(back)
}

fn forget(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM recycle_bin WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&author.instance_id).into(), id.into()]).map(drop)
}

fn forget_members(tx: &mut Tx<'_>, author: &Author, of: &Binned) -> Result<(), StoreError> {
    let (end, _) = ends(of.kind);
    let sql = format!("DELETE FROM recycle_bin_members WHERE instance_id = ?1 AND {end} = ?2");
    tx.exec(&sql, &[(&author.instance_id).into(), (&of.id).into()]).map(drop)
}

fn kept(binned: &Binned) -> Kept<'_> {
    let number = |name: &str| binned.record[name].as_i64();
    Kept {
        id: &binned.id,
        owner: &binned.owner,
        created_at: Timestamp(number("createdAt").unwrap_or(binned.deleted_at.micros())),
        version: number("version").unwrap_or(0) + 1,
    }
}

fn read(row: &Row) -> Result<Binned, StoreError> {
    let why = "user or group expected";
    Ok(Binned {
        id: row.text(0)?,
        kind: IdentityKind::parse(&row.text(1)?).ok_or(StoreError::BadRow { column: 1, why })?,
        name: row.text(2)?,
        external_id: row.opt_text(3)?,
        owner: row.text(4)?,
        deleted_at: Timestamp(row.int(5)?),
        deleted_by: row.text(6)?,
        record: row.json(7)?,
    })
}
