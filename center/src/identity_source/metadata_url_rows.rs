//! The row of `idp_metadata_urls`.

use ::store::{Row, StoreError, Tx};
use web::Timestamp;

use super::metadata_url::{Given, MetadataUrl};
use super::source::ExternalIdp;

/// The row; nothing where no URL is read.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn find(tx: &mut Tx<'_>, instance_id: &str) -> Result<Option<MetadataUrl>, StoreError> {
    let sql = "SELECT url, allow_private, every_seconds, next_at, checked_at, succeeded_at, failure, failed_since, \
               found FROM idp_metadata_urls WHERE instance_id = ?1";
    tx.row(sql, &[instance_id.into()])?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<MetadataUrl, StoreError> {
    let time = |column| row.opt_int(column).map(|at| at.map(Timestamp));
    let bad = || StoreError::BadRow { column: 8, why: "an external identity provider expected" };
    let found = match row.opt_text(8)? {
        Some(_) => Some(ExternalIdp::from_json(&row.json(8)?).ok_or_else(bad)?),
        None => None,
    };
    Ok(MetadataUrl {
        given: Given { url: row.text(0)?, allow_private: row.bool(1)?, every_seconds: row.int(2)? },
        next_at: Timestamp(row.int(3)?),
        checked_at: time(4)?,
        succeeded_at: time(5)?,
        failure: row.opt_text(6)?,
        failed_since: time(7)?,
        found,
    })
}

/// Saves the row in place of the one that was there.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, instance_id: &str, saved: &MetadataUrl) -> Result<(), StoreError> {
    let found = saved.found.as_ref().map(|found| found.to_json().to_string());
    let micros = |at: Option<Timestamp>| at.map(|at| at.micros());
    remove(tx, instance_id)?;
    tx.exec(
        "INSERT INTO idp_metadata_urls (instance_id, url, allow_private, every_seconds, next_at, checked_at, \
         succeeded_at, failure, failed_since, found) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            instance_id.into(),
            (&saved.given.url).into(),
            saved.given.allow_private.into(),
            saved.given.every_seconds.into(),
            saved.next_at.micros().into(),
            micros(saved.checked_at).into(),
            micros(saved.succeeded_at).into(),
            (&saved.failure).into(),
            micros(saved.failed_since).into(),
            (&found).into(),
        ],
    )?;
    Ok(())
}

/// Removes the row.
///
/// # Errors
/// The engine's.
pub fn remove(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM idp_metadata_urls WHERE instance_id = ?1", &[instance_id.into()]).map(|_| ())
}
