//! The keys of names where an earlier version wrote them: as rows.

use scim::caseless;
use store::{Row, StoreError, Tx, Val};

use super::{emails, extensions};
use crate::identity_store::{IdentityError, IdentityKind};

/// How keys are made now.
const CURRENT: i64 = 1;
/// How many rows are looked at in one transaction.
const CHUNK: i64 = 500;

/// A column with keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::identity_store) struct Keyed {
    table: &'static str,
    key: &'static str,
    /// Whether no two rows of an instance may have the same.
    unique: bool,
}

impl Keyed {
    const fn unique(table: &'static str, key: &'static str) -> Self {
        Self { table, key, unique: true }
    }

    const fn shared(table: &'static str, key: &'static str) -> Self {
        Self { table, key, unique: false }
    }
}

/// The columns whose new key follows from the old one.
pub(in crate::identity_store) const KEYED: [Keyed; 6] = [
    Keyed::unique("administrators", "user_name_key"),
    Keyed::unique("users", "user_name_key"),
    Keyed::unique("users", "primary_email_key"),
    Keyed::unique("groups", "display_name_key"),
    Keyed::shared("users", "display_name_key"),
    Keyed::shared("recycle_bin", "name_key"),
];

/// A row that keeps its old key, since another has the new one already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity_store) struct Left {
    pub(in crate::identity_store) table: &'static str,
    pub(in crate::identity_store) column: &'static str,
    pub(in crate::identity_store) id: String,
    pub(in crate::identity_store) taken_by: String,
}

/// Whether keys are as an earlier version made them.
pub(in crate::identity_store) fn are_old(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM instances WHERE id = ?1 AND name_keys < ?2";
    tx.exists(sql, &[instance_id.into(), CURRENT.into()])
}

/// From now on all are new.
pub(in crate::identity_store) fn are_new(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    let sql = "UPDATE instances SET name_keys = ?2 WHERE id = ?1";
    tx.exec(sql, &[instance_id.into(), CURRENT.into()]).map(|_| ())
}

/// Renews keys of a column after the row `after`: what was left as it is, and the last row that was looked at, where
/// there may be more. Only texts beyond ASCII have another key than before.
pub(in crate::identity_store) fn renew(
    tx: &mut Tx<'_>,
    instance_id: &str,
    keyed: Keyed,
    after: &str,
) -> Result<(Vec<Left>, Option<String>), StoreError> {
    let Keyed { table, key, unique } = keyed;
    let sql = format!(
        "SELECT id, {key} FROM {table} WHERE instance_id = ?1 AND id > ?2 \
         AND octet_length({key}) <> length({key}) ORDER BY id LIMIT ?3"
    );
    let rows = tx.rows(&sql, &[instance_id.into(), after.into(), CHUNK.into()])?;
    let mut left = Vec::new();
    for row in &rows {
        let (id, old) = (row.text(0)?, row.text(1)?);
        let new = caseless::key(&old);
        if new == old {
            continue;
        }
        let held = format!("SELECT id FROM {table} WHERE instance_id = ?1 AND {key} = ?2");
        let holder = if unique { tx.row(&held, &[instance_id.into(), (&new).into()])? } else { None };
        if let Some(holder) = holder {
            left.push(Left { table, column: key, id, taken_by: holder.text(0)? });
            continue;
        }
        let update = format!("UPDATE {table} SET {key} = ?3 WHERE instance_id = ?1 AND id = ?2");
        tx.exec(&update, &[instance_id.into(), (&id).into(), (&new).into()])?;
    }
    Ok((left, next(&rows)?))
}

/// Renews the index of e-mail addresses for users after `after`; the last of them, where there may be more.
pub(in crate::identity_store) fn renew_emails(
    tx: &mut Tx<'_>,
    instance_id: &str,
    after: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT id, resource FROM users WHERE instance_id = ?1 AND id > ?2 AND id IN \
               (SELECT user_id FROM user_emails WHERE instance_id = ?1 \
                AND octet_length(email_key) <> length(email_key)) ORDER BY id LIMIT ?3";
    let rows = tx.rows(sql, &[instance_id.into(), after.into(), CHUNK.into()])?;
    for row in &rows {
        emails::index(tx, instance_id, &row.text(0)?, &row.json(1)?)?;
    }
    next(&rows)
}

/// Users and groups with values of administrators' schemas beyond ASCII.
pub(in crate::identity_store) fn extended(
    tx: &mut Tx<'_>,
    instance_id: &str,
) -> Result<Vec<(IdentityKind, String)>, StoreError> {
    let mut found = Vec::new();
    let columns = [(IdentityKind::User, "users", "resource"), (IdentityKind::Group, "groups", "extensions")];
    for (kind, table, column) in columns {
        let sql = format!(
            "SELECT id FROM {table} WHERE instance_id = ?1 AND octet_length({column}) <> length({column}) AND id IN \
             (SELECT resource_id FROM scim_schema_uses WHERE instance_id = ?1) ORDER BY id"
        );
        for row in tx.rows(&sql, &[instance_id.into()])? {
            found.push((kind, row.text(0)?));
        }
    }
    Ok(found)
}

/// Renews what may not repeat among the values of administrators' schemas.
///
/// # Errors
/// [`IdentityError::ValueTaken`] where another has the same by now; the engine's.
pub(in crate::identity_store) fn renew_extension(
    tx: &mut Tx<'_>,
    instance_id: &str,
    kind: IdentityKind,
    id: &str,
) -> Result<(), IdentityError> {
    let sql = match kind {
        IdentityKind::User => "SELECT resource FROM users WHERE instance_id = ?1 AND id = ?2",
        IdentityKind::Group => "SELECT extensions FROM groups WHERE instance_id = ?1 AND id = ?2",
    };
    let key: [Val<'_>; 2] = [instance_id.into(), id.into()];
    let Some(row) = tx.row(sql, &key)? else { return Ok(()) };
    extensions::index(tx, instance_id, kind, id, &row.json(0)?)
}

fn next(rows: &[Row]) -> Result<Option<String>, StoreError> {
    let full = i64::try_from(rows.len()) == Ok(CHUNK);
    rows.last().filter(|_| full).map(|row| row.text(0)).transpose()
}
