//! Two processes over one database share the jobs: one works at a time, and the other goes on where it dies.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::collections::BTreeSet;
use std::time::Duration;

use directory::provisioning::cycle::{Engine, Round};
use directory::provisioning::settings::{self, Restart};
use directory::provisioning::{Pace, lease};
use directory::{Directory, MIGRATIONS};
use futures::future::join;
use provisioning_support::crash::restarted;
use provisioning_support::world::{APP, TENANT, World, names, pace};
use store::Store;
use store::testing::fresh;
use web::Random;
use web::sealed::MasterKey;

/// Another process over the same database.
async fn replica(world: &World) -> World {
    let url = &world.store.as_ref().unwrap().url;
    if world.directory.store.engine() == store::Engine::Sqlite {
        // One process serves a file, but not one engine: provisioning on demand has its own.
        return restarted(world);
    }
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
    two_over(store::Engine::Postgres).await
}

async fn two_over(engine: store::Engine) -> [World; 2] {
    let world = World::new(fresh(engine, MIGRATIONS).await).await;
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

/// What is recorded: links with what was sent, memberships, what waits, what was perhaps sent, and the log.
async fn recorded(world: &World) -> Vec<Vec<String>> {
    let read = world.directory.store.read(|tx| {
        let mut all = Vec::new();
        for sql in [
            "SELECT source_id || ' ' || target_id || ' ' || active || ' ' || sent FROM provisioning_links ORDER BY 1",
            "SELECT group_id || ' ' || user_id FROM provisioning_members ORDER BY 1",
            "SELECT source_id FROM provisioning_pending ORDER BY 1",
            "SELECT source_id FROM provisioning_unsure ORDER BY 1",
            "SELECT user_id FROM provisioning_unsure_members ORDER BY 1",
            "SELECT id FROM provisioning_log ORDER BY 1",
        ] {
            let rows = tx.rows(sql, &[])?;
            all.push(rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, store::StoreError>>()?);
        }
        Ok::<_, store::StoreError>(all)
    });
    read.await.unwrap()
}

/// A process is stopped in the middle of a round, as by SIGSTOP or a host that sleeps; another takes over when the
/// lease ran out, and works everything off, what changed meanwhile too; then the first wakes up, with an answer to its
/// request, a round half done, and the belief that the job is its own.
async fn wakes_up_after_another_took_over(engine: store::Engine, request: usize, runs_out_only: bool) {
    let at = format!("{engine:?}, request {request}");
    let [mut first, other] = two_over(engine).await;
    // It does not notice the time: only the lease can tell it.
    first.engine = Engine::new(&first.directory, Pace { timeout: Duration::from_secs(60), ..pace() });
    first.scim.with(|i| i.stop_at = Some((request, true)));
    first.caught_up().await;
    let engine = first.engine.clone();
    let mut stopped = Box::pin(async move { engine.run(APP).await });
    tokio::select! {
        () = first.scim.reached.notified() => {}
        done = &mut stopped => panic!("{at}: it was to be stopped, and ended with {done:?}"),
    }
    // From here on it is not polled: neither its work nor the renewal of its lease goes on.
    first.scim.with(|i| i.stop_at = None);
    assert_eq!(other.cycle().await, Round::Elsewhere, "{at}: its lease stands");
    other.directory.clock.advance(lease::LENGTH);
    let mut expected: BTreeSet<String> = (0..40).map(|n| format!("p{n}@t.example")).collect();
    if !runs_out_only {
        other.edit("p7", "account_enabled = 0").await;
        other.set_text("p8", "display_name", "Renamed").await;
        other.settle().await;
        expected.remove("p7@t.example");
    }
    let (before, there) = (recorded(&other).await, other.picture());
    let sent = other.scim.drain();
    first.scim.released.notify_one();
    let woken = stopped.await.unwrap();
    if runs_out_only {
        // Nobody took it meanwhile: it goes on.
        assert_eq!(woken, Round::Idle, "{at}");
    } else {
        assert_eq!(woken, Round::Elsewhere, "{at}");
        assert_eq!(first.scim.drain(), Vec::<String>::new(), "{at}: nothing more is sent");
        for (now, then) in recorded(&other).await.iter().zip(&before) {
            let new: Vec<&String> = now.iter().filter(|row| !then.contains(row)).collect();
            assert!(now == then, "{at}: nothing is recorded; new: {new:#?}, {} before", then.len());
        }
        assert_eq!(first.picture(), there, "{at}");
        let made = sent.iter().filter(|r| r.starts_with("POST")).count();
        assert_eq!(made, there.users.len() + there.groups.len(), "{at}: each was made once");
    }
    let both = [first, other];
    settle(&both).await;
    let [first, other] = both;
    assert_eq!(first.picture().active(), expected, "{at}");
    assert_eq!(other.picture().groups["all"], expected, "{at}");
    // A look at everything, which compares with what is recorded, finds nothing left to do.
    other.scim.drain();
    settings::restart(&other.directory, "test", APP, Restart::Compare).await.unwrap();
    other.settle().await;
    let sent = other.scim.drain();
    assert!(sent.iter().all(|r| r.starts_with("GET")), "{at}: {sent:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_wakes_up_after_another_took_over_neither_sends_nor_records() {
    for engine in [store::Engine::Sqlite, store::Engine::Postgres] {
        // The test of the connection, a search, creations, the group, its members.
        for request in [1, 2, 30, 60, 81, 83, 84] {
            wakes_up_after_another_took_over(engine, request, false).await;
        }
        wakes_up_after_another_took_over(engine, 30, true).await;
    }
}
