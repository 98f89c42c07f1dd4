//! The organisation that the tour works with: the small one built in, or CSV files of a folder.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::Failure;

/// The files as they are sent to the servers, and what is read from them to check the outcome.
#[derive(Debug)]
pub struct Organization {
    /// File name without ending → text.
    pub files: HashMap<&'static str, String>,
    /// The people.
    pub users: Vec<User>,
    /// The groups' names.
    pub groups: Vec<Group>,
    /// Who is directly in which group.
    pub members: Vec<Member>,
    /// The accounts' number.
    pub accounts: usize,
    /// Who gets what where.
    pub assignments: Vec<Assignment>,
}

/// A line of users.csv, as far as it is checked.
#[derive(Debug, Deserialize)]
pub struct User {
    /// The user name.
    pub user_name: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
}

/// A line of groups.csv.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// The group's name.
    pub name: String,
}

/// A line of members.csv.
#[derive(Debug, Deserialize)]
pub struct Member {
    /// The group's name.
    pub group: String,
    /// `user` or `group`.
    pub kind: String,
    /// A user name or a group's name.
    pub member: String,
}

/// A line of assignments.csv.
#[derive(Debug, Deserialize)]
pub struct Assignment {
    /// `user` or `group`.
    pub principal_kind: String,
    /// A user name or a group's name.
    pub principal: String,
    /// The permission set's name.
    pub permission_set: String,
    /// The account.
    pub account_id: String,
}

const BUILT_IN: [(&str, &str); 6] = [
    ("users", include_str!("../../org/users.csv")),
    ("groups", include_str!("../../org/groups.csv")),
    ("members", include_str!("../../org/members.csv")),
    ("accounts", include_str!("../../org/accounts.csv")),
    ("permission_sets", include_str!("../../org/permission_sets.csv")),
    ("assignments", include_str!("../../org/assignments.csv")),
];

impl Organization {
    /// Reads `folder`, or the organisation built in.
    pub fn load(folder: Option<&Path>) -> Result<Self, Failure> {
        let mut files = HashMap::new();
        for (name, built_in) in BUILT_IN {
            let text = match folder {
                None => built_in.to_owned(),
                Some(folder) => {
                    let path = folder.join(format!("{name}.csv"));
                    std::fs::read_to_string(&path)
                        .map_err(|e| Failure::new("FileUnreadable", format!("{}: {e}", path.display())))?
                }
            };
            files.insert(name, text);
        }
        Ok(Self {
            users: rows(&files, "users")?,
            groups: rows(&files, "groups")?,
            members: rows(&files, "members")?,
            accounts: rows::<HashMap<String, String>>(&files, "accounts")?.len(),
            assignments: rows(&files, "assignments")?,
            files,
        })
    }

    /// The domain of the first person's user name.
    pub fn domain(&self) -> &str {
        self.users
            .first()
            .and_then(|user| user.user_name.split_once('@'))
            .map_or("example.com", |(_, domain)| domain)
    }

    /// People who are in no group directly; without an assignment of their own nobody would reach them.
    pub fn people_without_group(&self) -> Vec<&str> {
        let grouped: HashSet<&str> =
            self.members.iter().filter(|m| m.kind == "user").map(|m| m.member.as_str()).collect();
        self.users.iter().map(|u| u.user_name.as_str()).filter(|name| !grouped.contains(name)).collect()
    }

    /// What a person is to get, as `account/permission set`: by direct membership alone, as Entra counts.
    pub fn access_of(&self, user: &str) -> BTreeSet<String> {
        let groups: HashSet<&str> = self
            .members
            .iter()
            .filter(|m| m.kind == "user" && m.member == user)
            .map(|m| m.group.as_str())
            .collect();
        let gets = |a: &&Assignment| match a.principal_kind.as_str() {
            "group" => groups.contains(a.principal.as_str()),
            _ => a.principal == user,
        };
        self.assignments
            .iter()
            .filter(gets)
            .map(|a| format!("{}/{}", a.account_id, a.permission_set))
            .collect()
    }

    /// The person with the most to open, the first by name among equals.
    pub fn busiest(&self) -> Option<&User> {
        self.users.iter().rev().max_by_key(|user| self.access_of(&user.user_name).len())
    }
}

fn rows<T: for<'de> Deserialize<'de>>(
    files: &HashMap<&'static str, String>,
    name: &str,
) -> Result<Vec<T>, Failure> {
    let text = files.get(name).map_or("", String::as_str);
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| Failure::new("CsvInvalid", format!("{name}.csv: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_organisation_reads_and_everybody_is_reached() {
        let org = Organization::load(None).unwrap();
        assert_eq!(org.users.len(), 12);
        assert_eq!(org.people_without_group(), ["lea@lindqvist.example"]);
        assert_eq!(org.busiest().unwrap().user_name, "ana@lindqvist.example");
        let lea: Vec<String> = org.access_of("lea@lindqvist.example").into_iter().collect();
        assert_eq!(lea, ["444455556666/read-only"]);
    }
}
