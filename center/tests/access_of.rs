//! The access decision against a straightforward computation, on organisations drawn at random.

use std::collections::{BTreeMap, BTreeSet};

use center::assignments::{Assignment, AssignmentError, PrincipalType, access_of, store as assignments};
use center::identity_store::store as identities;
use center::identity_store::{GroupFields, NewUser, resource_of};
use center::instance::Author;
use center::organization::{self, AccountStatus};
use center::permission_sets::{Fields, store as sets};
use center::testing::TestCenter;
use store::{StoreError, Tx};
use web::Random;

const USERS: u8 = 8;
const GROUPS: u8 = 5;
const ACCOUNTS: u8 = 6;
const SETS: u8 = 4;

/// An organisation as plain lists.
#[derive(Debug, Default, Clone)]
struct Model {
    disabled: BTreeSet<u8>,
    suspended: BTreeSet<u8>,
    members: BTreeSet<(u8, u8)>,
    /// Account, permission set, whether to a group, user or group.
    assignments: BTreeSet<(u8, u8, bool, u8)>,
}

type Access = BTreeMap<(String, String), BTreeSet<String>>;

impl Model {
    fn draw(random: &Random) -> Self {
        let mut model = Self::default();
        let [a, b, c] = random.bytes::<3>();
        model.disabled.extend([a % USERS]);
        // Account 0 is the management account, which cannot be suspended.
        model.suspended.extend([1 + b % (ACCOUNTS - 1)]);
        for _ in 0..c % 24 {
            let [group, user] = random.bytes::<2>();
            model.members.insert((group % GROUPS, user % USERS));
        }
        for _ in 0..40 {
            let [account, set, kind, who] = random.bytes::<4>();
            let who = if kind % 2 == 0 { who % USERS } else { who % GROUPS };
            model.assignments.insert((account % ACCOUNTS, set % SETS, kind % 2 == 1, who));
        }
        model
    }

    /// Walks every assignment and asks whether it reaches the user.
    fn access(&self, user: u8) -> Access {
        let mut access = Access::new();
        for (account, set, to_group, who) in &self.assignments {
            let reaches = if *to_group { self.members.contains(&(*who, user)) } else { *who == user };
            if !reaches || self.disabled.contains(&user) || self.suspended.contains(account) {
                continue;
            }
            let reason = if *to_group { format!("group {who}") } else { format!("user {who}") };
            access.entry((account_id(*account), format!("set{set}"))).or_default().insert(reason);
        }
        access
    }
}

fn account_id(n: u8) -> String {
    format!("{n:012}")
}

/// Writes the model into the store; the ids of the permission sets.
fn build(tx: &mut Tx<'_>, author: &Author, random: &Random, model: &Model) -> Result<(), AssignmentError> {
    let fails = |what: &str| panic!("{what} could not be made");
    let rows: String =
        (0..ACCOUNTS).map(|n| format!("{},a{n},a{n}@x.example,OU{}\n", account_id(n), n % 2)).collect();
    let rows = organization::parse(&format!("account_id,name,email,ou_path\n{rows}"))?;
    if organization::import(tx, author, random, &rows, false).is_err() {
        fails("accounts");
    }
    for n in &model.suspended {
        if organization::store::set_status(tx, author, &account_id(*n), AccountStatus::Suspended).is_err() {
            fails("suspension");
        }
    }
    for n in 0..USERS {
        let mut resource = resource_of(&format!("u{n}"), "A", "B", &format!("user {n}"), "");
        resource["active"] = (!model.disabled.contains(&n)).into();
        let new = NewUser { id: format!("user-{n}"), owner: "api".into(), resource };
        if identities::create_user(tx, author, &new).is_err() {
            fails("user");
        }
    }
    for n in 0..GROUPS {
        let fields = GroupFields { display_name: format!("group {n}"), ..GroupFields::default() };
        let members = model.members.iter().filter(|(g, _)| *g == n).map(|(_, u)| format!("user-{u}"));
        let id = format!("group-{n}");
        if identities::create_group(tx, author, &id, "api", &fields).is_err()
            || identities::add_members(tx, author, &id, &members.collect::<Vec<_>>()).is_err()
        {
            fails("group");
        }
    }
    let mut ids = Vec::new();
    for n in 0..SETS {
        let fields = Fields { name: format!("set{n}"), ..Fields::default() };
        match sets::create(tx, author, random, &fields) {
            Ok(set) => ids.push(set.id),
            Err(_) => fails("permission set"),
        }
    }
    for (account, set, to_group, who) in &model.assignments {
        let (principal_type, principal_id) = if *to_group {
            (PrincipalType::Group, format!("group-{who}"))
        } else {
            (PrincipalType::User, format!("user-{who}"))
        };
        let permission_set_id = ids[usize::from(*set)].clone();
        let wanted =
            Assignment { account_id: account_id(*account), permission_set_id, principal_type, principal_id };
        assert!(assignments::assign(tx, author, &wanted)?, "new");
        assert!(!assignments::assign(tx, author, &wanted)?, "the same again");
    }
    Ok(())
}

async fn decided(test: &TestCenter, user: u8) -> Access {
    let instance = test.center.instance_id.clone();
    let read =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { access_of(tx, &instance, &format!("user-{user}")) };
    let mut access = Access::new();
    for account in test.center.store.read(read).await.expect("it works") {
        for role in account.roles {
            assert!(!role.because.is_empty());
            let reasons = role.because.into_iter().map(|b| b.display_name).collect();
            assert!(
                access.insert((account.account_id.clone(), role.name), reasons).is_none(),
                "each role once"
            );
        }
    }
    access
}

async fn check(test: &TestCenter, seed: u64) {
    let model = Model::draw(&Random::seeded(seed));
    let (author, random, written) =
        (test.center.author_named("test"), Random::seeded(seed + 1000), model.clone());
    test.center.store.write(move |tx| build(tx, &author, &random, &written)).await.expect("it works");
    for user in 0..USERS {
        assert_eq!(decided(test, user).await, model.access(user), "seed {seed}, user {user}, {model:?}");
    }
}

#[tokio::test]
async fn the_decision_equals_the_plain_computation() {
    for seed in 0..6 {
        for test in TestCenter::on_each().await {
            check(&test, seed).await;
        }
    }
}

#[tokio::test]
async fn nobody_has_no_access() {
    for test in TestCenter::on_each().await {
        assert!(decided(&test, 99).await.is_empty());
    }
}
