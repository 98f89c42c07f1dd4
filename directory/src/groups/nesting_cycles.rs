//! Circles of groups: a group that is, through others, a member of itself. They are allowed, as with Entra, and
//! every walk ends in spite of them; but hardly anybody means them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use store::{StoreError, Tx};

/// Memberships of groups in groups that are looked at.
const MEMBERSHIPS: i64 = 20_000;
/// Circles that are told.
const TOLD: usize = 20;

/// A circle of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NestingCycle {
    /// Each is a member of the next, and the last one of the first: the shortest circle through the first.
    pub groups: Vec<CycleGroup>,
    /// How many groups are above and below each other there, those of other circles that meet this one included.
    pub entangled: usize,
}

/// A group in a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CycleGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
}

/// The circles that were found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NestingCycles {
    /// They; circles that meet are told by one of them.
    pub cycles: Vec<NestingCycle>,
    /// Whether there may be more than are told.
    pub truncated: bool,
}

/// From a group to the groups that are its members.
type Nested = BTreeMap<String, BTreeSet<String>>;

/// The groups that a walk down starts from: those that are assigned to an application (?2), or one group (?2).
const ASSIGNED: &str = "SELECT principal_id FROM app_role_assignments \
     WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = 'group'";
const ONE: &str = "SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2";

/// The circles among the groups that are assigned to an application and those below them.
///
/// # Errors
/// The engine's.
pub fn cycles_of_application(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
) -> Result<NestingCycles, StoreError> {
    let (nested, cut) = nested(tx, tenant, ASSIGNED, application)?;
    told(tx, tenant, cycles(&nested), cut)
}

/// The circle that a group is in, if it is in one.
///
/// # Errors
/// The engine's.
pub fn cycle_of_group(tx: &mut Tx<'_>, tenant: &str, group: &str) -> Result<NestingCycles, StoreError> {
    let (nested, cut) = nested(tx, tenant, ONE, group)?;
    let mine = components(&nested).into_iter().find(|c| c.contains(group));
    let found = mine.and_then(|component| Some((ring(&nested, &component, group)?, component.len())));
    told(tx, tenant, found.into_iter().collect(), cut)
}

fn nested(tx: &mut Tx<'_>, tenant: &str, roots: &str, of: &str) -> Result<(Nested, bool), StoreError> {
    // UNION drops what was seen, so circles end.
    let sql = format!(
        "WITH RECURSIVE below (id) AS ({roots} UNION \
           SELECT m.member_id FROM below CROSS JOIN group_members m \
           WHERE m.tenant_id = ?1 AND m.group_id = below.id AND m.member_type = 'group') \
         SELECT m.group_id, m.member_id FROM below CROSS JOIN group_members m \
         WHERE m.tenant_id = ?1 AND m.group_id = below.id AND m.member_type = 'group' LIMIT ?3"
    );
    let rows = tx.rows(&sql, &[tenant.into(), of.into(), MEMBERSHIPS.into()])?;
    let mut nested = Nested::new();
    for row in &rows {
        nested.entry(row.text(0)?).or_default().insert(row.text(1)?);
    }
    Ok((nested, i64::try_from(rows.len()).is_ok_and(|n| n == MEMBERSHIPS)))
}

fn told(
    tx: &mut Tx<'_>,
    tenant: &str,
    found: Vec<(Vec<String>, usize)>,
    cut: bool,
) -> Result<NestingCycles, StoreError> {
    let truncated = cut || found.len() > TOLD;
    let mut cycles = Vec::new();
    for (ids, entangled) in found.into_iter().take(TOLD) {
        let mut groups = Vec::with_capacity(ids.len());
        for id in ids {
            let name = super::by_id(tx, tenant, &id)?.map(|group| group.display_name);
            groups.push(CycleGroup { display_name: name.unwrap_or_else(|| id.clone()), id });
        }
        cycles.push(NestingCycle { groups, entangled });
    }
    Ok(NestingCycles { cycles, truncated })
}

/// A circle of each set of groups that are above and below each other, and the size of the set.
fn cycles(nested: &Nested) -> Vec<(Vec<String>, usize)> {
    let of = |component: BTreeSet<&str>| {
        let first = component.first().copied()?;
        Some((ring(nested, &component, first)?, component.len()))
    };
    components(nested).into_iter().filter_map(of).collect()
}

/// The sets of two groups and more that are above and below each other (Kosaraju: from the last group that a walk
/// down leaves, a walk up reaches exactly its set).
fn components(nested: &Nested) -> Vec<BTreeSet<&str>> {
    let mut above: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (group, members) in nested {
        for member in members {
            above.entry(member).or_default().insert(group);
        }
    }
    let mut components = Vec::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for start in left_last_first(nested) {
        let (mut open, mut component) = (vec![start], BTreeSet::new());
        while let Some(group) = open.pop() {
            if taken.insert(group) {
                component.insert(group);
                open.extend(above.get(group).into_iter().flatten());
            }
        }
        if component.len() > 1 {
            components.push(component);
        }
    }
    components
}

/// Every group that has groups in it, the one that a depth-first walk leaves last first.
fn left_last_first(nested: &Nested) -> Vec<&str> {
    let members = |group: &str| nested.get(group).into_iter().flatten().map(String::as_str);
    let (mut left, mut seen) = (Vec::new(), BTreeSet::new());
    for start in nested.keys() {
        let mut walk = Vec::new();
        if seen.insert(start.as_str()) {
            walk.push((start.as_str(), members(start)));
        }
        while let Some((group, rest)) = walk.last_mut() {
            let group = *group;
            match rest.next() {
                Some(next) if seen.insert(next) => walk.push((next, members(next))),
                Some(_) => {}
                None => {
                    left.push(group);
                    walk.pop();
                }
            }
        }
    }
    left.reverse();
    left
}

/// The shortest way from a group down to itself within its set, told from member to group.
fn ring(nested: &Nested, component: &BTreeSet<&str>, start: &str) -> Option<Vec<String>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(group) = queue.pop_front() {
        for member in nested.get(group).into_iter().flatten() {
            if member == start {
                // Up again, from the group that has the first one as its member.
                let up = std::iter::successors(Some(group), |g| from.get(g).copied().filter(|g| *g != start));
                let rest = up.filter(|g| *g != start).map(ToOwned::to_owned);
                return Some(std::iter::once(start.to_owned()).chain(rest).collect());
            }
            if component.contains(member.as_str()) && !from.contains_key(member.as_str()) {
                from.insert(member, group);
                queue.push_back(member);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair says that the first is a member of the second.
    fn found(all: &[(&str, &str)]) -> Vec<(String, usize)> {
        let mut nested = Nested::new();
        for (member, group) in all {
            nested.entry((*group).to_owned()).or_default().insert((*member).to_owned());
        }
        cycles(&nested).into_iter().map(|(ring, entangled)| (ring.join(" "), entangled)).collect()
    }

    #[test]
    fn circles_are_found_and_diamonds_are_none() {
        assert_eq!(found(&[("a", "b"), ("b", "d"), ("a", "c"), ("c", "d")]), []);
        assert_eq!(found(&[("a", "b"), ("b", "a")]), [("a b".to_owned(), 2)]);
        let three = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "x"), ("y", "a")];
        assert_eq!(found(&three), [("a b c".to_owned(), 3)]);
    }

    #[test]
    fn circles_that_meet_are_told_by_the_shortest_through_the_first() {
        let eight = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "d"), ("d", "a"), ("x", "y"), ("y", "x")];
        let mut all = found(&eight);
        all.sort();
        assert_eq!(all, [("a d".to_owned(), 4), ("x y".to_owned(), 2)]);
    }

    /// Deep enough that a walk by recursion would end the process.
    #[test]
    fn a_long_circle_is_walked() {
        let names: Vec<String> = (0..20_000).map(|n| format!("g{n:05}")).collect();
        let mut all: Vec<(&str, &str)> =
            names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        assert_eq!(found(&all), []);
        all.push((&names[19_999], &names[0]));
        assert_eq!(found(&all)[0].1, 20_000);
    }
}
