//! Two processes over one database share the jobs: one works at a time, and the other goes on where it dies.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use directory::provisioning::cycle::{Engine, Round};
use directory::provisioning::lease;
use directory::{Directory, MIGRATIONS};
use futures::future::join;
use provisioning_support::world::{APP, TENANT, World, names, pace};
use store::Store;
use store::testing::fresh;
use web::Random;
use web::sealed::MasterKey;

/// A process with connections of its own to the same database.
async fn replica(world: &World) -> World {
    let url = &world.store.as_ref().unwrap().url;
    let directory = Directory::new(
        Store::open(url, MIGRATIONS).await.unwrap(),
        world.directory.clock.clone(),
        Random::system(),
        MasterKey::new([7; 32]),
        world.directory.origin.clone(),
        TENANT.to_owned(),
    );
    World { engine: Engine::new(&directory, pace()), directory, scim: world.scim.clone(), store: None }
}

async fn two() -> [World; 2] {
    let world = World::new(fresh(store::Engine::Postgres, MIGRATIONS).await).await;
    world.users((0..40).map(|n| format!("p{n}")).collect()).await;
    world.group("all").await;
    world.members("all", (0..40).map(|n| format!("p{n}")).collect()).await;
    world.assign("all", true).await;
    world.start().await;
    let other = replica(&world).await;
    [world, other]
}

/// Both work until neither finds anything to do.
async fn settle([one, other]: &[World; 2]) {
    while join(one.cycle(), other.cycle()).await != (Round::Idle, Round::Idle) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_send_everything_once() {
    let both = two().await;
    settle(&both).await;
    let sent = both[0].scim.drain();
    let made = sent.iter().filter(|r| r.starts_with("POST")).count();
    assert_eq!(made, 41, "forty people and a group, each made once: {sent:#?}");
    assert_eq!(both[0].picture().groups["all"].len(), 40);
    for round in 0..5 {
        for n in 0..8 {
            // Changes come in by either process.
            let id = format!("p{}", round * 8 + n);
            both[n % 2].set_text(&id, "display_name", &format!("Round {round}")).await;
        }
        settle(&both).await;
        let sent = both[0].scim.drain();
        assert_eq!(sent.len(), 8, "one request for each change: {sent:#?}");
    }
    let users = both[0].picture().users;
    assert!(users.values().all(|u| u["displayName"].as_str().unwrap().starts_with("Round")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_a_process_that_dies_is_taken_over() {
    for after in [false, true] {
        let [first, other] = two().await;
        first.scim.with(|i| i.stop_at = Some((30, after)));
        let engine = first.engine.clone();
        let work = tokio::spawn(async move { engine.run(APP).await });
        first.scim.reached.notified().await;
        work.abort();
        assert!(work.await.is_err(), "it was at work");
        first.scim.with(|i| i.stop_at = None);
        assert_eq!(other.cycle().await, Round::Elsewhere, "its lease stands");
        other.directory.clock.advance(lease::LENGTH);
        other.settle().await;
        let all: Vec<String> = (0..40).map(|n| format!("p{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(other.picture().active(), names(&all));
        assert_eq!(other.picture().groups["all"], names(&all));
        assert_eq!(first.cycle().await, Round::Idle, "and nothing is left for the one that comes back");
    }
}
