//! Who works on a job: one process at a time.

use std::time::Duration;

use store::{StoreError, Tx};
use web::Timestamp;

use super::cycle::Engine;
use super::job::ProvisioningError;

/// How long a lease lasts without being renewed: as long as a crashed process can hold up the others.
pub const LENGTH: Duration = Duration::from_secs(10);

/// Takes away what a process that crashed has left. Only for SQLite, whose file one process serves: whoever
/// starts on it knows that nobody else works.
///
/// # Errors
/// The engine's.
pub fn clear(tx: &mut Tx<'_>, realm: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM leases WHERE realm = ?1 AND name >= 'provisioning/' AND name < 'provisioning0'";
    tx.exec(sql, &[realm.into()]).map(|_| ())
}

/// Takes or renews the lease; whether `holder` has it now.
///
/// # Errors
/// The engine's.
pub fn take(
    tx: &mut Tx<'_>,
    realm: &str,
    name: &str,
    holder: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT holder, until FROM leases WHERE realm = ?1 AND name = ?2";
    if let Some(row) = tx.row(sql, &[realm.into(), name.into()])?
        && row.text(0)? != holder
        && row.int(1)? > now.micros()
    {
        return Ok(false);
    }
    let sql = "INSERT INTO leases (realm, name, holder, until) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (realm, name) DO UPDATE SET holder = ?3, until = ?4";
    tx.exec(sql, &[realm.into(), name.into(), holder.into(), now.plus(LENGTH).micros().into()])?;
    Ok(true)
}

/// Gives the lease back.
///
/// # Errors
/// The engine's.
pub fn release(tx: &mut Tx<'_>, realm: &str, name: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM leases WHERE realm = ?1 AND name = ?2 AND holder = ?3";
    tx.exec(sql, &[realm.into(), name.into(), holder.into()]).map(|_| ())
}

impl Engine {
    /// Takes the lease of a job.
    ///
    /// # Errors
    /// The store's.
    pub async fn take_lease(&self, application: &str) -> Result<bool, ProvisioningError> {
        let (tenant, name) = (self.directory.tenant_id.clone(), lease_name(application));
        let (holder, now) = (self.holder.clone(), self.directory.clock.now());
        Ok(self.directory.store.write(move |tx| take(tx, &tenant, &name, &holder, now)).await?)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// The store's.
    pub async fn release_lease(&self, application: &str) -> Result<(), ProvisioningError> {
        let (tenant, name) = (self.directory.tenant_id.clone(), lease_name(application));
        let holder = self.holder.clone();
        Ok(self.directory.store.write(move |tx| release(tx, &tenant, &name, &holder)).await?)
    }

    /// Works while the lease is renewed; `None` where it was lost. The work is dropped then, which is no
    /// worse than a crash.
    pub async fn while_leased<T>(&self, application: &str, work: impl Future<Output = T>) -> Option<T> {
        let renew = async {
            loop {
                tokio::time::sleep(LENGTH / 4).await;
                match self.take_lease(application).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::warn!(%error, application, "the lease was not renewed"),
                }
            }
        };
        tokio::select! {
            done = work => Some(done),
            () = renew => None,
        }
    }
}

fn lease_name(application: &str) -> String {
    format!("provisioning/{application}")
}
