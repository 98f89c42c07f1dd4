//! Who works on a job: one process at a time.
//!
//! A process can be stopped for longer than its lease lasts, and wake up in the middle of a request when another has
//! long taken over. So a lease has a number that rises each time it is taken (its fence): what the holder writes is
//! written in one transaction with a look whether the number is still its own, and nothing is sent after the lease ran
//! out before it was renewed under the same number.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use store::{Retryable, StoreError, Tx};
use web::Timestamp;

use super::cycle::Engine;
use super::job::{Job, ProvisioningError};
use super::permit::Permit;
use super::target::Target;

/// How long a lease lasts without being renewed: as long as a crashed process can hold up the others.
pub const LENGTH: Duration = Duration::from_secs(10);

/// Takes away what a process that crashed has left. Only for SQLite, whose file one process serves: whoever
/// starts on it knows that nobody else works.
///
/// # Errors
/// The engine's.
pub fn clear(tx: &mut Tx<'_>, realm: &str) -> Result<(), StoreError> {
    let sql =
        "UPDATE leases SET until = 0 WHERE realm = ?1 AND name >= 'provisioning/' AND name < 'provisioning0'";
    tx.exec(sql, &[realm.into()]).map(|_| ())
}

/// Forgets the lease of an application that is no more.
///
/// # Errors
/// The engine's.
pub fn forget(tx: &mut Tx<'_>, realm: &str, application: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM leases WHERE realm = ?1 AND name = ?2";
    tx.exec(sql, &[realm.into(), (&name_of(application)).into()]).map(|_| ())
}

fn name_of(application: &str) -> String {
    format!("provisioning/{application}")
}

/// A lease that was taken. Clones are the same lease.
#[derive(Debug, Clone)]
pub struct Lease {
    realm: String,
    name: String,
    fence: i64,
    /// Until when it lasts as far as its holder knows, in microseconds.
    until: Arc<AtomicI64>,
}

impl Lease {
    /// Takes the lease, unless somebody has it still. Its row stays when it is given back, so that no number
    /// comes twice.
    ///
    /// # Errors
    /// The engine's.
    pub fn take(
        tx: &mut Tx<'_>,
        realm: &str,
        application: &str,
        holder: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let (name, until) = (name_of(application), now.plus(LENGTH).micros());
        let sql = "SELECT until, fence FROM leases WHERE realm = ?1 AND name = ?2";
        let fence = match tx.row(sql, &[realm.into(), (&name).into()])? {
            Some(row) if row.int(0)? > now.micros() => return Ok(None),
            Some(row) => row.int(1)? + 1,
            None => 1,
        };
        let sql = "INSERT INTO leases (realm, name, holder, until, fence) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (realm, name) DO UPDATE SET holder = ?3, until = ?4, fence = ?5";
        tx.exec(sql, &[realm.into(), (&name).into(), holder.into(), until.into(), fence.into()])?;
        Ok(Some(Self { realm: realm.to_owned(), name, fence, until: Arc::new(AtomicI64::new(until)) }))
    }

    /// Whether nobody has taken it since.
    ///
    /// # Errors
    /// The engine's.
    pub fn is_held(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let sql = "SELECT fence FROM leases WHERE realm = ?1 AND name = ?2 AND fence = ?3";
        tx.exists(sql, &[(&self.realm).into(), (&self.name).into(), self.fence.into()])
    }

    /// Sets its end, where nobody has taken it since; whether that is so. One that ran out and that nobody has taken
    /// is renewed too.
    fn set_end(&self, tx: &mut Tx<'_>, until: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE leases SET until = ?4 WHERE realm = ?1 AND name = ?2 AND fence = ?3";
        let changed = tx.exec(
            sql,
            &[(&self.realm).into(), (&self.name).into(), self.fence.into(), until.micros().into()],
        )?;
        Ok(changed > 0)
    }
}

/// An engine that holds the lease of one job: it alone sends, and writes what that did.
#[derive(Clone)]
pub struct Leased {
    engine: Engine,
    lease: Lease,
}

impl std::ops::Deref for Leased {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Engine {
    /// Takes the lease of a job; `None` where another has it.
    ///
    /// # Errors
    /// The store's.
    pub async fn take_lease(&self, application: &str) -> Result<Option<Leased>, ProvisioningError> {
        let (tenant, application) = (self.directory.tenant_id.clone(), application.to_owned());
        let (holder, now) = (self.holder.clone(), self.directory.clock.now());
        let taken =
            self.directory.store.write(move |tx| Lease::take(tx, &tenant, &application, &holder, now));
        Ok(taken.await?.map(|lease| Leased { engine: self.clone(), lease }))
    }
}

impl Leased {
    /// Gives the lease back.
    ///
    /// # Errors
    /// The store's.
    pub async fn release(&self) -> Result<(), ProvisioningError> {
        let lease = self.lease.clone();
        self.directory.store.write(move |tx| lease.set_end(tx, Timestamp(0))).await?;
        Ok(())
    }

    /// Writes something in the name of the holder.
    ///
    /// # Errors
    /// [`ProvisioningError::LeaseLost`], and then nothing is written; what `f` returns; the store's.
    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, ProvisioningError>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<ProvisioningError> + Retryable,
    {
        let lease = self.lease.clone();
        let written = self.directory.store.write(move |tx| {
            if !lease.is_held(tx)? {
                return Err(ProvisioningError::LeaseLost);
            }
            f(tx).map_err(Into::into)
        });
        written.await
    }

    /// Works while the lease is renewed. Where it is lost the work is dropped, which is no worse than a crash.
    ///
    /// # Errors
    /// Those of `work`; [`ProvisioningError::LeaseLost`].
    pub async fn while_held<T>(
        &self,
        work: impl Future<Output = Result<T, ProvisioningError>>,
    ) -> Result<T, ProvisioningError> {
        let lost = async {
            loop {
                tokio::time::sleep(LENGTH / 4).await;
                match self.renew().await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(%error, lease = self.lease.name, "the lease was not renewed")
                    }
                }
            }
        };
        tokio::select! {
            done = work => done,
            () = lost => Err(ProvisioningError::LeaseLost),
        }
    }

    async fn renew(&self) -> Result<bool, StoreError> {
        let (lease, until) = (self.lease.clone(), self.directory.clock.now().plus(LENGTH));
        let held = self.directory.store.write(move |tx| lease.set_end(tx, until)).await?;
        if held {
            self.lease.until.store(until.micros(), Ordering::Relaxed);
        }
        Ok(held)
    }

    /// The target of the job, to which nothing is sent once the lease ran out and cannot be renewed.
    ///
    /// # Errors
    /// As [`Engine::target`].
    pub fn target(&self, job: &Job) -> Result<Target, ProvisioningError> {
        let leased = self.clone();
        let permit: Permit = Arc::new(move || {
            let leased = leased.clone();
            async move {
                let now = leased.directory.clock.now().micros();
                now < leased.lease.until.load(Ordering::Relaxed) || leased.renew().await.unwrap_or(false)
            }
            .boxed()
        });
        Ok(self.engine.target(job)?.permitted_by(permit))
    }
}
