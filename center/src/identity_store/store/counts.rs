//! How many users and groups there are, kept with every creation and deletion: a list says it on each page, and to
//! count a million rows for that takes longer than to read the page.

use store::{StoreError, Tx, Val};

use crate::identity_store::IdentityKind;

/// Over how many rows a number is spread, so that creations at the same time do not wait for each other.
const SLOTS: i64 = 64;
const TABLES: [(IdentityKind, &str); 2] = [(IdentityKind::User, "users"), (IdentityKind::Group, "groups")];

/// How many there are.
///
/// # Errors
/// The engine's.
pub fn count(tx: &mut Tx<'_>, instance_id: &str, kind: IdentityKind) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(number), 0) AS BIGINT) FROM identity_counts \
               WHERE instance_id = ?1 AND kind = ?2";
    tx.int(sql, &[instance_id.into(), kind.kind().into()])
}

/// One more.
///
/// # Errors
/// The engine's.
pub(super) fn made(
    tx: &mut Tx<'_>,
    instance_id: &str,
    kind: IdentityKind,
    id: &str,
) -> Result<(), StoreError> {
    add(tx, instance_id, kind, id, 1)
}

/// One less.
///
/// # Errors
/// The engine's.
pub(super) fn gone(
    tx: &mut Tx<'_>,
    instance_id: &str,
    kind: IdentityKind,
    id: &str,
) -> Result<(), StoreError> {
    add(tx, instance_id, kind, id, -1)
}

fn add(tx: &mut Tx<'_>, instance_id: &str, kind: IdentityKind, id: &str, by: i64) -> Result<(), StoreError> {
    // ON CONFLICT finds the row by its key. An UPDATE would have PostgreSQL read the whole of a table that small,
    // and all who do so at the same time would be in conflict.
    let sql = "INSERT INTO identity_counts (instance_id, kind, slot, number) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (instance_id, kind, slot) DO UPDATE SET number = identity_counts.number + ?4";
    tx.exec(sql, &[instance_id.into(), kind.kind().into(), slot(id).into(), by.into()]).map(|_| ())
}

/// Ids end in what is drawn at random.
fn slot(id: &str) -> i64 {
    id.bytes().rev().take(4).fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % SLOTS)
}

/// Whether rows were written past this store: by hand, or by a restore of some tables alone.
///
/// # Errors
/// The engine's.
pub fn miscounts(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    for (kind, table) in TABLES {
        if rows(tx, instance_id, table)? != count(tx, instance_id, kind)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts anew.
///
/// # Errors
/// The engine's.
pub fn recount(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    for (kind, table) in TABLES {
        let number = rows(tx, instance_id, table)?;
        let key: [Val<'_>; 2] = [instance_id.into(), kind.kind().into()];
        tx.exec("DELETE FROM identity_counts WHERE instance_id = ?1 AND kind = ?2", &key)?;
        let sql = "INSERT INTO identity_counts (instance_id, kind, slot, number) VALUES (?1, ?2, 0, ?3)";
        tx.exec(sql, &[key[0], key[1], number.into()])?;
    }
    Ok(())
}

fn rows(tx: &mut Tx<'_>, instance_id: &str, table: &str) -> Result<i64, StoreError> {
    tx.int(&format!("SELECT count(*) FROM {table} WHERE instance_id = ?1"), &[instance_id.into()])
}
