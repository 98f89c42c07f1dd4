//! The task that runs the jobs of a process.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;

use super::cycle::Engine;
use super::{Pace, comparison, lease, log, store as jobs};
use crate::Directory;

/// Changes that follow each other closely are taken in together.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// Without a sign of a change: for what other processes changed, and for what waits for its time.
const TICK: Duration = Duration::from_secs(5);
/// Ticks between two prunings: of the log, and of jobs whose application was deleted.
const PRUNE: u32 = 720;
/// How long a round may take to end on shutdown. What is cut off then is what a crash would cut off.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Runs the tenant's jobs until `shutdown` ends: a change reaches the targets within seconds.
pub async fn run(directory: Directory, shutdown: impl Future<Output = ()> + Send) {
    if directory.store.engine() == ::store::Engine::Sqlite {
        clear_leases(&directory).await;
    }
    let engine = Engine::new(&directory, Pace::default());
    let shutdown = shutdown.shared();
    tokio::join!(comparison::schedule::run(engine.clone(), shutdown.clone()), cycles(engine, shutdown));
}

async fn cycles(engine: Engine, shutdown: impl Future<Output = ()> + Send) {
    let directory = engine.directory.clone();
    let mut changed = directory.store.changed();
    let mut running: HashSet<String> = HashSet::new();
    let mut again: HashSet<String> = HashSet::new();
    let mut tasks: JoinSet<String> = JoinSet::new();
    let mut ticks = 0;
    let mut tick = tokio::time::interval(TICK);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Ok(()) = changed.changed() => tokio::time::sleep(DEBOUNCE).await,
            _ = tick.tick() => {
                if ticks % PRUNE == 0 {
                    prune(&directory).await;
                }
                ticks += 1;
            }
            Some(ended) = tasks.join_next() => {
                let Ok(application) = ended else { continue };
                running.remove(&application);
                if !again.remove(&application) {
                    continue;
                }
            }
        }
        let _ = changed.borrow_and_update();
        for application in to_run(&directory).await {
            if running.insert(application.clone()) {
                tasks.spawn(work(engine.clone(), application));
            } else {
                again.insert(application);
            }
        }
    }
    let _ = tokio::time::timeout(LAST_WORDS, async { while tasks.join_next().await.is_some() {} }).await;
}

/// A panic ends one look, never the job.
async fn work(engine: Engine, application: String) -> String {
    match AssertUnwindSafe(engine.run(&application)).catch_unwind().await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::error!(%error, application, "a provisioning cycle ended early; it goes on at the next look");
        }
        Err(_) => tracing::error!(application, "a provisioning cycle panicked; it goes on at the next look"),
    }
    application
}

async fn clear_leases(directory: &Directory) {
    let tenant = directory.tenant_id.clone();
    if let Err(error) = directory.store.write(move |tx| lease::clear(tx, &tenant)).await {
        tracing::warn!(%error, "old leases were not cleared; they run out by themselves");
    }
}

async fn to_run(directory: &Directory) -> Vec<String> {
    let tenant = directory.tenant_id.clone();
    directory.store.read(move |tx| jobs::running(tx, &tenant)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the provisioning jobs cannot be read");
        Vec::new()
    })
}

async fn prune(directory: &Directory) {
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    let pruned = directory.store.write(move |tx| {
        jobs::forget_orphans(tx, &tenant)?;
        log::prune(tx, &tenant, now)
    });
    if let Err(error) = pruned.await {
        tracing::warn!(%error, "old provisioning rows were not removed");
    }
}
