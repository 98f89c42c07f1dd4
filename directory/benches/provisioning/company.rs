//! A directory with people, groups of a hundred, and an application that the groups are assigned to.

use std::time::Duration;

use directory::access::Caller;
use directory::change::Change;
use directory::groups::{self, NewGroup};
use directory::provisioning::Pace;
use directory::provisioning::cycle::Engine;
use directory::provisioning::settings;
use directory::users::{self, NewUser, Profile, UserChange};
use directory::{Directory, MIGRATIONS, applications, setup};
use secrecy::SecretString;
use store::testing::TestStore;
use web::sealed::MasterKey;
use web::{Clock, Random};

use crate::target::Scim;

const MEMBERS: usize = 100;
/// People written in one transaction.
const CHUNK: usize = 2000;

pub struct Company {
    pub directory: Directory,
    pub scim: Scim,
    pub engine: Engine,
    pub application: String,
    /// The people who are provisioned, by id.
    pub people: Vec<String>,
    _store: TestStore,
}

impl Company {
    /// People, in `groups` groups of a hundred of them; everybody else is not assigned to anything.
    pub async fn new(size: usize, groups: usize) -> Self {
        let store = store::testing::fresh(store::Engine::Sqlite, MIGRATIONS).await;
        let (clock, random) = (Clock::system(), Random::system());
        let started = setup::first_start(&store.store, &clock, &random, "bench.example").await.unwrap();
        let origin = "http://127.0.0.1:1".parse().unwrap();
        let key = MasterKey::new([7; 32]);
        let directory =
            Directory::new(store.store.clone(), clock, random, key, origin, started.tenant_id.clone());
        let people = hire(&directory, size).await;
        let application = assign(&directory, &people, groups).await;
        let scim = Scim::start().await;
        let change = settings::Change {
            base_url: Some(scim.url.clone()),
            token: Some(SecretString::from("token")),
            allow_private: Some(true),
            ..settings::Change::default()
        };
        settings::create(&directory, "bench", &application, true).await.unwrap();
        settings::change(&directory, "bench", &application, change).await.unwrap();
        settings::start(&directory, "bench", &application).await.unwrap();
        // What rounds cost is measured, not the time between them.
        let engine = Engine::new(&directory, Pace { breath: Duration::ZERO, ..Pace::default() });
        Self { directory, scim, engine, application, people, _store: store }
    }

    pub async fn cycle(&self) {
        self.engine.run(&self.application).await.unwrap();
    }

    /// Gives people another name, each in a transaction of its own as from the console.
    pub async fn rename(&self, people: &[String], name: &str) {
        for id in people {
            let (id, change) = (id.clone(), named(name));
            self.directory
                .write(&caller(), move |tx, by| users::update(tx, by, &id, &change).map(|_| ()))
                .await
                .unwrap();
        }
    }
}

pub fn named(name: &str) -> UserChange {
    UserChange {
        user_principal_name: None,
        display_name: Some(name.to_owned()),
        account_enabled: None,
        profile: Vec::new(),
    }
}

pub fn caller() -> Caller {
    Caller { actor: "bench".to_owned(), id: String::new(), name: String::new(), signed_in_at: 0 }
}

async fn hire(directory: &Directory, size: usize) -> Vec<String> {
    let mut people = Vec::new();
    let all: Vec<usize> = (0..size).collect();
    for chunk in all.chunks(CHUNK) {
        let (chunk, change) = (chunk.to_vec(), Change::new(directory, "bench"));
        let hired = directory.store.write(move |tx| {
            chunk
                .iter()
                .map(|n| Ok(users::create(tx, &change, &person(*n))?.id))
                .collect::<Result<Vec<_>, directory::refused::Refused>>()
        });
        people.extend(hired.await.unwrap());
    }
    people
}

fn person(n: usize) -> NewUser {
    let name = format!("person.{n:06}@bench.example");
    let values = [
        ("givenName", format!("Given{n}")),
        ("surname", format!("Sur{n}")),
        ("mail", name.clone()),
        ("department", format!("Department {}", n % 50)),
        ("jobTitle", "Engineer".to_owned()),
    ];
    let profile = values
        .iter()
        .fold(Profile::default(), |profile, (property, value)| profile.with(property, value).unwrap());
    NewUser {
        user_principal_name: name,
        display_name: format!("Given{n} Sur{n}"),
        account_enabled: true,
        manager_id: None,
        profile,
    }
}

/// An application with everybody in scope by groups of a hundred, the last one taking the rest; its id.
async fn assign(directory: &Directory, people: &[String], groups: usize) -> String {
    let application =
        directory.write(&caller(), |tx, change| applications::create(tx, change, "Target")).await.unwrap();
    for (n, members) in people.chunks(MEMBERS).take(groups).enumerate() {
        let (members, application, caller) = (members.to_vec(), application.clone(), caller());
        let made = directory.write(&caller, move |tx, change| {
            let new = NewGroup { display_name: format!("Group {n:04}"), ..NewGroup::default() };
            let group = groups::create(tx, change, &new)?;
            for member in &members {
                groups::add_member(tx, change, &group.id, member)?;
            }
            applications::assign(tx, change, &application, &group.id, applications::USER_ROLE).map(|_| ())
        });
        made.await.unwrap();
    }
    application.id
}
