//! Provisioning on demand: one object, at once, with its steps.

use store::StoreError;

use super::cycle::Engine;
use super::effect::Effect;
use super::job::{Job, ProvisioningError};
use super::lease::Leased;
use super::pending::{self, Pending};
use super::plan::{Object, plan};
use super::{Kind, filtered, situation};

impl Engine {
    /// One object, now and whatever the job's state is: where it stands and what was done. A removal that is asked for by name needs
    /// no other allowance.
    ///
    /// # Errors
    /// [`ProvisioningError::Busy`] where a cycle does not let go, and those of the target's settings.
    pub async fn on_demand(
        &self,
        job: Job,
        kind: Kind,
        id: &str,
    ) -> Result<(Object, Vec<Effect>), ProvisioningError> {
        self.target(&job)?;
        let application = job.application_id.clone();
        let leased = self.take_lease_patiently(&application).await?;
        let outcome = leased.while_held(leased.on_demand(job, kind, id)).await;
        leased.release().await?;
        outcome
    }

    /// Takes the lease when the cycle that has it lets go.
    ///
    /// # Errors
    /// [`ProvisioningError::Busy`].
    pub(super) async fn take_lease_patiently(&self, application: &str) -> Result<Leased, ProvisioningError> {
        for _ in 0..400 {
            if let Some(leased) = self.take_lease(application).await? {
                return Ok(leased);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Err(ProvisioningError::Busy)
    }
}

impl Leased {
    async fn on_demand(
        &self,
        mut job: Job,
        kind: Kind,
        id: &str,
    ) -> Result<(Object, Vec<Effect>), ProvisioningError> {
        let target = &self.target(&job)?;
        self.probe(&job, target).await?;
        let now = self.directory.clock.now();
        job.removals_allowed = 1;
        job.cycle_id = Some(format!("on-demand-{}", self.directory.random.uuid()));
        let (read, id, random) = (job.clone(), id.to_owned(), self.directory.random.clone());
        let (marked, marked_id) = (job.clone(), id.clone());
        self.write(move |tx| filtered::refresh(tx, &marked, kind, &marked_id)).await?;
        let (situation, one) = self
            .directory
            .store
            .read(move |tx| {
                let waiting = pending::one(tx, &read, kind, &id)?;
                let one = waiting.unwrap_or(Pending { kind, id: id.clone(), generation: 0, attempts: 0 });
                Ok::<_, StoreError>((situation::read_one(tx, &read, &one, now, &random)?, one))
            })
            .await?;
        let steps = plan(&situation)?;
        let (effects, halted) = self.execute(&job, target, &situation, steps).await?;
        if halted.is_none() {
            self.settle(job, vec![one], &effects).await?;
        }
        let object = situation.objects.into_iter().next();
        Ok((object.ok_or(StoreError::NoRow)?, effects))
    }
}
