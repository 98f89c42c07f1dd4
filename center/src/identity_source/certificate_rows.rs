//! The rows of `idp_certificates`.

use std::collections::BTreeMap;

use ::store::{StoreError, Tx};
use web::Timestamp;

use super::certificates::{Listed, Origin};
use crate::instance::Author;

/// What is known of a certificate beside itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// How it came here.
    pub origin: Origin,
    /// When.
    pub added_at: Timestamp,
    /// By whom; empty where it came with the identity source.
    pub added_by: String,
    /// Since when the metadata at the URL lacks it.
    pub missing_since: Option<Timestamp>,
    /// The smallest number of days before its end at which an event said so.
    pub announced_days: Option<i64>,
}

impl Known {
    /// Of a certificate that came with the identity source.
    pub fn with_source(changed_at: Timestamp) -> Self {
        Self {
            origin: Origin::IdentitySource,
            added_at: changed_at,
            added_by: String::new(),
            missing_since: None,
            announced_days: None,
        }
    }
}

/// Every row by its thumbprint.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn all(tx: &mut Tx<'_>, instance_id: &str) -> Result<BTreeMap<String, Known>, StoreError> {
    let sql = "SELECT thumbprint, origin, added_at, added_by, missing_since, announced_days \
               FROM idp_certificates WHERE instance_id = ?1";
    let bad = || StoreError::BadRow { column: 1, why: "the origin of a certificate expected" };
    let read = |row: &::store::Row| {
        let known = Known {
            origin: Origin::from_word(&row.text(1)?).ok_or_else(bad)?,
            added_at: Timestamp(row.int(2)?),
            added_by: row.text(3)?,
            missing_since: row.opt_int(4)?.map(Timestamp),
            announced_days: row.opt_int(5)?,
        };
        Ok((row.text(0)?, known))
    };
    tx.rows(sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// Saves the row of a certificate that is added now.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, author: &Author, thumbprint: &str, origin: Origin) -> Result<(), StoreError> {
    remove(tx, &author.instance_id, thumbprint)?;
    tx.exec(
        "INSERT INTO idp_certificates (instance_id, thumbprint, origin, added_at, added_by) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            (&author.instance_id).into(),
            thumbprint.into(),
            origin.word().into(),
            author.now.micros().into(),
            (&author.actor).into(),
        ],
    )?;
    Ok(())
}

/// Removes the row.
///
/// # Errors
/// The engine's.
pub fn remove(tx: &mut Tx<'_>, instance_id: &str, thumbprint: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM idp_certificates WHERE instance_id = ?1 AND thumbprint = ?2";
    tx.exec(sql, &[instance_id.into(), thumbprint.into()]).map(|_| ())
}

/// Removes every row: the identity source is another one.
///
/// # Errors
/// The engine's.
pub fn forget(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM idp_certificates WHERE instance_id = ?1", &[instance_id.into()]).map(|_| ())
}

/// Remembers that an event has announced the end.
///
/// # Errors
/// The engine's.
pub fn announced(tx: &mut Tx<'_>, instance_id: &str, listed: &Listed, due: i64) -> Result<(), StoreError> {
    ensure(tx, instance_id, listed)?;
    let sql = "UPDATE idp_certificates SET announced_days = ?3 WHERE instance_id = ?1 AND thumbprint = ?2";
    let thumbprint = listed.certificate.thumbprint();
    tx.exec(sql, &[instance_id.into(), (&thumbprint).into(), due.into()]).map(|_| ())
}

/// Remembers since when the metadata lacks it; nothing where it is there.
///
/// # Errors
/// The engine's.
pub fn set_missing(
    tx: &mut Tx<'_>,
    instance_id: &str,
    listed: &Listed,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    ensure(tx, instance_id, listed)?;
    let sql = "UPDATE idp_certificates SET missing_since = ?3 WHERE instance_id = ?1 AND thumbprint = ?2";
    let (thumbprint, since) = (listed.certificate.thumbprint(), since.map(Timestamp::micros));
    tx.exec(sql, &[instance_id.into(), (&thumbprint).into(), since.into()]).map(|_| ())
}

/// Gives a certificate that came with the identity source its row.
fn ensure(tx: &mut Tx<'_>, instance_id: &str, listed: &Listed) -> Result<(), StoreError> {
    let (thumbprint, known) = (listed.certificate.thumbprint(), &listed.known);
    tx.exec(
        "INSERT INTO idp_certificates (instance_id, thumbprint, origin, added_at, added_by) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (instance_id, thumbprint) DO NOTHING",
        &[
            instance_id.into(),
            (&thumbprint).into(),
            known.origin.word().into(),
            known.added_at.micros().into(),
            (&known.added_by).into(),
        ],
    )?;
    Ok(())
}
