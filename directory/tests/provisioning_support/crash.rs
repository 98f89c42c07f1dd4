//! Processes that die at work, and the ones that come after them.

use std::time::Duration;

use directory::provisioning::cycle::Engine;
use directory::provisioning::lease;

use super::world::{APP, World, pace};

/// A process that starts anew over the same rows.
pub fn restarted(world: &World) -> World {
    let engine = Engine::new(&world.directory, pace());
    World { engine, directory: world.directory.clone(), scim: world.scim.clone(), store: None }
}

/// Runs until the request at which the target stops answering, then kills the work.
pub async fn killed_at(world: &World, request: usize, after: bool) {
    world.scim.with(|i| i.log.clear());
    assert!(killed_or_done(world, request, after).await, "request {request} never came");
}

/// The same, for work that may be over before; whether it was killed. Requests count on from the log.
pub async fn killed_or_done(world: &World, request: usize, after: bool) -> bool {
    world.scim.with(|i| i.stop_at = Some((request, after)));
    let engine = world.engine.clone();
    let mut work = tokio::spawn(async move { engine.run(APP).await });
    let killed = tokio::select! {
        () = world.scim.reached.notified() => true,
        done = &mut work => {
            done.unwrap().unwrap();
            false
        }
        () = tokio::time::sleep(Duration::from_secs(60)) => panic!("neither killed nor done"),
    };
    if killed {
        work.abort();
        let _ = work.await;
        // The lease of the dead process has to run out.
        world.directory.clock.advance(lease::LENGTH);
    }
    world.scim.with(|i| i.stop_at = None);
    killed
}
