//! Provisioning while the target misbehaves, while the process dies, and over random histories.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::collections::{BTreeMap, BTreeSet};

use directory::provisioning::cycle::Engine;
use directory::provisioning::settings::{self, Restart};
use directory::{Directory, provisioning};
use provisioning_support::target::{Fault, Picture};
use provisioning_support::world::{APP, World, names, pace, sqlite, worlds};

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

/// A process that starts anew over the same rows.
fn restarted(world: &World) -> World {
    let engine = Engine::new(&world.directory, pace());
    World { engine, directory: world.directory.clone(), scim: world.scim.clone(), store: None }
}

/// Runs until the request at which the target stops answering, then kills the work.
async fn killed_at(world: &World, request: usize, after: bool) {
    world.scim.with(|i| {
        i.log.clear();
        i.stop_at = Some((request, after));
    });
    let engine = world.engine.clone();
    let work = tokio::spawn(async move { engine.run(APP).await });
    tokio::select! {
        () = world.scim.reached.notified() => {}
        () = tokio::time::sleep(std::time::Duration::from_secs(20)) => panic!("request {request} never came"),
    }
    work.abort();
    let _ = work.await;
    world.scim.with(|i| i.stop_at = None);
    // The lease of the dead process has to run out.
    world.directory.clock.advance(provisioning::lease::LENGTH);
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
        assert!(world.engine.take_lease(APP).await.unwrap());
        let other = restarted(&world);
        assert_eq!(other.cycle().await, provisioning::cycle::Round::Elsewhere);
        assert_eq!(world.scim.requests(), 0);
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

/// A small generator, so that a failing history can be run again by its number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What there should be, worked out the slow way.
#[derive(Default)]
struct Model {
    people: BTreeMap<String, (String, bool, bool)>,
    groups: BTreeMap<String, (String, BTreeSet<String>)>,
    assigned: BTreeSet<String>,
    transitive: bool,
}

impl Model {
    fn inside(&self, group: &str, seen: &mut BTreeSet<String>) -> BTreeSet<String> {
        let mut people = BTreeSet::new();
        if seen.insert(group.to_owned()) {
            for member in self.groups.get(group).map(|g| &g.1).into_iter().flatten() {
                if self.people.contains_key(member) {
                    people.insert(member.clone());
                } else if self.transitive {
                    people.extend(self.inside(member, seen));
                }
            }
        }
        people.retain(|p| self.people.get(p).is_some_and(|(_, on, deleted)| *on && !deleted));
        people
    }

    fn expected(&self) -> (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) {
        let name = |p: &String| self.people[p].0.clone();
        let (mut active, mut groups) = (BTreeSet::new(), BTreeMap::new());
        for principal in &self.assigned {
            if let Some((group_name, _)) = self.groups.get(principal) {
                let inside: BTreeSet<String> =
                    self.inside(principal, &mut BTreeSet::new()).iter().map(name).collect();
                active.extend(inside.clone());
                groups.insert(group_name.clone(), inside);
            } else if self.people.get(principal).is_some_and(|(_, on, deleted)| *on && !deleted) {
                active.insert(name(principal));
            }
        }
        (active, groups)
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of change")]
async fn one_change(world: &World, model: &mut Model, dice: &mut Dice, step: usize) {
    let person = format!("p{}", dice.roll(8));
    let group = format!("g{}", dice.roll(4));
    let known = model.people.contains_key(&person);
    let deleted = model.people.get(&person).is_some_and(|p| p.2);
    match dice.roll(14) {
        _ if !known => {
            world.user(&person).await;
            model.people.insert(person.clone(), (format!("{person}@t.example"), true, false));
        }
        0 => {
            let on = dice.roll(2) == 1;
            world.edit(&person, if on { "account_enabled = 1" } else { "account_enabled = 0" }).await;
            model.people.get_mut(&person).unwrap().1 = on;
        }
        1 if !deleted => {
            world.delete(&person).await;
            model.people.get_mut(&person).unwrap().2 = true;
            forget(model, &person);
        }
        2 if deleted => {
            world.restore(&person).await;
            model.people.get_mut(&person).unwrap().2 = false;
        }
        3 => {
            world.purge(&person).await;
            model.people.remove(&person);
            forget(model, &person);
        }
        4 => {
            let name = format!("{person}-{step}@t.example");
            world.set_text(&person, "user_principal_name", &name).await;
            model.people.get_mut(&person).unwrap().0 = name;
        }
        5 | 6 if !model.groups.contains_key(&group) => {
            world.group(&group).await;
            model.groups.insert(group.clone(), (group, BTreeSet::new()));
        }
        5 => {
            let name = format!("{group}-{step}");
            world.rename_group(&group, &name).await;
            model.groups.get_mut(&group).unwrap().0 = name;
        }
        6 if dice.roll(3) == 0 => {
            world.delete_group(&group).await;
            model.groups.remove(&group);
            forget(model, &group);
        }
        7 => {
            model.transitive = !model.transitive;
            world.transitive(model.transitive).await;
        }
        8 | 9 => {
            let is = dice.roll(3) > 0;
            let principal = if dice.roll(2) == 0 { person } else { group };
            if model.groups.contains_key(&principal)
                || (known && !deleted && model.people.contains_key(&principal))
            {
                world.assign(&principal, is).await;
                if is {
                    model.assigned.insert(principal)
                } else {
                    model.assigned.remove(&principal)
                };
            }
        }
        _ if model.groups.contains_key(&group) => {
            let other = format!("g{}", dice.roll(4));
            let member = if dice.roll(4) == 0 { other } else { person };
            let is = dice.roll(3) > 0;
            let there =
                model.groups.contains_key(&member) || (!deleted && model.people.contains_key(&member));
            if there && member != group {
                world.member(&group, &member, is).await;
                let members = &mut model.groups.get_mut(&group).unwrap().1;
                if is {
                    members.insert(member)
                } else {
                    members.remove(&member)
                };
            }
        }
        _ => {}
    }
}

fn forget(model: &mut Model, principal: &str) {
    model.assigned.remove(principal);
    model.groups.values_mut().for_each(|g| {
        g.1.remove(principal);
    });
}

async fn history(world: &World, seed: u64, steps: usize) {
    let (mut dice, mut model) = (Dice(seed), Model::default());
    world.start().await;
    for step in 0..steps {
        one_change(world, &mut model, &mut dice, step).await;
        if dice.roll(3) == 0 {
            if dice.roll(4) == 0 {
                let fault = [Fault::Error, Fault::ErrorAfter, Fault::DropAfter, Fault::Throttle];
                let fault = fault[usize::try_from(dice.roll(4)).unwrap()];
                let at = world.scim.requests() + 1 + usize::try_from(dice.roll(4)).unwrap();
                world.scim.with(|i| i.faults = BTreeMap::from([(at, fault), (at + 1, fault)]));
            }
            world.cycle().await;
        }
        if step % 20 == 19 {
            world.scim.with(|i| i.faults.clear());
            world.settle().await;
            let (active, groups) = model.expected();
            let picture = world.picture();
            assert_eq!(picture.active(), active, "people, seed {seed}, step {step}");
            let sent: BTreeMap<String, BTreeSet<String>> = picture.groups;
            assert_eq!(sent, groups, "groups, seed {seed}, step {step}");
        }
    }
    // A look at everything finds nothing left to send.
    settings::restart(&world.directory, "test", APP, Restart::Look).await.unwrap();
    world.scim.drain();
    world.settle().await;
    assert!(world.scim.drain().iter().all(|r| r.starts_with("GET")), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_end_as_the_model_says() {
    for seed in 0..12 {
        history(&sqlite().await, seed, 120).await;
    }
    for world in worlds().await {
        history(&world, 99, 60).await;
    }
}
