//! The task that tells the targets of a process.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;

use super::deliver::{deliver, due};
use super::store as rows;
use crate::Center;

/// Changes that follow each other closely are looked at together.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// Without a sign of a change: for what other processes changed, and for what is to be tried again.
const TICK: Duration = Duration::from_secs(2);
/// How long requests may take to end on shutdown. What is cut off then is sent again.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Tells the targets until `shutdown` ends: a change reaches them within seconds. A slow target holds up no other.
pub async fn run(center: Center, shutdown: impl Future<Output = ()> + Send) {
    if center.store.engine() == ::store::Engine::Sqlite {
        let instance = center.instance_id.clone();
        if let Err(error) = center.store.write(move |tx| rows::clear_leases(tx, &instance)).await {
            tracing::warn!(%error, "old leases were not cleared; they run out by themselves");
        }
    }
    let mut changed = center.store.changed();
    let mut running: HashSet<String> = HashSet::new();
    let mut tasks: JoinSet<(String, bool)> = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Ok(()) = changed.changed() => tokio::time::sleep(DEBOUNCE).await,
            _ = tick.tick() => {}
            Some(ended) = tasks.join_next() => {
                let Ok((id, progress)) = ended else { continue };
                running.remove(&id);
                // Where nothing went on, looking again at once would be a loop without rest.
                if !progress {
                    continue;
                }
            }
        }
        let _ = changed.borrow_and_update();
        match due(&center).await {
            Ok(ids) => {
                for id in ids {
                    if running.insert(id.clone()) {
                        tasks.spawn(work(center.clone(), id));
                    }
                }
            }
            Err(error) => tracing::error!(%error, "the event targets cannot be read"),
        }
    }
    let _ = tokio::time::timeout(LAST_WORDS, async { while tasks.join_next().await.is_some() {} }).await;
}

/// Whether events were delivered or more wait. A panic ends one look, never the task.
async fn work(center: Center, id: String) -> (String, bool) {
    let progress = match AssertUnwindSafe(deliver(&center, &id)).catch_unwind().await {
        Ok(Ok(round)) => round.delivered > 0 || round.more,
        Ok(Err(error)) => {
            tracing::error!(%error, id, "what an event target was told could not be saved; it is told again");
            false
        }
        Err(_) => {
            tracing::error!(id, "telling an event target panicked; it goes on at the next look");
            false
        }
    };
    (id, progress)
}
