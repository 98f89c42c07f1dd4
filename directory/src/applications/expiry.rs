//! Signing certificates that are about to expire (Entra announces this 60, 30 and 7 days before).

use serde_json::json;
use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use crate::Directory;
use crate::change::Change;
use crate::refused::Refused;

/// For how many days before the end, and at the end, an event announces it.
pub const ANNOUNCED: [i64; 4] = [60, 30, 7, 0];
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A certificate that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The application's object id.
    pub application_id: String,
    /// Its name.
    pub application_name: String,
    /// The certificate's id.
    pub key_id: String,
    /// SHA-1 over it.
    pub thumbprint: String,
    /// Its end.
    pub not_after: Timestamp,
    /// Whole days until then; negative from the moment of its end on.
    pub days: i64,
    announced: Option<i64>,
}

impl Expiring {
    /// Whether it has expired.
    pub fn expired(&self) -> bool {
        self.days < 0
    }

    /// Whether its end is near enough to be announced.
    pub fn soon(&self) -> bool {
        self.days < ANNOUNCED[0]
    }

    /// The last announcement that is due.
    fn due(&self) -> Option<i64> {
        ANNOUNCED.into_iter().rev().find(|within| self.days < *within)
    }
}

/// The certificates that sign for applications with SAML, the first to expire first.
///
/// # Errors
/// The engine's.
pub fn in_use(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<Vec<Expiring>, StoreError> {
    active(tx, "c.tenant_id = ?1", &[tenant.into()], now)
}

/// Those of them that have expired or do so within 60 days.
///
/// # Errors
/// The engine's.
pub fn expiring(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<Vec<Expiring>, StoreError> {
    let soon = now.micros().saturating_add(ANNOUNCED[0] * DAY);
    active(tx, "c.tenant_id = ?1 AND c.not_after < ?2", &[tenant.into(), soon.into()], now)
}

/// The one that signs for an application, where it has expired or does so within 60 days.
///
/// # Errors
/// The engine's.
pub fn expiring_of(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    now: Timestamp,
) -> Result<Option<Expiring>, StoreError> {
    let condition = "c.tenant_id = ?1 AND c.application_id = ?2";
    let found = active(tx, condition, &[tenant.into(), application.into()], now)?;
    Ok(found.into_iter().find(Expiring::soon))
}

fn active(
    tx: &mut Tx<'_>,
    condition: &str,
    parameters: &[Val<'_>],
    now: Timestamp,
) -> Result<Vec<Expiring>, StoreError> {
    let read = |row: &Row| {
        let not_after = Timestamp(row.int(4)?);
        let days = not_after.micros().saturating_sub(now.micros()).div_euclid(DAY);
        Ok(Expiring {
            application_id: row.text(0)?,
            application_name: row.text(1)?,
            key_id: row.text(2)?,
            thumbprint: row.text(3)?,
            not_after,
            days,
            announced: row.opt_int(5)?,
        })
    };
    let sql = format!(
        "SELECT a.id, a.display_name, c.key_id, c.thumbprint, c.not_after, c.expiry_announced \
         FROM application_certificates c \
         JOIN applications a ON a.tenant_id = c.tenant_id AND a.id = c.application_id \
         WHERE {condition} AND c.active = 1 AND a.single_sign_on_mode = 'saml' ORDER BY c.not_after, a.id"
    );
    tx.rows(&sql, parameters)?.iter().map(read).collect()
}

/// Records an event for each certificate whose end came nearer than the next of [`ANNOUNCED`]; how many.
/// The row remembers the announcement, so that several processes and restarts make one of it.
///
/// # Errors
/// The store's.
pub async fn announce_expiry(directory: &Directory) -> Result<usize, Refused> {
    let change = Change::new(directory, "system");
    directory
        .store
        .write(move |tx| -> Result<usize, Refused> {
            let mut announced = 0;
            for certificate in expiring(tx, &change.tenant, change.now)? {
                let Some(due) = certificate.due() else { continue };
                if certificate.announced.is_none_or(|before| before > due) {
                    announce(tx, &change, &certificate, due)?;
                    announced += 1;
                }
            }
            Ok(announced)
        })
        .await
}

fn announce(tx: &mut Tx<'_>, change: &Change, certificate: &Expiring, due: i64) -> Result<(), StoreError> {
    let sql = "UPDATE application_certificates SET expiry_announced = ?4 \
               WHERE tenant_id = ?1 AND application_id = ?2 AND key_id = ?3";
    tx.exec(
        sql,
        &[
            (&change.tenant).into(),
            (&certificate.application_id).into(),
            (&certificate.key_id).into(),
            due.into(),
        ],
    )?;
    let after = json!({
        "applicationName": certificate.application_name,
        "thumbprint": certificate.thumbprint,
        "notAfter": certificate.not_after.rfc3339(),
        "days": certificate.days.max(0),
    });
    let action = if certificate.expired() { "certificate.expired" } else { "certificate.expires_soon" };
    let subject = ("application", certificate.application_id.as_str());
    change.record(tx, action, subject, None, Some(&after))
}
