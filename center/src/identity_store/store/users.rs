use scim::caseless;
use store::{Row, StoreError, Tx, Val};
use web::{Timestamp, session};

use super::{Kept, Page, containing, counts, emails, extensions, members};
use crate::assignments;
use crate::identity_store::user::{for_event, text_of};
use crate::identity_store::{Columns, IdentityError, IdentityKind, NewUser, StoredUser, User};
use crate::instance::{Author, Subject};
use crate::recycle_bin::{self, Binned};
use crate::scim_server::schemas::{self, Kinds};

pub(super) const COLUMNS: &str =
    "id, user_name, display_name, external_id, active, owner, resource, created_at, updated_at, version";
/// Those of a [`StoredUser`].
pub(super) const STORED: &str = "id, owner, resource, created_at, updated_at, version, \
    CASE WHEN EXISTS (SELECT 1 FROM group_members m WHERE m.instance_id = users.instance_id AND m.user_id = users.id) \
    THEN 1 ELSE 0 END";

/// The user with this id.
///
/// # Errors
/// The engine's.
pub fn user(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<User>, StoreError> {
    one(tx, "id = ?2", &[instance_id.into(), id.into()])
}

/// The user with this id, as answers show one.
///
/// # Errors
/// The engine's.
pub fn stored_user(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<StoredUser>, StoreError> {
    let sql = format!("SELECT {STORED} FROM users WHERE instance_id = ?1 AND id = ?2");
    tx.row(&sql, &[instance_id.into(), id.into()])?.map(stored).transpose()
}

/// Whether there is a user with this id.
///
/// # Errors
/// The engine's.
pub fn user_exists(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<bool, StoreError> {
    tx.exists("SELECT 1 FROM users WHERE instance_id = ?1 AND id = ?2", &[instance_id.into(), id.into()])
}

/// The user with this user name, in whatever case.
///
/// # Errors
/// The engine's.
pub fn user_by_name(tx: &mut Tx<'_>, instance_id: &str, user_name: &str) -> Result<Option<User>, StoreError> {
    one(tx, "user_name_key = ?2", &[instance_id.into(), (&caseless::key(user_name)).into()])
}

/// The user with this primary e-mail address, in whatever case.
///
/// # Errors
/// The engine's.
pub fn user_by_email(tx: &mut Tx<'_>, instance_id: &str, email: &str) -> Result<Option<User>, StoreError> {
    one(tx, "primary_email_key = ?2", &[instance_id.into(), (&caseless::key(email)).into()])
}

/// The user with this id or, else, user name.
///
/// # Errors
/// [`IdentityError::UserNotFound`]; the engine's.
pub fn find_user(tx: &mut Tx<'_>, instance_id: &str, id_or_name: &str) -> Result<User, IdentityError> {
    if let Some(found) = user(tx, instance_id, id_or_name)? {
        return Ok(found);
    }
    let found = user_by_name(tx, instance_id, id_or_name)?;
    found.ok_or_else(|| IdentityError::UserNotFound(id_or_name.to_owned()))
}

/// The users with this identity provider's id, with its exact case, by id. There is one at most unless
/// two providers wrote the same id.
///
/// # Errors
/// The engine's.
pub fn users_by_external_id(
    tx: &mut Tx<'_>,
    instance_id: &str,
    external_id: &str,
) -> Result<Vec<User>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE instance_id = ?1 AND external_id = ?2 ORDER BY id LIMIT 100"
    );
    tx.rows(&sql, &[instance_id.into(), external_id.into()])?.iter().map(read).collect()
}

/// Users in the order of their user names, for people. The next page starts after the last one's name
/// in lower case.
///
/// # Errors
/// The engine's.
pub fn list_users(tx: &mut Tx<'_>, instance_id: &str, page: Page<'_>) -> Result<Vec<User>, StoreError> {
    let pattern = containing(page.search);
    let search = if page.search.trim().is_empty() {
        ""
    } else {
        " AND (user_name_key LIKE ?4 ESCAPE '\\' OR display_name_key LIKE ?4 ESCAPE '\\' \
           OR primary_email_key LIKE ?4 ESCAPE '\\')"
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE instance_id = ?1 AND user_name_key > ?2{search} \
         ORDER BY user_name_key LIMIT ?3"
    );
    let mut params: Vec<Val<'_>> = vec![instance_id.into(), page.after.into(), page.limit.into()];
    if !search.is_empty() {
        params.push((&pattern).into());
    }
    tx.rows(&sql, &params)?.iter().map(read).collect()
}

/// How many users there are.
///
/// # Errors
/// The engine's.
pub fn count_users(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    counts::count(tx, instance_id, IdentityKind::User)
}

/// Makes a user.
///
/// # Errors
/// [`IdentityError::UserNameTaken`], [`IdentityError::EmailTaken`], [`IdentityError::Invalid`]; the
/// engine's.
pub fn create_user(tx: &mut Tx<'_>, author: &Author, new: &NewUser) -> Result<User, IdentityError> {
    let (columns, made) = create(tx, author, new)?;
    let Columns { user_name, display_name, external_id, active, .. } = columns;
    let StoredUser { id, owner, created_at, updated_at, version, .. } = made;
    let resource = new.resource.clone();
    Ok(User {
        id,
        user_name,
        display_name,
        external_id,
        active,
        owner,
        resource,
        created_at,
        updated_at,
        version,
    })
}

/// The same, with the user as answers show one.
///
/// # Errors
/// Those of [`create_user`].
pub fn create_stored_user(
    tx: &mut Tx<'_>,
    author: &Author,
    new: &NewUser,
) -> Result<StoredUser, IdentityError> {
    create(tx, author, new).map(|(_, made)| made)
}

fn create(tx: &mut Tx<'_>, author: &Author, new: &NewUser) -> Result<(Columns, StoredUser), IdentityError> {
    let kept = Kept { id: &new.id, owner: &new.owner, created_at: author.now, version: 1 };
    let made = insert(tx, author, &kept, &new.resource)?;
    let shown = for_event(&new.id, &new.owner, &new.resource);
    author.record(tx, "user.created", subject(&new.id), None, Some(&shown))?;
    Ok(made)
}

/// Puts a user back who was deleted, with this resource and none of what was around: that is for the caller.
///
/// # Errors
/// Those of [`create_user`].
pub fn put_back_user(
    tx: &mut Tx<'_>,
    author: &Author,
    kept: &Kept<'_>,
    resource: &serde_json::Value,
) -> Result<(), IdentityError> {
    // A schema may be gone since.
    let kinds = Kinds::of(&schemas::store::defined(tx, &author.instance_id)?)?;
    let resource = schemas::known(kinds.get(&scim::schema::USER), resource.clone());
    insert(tx, author, kept, &resource)?;
    let shown = for_event(kept.id, kept.owner, &resource);
    Ok(author.record(tx, "user.restored", subject(kept.id), None, Some(&shown))?)
}

fn insert(
    tx: &mut Tx<'_>,
    author: &Author,
    kept: &Kept<'_>,
    resource: &serde_json::Value,
) -> Result<(Columns, StoredUser), IdentityError> {
    let text = text_of(resource)?;
    let columns = Columns::of(resource)?;
    check_free(tx, author, &columns, "")?;
    let instance: &str = &author.instance_id;
    tx.exec(
        "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
         external_id, primary_email_key, active, owner, resource, created_at, updated_at, version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        &[
            instance.into(),
            kept.id.into(),
            (&columns.user_name).into(),
            (&columns.user_name_key).into(),
            (&columns.display_name).into(),
            (&columns.display_name_key).into(),
            (&columns.external_id).into(),
            (&columns.primary_email_key).into(),
            columns.active.into(),
            kept.owner.into(),
            (&text).into(),
            kept.created_at.micros().into(),
            author.now.micros().into(),
            kept.version.into(),
        ],
    )?;
    counts::made(tx, instance, IdentityKind::User, kept.id)?;
    emails::index_new(tx, instance, kept.id, resource)?;
    extensions::index_new(tx, instance, IdentityKind::User, kept.id, resource)?;
    let made = StoredUser {
        id: kept.id.to_owned(),
        owner: kept.owner.to_owned(),
        resource: text,
        created_at: kept.created_at,
        updated_at: author.now,
        version: kept.version,
        in_groups: false,
    };
    Ok((columns, made))
}

/// Puts `resource` in place of the user's. Nothing happens, not even an event, where it is the same.
/// A user who becomes inactive loses all sessions at once.
///
/// # Errors
/// [`IdentityError::UserNotFound`] and those of [`create_user`].
pub fn update_user(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    resource: &serde_json::Value,
) -> Result<User, IdentityError> {
    let before = required(tx, author, id)?;
    if before.resource == *resource {
        return Ok(before);
    }
    let text = text_of(resource)?;
    let columns = Columns::of(resource)?;
    check_free(tx, author, &columns, id)?;
    tx.exec(
        "UPDATE users SET user_name = ?3, user_name_key = ?4, display_name = ?5, display_name_key = ?6, \
         external_id = ?7, primary_email_key = ?8, active = ?9, resource = ?10, updated_at = ?11, \
         version = version + 1 \
         WHERE instance_id = ?1 AND id = ?2",
        &[
            (&author.instance_id).into(),
            id.into(),
            (&columns.user_name).into(),
            (&columns.user_name_key).into(),
            (&columns.display_name).into(),
            (&columns.display_name_key).into(),
            (&columns.external_id).into(),
            (&columns.primary_email_key).into(),
            columns.active.into(),
            (&text).into(),
            author.now.micros().into(),
        ],
    )?;
    emails::index(tx, &author.instance_id, id, resource)?;
    extensions::index(tx, &author.instance_id, IdentityKind::User, id, resource)?;
    if before.active && !columns.active {
        session::end_all(tx, &author.instance_id, id)?;
    }
    let after = required(tx, author, id)?;
    let (shown_before, shown_after) = (before.for_event(), after.for_event());
    author.record(tx, "user.updated", subject(id), Some(&shown_before), Some(&shown_after))?;
    Ok(after)
}

/// Moves a user to the recycle bin with memberships and assignments, and ends all sessions. Each membership and
/// assignment has an event of its own before that of the user. AWS leaves assignments behind that point to
/// nobody (troubleshooting guide); here they go, so that a new user of the same name starts clean. The password
/// stays until the user is removed for good; without the user it opens nothing.
///
/// # Errors
/// [`IdentityError::UserNotFound`]; the engine's.
pub fn delete_user(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<User, IdentityError> {
    let before = required(tx, author, id)?;
    recycle_bin::store::put(tx, author, &Binned::user(&before, &author.actor, author.now))?;
    members::leave_all(tx, author, id)?;
    assignments::store::remove_of_principal(tx, author, id)?;
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), id.into()];
    emails::forget(tx, &author.instance_id, id)?;
    extensions::forget(tx, &author.instance_id, id)?;
    session::end_all(tx, &author.instance_id, id)?;
    tx.exec("DELETE FROM users WHERE instance_id = ?1 AND id = ?2", &key)?;
    counts::gone(tx, &author.instance_id, IdentityKind::User, id)?;
    author.record(tx, "user.deleted", subject(id), Some(&before.for_event()), None)?;
    Ok(before)
}

fn check_free(tx: &mut Tx<'_>, author: &Author, columns: &Columns, own: &str) -> Result<(), IdentityError> {
    let sql = "SELECT CAST(0 AS BIGINT) AS what, id FROM users WHERE instance_id = ?1 AND user_name_key = ?2 AND id <> ?4 \
               UNION ALL \
               SELECT CAST(1 AS BIGINT), id FROM users WHERE instance_id = ?1 AND primary_email_key = ?3 AND id <> ?4 \
               ORDER BY 1 LIMIT 1";
    let params: [Val<'_>; 4] = [
        (&author.instance_id).into(),
        (&columns.user_name_key).into(),
        (&columns.primary_email_key).into(),
        own.into(),
    ];
    let taken = tx.row(sql, &params)?.map(|row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?)));
    match (taken.transpose()?, &columns.primary_email_key) {
        (Some((1, id)), Some(email)) => Err(IdentityError::EmailTaken { email: email.clone(), id }),
        (Some((_, id)), _) => Err(IdentityError::UserNameTaken { user_name: columns.user_name.clone(), id }),
        (None, _) => Ok(()),
    }
}

fn required(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<User, IdentityError> {
    user(tx, &author.instance_id, id)?.ok_or_else(|| IdentityError::UserNotFound(id.to_owned()))
}

fn one(tx: &mut Tx<'_>, condition: &str, params: &[Val<'_>]) -> Result<Option<User>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE instance_id = ?1 AND {condition}");
    tx.row(&sql, params)?.as_ref().map(read).transpose()
}

pub(super) fn stored(mut row: Row) -> Result<StoredUser, StoreError> {
    Ok(StoredUser {
        id: row.take_text(0)?,
        owner: row.take_text(1)?,
        resource: row.take_text(2)?,
        created_at: Timestamp(row.int(3)?),
        updated_at: Timestamp(row.int(4)?),
        version: row.int(5)?,
        in_groups: row.bool(6)?,
    })
}

pub(super) fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.text(0)?,
        user_name: row.text(1)?,
        display_name: row.text(2)?,
        external_id: row.opt_text(3)?,
        active: row.bool(4)?,
        owner: row.text(5)?,
        resource: row.json(6)?,
        created_at: Timestamp(row.int(7)?),
        updated_at: Timestamp(row.int(8)?),
        version: row.int(9)?,
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "user", id }
}
