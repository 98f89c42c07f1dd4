//! In which members a group is not as it was sent.

use std::collections::{BTreeMap, BTreeSet};

/// The members of a group as recorded before the target was asked: person here to id there.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    /// Who was sent, what is in doubt apart.
    pub sent: BTreeMap<String, String>,
    /// Who should be in it.
    pub wanted: BTreeSet<String>,
}

/// Who somebody in the target is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub id: String,
    pub name: String,
    /// Whether the job does not process this person, so that the target keeps what it has.
    pub left_alone: bool,
}

/// One member that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MemberDrift {
    /// (person here, id there): to be added again.
    Removed(String, String),
    /// To be taken out again: it gives access.
    Added(Owner, String),
    /// Left: nobody whom this job manages. The id there.
    Foreign(String),
    /// Left: the job does not process this person.
    Kept(Owner, String),
}

/// What differs. What only waits to be sent or taken back is no drift.
pub(super) fn drifted(
    there: &BTreeSet<String>,
    recorded: &Recorded,
    owners: &BTreeMap<String, Owner>,
) -> Vec<MemberDrift> {
    let removed = recorded
        .sent
        .iter()
        .filter(|(user, target)| recorded.wanted.contains(*user) && !there.contains(*target));
    let mut drifted: Vec<MemberDrift> =
        removed.map(|(user, target)| MemberDrift::Removed(user.clone(), target.clone())).collect();
    for target in there {
        let Some(owner) = owners.get(target) else {
            drifted.push(MemberDrift::Foreign(target.clone()));
            continue;
        };
        if recorded.sent.contains_key(&owner.id) || recorded.wanted.contains(&owner.id) {
            continue;
        }
        let drift = if owner.left_alone { MemberDrift::Kept } else { MemberDrift::Added };
        drifted.push(drift(owner.clone(), target.clone()));
    }
    drifted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference() {
        let set = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<String>>();
        let owner = |id: &str, left_alone| Owner { id: id.to_owned(), name: id.to_owned(), left_alone };
        let people = ["stays", "gone", "waits", "leaves", "added", "kept", "came"];
        let owners = people.iter().map(|p| (format!("t-{p}"), owner(p, *p == "kept"))).collect();
        let sent = ["stays", "gone", "leaves"].iter().map(|p| ((*p).to_owned(), format!("t-{p}"))).collect();
        let recorded = Recorded { sent, wanted: set(&["stays", "gone", "waits", "came"]) };
        let there = set(&["t-stays", "t-leaves", "t-added", "t-kept", "t-came", "t-else"]);
        assert_eq!(
            drifted(&there, &recorded, &owners),
            [
                MemberDrift::Removed("gone".to_owned(), "t-gone".to_owned()),
                MemberDrift::Added(owner("added", false), "t-added".to_owned()),
                MemberDrift::Foreign("t-else".to_owned()),
                MemberDrift::Kept(owner("kept", true), "t-kept".to_owned()),
            ]
        );
    }
}
