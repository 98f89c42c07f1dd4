//! What there should be in the target, worked out the slow way, and random changes to it.

use std::collections::{BTreeMap, BTreeSet};

use super::target::Picture;
use super::world::World;

/// A small generator, so that a failing history can be run again by its number.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[derive(Debug, Clone)]
pub struct Person {
    pub upn: String,
    pub display: String,
    pub on: bool,
    pub deleted: bool,
    pub manager: Option<String>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub people: BTreeMap<String, Person>,
    pub groups: BTreeMap<String, (String, BTreeSet<String>)>,
    pub assigned: BTreeSet<String>,
    pub transitive: bool,
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
        people.retain(|p| self.is_on(p));
        people
    }

    fn is_on(&self, person: &str) -> bool {
        self.people.get(person).is_some_and(|p| p.on && !p.deleted)
    }

    /// The ids of who is switched on, and the people in each assigned group.
    fn expected(&self) -> (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) {
        let (mut active, mut groups) = (BTreeSet::new(), BTreeMap::new());
        for principal in &self.assigned {
            if let Some((group_name, _)) = self.groups.get(principal) {
                let inside = self.inside(principal, &mut BTreeSet::new());
                active.extend(inside.clone());
                groups.insert(group_name.clone(), inside);
            } else if self.is_on(principal) {
                active.insert(principal.clone());
            }
        }
        (active, groups)
    }

    /// Compares the target with this; `at` names the history and the step.
    pub fn assert_reached(&self, picture: &Picture, at: &str) {
        let (active, groups) = self.expected();
        let names = |ids: &BTreeSet<String>| -> BTreeSet<String> {
            ids.iter().map(|id| self.people[id].upn.clone()).collect()
        };
        assert_eq!(picture.active(), names(&active), "people, {at}");
        let groups: BTreeMap<_, _> = groups.iter().map(|(name, ids)| (name.clone(), names(ids))).collect();
        assert_eq!(picture.groups, groups, "groups, {at}");
        let mut ids: Vec<&str> = picture.users.values().filter_map(|u| u["externalId"].as_str()).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|w| w[0] != w[1]), "one person twice, {at}: {ids:?}");
        for id in &active {
            let (person, there) = (&self.people[id], &picture.users[&self.people[id].upn]);
            assert_eq!(there["displayName"], person.display.as_str(), "{id}, {at}");
            let manager = person.manager.as_ref().filter(|m| self.people.contains_key(*m));
            let manager = manager
                .and_then(|m| picture.users.iter().find(|(_, u)| u["externalId"] == m.as_str()))
                .map(|(name, _)| name.as_str());
            assert_eq!(there[ENTERPRISE]["manager"]["value"].as_str(), manager, "manager of {id}, {at}");
        }
    }

    /// Nobody is deleted who is not gone, and no group that is still assigned.
    pub fn assert_rightly_deleted(&self, deleted: &[(bool, String)], at: &str) {
        for (user, id) in deleted {
            let stays = if *user {
                self.people.contains_key(id)
            } else {
                self.groups.contains_key(id) && self.assigned.contains(id)
            };
            assert!(!stays, "{id} was deleted, {at}");
        }
    }

    fn forget(&mut self, principal: &str) {
        self.assigned.remove(principal);
        self.groups.values_mut().for_each(|g| {
            g.1.remove(principal);
        });
    }

    /// One change, here and in the directory.
    pub async fn change(&mut self, world: &World, dice: &mut Dice, step: usize) {
        let (person, group) = (format!("p{}", dice.roll(8)), format!("g{}", dice.roll(4)));
        let known = self.people.contains_key(&person);
        if !known {
            world.user(&person).await;
            let upn = format!("{person}@t.example");
            let display = person.clone();
            let new = Person { upn, display, on: true, deleted: false, manager: None };
            self.people.insert(person, new);
            return;
        }
        match dice.roll(16) {
            0..=6 => self.change_person(world, dice, &person, step).await,
            7..=9 => self.change_group(world, dice, group, step).await,
            10..=12 => self.assign(world, dice, person, group).await,
            _ => self.membership(world, dice, person, group).await,
        }
    }

    async fn change_person(&mut self, world: &World, dice: &mut Dice, id: &str, step: usize) {
        let other = format!("p{}", dice.roll(8));
        let what = dice.roll(7);
        let Some(person) = self.people.get_mut(id) else { return };
        match what {
            0 => {
                person.on = dice.roll(2) == 1;
                let set = if person.on { "account_enabled = 1" } else { "account_enabled = 0" };
                world.edit(id, set).await;
            }
            1 if !person.deleted => {
                person.deleted = true;
                world.delete(id).await;
                self.forget(id);
            }
            1 | 2 if person.deleted => {
                person.deleted = false;
                world.restore(id).await;
            }
            3 => {
                world.purge(id).await;
                self.people.remove(id);
                self.forget(id);
            }
            4 => {
                person.upn = format!("{id}-{step}@t.example");
                world.set_text(id, "user_principal_name", &person.upn).await;
            }
            5 => {
                person.manager = Some(other.clone());
                world.set_text(id, "manager_id", &other).await;
            }
            _ => {
                // Two names in turn, so that changes are taken back too.
                person.display = format!("{id} {}", dice.roll(2));
                world.set_text(id, "display_name", &person.display).await;
            }
        }
    }

    async fn change_group(&mut self, world: &World, dice: &mut Dice, group: String, step: usize) {
        match dice.roll(6) {
            _ if !self.groups.contains_key(&group) => {
                world.group(&group).await;
                self.groups.insert(group.clone(), (group, BTreeSet::new()));
            }
            0 => {
                world.delete_group(&group).await;
                self.groups.remove(&group);
                self.forget(&group);
            }
            1 => {
                self.transitive = !self.transitive;
                world.transitive(self.transitive).await;
            }
            _ => {
                let name = format!("{group}-{step}");
                world.rename_group(&group, &name).await;
                self.groups.get_mut(&group).unwrap().0 = name;
            }
        }
    }

    async fn assign(&mut self, world: &World, dice: &mut Dice, person: String, group: String) {
        let is = dice.roll(3) > 0;
        let principal = if dice.roll(2) == 0 { person } else { group };
        if self.exists(&principal) {
            world.assign(&principal, is).await;
            if is {
                self.assigned.insert(principal)
            } else {
                self.assigned.remove(&principal)
            };
        }
    }

    async fn membership(&mut self, world: &World, dice: &mut Dice, person: String, group: String) {
        let other = format!("g{}", dice.roll(4));
        let member = if dice.roll(4) == 0 { other } else { person };
        let is = dice.roll(3) > 0;
        if self.groups.contains_key(&group) && self.exists(&member) && member != group {
            world.member(&group, &member, is).await;
            let members = &mut self.groups.get_mut(&group).unwrap().1;
            if is {
                members.insert(member)
            } else {
                members.remove(&member)
            };
        }
    }

    fn exists(&self, principal: &str) -> bool {
        self.groups.contains_key(principal) || self.people.get(principal).is_some_and(|p| !p.deleted)
    }
}

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
