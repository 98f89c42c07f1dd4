//! Units and accounts as a tree.

use std::collections::{HashMap, HashSet};

use super::{Account, Organization, Unit};

/// The root or a unit with all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The unit's or root's id.
    pub id: String,
    /// `Root` or the unit's name.
    pub name: String,
    /// Its units, by name.
    pub units: Vec<Node>,
    /// The accounts directly in it, by name.
    pub accounts: Vec<Account>,
}

impl Node {
    /// How many accounts are in it and below it.
    pub fn count(&self) -> usize {
        self.accounts.len() + self.units.iter().map(Node::count).sum::<usize>()
    }

    /// The node with this id, here or below.
    pub fn find(&self, id: &str) -> Option<&Self> {
        if self.id == id {
            return Some(self);
        }
        self.units.iter().find_map(|unit| unit.find(id))
    }

    /// Every account in it and below it.
    pub fn all_accounts(&self) -> Vec<&Account> {
        let below = self.units.iter().flat_map(Self::all_accounts);
        self.accounts.iter().chain(below).collect()
    }
}

/// The whole organization as a tree. What hangs on nothing is left out; the store never writes such a
/// row, and a loop among units cannot be reached from the root.
pub fn tree(organization: &Organization, units: &[Unit], accounts: &[Account]) -> Node {
    let mut by_parent: HashMap<&str, Vec<&Unit>> = HashMap::new();
    for unit in units {
        by_parent.entry(&unit.parent_id).or_default().push(unit);
    }
    let mut accounts_of: HashMap<&str, Vec<&Account>> = HashMap::new();
    for account in accounts {
        accounts_of.entry(&account.parent_id).or_default().push(account);
    }
    node(&organization.root_id, "Root", &by_parent, &accounts_of)
}

fn node(
    id: &str,
    name: &str,
    units: &HashMap<&str, Vec<&Unit>>,
    accounts: &HashMap<&str, Vec<&Account>>,
) -> Node {
    let below = units.get(id).into_iter().flatten();
    let mut children: Vec<Node> = below.map(|unit| node(&unit.id, &unit.name, units, accounts)).collect();
    children.sort_by(|a, b| a.name.cmp(&b.name));
    let mut own: Vec<Account> = accounts.get(id).into_iter().flatten().map(|a| (*a).clone()).collect();
    own.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Node { id: id.to_owned(), name: name.to_owned(), units: children, accounts: own }
}

/// The ids of the chosen accounts and of every account in or below the chosen units, each once.
pub fn accounts_under(root: &Node, unit_ids: &[String], account_ids: &[String]) -> Vec<String> {
    let under = unit_ids.iter().filter_map(|id| root.find(id)).flat_map(Node::all_accounts);
    let all = account_ids.iter().cloned().chain(under.map(|a| a.id.clone()));
    let mut seen = HashSet::new();
    all.filter(|id| seen.insert(id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organization::AccountStatus;
    use web::Timestamp;

    fn account(id: &str, parent: &str) -> Account {
        Account {
            id: id.to_owned(),
            name: format!("n{id}"),
            email: String::new(),
            parent_id: parent.to_owned(),
            status: AccountStatus::Active,
            joined_at: Timestamp(0),
        }
    }

    fn unit(id: &str, parent: &str) -> Unit {
        Unit { id: id.to_owned(), parent_id: parent.to_owned(), name: id.to_uppercase() }
    }

    fn sample() -> Node {
        let organization =
            Organization { id: "o".into(), root_id: "r".into(), management_account_id: "1".into() };
        let units = [unit("b", "r"), unit("a", "r"), unit("a1", "a"), unit("x", "y"), unit("y", "x")];
        let accounts = [account("3", "a1"), account("1", "r"), account("2", "a"), account("4", "b")];
        tree(&organization, &units, &accounts)
    }

    #[test]
    fn units_and_accounts_hang_where_they_belong() {
        let root = sample();
        assert_eq!(root.units.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((root.count(), root.find("a").unwrap().count()), (4, 2));
        assert!(root.find("x").is_none(), "a loop hangs on nothing");
    }

    #[test]
    fn a_unit_stands_for_all_below_it_once() {
        let chosen = accounts_under(&sample(), &["a".to_owned(), "a1".to_owned()], &["3".to_owned()]);
        assert_eq!(chosen, ["3", "2"]);
    }
}
