//! Generated organisations under both ways of counting members: the target has what a computation of its own says.

mod provisioning_support;

use std::collections::{BTreeMap, BTreeSet};

use directory::MIGRATIONS;
use provisioning_support::model::Dice;
use provisioning_support::world::World;
use store::testing::fresh;

/// Groups with their members, people and groups, as drawn.
struct Organisation {
    people: Vec<String>,
    disabled: BTreeSet<String>,
    members: BTreeMap<String, BTreeSet<String>>,
    assigned: BTreeSet<String>,
}

impl Organisation {
    /// People in a few groups each, groups in groups at random, circles among them.
    fn generate(dice: &mut Dice) -> Self {
        let people: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
        let groups: Vec<String> = (0..15).map(|n| format!("g{n}")).collect();
        let mut members: BTreeMap<String, BTreeSet<String>> =
            groups.iter().map(|group| (group.clone(), BTreeSet::new())).collect();
        let mut put = |group: usize, member: &String| {
            if groups[group] != *member {
                members.entry(groups[group].clone()).or_default().insert(member.clone());
            }
        };
        for person in &people {
            for _ in 0..dice.roll(4) {
                put(dice.roll(15), person);
            }
        }
        for _ in 0..18 {
            put(dice.roll(15), &groups[dice.roll(15)]);
        }
        let disabled = (0..6).map(|_| people[dice.roll(60)].clone()).collect();
        let mut assigned: BTreeSet<String> = (0..4).map(|_| groups[dice.roll(15)].clone()).collect();
        assigned.extend((0..3).map(|_| people[dice.roll(60)].clone()));
        Self { people, disabled, members, assigned }
    }

    async fn write(&self, world: &World) {
        world.users(self.people.clone()).await;
        for group in self.members.keys() {
            world.group(group).await;
        }
        for (group, members) in &self.members {
            for member in members {
                world.member(group, member, true).await;
            }
        }
        for person in &self.disabled {
            world.edit(person, "account_enabled = 0").await;
        }
        for principal in &self.assigned {
            world.assign(principal, true).await;
        }
    }

    /// The enabled people of a group: its own, or those of every group that can be reached from it.
    fn people_of(&self, group: &str, transitive: bool) -> BTreeSet<String> {
        let mut reached = BTreeSet::from([group.to_owned()]);
        loop {
            let members = |group: &String| self.members[group].iter();
            let groups = reached.iter().flat_map(members).filter(|m| self.members.contains_key(*m));
            let more: BTreeSet<String> = reached.iter().chain(groups).cloned().collect();
            if !transitive || more == reached {
                break;
            }
            reached = more;
        }
        let all = reached.iter().flat_map(|group| &self.members[group]);
        all.filter(|m| !self.members.contains_key(*m) && !self.disabled.contains(*m)).map(upn).collect()
    }

    fn assert_reached(&self, world: &World, transitive: bool, at: &str) {
        let picture = world.picture();
        let groups: BTreeMap<String, BTreeSet<String>> = self
            .assigned
            .iter()
            .filter(|principal| self.members.contains_key(*principal))
            .map(|group| (group.clone(), self.people_of(group, transitive)))
            .collect();
        assert_eq!(picture.groups, groups, "{at}");
        let alone = self.assigned.iter().filter(|p| !self.members.contains_key(*p));
        let mut active: BTreeSet<String> = alone.filter(|p| !self.disabled.contains(*p)).map(upn).collect();
        active.extend(groups.into_values().flatten());
        assert_eq!(picture.active(), active, "{at}");
    }
}

fn upn(id: &String) -> String {
    format!("{id}@t.example")
}

async fn run(engine: store::Engine, seed: u64) {
    let organisation = Organisation::generate(&mut Dice(seed));
    let world = World::new(fresh(engine, MIGRATIONS).await).await;
    organisation.write(&world).await;
    world.start().await;
    for transitive in [false, true, false, true] {
        world.transitive(transitive).await;
        world.settle().await;
        organisation.assert_reached(&world, transitive, &format!("seed {seed}, transitive {transitive}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_target_has_the_members_that_the_setting_asks_for() {
    for seed in 0..12 {
        run(store::Engine::Sqlite, seed).await;
    }
    run(store::Engine::Postgres, 12).await;
}
