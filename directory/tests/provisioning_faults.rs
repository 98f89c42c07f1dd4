//! Provisioning while the target misbehaves and while the process dies.

mod provisioning_support;

use std::collections::{BTreeMap, BTreeSet};

use directory::{Directory, provisioning};
use provisioning_support::crash::{killed_at, restarted};
use provisioning_support::target::{Fault, Picture};
use provisioning_support::world::{APP, World, names, sqlite, worlds};

/// Eight people in two groups with managers, then changes of every kind.
async fn before(world: &World) {
    for user in ["ana", "bo", "cy", "di", "ed", "flo", "gil", "hal"] {
        world.user(user).await;
    }
    for group in ["sea", "sky"] {
        world.group(group).await;
        world.assign(group, true).await;
    }
    for user in ["ana", "bo", "cy", "di", "ed"] {
        world.member("sea", user, true).await;
    }
    for user in ["di", "ed", "flo"] {
        world.member("sky", user, true).await;
    }
    world.assign("gil", true).await;
    world.set_text("ana", "manager_id", "gil").await;
    world.set_text("bo", "manager_id", "ana").await;
    world.start().await;
}

async fn changes(world: &World) {
    world.edit("bo", "account_enabled = 0").await;
    world.delete("cy").await;
    world.purge("cy").await;
    world.member("sky", "di", false).await;
    world.member("sea", "flo", true).await;
    world.set_text("ed", "display_name", "Edna").await;
    world.set_text("ana", "manager_id", "ed").await;
    world.assign("hal", true).await;
    world.rename_group("sky", "cloud").await;
    world.assign("gil", false).await;
}

async fn undisturbed() -> (Picture, Picture, usize, usize) {
    let world = sqlite().await;
    before(&world).await;
    world.settle().await;
    let (first, requests) = (world.picture(), world.scim.drain().len());
    changes(&world).await;
    world.settle().await;
    (first, world.picture(), requests, world.scim.drain().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_request_leaves_no_trace() {
    let (first, last, first_requests, last_requests) = undisturbed().await;
    for after in [false, true] {
        for k in 1..=first_requests {
            let world = sqlite().await;
            before(&world).await;
            killed_at(&world, k, after).await;
            let world = restarted(&world);
            world.settle().await;
            assert_eq!(world.picture(), first, "killed at request {k} of the initial cycle, after: {after}");
        }
        for k in 1..=last_requests {
            let world = sqlite().await;
            before(&world).await;
            world.settle().await;
            changes(&world).await;
            killed_at(&world, k, after).await;
            let world = restarted(&world);
            world.settle().await;
            assert_eq!(world.picture(), last, "killed at request {k} of the second cycle, after: {after}");
        }
    }
}

async fn some_changes(world: &World) {
    world.set_text("ed", "display_name", "Edna").await;
    world.edit("bo", "account_enabled = 0").await;
    world.set_text("ana", "manager_id", "ed").await;
    world.member("sky", "di", false).await;
    world.member("sea", "flo", true).await;
    world.rename_group("sky", "cloud").await;
}

async fn taken_back(world: &World) {
    world.set_text("ed", "display_name", "ed").await;
    world.edit("bo", "account_enabled = 1").await;
    world.set_text("ana", "manager_id", "gil").await;
    world.member("sky", "di", true).await;
    world.member("sea", "flo", false).await;
    world.rename_group("sky", "sky").await;
}

/// The target took a change, the process ended before it knew, and the change was taken back: what was recorded
/// then says that nothing is left to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_taken_back_after_a_crash_is_taken_back_there() {
    let world = sqlite().await;
    before(&world).await;
    world.settle().await;
    let (first, _) = (world.picture(), world.scim.drain());
    some_changes(&world).await;
    world.settle().await;
    let requests = world.scim.drain().len();
    assert_ne!(world.picture(), first);
    for k in 1..=requests {
        let world = sqlite().await;
        before(&world).await;
        world.settle().await;
        some_changes(&world).await;
        killed_at(&world, k, true).await;
        taken_back(&world).await;
        let world = restarted(&world);
        world.settle().await;
        assert_eq!(world.picture(), first, "killed after request {k}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_after_a_crash_that_made_them_is_switched_off_there() {
    let world = sqlite().await;
    before(&world).await;
    world.settle().await;
    let (first, _) = (world.picture().active(), world.scim.drain());
    world.assign("hal", true).await;
    world.settle().await;
    let requests = world.scim.drain().len();
    assert_ne!(world.picture().active(), first);
    for k in 1..=requests {
        let world = sqlite().await;
        before(&world).await;
        world.settle().await;
        world.assign("hal", true).await;
        killed_at(&world, k, true).await;
        world.assign("hal", false).await;
        let world = restarted(&world);
        world.settle().await;
        assert_eq!(world.picture().active(), first, "killed after request {k}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_cut_short_is_found_again_under_its_old_name() {
    for what in ["renamed", "out of scope", "deleted", "gone"] {
        let world = sqlite().await;
        world.user("ana").await;
        world.assign("ana", true).await;
        world.start().await;
        // The third request makes the person; nobody hears of it.
        killed_at(&world, 3, true).await;
        let world = restarted(&world);
        match what {
            "renamed" => world.set_text("ana", "user_principal_name", "anna@t.example").await,
            "out of scope" => world.assign("ana", false).await,
            "deleted" => world.delete("ana").await,
            _ => {
                world.user("other").await;
                world.delete("ana").await;
                world.purge("ana").await;
            }
        }
        world.settle().await;
        let picture = world.picture();
        assert_eq!(picture.users.len(), usize::from(what != "gone"), "{what}: {picture:?}");
        assert_eq!(picture.active(), if what == "renamed" { names(&["anna"]) } else { names(&[]) }, "{what}");
        if what == "out of scope" {
            world.set_text("ana", "display_name", "Ana II").await;
            world.assign("ana", true).await;
            world.settle().await;
            assert_eq!(world.picture().users["ana@t.example"]["displayName"], "Ana II");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_on_postgres_leaves_no_trace() {
    let (first, _, requests, _) = undisturbed().await;
    for world in worlds().await {
        before(&world).await;
        killed_at(&world, requests / 2, true).await;
        let world = restarted(&world);
        world.settle().await;
        assert_eq!(world.picture(), first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_fault_at_any_request_heals() {
    let (first, last, first_requests, last_requests) = undisturbed().await;
    let faults = [
        Fault::Error,
        Fault::ErrorAfter,
        Fault::Throttle,
        Fault::Drop,
        Fault::DropAfter,
        Fault::Hang,
        Fault::HalfPage,
        Fault::Unauthorized,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        // Twice in a row, so that trying again at once does not help.
        for k in (1 + n % 2..=first_requests).step_by(2) {
            let world = sqlite().await;
            before(&world).await;
            world.scim.with(|i| i.faults = BTreeMap::from([(k, fault), (k + 1, fault)]));
            world.settle().await;
            assert_eq!(world.picture(), first, "{fault:?} at request {k} of the initial cycle");
        }
        for k in (1 + n % 2..=last_requests).step_by(2) {
            let world = sqlite().await;
            before(&world).await;
            world.settle().await;
            changes(&world).await;
            world.scim.drain();
            world.scim.with(|i| i.faults = BTreeMap::from([(k, fault), (k + 1, fault)]));
            world.settle().await;
            assert_eq!(world.picture(), last, "{fault:?} at request {k} of the second cycle");
        }
    }
}

#[tokio::test]
async fn while_everything_fails_nothing_is_lost() {
    for fault in [Fault::Error, Fault::Drop, Fault::Throttle] {
        let world = sqlite().await;
        before(&world).await;
        world.settle().await;
        let there = world.picture();
        world.scim.with(|i| i.always = Some((String::new(), fault)));
        changes(&world).await;
        for _ in 0..5 {
            world.cycle().await;
            world.directory.clock.advance(std::time::Duration::from_secs(3700));
        }
        assert_eq!(world.picture(), there);
        world.scim.with(|i| i.always = None);
        world.settle().await;
        assert_eq!(world.picture(), undisturbed().await.1, "{fault:?}");
    }
}

#[tokio::test]
async fn only_one_process_works_on_a_job() {
    for world in worlds().await {
        before(&world).await;
        let held = world.engine.take_lease(APP).await.unwrap().unwrap();
        assert!(world.engine.take_lease(APP).await.unwrap().is_none(), "a task of the same process");
        let other = restarted(&world);
        assert_eq!(other.cycle().await, provisioning::cycle::Round::Elsewhere);
        assert_eq!(world.scim.requests(), 0);
        held.release().await.unwrap();
        world.cycle().await;
        assert_eq!(other.cycle().await, provisioning::cycle::Round::Idle);
        assert_eq!(world.picture().active().len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_task_brings_a_change_within_seconds_and_a_leaver_first() {
    for world in worlds().await {
        before(&world).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let directory: Directory = world.directory.clone();
        let task = tokio::spawn(provisioning::run(directory, async move {
            let _ = stopped.await;
        }));
        let reached = async |wanted: BTreeSet<String>| {
            for _ in 0..200 {
                if world.picture().active() == wanted {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            panic!("not reached: {:?}", world.picture().active());
        };
        let mut all = names(&["ana", "bo", "cy", "di", "ed", "flo", "gil"]);
        reached(all.clone()).await;
        world.edit("bo", "account_enabled = 0").await;
        all.remove("bo@t.example");
        reached(all).await;
        stop.send(()).unwrap();
        task.await.unwrap();
    }
}
