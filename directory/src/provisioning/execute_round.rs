//! Sends the steps of a round, stage by stage, and records what they did while others are still on their way.

use futures::future::{BoxFuture, try_join};
use futures::{FutureExt, StreamExt, stream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::effect::{Effect, record};
use super::execute::Executor;
use super::job::{Job, ProvisioningError};
use super::lease::Leased;
use super::plan::{Situation, Step};
use super::target::{Target, TargetError};
use super::{Kind, links, unsure};

/// The effects of a step, and who waits until they are recorded.
type Finished = (Vec<Effect>, oneshot::Sender<()>);

impl Leased {
    /// Sends the steps and records what they did.
    ///
    /// # Errors
    /// The store's.
    pub async fn execute(
        &self,
        job: &Job,
        target: &Target,
        situation: &Situation,
        steps: Vec<Step>,
    ) -> Result<(Vec<Effect>, Option<TargetError>), ProvisioningError> {
        let owner = |kind: Kind, target: String| -> BoxFuture<'_, Option<(String, String)>> {
            let job = job.clone();
            let read = self.directory.store.read(move |tx| links::owner(tx, &job, kind, &target));
            async move { read.await.ok().flatten() }.boxed()
        };
        let cycle = job.cycle_id.clone().unwrap_or_default();
        let (clock, random) = (&self.directory.clock, &self.directory.random);
        let executor = Executor::new(job, target, clock, random, &cycle, situation, &owner);
        let mut effects = Vec::new();
        let mut steps = steps.into_iter().peekable();
        while let Some(stage) = steps.peek().map(Step::stage) {
            let same = std::iter::from_fn(|| steps.next_if(|s| s.stage() == stage));
            let same: Vec<Step> = same.filter_map(|step| executor.sendable(step)).collect();
            self.announce(job, same.clone()).await?;
            let (finished, recorded) = mpsc::unbounded_channel();
            let sent = self.send(&executor, same, finished);
            let (recorded, ()) = try_join(self.record_all(job, recorded), sent.map(Ok)).await?;
            effects.extend(recorded);
        }
        Ok((effects, executor.halted()))
    }

    /// Sends the steps of one stage, [`super::Pace::at_once`] at a time. What was answered makes room for the next while
    /// it is recorded; one after the other means that each is recorded before the next is sent.
    async fn send(
        &self,
        executor: &Executor<'_>,
        steps: Vec<Step>,
        finished: mpsc::UnboundedSender<Finished>,
    ) {
        let (finished, requests) = (&finished, &Semaphore::new(self.pace.at_once));
        stream::iter(steps)
            .for_each_concurrent(self.under_way(), |step| async move {
                let place = requests.acquire().await;
                let effects = executor.run(step).await;
                drop(place);
                let (tell, told) = oneshot::channel();
                if finished.send((effects, tell)).is_ok() {
                    let _ = told.await;
                }
            })
            .await;
    }

    /// Steps that are being sent or recorded.
    fn under_way(&self) -> usize {
        if self.pace.at_once > 1 { self.pace.at_once * 4 } else { 1 }
    }

    /// What has ended while the last record was written is recorded together.
    async fn record_all(
        &self,
        job: &Job,
        mut finished: mpsc::UnboundedReceiver<Finished>,
    ) -> Result<Vec<Effect>, ProvisioningError> {
        let (mut all, mut some) = (Vec::new(), Vec::new());
        while finished.recv_many(&mut some, self.under_way()).await > 0 {
            let (effects, tell): (Vec<Vec<Effect>>, Vec<_>) = some.drain(..).unzip();
            let effects: Vec<Effect> = effects.into_iter().flatten().collect();
            self.record(job, effects.clone()).await?;
            all.extend(effects);
            for one in tell {
                let _ = one.send(());
            }
        }
        Ok(all)
    }

    async fn announce(&self, job: &Job, steps: Vec<Step>) -> Result<(), ProvisioningError> {
        let job = job.clone();
        self.write(move |tx| unsure::announce(tx, &job, &steps)).await
    }

    async fn record(&self, job: &Job, effects: Vec<Effect>) -> Result<(), ProvisioningError> {
        let (job, now) = (job.clone(), self.directory.clock.now());
        self.write(move |tx| record(tx, &job, &effects, now)).await
    }
}
