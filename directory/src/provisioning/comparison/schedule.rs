//! The task that carries out comparisons, beside the one that runs the cycles.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;

use super::store as comparisons;
use crate::Directory;
use crate::provisioning::cycle::Engine;

/// A comparison that is asked for begins soon after the change that asks for it.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// What is due, and what other processes were asked for, is looked for so often.
const TICK: Duration = Duration::from_secs(5);

/// Compares what is asked for and what is due, until `shutdown` ends. What is cut off then has changed nothing, and
/// is begun again by the next process.
pub async fn run(engine: Engine, shutdown: impl Future<Output = ()> + Send) {
    let directory = engine.directory.clone();
    let mut changed = directory.store.changed();
    let mut running: HashSet<String> = HashSet::new();
    let mut tasks: JoinSet<String> = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Ok(()) = changed.changed() => tokio::time::sleep(DEBOUNCE).await,
            _ = tick.tick() => {}
            Some(ended) = tasks.join_next() => {
                if let Ok(application) = ended {
                    running.remove(&application);
                }
                continue;
            }
        }
        let _ = changed.borrow_and_update();
        for application in with_work(&directory).await {
            if running.insert(application.clone()) {
                tasks.spawn(work(engine.clone(), application));
            }
        }
    }
}

/// A panic ends one comparison; the next look begins it again.
async fn work(engine: Engine, application: String) -> String {
    match AssertUnwindSafe(engine.compare(&application)).catch_unwind().await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(%error, application, "a comparison ended early; it is begun again"),
        Err(_) => tracing::error!(application, "a comparison panicked; it is begun again"),
    }
    application
}

async fn with_work(directory: &Directory) -> Vec<String> {
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    let found = directory.store.read(move |tx| comparisons::with_work(tx, &tenant, now));
    found.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the comparisons cannot be read");
        Vec::new()
    })
}
