//! Random groups in groups, and random changes to them by the functions that the APIs and pages call: after every
//! change the target has what a computation of its own says, found out from the change alone.
//!
//! A failing history names its seed; `ENTENTE_TEST_NESTED=seed` runs that one alone.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::collections::{BTreeMap, BTreeSet};

use directory::access::Caller;
use directory::applications::{self, USER_ROLE};
use directory::change::Change;
use directory::groups::{self, NewGroup};
use directory::provisioning::provenance::{Provenance, Reason};
use directory::provisioning::settings;
use directory::refused::Refused;
use directory::users::{self, NewUser, Profile, UserChange};
use directory::{MIGRATIONS, tenant};
use futures::{StreamExt, stream};
use provisioning_support::model::Dice;
use provisioning_support::world::{APP, World};
use store::Tx;
use store::testing::fresh;

const PEOPLE: usize = 14;
/// The first of them in a chain, the next in diamonds, the next in a circle; the rest as it comes.
const CHAIN: usize = 24;
const DIAMONDS: usize = 9;
const CIRCLE: usize = 5;
const GROUPS: usize = CHAIN + DIAMONDS + CIRCLE + 8;

/// A change, by the names of people and groups.
#[derive(Debug, Clone)]
enum Edit {
    NewPerson(String),
    NewGroup(String),
    Member(String, String, bool),
    Assign(String, bool),
    Enable(String, bool),
    Delete(String),
    Restore(String),
    Purge(String),
    DeleteGroup(String),
    OfTenant(bool),
    OfApplication(Option<bool>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Person {
    on: bool,
    deleted: bool,
}

/// Plain maps, and nothing of the code under test.
#[derive(Debug, Default)]
struct Model {
    ids: BTreeMap<String, String>,
    people: BTreeMap<String, Person>,
    /// From a group to the names of its members.
    groups: BTreeMap<String, BTreeSet<String>>,
    assigned: BTreeSet<String>,
    of_tenant: bool,
    of_application: Option<bool>,
    /// Everybody and every group is in scope, assigned or not.
    everything: bool,
}

impl Model {
    fn transitive(&self) -> bool {
        self.of_application.unwrap_or(self.of_tenant)
    }

    fn is_on(&self, name: &str) -> bool {
        self.people.get(name).is_some_and(|person| person.on && !person.deleted)
    }

    /// The enabled people in a group: groups are added to the set until none is new.
    fn people_of(&self, group: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::from([group.to_owned()]);
        while self.transitive() {
            let inside =
                reached.iter().flat_map(|g| &self.groups[g]).filter(|m| self.groups.contains_key(*m));
            let more: BTreeSet<String> = reached.iter().chain(inside).cloned().collect();
            if more == reached {
                break;
            }
            reached = more;
        }
        let members = reached.iter().flat_map(|g| &self.groups[g]);
        members.filter(|m| self.is_on(m)).cloned().collect()
    }

    fn memberships(&self) -> BTreeMap<String, BTreeSet<String>> {
        let assigned = self.groups.keys().filter(|name| self.everything || self.assigned.contains(*name));
        assigned.map(|group| (group.clone(), self.people_of(group))).collect()
    }

    fn in_scope(&self) -> BTreeSet<String> {
        let alone = self.people.keys().filter(|name| self.everything || self.assigned.contains(*name));
        let alone = alone.filter(|name| self.is_on(name)).cloned();
        alone.chain(self.memberships().into_values().flatten()).collect()
    }

    fn forget(&mut self, name: &str) {
        self.assigned.remove(name);
        for members in self.groups.values_mut() {
            members.remove(name);
        }
    }

    fn apply(&mut self, edit: &Edit) {
        let nested = |groups: &mut BTreeMap<String, BTreeSet<String>>, group: &str, member, is| {
            let members = groups.get_mut(group).unwrap();
            if is {
                members.insert(member)
            } else {
                members.remove(&member)
            };
        };
        match edit.clone() {
            Edit::NewPerson(name) => {
                self.people.insert(name, Person { on: true, deleted: false });
            }
            Edit::Enable(name, on) => self.people.get_mut(&name).unwrap().on = on,
            Edit::Restore(name) => self.people.get_mut(&name).unwrap().deleted = false,
            Edit::NewGroup(name) => {
                self.groups.insert(name, BTreeSet::new());
            }
            Edit::Member(group, member, is) => nested(&mut self.groups, &group, member, is),
            Edit::Assign(name, is) => {
                if is {
                    self.assigned.insert(name)
                } else {
                    self.assigned.remove(&name)
                };
            }
            Edit::Delete(name) => {
                self.forget(&name);
                self.people.get_mut(&name).unwrap().deleted = true;
            }
            Edit::Purge(name) => {
                self.people.remove(&name);
            }
            Edit::DeleteGroup(name) => {
                self.groups.remove(&name);
                self.forget(&name);
            }
            Edit::OfTenant(on) => self.of_tenant = on,
            Edit::OfApplication(on) => self.of_application = on,
        }
    }

    /// A change that can be made now.
    fn draw(&self, dice: &mut Dice) -> Edit {
        let person = format!("p{}", dice.roll(PEOPLE));
        let (group, other) = (format!("g{}", dice.roll(GROUPS)), format!("g{}", dice.roll(GROUPS)));
        let Some(state) = self.people.get(&person).copied() else { return Edit::NewPerson(person) };
        let Some(members) = self.groups.get(&group) else { return Edit::NewGroup(group) };
        match dice.roll(20) {
            0..=5 if other != group && self.groups.contains_key(&other) => {
                let is = members.contains(&other);
                Edit::Member(group, other, !is)
            }
            // A nesting that is there, since a drawn pair seldom is.
            6 | 7 => match members.iter().find(|member| self.groups.contains_key(*member)) {
                Some(nested) => Edit::Member(group.clone(), nested.clone(), false),
                None => self.draw(dice),
            },
            8..=10 if !state.deleted => {
                let is = members.contains(&person);
                Edit::Member(group, person, !is)
            }
            11 | 12 => {
                let is = self.assigned.contains(&group);
                Edit::Assign(group, !is)
            }
            13 if !state.deleted => {
                let is = self.assigned.contains(&person);
                Edit::Assign(person, !is)
            }
            14 => Edit::DeleteGroup(group),
            15 | 16 => match (state.deleted, dice.roll(2)) {
                (true, 0) => Edit::Purge(person),
                (true, _) => Edit::Restore(person),
                (false, 0) => Edit::Delete(person),
                (false, _) => Edit::Enable(person, !state.on),
            },
            17 if dice.roll(3) == 0 => Edit::OfTenant(!self.of_tenant),
            18 if dice.roll(3) == 0 => Edit::OfApplication([None, Some(true), Some(false)][dice.roll(3)]),
            _ => self.draw(dice),
        }
    }
}

struct History {
    world: World,
    model: Model,
    dice: Dice,
}

impl History {
    async fn edit(&mut self, edit: &Edit) {
        let caller =
            Caller { actor: "test".to_owned(), id: String::new(), name: String::new(), signed_in_at: 0 };
        let (ids, done) = (self.model.ids.clone(), edit.clone());
        let made = self.world.directory.write(&caller, move |tx, change| carry_out(tx, change, &done, &ids));
        if let (Edit::NewPerson(name) | Edit::NewGroup(name), id) = (edit, made.await.unwrap()) {
            self.model.ids.insert(name.clone(), id);
        }
        self.model.apply(edit);
    }

    /// Shapes that a random draw would hardly come upon, with people at their ends.
    async fn begin(&mut self) {
        for n in 0..PEOPLE {
            self.edit(&Edit::NewPerson(format!("p{n}"))).await;
        }
        for n in 0..GROUPS {
            self.edit(&Edit::NewGroup(format!("g{n}"))).await;
        }
        let mut nested: Vec<(usize, usize)> = (1..CHAIN).map(|n| (n - 1, n)).collect();
        for n in (CHAIN..CHAIN + DIAMONDS - 3).step_by(3) {
            nested.extend([(n, n + 1), (n, n + 2), (n + 1, n + 3), (n + 2, n + 3)]);
        }
        let circle = CHAIN + DIAMONDS;
        nested.extend((0..CIRCLE).map(|n| (circle + n, circle + (n + 1) % CIRCLE)));
        for (group, member) in nested {
            self.edit(&Edit::Member(format!("g{group}"), format!("g{member}"), true)).await;
        }
        for n in 0..PEOPLE {
            let group = [CHAIN - 1, CHAIN + DIAMONDS - 3, circle, self.dice.roll(GROUPS)][n % 4];
            let member = Edit::Member(format!("g{group}"), format!("p{n}"), true);
            self.edit(&member).await;
        }
        for group in [0, CHAIN, circle + 2] {
            self.edit(&Edit::Assign(format!("g{group}"), true)).await;
        }
        let of_tenant = Edit::OfTenant(self.dice.roll(4) > 0);
        self.edit(&of_tenant).await;
    }

    fn assert_reached(&self, at: &str) {
        let upns = |names: BTreeSet<String>| -> BTreeSet<String> {
            names.into_iter().map(|name| format!("{name}@t.example")).collect()
        };
        let picture = self.world.picture();
        let memberships: BTreeMap<_, _> =
            self.model.memberships().into_iter().map(|(group, people)| (group, upns(people))).collect();
        assert_eq!(picture.groups, memberships, "memberships, {at}");
        assert_eq!(picture.active(), upns(self.model.in_scope()), "people, {at}");
    }

    /// What is told about somebody and a group agrees too.
    async fn assert_told(&mut self, at: &str) {
        let (person, group) =
            (format!("p{}", self.dice.roll(PEOPLE)), format!("g{}", self.dice.roll(GROUPS)));
        if !self.model.people.contains_key(&person) || !self.model.groups.contains_key(&group) {
            return;
        }
        let (user, asked) = (self.model.ids[&person].clone(), self.model.ids[&group].clone());
        let read = self.world.directory.read(move |tx, tenant| {
            let alone = Provenance::of(tx, tenant, APP, &user, None)?;
            Ok((alone, Provenance::of(tx, tenant, APP, &user, Some(&asked))?))
        });
        let (alone, of_group) = read.await.unwrap();
        let told = alone.reasons.iter().any(Reason::counts);
        let on = self.model.is_on(&person);
        assert_eq!(on && told, self.model.in_scope().contains(&person), "{person}, {at}: {alone:?}");
        let member = self.model.memberships().get(&group).is_some_and(|people| people.contains(&person));
        let of = of_group.group.unwrap();
        assert_eq!((of.member, of.sent), (member, member), "{person} in {group}, {at}");
        let way = of_group.reasons.iter().any(Reason::counts);
        assert_eq!(on && way, self.model.people_of(&group).contains(&person), "{person} in {group}, {at}");
    }
}

/// One change by what the APIs and pages call; the id of what was made.
fn carry_out(
    tx: &mut Tx<'_>,
    change: &Change,
    edit: &Edit,
    ids: &BTreeMap<String, String>,
) -> Result<String, Refused> {
    let application = applications::by_any_id(tx, &change.tenant, APP)?;
    match edit {
        Edit::NewPerson(name) => {
            let new = NewUser {
                user_principal_name: format!("{name}@t.example"),
                display_name: name.clone(),
                account_enabled: true,
                manager_id: None,
                profile: Profile::default().with("givenName", name)?,
            };
            return Ok(users::create(tx, change, &new)?.id);
        }
        Edit::NewGroup(name) => {
            let new = NewGroup { display_name: name.clone(), ..NewGroup::default() };
            return Ok(groups::create(tx, change, &new)?.id);
        }
        Edit::Member(group, member, true) => {
            groups::add_member(tx, change, &ids[group], &ids[member])?;
        }
        Edit::Member(group, member, false) => groups::remove_member(tx, change, &ids[group], &ids[member])?,
        Edit::Assign(name, true) => {
            applications::assign(tx, change, &application, &ids[name], USER_ROLE)?;
        }
        Edit::Assign(name, false) => {
            applications::unassign(tx, change, APP, &ids[name], None)?;
        }
        Edit::Enable(name, on) => {
            let wanted = UserChange { account_enabled: Some(*on), ..UserChange::default() };
            users::update(tx, change, &ids[name], &wanted)?;
        }
        Edit::Delete(name) => users::delete(tx, change, &ids[name])?,
        Edit::Restore(name) => {
            users::restore(tx, change, &ids[name])?;
        }
        Edit::Purge(name) => users::purge(tx, change, &ids[name])?,
        Edit::DeleteGroup(name) => groups::delete(tx, change, &ids[name])?,
        Edit::OfTenant(on) => {
            tenant::update(tx, change, "T", *on)?;
        }
        Edit::OfApplication(on) => {
            applications::update(tx, change, APP, |application| application.transitive_groups = *on)?;
        }
    }
    Ok(String::new())
}

async fn history(engine: store::Engine, seed: u64, steps: usize) {
    let world = World::new(fresh(engine, MIGRATIONS).await).await;
    // Removals are counted elsewhere; here nothing may wait for a person.
    let everything = seed % 6 == 5;
    let change = settings::Change {
        removal_limit: Some(Some(1_000_000)),
        sync_all: Some(everything),
        ..settings::Change::default()
    };
    settings::change(&world.directory, "test", APP, change).await.unwrap();
    let model = Model { everything, ..Model::default() };
    let mut history = History { world, model, dice: Dice(seed) };
    history.begin().await;
    history.world.start().await;
    history.world.settle().await;
    history.assert_reached(&format!("seed {seed}, at first"));
    for step in 0..steps {
        // Seldom several together, which the target then sees as one.
        let together = if history.dice.roll(5) == 0 { 1 + history.dice.roll(4) } else { 1 };
        let mut edits = Vec::new();
        for _ in 0..together {
            let edit = history.model.draw(&mut history.dice);
            history.edit(&edit).await;
            edits.push(edit);
        }
        history.world.settle().await;
        let at = format!("seed {seed}, step {step}: {edits:?}");
        history.assert_reached(&at);
        history.assert_told(&at).await;
    }
}

async fn run(engine: store::Engine, seed: u64, steps: usize) {
    let ended = tokio::spawn(history(engine, seed, steps)).await;
    assert!(ended.is_ok(), "history {seed} failed; ENTENTE_TEST_NESTED={seed} runs it again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_change_the_target_is_what_a_full_computation_says() {
    let seeds = match std::env::var("ENTENTE_TEST_NESTED") {
        Ok(seed) => seed.parse().unwrap()..seed.parse::<u64>().unwrap() + 1,
        Err(_) => 0..24,
    };
    stream::iter(seeds)
        .map(|seed| run(store::Engine::Sqlite, seed, 60))
        .buffer_unordered(4)
        .collect::<()>()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_change_the_target_is_what_a_full_computation_says_on_postgres() {
    for seed in [5000, 5001, 5003] {
        run(store::Engine::Postgres, seed, 40).await;
    }
}
