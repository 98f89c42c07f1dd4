//! A directory with an application, written by plain SQL and events as the other folders do.

use std::collections::BTreeSet;
use std::time::Duration;

use directory::provisioning::cycle::{Engine, Round};
use directory::provisioning::effect::Effect;
use directory::provisioning::job::Job;
use directory::provisioning::mapping::{Apply, Mapping, Source};
use directory::provisioning::settings::{self, Change};
use directory::provisioning::{Kind, Pace, links, log, pending};
use directory::{Directory, MIGRATIONS};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use store::testing::{TestStore, engines};
use store::{NewEvent, StoreError, Tx};
use web::sealed::MasterKey;
use web::{Clock, Random, Timestamp};

use super::target::{Picture, Scim, TOKEN};

pub const TENANT: &str = "tenant-1";
pub const APP: &str = "app-1";

pub struct World {
    pub directory: Directory,
    pub scim: Scim,
    pub engine: Engine,
    pub store: Option<TestStore>,
}

pub fn pace() -> Pace {
    Pace {
        tries: 2,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        timeout: Duration::from_millis(400),
        breath: Duration::ZERO,
        spacing: Duration::ZERO,
        ..Pace::default()
    }
}

/// A world over each engine.
pub async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for store in engines(MIGRATIONS).await {
        worlds.push(World::new(store).await);
    }
    worlds
}

pub async fn sqlite() -> World {
    World::new(store::testing::fresh(store::Engine::Sqlite, MIGRATIONS).await).await
}

fn event(tx: &mut Tx<'_>, action: &str, kind: &str, id: &str, after: &Json) -> Result<(), StoreError> {
    tx.append_event(&NewEvent {
        realm: TENANT,
        at: 1,
        actor: "test",
        action,
        subject_type: kind,
        subject_id: id,
        before: None,
        after: Some(after),
    })
}

impl World {
    pub async fn new(store: TestStore) -> Self {
        let clock = Clock::manual(Timestamp(1_800_000_000_000_000));
        let origin = "http://127.0.0.1:1".parse().unwrap();
        let directory = Directory::new(
            store.store.clone(),
            clock,
            Random::system(),
            MasterKey::new([7; 32]),
            origin,
            TENANT.to_owned(),
        );
        let world = Self {
            engine: Engine::new(&directory, pace()),
            directory,
            scim: Scim::start().await,
            store: Some(store),
        };
        world.seed().await;
        world
    }

    async fn seed(&self) {
        self.write(|tx| {
            tx.exec("INSERT INTO tenants (id, display_name, default_domain, transitive_groups, created_at) VALUES (?1, 'T', 't.example', 0, 1)", &[TENANT.into()])?;
            let sql = "INSERT INTO applications (tenant_id, id, app_id, service_principal_id, display_name, \
                       display_name_key, account_enabled, assignment_required, visible, name_id_source, \
                       name_id_format, signing_option, created_at, updated_at) \
                       VALUES (?1, ?2, 'appid-1', 'sp-1', 'AWS SSO', 'aws sso', 1, 1, 1, 'userPrincipalName', \
                       'f', 'assertion', 1, 1)";
            tx.exec(sql, &[TENANT.into(), APP.into()]).map(|_| ())
        })
        .await;
        settings::create(&self.directory, "test", APP, true).await.unwrap();
        let change = Change {
            base_url: Some(self.scim.url.clone()),
            token: Some(SecretString::from(TOKEN)),
            allow_private: Some(true),
            ..Change::default()
        };
        settings::change(&self.directory, "test", APP, change).await.unwrap();
    }

    pub async fn write<F>(&self, f: F)
    where
        F: Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    {
        self.directory.store.write(f).await.unwrap();
    }

    pub async fn start(&self) {
        settings::start(&self.directory, "test", APP).await.unwrap();
    }

    pub async fn user(&self, name: &str) {
        let name = name.to_owned();
        self.write(move |tx| insert_user(tx, &name)).await;
    }

    /// Adds many people in one transaction.
    pub async fn users(&self, names: Vec<String>) {
        self.write(move |tx| names.iter().try_for_each(|n| insert_user(tx, n))).await;
    }

    /// Changes one column of a user, or several, with its event.
    pub async fn edit(&self, id: &str, set: &'static str) {
        let id = id.to_owned();
        self.write(move |tx| {
            let sql = format!("UPDATE users SET {set} WHERE tenant_id = ?1 AND id = ?2");
            tx.exec(&sql, &[TENANT.into(), (&id).into()])?;
            event(tx, "user.updated", "user", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn set_text(&self, id: &str, column: &'static str, value: &str) {
        let (id, value) = (id.to_owned(), value.to_owned());
        self.write(move |tx| {
            let sql = format!("UPDATE users SET {column} = ?3 WHERE tenant_id = ?1 AND id = ?2");
            tx.exec(&sql, &[TENANT.into(), (&id).into(), (&value).into()])?;
            event(tx, "user.updated", "user", &id, &json!({ "id": id }))
        })
        .await;
    }

    /// Soft-deletes a user as the directory does: memberships and assignments go first.
    pub async fn delete(&self, id: &str) {
        let id = id.to_owned();
        self.write(move |tx| {
            detach(tx, &id)?;
            let sql = "UPDATE users SET deleted_at = 5 WHERE tenant_id = ?1 AND id = ?2";
            tx.exec(sql, &[TENANT.into(), (&id).into()])?;
            event(tx, "user.deleted", "user", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn restore(&self, id: &str) {
        let id = id.to_owned();
        self.write(move |tx| {
            let sql = "UPDATE users SET deleted_at = NULL WHERE tenant_id = ?1 AND id = ?2";
            tx.exec(sql, &[TENANT.into(), (&id).into()])?;
            event(tx, "user.restored", "user", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn purge(&self, id: &str) {
        let id = id.to_owned();
        self.write(move |tx| {
            detach(tx, &id)?;
            tx.exec("DELETE FROM users WHERE tenant_id = ?1 AND id = ?2", &[TENANT.into(), (&id).into()])?;
            event(tx, "user.purged", "user", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn group(&self, id: &str) {
        let id = id.to_owned();
        self.write(move |tx| {
            let sql = "INSERT INTO groups VALUES (?1, ?2, ?2, ?2, '', ?2, 1, 1)";
            tx.exec(sql, &[TENANT.into(), (&id).into()])?;
            event(tx, "group.created", "group", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn rename_group(&self, id: &str, name: &str) {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.write(move |tx| {
            let sql = "UPDATE groups SET display_name = ?3 WHERE tenant_id = ?1 AND id = ?2";
            tx.exec(sql, &[TENANT.into(), (&id).into(), (&name).into()])?;
            event(tx, "group.updated", "group", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn delete_group(&self, id: &str) {
        let id = id.to_owned();
        self.write(move |tx| {
            let sql =
                "SELECT member_id, member_type FROM group_members WHERE tenant_id = ?1 AND group_id = ?2";
            for row in tx.rows(sql, &[TENANT.into(), (&id).into()])? {
                member(tx, &id, &row.text(0)?, &row.text(1)?, false)?;
            }
            detach(tx, &id)?;
            tx.exec("DELETE FROM groups WHERE tenant_id = ?1 AND id = ?2", &[TENANT.into(), (&id).into()])?;
            event(tx, "group.deleted", "group", &id, &json!({ "id": id }))
        })
        .await;
    }

    pub async fn member(&self, group: &str, id: &str, is: bool) {
        let (group, id) = (group.to_owned(), id.to_owned());
        self.write(move |tx| {
            let sql = "SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2";
            let kind = if tx.exists(sql, &[TENANT.into(), (&id).into()])? { "group" } else { "user" };
            member(tx, &group, &id, kind, is)
        })
        .await;
    }

    pub async fn members(&self, group: &str, ids: Vec<String>) {
        let group = group.to_owned();
        self.write(move |tx| ids.iter().try_for_each(|id| member(tx, &group, id, "user", true))).await;
    }

    pub async fn assign(&self, principal: &str, is: bool) {
        let principal = principal.to_owned();
        self.write(move |tx| assign(tx, &principal, is)).await;
    }

    pub async fn transitive(&self, on: bool) {
        self.write(move |tx| {
            tx.exec("UPDATE tenants SET transitive_groups = ?2 WHERE id = ?1", &[TENANT.into(), on.into()])?;
            event(tx, "tenant.updated", "tenant", TENANT, &json!({ "transitiveGroups": on }))
        })
        .await;
    }

    /// Waits until the log shows everything (other tests' transactions may hold it back on PostgreSQL), then
    /// works until nothing is due.
    pub async fn cycle(&self) -> Round {
        self.caught_up().await;
        self.engine.run(APP).await.unwrap()
    }

    /// Cycles until nothing waits, moving the clock over the pauses.
    pub async fn settle(&self) {
        for _ in 0..40 {
            self.cycle().await;
            let (job, tx_job) = (self.job().await, self.job().await);
            let waiting = self.directory.store.read(move |tx| pending::waiting(tx, &tx_job)).await.unwrap();
            let quiet = job.cursor.is_some() && job.wait_until.is_none() && job.cycle_id.is_none();
            if waiting == pending::Waiting::default() && job.state.label() == "Active" && quiet {
                return;
            }
            self.directory.clock.advance(Duration::from_secs(3700));
        }
        panic!("it does not settle: {:?} {:?}", self.job().await.state, self.log().await.first());
    }

    pub async fn caught_up(&self) {
        for _ in 0..2000 {
            let (head, newest) = self
                .directory
                .store
                .read(|tx| {
                    Ok::<_, StoreError>((tx.event_head(TENANT)?, tx.events_newest(TENANT, None, None, 1)?))
                })
                .await
                .unwrap();
            if newest.first().is_none_or(|e| e.cursor == head) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the event log does not settle");
    }

    pub async fn job(&self) -> Job {
        self.engine.job(APP).await.unwrap().unwrap()
    }

    pub async fn on_demand(&self, kind: Kind, id: &str) -> Vec<Effect> {
        self.engine.on_demand(self.job().await, kind, id).await.unwrap().1
    }

    pub async fn log(&self) -> Vec<log::Entry> {
        let job = self.job().await;
        let search = log::Search { limit: 1000, ..log::Search::default() };
        self.directory.store.read(move |tx| log::search(tx, &job, &search)).await.unwrap()
    }

    pub async fn counts(&self) -> links::Counts {
        let job = self.job().await;
        self.directory.store.read(move |tx| links::counts(tx, &job)).await.unwrap()
    }

    pub fn picture(&self) -> Picture {
        self.scim.picture()
    }
}

/// ana and leo in the assigned group sea, mia assigned herself, eve nowhere.
pub async fn small() -> Vec<World> {
    let all = worlds().await;
    for world in &all {
        for user in ["ana", "leo", "mia", "eve"] {
            world.user(user).await;
        }
        world.group("sea").await;
        world.group("other").await;
        world.member("sea", "ana", true).await;
        world.member("sea", "leo", true).await;
        world.member("other", "eve", true).await;
        world.assign("sea", true).await;
        world.assign("mia", true).await;
        world.set_text("ana", "manager_id", "mia").await;
        world.start().await;
    }
    all
}

fn insert_user(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let upn = format!("{id}@t.example");
    let profile = json!({ "givenName": id, "surname": "Lee", "mail": upn, "department": "Sea" }).to_string();
    let sql = "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name, \
               display_name_key, account_enabled, profile, created_at, updated_at) \
               VALUES (?1, ?2, ?3, ?3, ?2, ?2, 1, ?4, 1, 1)";
    tx.exec(sql, &[TENANT.into(), id.into(), (&upn).into(), (&profile).into()])?;
    event(tx, "user.created", "user", id, &json!({ "id": id }))
}

fn member(tx: &mut Tx<'_>, group: &str, id: &str, kind: &str, is: bool) -> Result<(), StoreError> {
    let key = [TENANT.into(), group.into(), id.into()];
    let changed = if is {
        let sql = "INSERT INTO group_members VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        tx.exec(sql, &[key[0], key[1], key[2], kind.into()])?
    } else {
        tx.exec("DELETE FROM group_members WHERE tenant_id = ?1 AND group_id = ?2 AND member_id = ?3", &key)?
    };
    let action = if is { "group.member_added" } else { "group.member_removed" };
    match changed {
        0 => Ok(()),
        _ => event(tx, action, "group", group, &json!({ "memberId": id, "memberType": kind })),
    }
}

fn assign(tx: &mut Tx<'_>, principal: &str, is: bool) -> Result<(), StoreError> {
    let sql = "SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2";
    let kind = if tx.exists(sql, &[TENANT.into(), principal.into()])? { "group" } else { "user" };
    let id = format!("a-{principal}");
    let changed = if is {
        let sql =
            "INSERT INTO app_role_assignments VALUES (?1, ?2, ?3, ?4, ?5, 'r', 1) ON CONFLICT DO NOTHING";
        tx.exec(sql, &[TENANT.into(), (&id).into(), APP.into(), principal.into(), kind.into()])?
    } else {
        tx.exec(
            "DELETE FROM app_role_assignments WHERE tenant_id = ?1 AND id = ?2",
            &[TENANT.into(), (&id).into()],
        )?
    };
    let action = if is { "assignment.created" } else { "assignment.deleted" };
    match changed {
        0 => Ok(()),
        _ => {
            event(tx, action, "application", APP, &json!({ "principalId": principal, "principalType": kind }))
        }
    }
}

fn detach(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let sql = "SELECT group_id, member_type FROM group_members WHERE tenant_id = ?1 AND member_id = ?2";
    for row in tx.rows(sql, &[TENANT.into(), id.into()])? {
        member(tx, &row.text(0)?, id, &row.text(1)?, false)?;
    }
    assign(tx, id, false)
}

pub fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|n| format!("{n}@t.example")).collect()
}

/// A mapping that evaluates an expression.
pub fn expression(text: &str, target: &str) -> Mapping {
    Mapping {
        source: Source::Expression(text.to_owned()),
        target: target.to_owned(),
        default_value: None,
        apply: Apply::Always,
        matching: 0,
    }
}
