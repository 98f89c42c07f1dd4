//! Random histories of a directory whose target misbehaves and whose process dies: in the end the target has
//! what the model says, nothing was deleted wrongly, and nothing is left to send.
//!
//! A failing history names its seed; `ENTENTE_TEST_HISTORY=seed` runs that one alone. `ENTENTE_TEST_HISTORIES`
//! says how many are run.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::collections::BTreeMap;
use std::time::Duration;

use directory::provisioning::cycle::Engine;
use directory::provisioning::settings::{self, Restart};
use directory::provisioning::{Pace, lease};
use directory::{Directory, MIGRATIONS};
use futures::{StreamExt, stream};
use provisioning_support::crash::killed_or_done;
use provisioning_support::model::{Dice, Model};
use provisioning_support::target::Fault;
use provisioning_support::world::{APP, World, pace};
use store::testing::fresh;
use web::Random;

const FAULTS: [Fault; 14] = [
    Fault::Error,
    Fault::ErrorAfter,
    Fault::Throttle,
    Fault::ThrottleBare,
    Fault::Drop,
    Fault::DropAfter,
    Fault::Drop,
    Fault::DropAfter,
    Fault::HalfPage,
    Fault::Empty,
    Fault::Duplicate,
    Fault::WrongObject,
    Fault::Slow,
    Fault::Hang,
];

/// One request after the other in every second history, so that it runs again exactly as before.
fn pace_of(seed: u64) -> Pace {
    let at_once = if seed.is_multiple_of(2) { 1 } else { 16 };
    Pace { at_once, timeout: Duration::from_secs(20), ..pace() }
}

async fn disturbed_cycle(world: &mut World, dice: &mut Dice, pace: Pace) {
    let at = world.scim.requests() + 1 + dice.roll(6);
    match dice.roll(5) {
        0 | 1 => {
            let fault = FAULTS[dice.roll(FAULTS.len())];
            let mut faults = BTreeMap::from([(at, fault)]);
            // Twice in a row, so that trying again at once does not help. One that nobody can see is not doubled.
            if fault != Fault::Empty {
                faults.insert(at + 1, fault);
            }
            world.scim.with(|i| i.faults = faults);
            if fault == Fault::Hang {
                let impatient = Pace { timeout: Duration::from_millis(100), ..pace };
                world.engine = Engine::new(&world.directory, impatient);
            }
            world.cycle().await;
            world.engine = Engine::new(&world.directory, pace);
        }
        2 => {
            let after = dice.roll(2) == 1;
            if killed_or_done(world, at, after).await {
                world.directory.clock.advance(lease::LENGTH);
                world.engine = Engine::new(&world.directory, pace);
            }
        }
        _ => drop(world.cycle().await),
    }
}

async fn history(mut world: World, seed: u64, steps: usize) {
    let (mut dice, mut model) = (Dice(seed), Model::default());
    let pace = pace_of(seed);
    world.directory = seeded(&world.directory, seed);
    world.engine = Engine::new(&world.directory, pace);
    world.scim.foreign("zoe@elsewhere.example");
    world.start().await;
    for step in 0..steps {
        let at = format!("seed {seed}, step {step}");
        model.change(&world, &mut dice, step).await;
        if dice.roll(3) == 0 {
            disturbed_cycle(&mut world, &mut dice, pace).await;
            model.assert_rightly_deleted(&world.scim.deleted(), &at);
        }
        if step % 20 == 19 {
            world.scim.with(|i| i.faults.clear());
            world.settle().await;
            model.assert_rightly_deleted(&world.scim.deleted(), &at);
            model.assert_reached(&world.picture(), &at);
        }
    }
    // A look at everything finds nothing left to send, and neither does a comparison.
    for how in [Restart::Look, Restart::Compare] {
        settings::restart(&world.directory, "test", APP, how).await.unwrap();
        world.scim.drain();
        world.settle().await;
        let sent = world.scim.drain();
        assert!(sent.iter().all(|r| r.starts_with("GET")), "seed {seed}, {how:?}: {sent:#?}");
    }
}

fn seeded(directory: &Directory, seed: u64) -> Directory {
    Directory::new(
        directory.store.clone(),
        directory.clock.clone(),
        Random::seeded(seed),
        directory.master_key.clone(),
        directory.origin.clone(),
        directory.tenant_id.clone(),
    )
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

async fn run(engine: store::Engine, seed: u64) {
    let world = World::new(fresh(engine, MIGRATIONS).await).await;
    let ended = tokio::spawn(history(world, seed, 60)).await;
    assert!(ended.is_ok(), "history {seed} failed; ENTENTE_TEST_HISTORY={seed} runs it again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_end_as_the_model_says() {
    let seeds = match number("ENTENTE_TEST_HISTORY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ENTENTE_TEST_HISTORIES").unwrap_or(100),
    };
    stream::iter(seeds)
        .map(|seed| run(store::Engine::Sqlite, seed))
        .buffer_unordered(4)
        .collect::<()>()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_on_postgres_end_as_the_model_says() {
    for seed in 5000..5004 {
        run(store::Engine::Postgres, seed).await;
    }
}
