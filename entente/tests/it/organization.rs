//! An organisation of any size, always the same for the same numbers, and what its people may open,
//! computed from the files alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// How large.
#[derive(Clone, Copy)]
pub struct Size {
    pub people: usize,
    pub groups: usize,
    pub accounts: usize,
    pub assignments: usize,
}

/// Numbers that look random and are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

const GIVEN: [&str; 12] = [
    "Ana", "Björn", "Chloé", "Dmitri", "Eszter", "Fatima", "Gōta", "Héctor", "İlker", "Jürgen", "Kaja",
    "Łukasz",
];
const FAMILY: [&str; 10] =
    ["O'Brien", "van Dam", "Šimić", "Nuñez", "Müller", "Sato", "D’Angelo", "Kowalski", "Øst", "Ивáнов"];

/// Writes the six files into `folder`.
pub fn write(folder: &Path, size: Size) {
    let mut numbers = Numbers(0x5eed_0001);
    let put = |name: &str, text: String| std::fs::write(folder.join(format!("{name}.csv")), text).unwrap();
    put("users", users(size, &mut numbers));
    put("groups", groups(size));
    put("members", members(size, &mut numbers));
    put("accounts", accounts(size));
    put(
        "permission_sets",
        "name,description,session_duration,managed_policies\n\
         administrator,all of it,PT1H,arn:aws:iam::aws:policy/AdministratorAccess\n\
         developer,\"build, deploy\",PT8H,arn:aws:iam::aws:policy/PowerUserAccess\n\
         read-only,look,PT4H,arn:aws:iam::aws:policy/ReadOnlyAccess\n"
            .to_owned(),
    );
    put("assignments", assignments(size, &mut numbers));
}

fn user(i: usize) -> String {
    format!("person.{i}@generated.example")
}

fn users(size: Size, numbers: &mut Numbers) -> String {
    let mut text =
        "user_name,given_name,family_name,display_name,email,title,department,manager,active\n".to_owned();
    for i in 0..size.people {
        let (given, family) = (GIVEN[i % GIVEN.len()], FAMILY[(i / GIVEN.len()) % FAMILY.len()]);
        let manager = if i > 10 { user(numbers.below(i)) } else { String::new() };
        let name = user(i);
        text.push_str(&format!(
            "{name},{given},{family},{given} {family} {i},{name},Engineer {},Unit {},{manager},true\n",
            i % 7,
            i % 40
        ));
    }
    text
}

fn groups(size: Size) -> String {
    let mut text = "name,description\n".to_owned();
    (0..size.groups).for_each(|i| text.push_str(&format!("group-{i},\"Group {i}, generated\"\n")));
    text
}

fn members(size: Size, numbers: &mut Numbers) -> String {
    let mut lines = BTreeSet::new();
    for _ in 0..size.people * 2 {
        // Squared, so that few groups are large and many are small.
        let position = numbers.below(size.groups) * numbers.below(size.groups) / size.groups;
        lines.insert(format!("group-{position},user,{}", user(numbers.below(size.people))));
    }
    for i in 0..size.groups / 15 {
        lines.insert(format!("group-{i},group,group-{}", (i * 3 + 1) % size.groups));
    }
    format!("group,kind,member\n{}\n", lines.into_iter().collect::<Vec<_>>().join("\n"))
}

fn account(i: usize) -> String {
    format!("{:012}", 100_000_000_000 + i * 7919)
}

fn accounts(size: Size) -> String {
    let mut text = "account_id,name,email,ou_path\n".to_owned();
    for i in 0..size.accounts {
        let unit = if i == 0 { String::new() } else { format!("Workloads/Unit {}/Stage {}", i % 6, i % 3) };
        text.push_str(&format!("{},account-{i},aws+{i}@generated.example,{unit}\n", account(i)));
    }
    text
}

fn assignments(size: Size, numbers: &mut Numbers) -> String {
    let mut lines = BTreeSet::new();
    while lines.len() < size.assignments {
        let set = ["administrator", "developer", "read-only"][numbers.below(3)];
        let place = account(numbers.below(size.accounts));
        let principal = match numbers.below(10) {
            0 => format!("user,{}", user(numbers.below(size.people))),
            _ => format!("group,group-{}", numbers.below(size.groups)),
        };
        lines.insert(format!("{principal},{set},{place}"));
    }
    format!(
        "principal_kind,principal,permission_set,account_id\n{}\n",
        lines.into_iter().collect::<Vec<_>>().join("\n")
    )
}

/// The files, read without the product: no quoted field in members, users' names and assignments.
pub struct Files {
    pub people: Vec<String>,
    groups_of: HashMap<String, BTreeSet<String>>,
    assignments: Vec<[String; 4]>,
}

impl Files {
    pub fn read(folder: &Path) -> Self {
        let lines = |name: &str| -> Vec<Vec<String>> {
            let text = std::fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
            text.lines().skip(1).map(|l| l.split(',').map(ToOwned::to_owned).collect()).collect()
        };
        let mut groups_of: HashMap<String, BTreeSet<String>> = HashMap::new();
        for line in lines("members").into_iter().filter(|line| line[1] == "user") {
            groups_of.entry(line[2].clone()).or_default().insert(line[0].clone());
        }
        let assignments = lines("assignments").into_iter().map(|l| l.try_into().unwrap()).collect();
        Self { people: lines("users").into_iter().map(|l| l[0].clone()).collect(), groups_of, assignments }
    }

    /// `account/permission set` for all that a person may open: directly, or as a direct member.
    pub fn access_of(&self, person: &str) -> BTreeSet<String> {
        let none = BTreeSet::new();
        let groups = self.groups_of.get(person).unwrap_or(&none);
        let mut access = BTreeSet::new();
        for [kind, principal, set, account] in &self.assignments {
            let theirs = if kind == "group" { groups.contains(principal) } else { principal == person };
            if theirs {
                access.insert(format!("{account}/{set}"));
            }
        }
        access
    }

    /// The people in each of the generated groups, without those of groups inside it.
    pub fn direct_members(&self, groups: usize) -> BTreeMap<String, BTreeSet<String>> {
        let mut members: BTreeMap<String, BTreeSet<String>> =
            (0..groups).map(|n| (format!("group-{n}"), BTreeSet::new())).collect();
        for (person, groups) in &self.groups_of {
            for group in groups {
                members.entry(group.clone()).or_default().insert(person.clone());
            }
        }
        members
    }

    /// `count` different people.
    pub fn some(&self, count: usize, numbers: &mut Numbers) -> Vec<String> {
        let mut chosen = BTreeSet::new();
        while chosen.len() < count.min(self.people.len()) {
            chosen.insert(self.people[numbers.below(self.people.len())].clone());
        }
        chosen.into_iter().collect()
    }
}
