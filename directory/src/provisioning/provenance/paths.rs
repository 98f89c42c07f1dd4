//! Ways through groups in groups, the shortest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

/// Who is directly in which groups: from a user or group to the groups that have it as a member.
pub type Memberships = BTreeMap<String, BTreeSet<String>>;

/// Steps that are taken at most before a search gives up: circles and diamonds have more ways than anybody reads.
const STEPS: usize = 50_000;

/// Ways from somebody to groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    /// The groups on each way, the one that was looked for last.
    pub paths: Vec<Vec<String>>,
    /// Whether there may be more.
    pub more: bool,
}

/// A way as far as it was followed: its last group, the step before, how many groups.
struct Step<'a> {
    at: &'a str,
    before: Option<usize>,
    length: usize,
}

/// The ways from `start` to each of `ends` on which no group comes twice, the shortest first and at most `most`.
pub fn shortest(memberships: &Memberships, start: &str, ends: &BTreeSet<String>, most: usize) -> Paths {
    let left = distances(memberships, ends);
    let mut found = Paths::default();
    let mut steps = vec![Step { at: start, before: None, length: 0 }];
    // Among ways that may become equally long, the one that got furthest is followed first: it ends soonest.
    let mut open = BinaryHeap::from([(Reverse(0), 0, Reverse(0))]);
    while let Some((_, _, Reverse(last))) = open.pop() {
        let (at, length) = (steps[last].at, steps[last].length);
        if length > 0 && ends.contains(at) {
            if found.paths.len() == most {
                found.more = true;
                break;
            }
            found.paths.push(path(&steps, last));
        }
        let seen: BTreeSet<&str> = back(&steps, last).collect();
        for next in memberships.get(at).into_iter().flatten() {
            let Some(rest) = left.get(next.as_str()).filter(|_| !seen.contains(next.as_str())) else {
                continue;
            };
            if steps.len() == STEPS {
                found.more = true;
                break;
            }
            steps.push(Step { at: next, before: Some(last), length: length + 1 });
            open.push((Reverse(length + 1 + rest), length + 1, Reverse(steps.len() - 1)));
        }
    }
    found
}

/// How many groups lie between each group and the nearest of `ends`; those without a way are not there.
fn distances<'a>(memberships: &'a Memberships, ends: &'a BTreeSet<String>) -> BTreeMap<&'a str, usize> {
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (member, groups) in memberships {
        for group in groups {
            members.entry(group).or_default().push(member);
        }
    }
    let mut left: BTreeMap<&str, usize> = ends.iter().map(|end| (end.as_str(), 0)).collect();
    let mut queue: VecDeque<(&str, usize)> = left.iter().map(|(end, zero)| (*end, *zero)).collect();
    while let Some((group, distance)) = queue.pop_front() {
        for member in members.get(group).into_iter().flatten() {
            if !left.contains_key(member) {
                left.insert(member, distance + 1);
                queue.push_back((member, distance + 1));
            }
        }
    }
    left
}

/// From the last step back to the first.
fn back<'s, 'a>(steps: &'s [Step<'a>], last: usize) -> impl Iterator<Item = &'a str> + use<'s, 'a> {
    std::iter::successors(Some(last), |step| steps[*step].before).map(|step| steps[step].at)
}

fn path(steps: &[Step<'_>], last: usize) -> Vec<String> {
    let mut groups: Vec<String> = back(steps, last).map(ToOwned::to_owned).collect();
    groups.pop();
    groups.reverse();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memberships(all: &[(&str, &str)]) -> Memberships {
        let mut memberships = Memberships::new();
        for (member, group) in all {
            memberships.entry((*member).to_owned()).or_default().insert((*group).to_owned());
        }
        memberships
    }

    fn found(all: &[(&str, &str)], ends: &[&str], most: usize) -> (Vec<String>, bool) {
        let ends = ends.iter().map(|end| (*end).to_owned()).collect();
        let found = shortest(&memberships(all), "ana", &ends, most);
        (found.paths.iter().map(|path| path.join(" ")).collect(), found.more)
    }

    #[test]
    fn the_shortest_way_comes_first_and_every_way_comes() {
        let all =
            [("ana", "a"), ("a", "b"), ("b", "g"), ("ana", "g"), ("ana", "c"), ("c", "g"), ("b", "nowhere")];
        assert_eq!(found(&all, &["g"], 9), (vec!["g".into(), "c g".into(), "a b g".into()], false));
        assert_eq!(found(&all, &["g"], 2), (vec!["g".into(), "c g".into()], true));
        assert_eq!(found(&all, &["b", "g"], 9).0, ["g", "a b", "c g", "a b g"]);
        assert_eq!(found(&all, &["elsewhere"], 9), (vec![], false));
    }

    #[test]
    fn a_circle_is_walked_once() {
        let all = [("ana", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "g"), ("g", "a")];
        assert_eq!(found(&all, &["g"], 9), (vec!["a b c g".into()], false));
        assert_eq!(found(&all, &["a"], 9), (vec!["a".into()], false));
    }

    /// 2^40 ways lead through a ladder of forty diamonds.
    #[test]
    fn more_ways_than_can_be_counted_are_cut() {
        let mut all = vec![("ana".to_owned(), "d0".to_owned())];
        for n in 0..40 {
            for side in ["l", "r"] {
                all.push((format!("d{n}"), format!("{side}{n}")));
                all.push((format!("{side}{n}"), format!("d{}", n + 1)));
            }
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(m, g)| (m.as_str(), g.as_str())).collect();
        let (paths, more) = found(&all, &["d40"], 20);
        assert_eq!((paths.len(), more), (20, true));
        assert!(paths.iter().all(|path| path.split(' ').count() == 81));
        // Nothing at the end of it: every way ends before it begins.
        assert_eq!(found(&all, &["g"], 20), (vec![], false));
    }
}
