//! Roles of people in the target: they come, change and go by the assertive form, and only come by the other.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use directory::applications::{self, WantedRole};
use directory::change::Change as Author;
use directory::provisioning::mapping::{MappingError, Mappings};
use directory::provisioning::settings::{self, Change};
use directory::refused::Refused;
use provisioning_support::world::{APP, World, expression, names, small};
use serde_json::{Value as Json, json};
use store::Tx;

const AUDITOR: &str = "0f1b0000-0000-4000-8000-00000000000a";
const WRITER: &str = "0f1b0000-0000-4000-8000-00000000000b";

fn mappings(rows: &[(&str, &str)]) -> Change {
    let mut mappings = Mappings::default();
    mappings.users.extend(rows.iter().map(|(text, target)| expression(text, target)));
    Change { mappings: Some(mappings), ..Change::default() }
}

async fn write(world: &World, f: impl Fn(&mut Tx<'_>, &Author) -> Result<(), Refused> + Send + 'static) {
    let author = Author::new(&world.directory, "test");
    world.directory.store.write(move |tx| f(tx, &author)).await.unwrap();
}

async fn role(world: &World, id: &'static str, value: &'static str, on: bool) {
    let json = json!({ "id": id, "displayName": format!("The {id}"), "value": value, "isEnabled": on });
    let wanted: WantedRole = serde_json::from_value(json).unwrap();
    write(world, move |tx, author| {
        applications::save_app_role(tx, author, APP, &wanted.checked(String::new)?)
    })
    .await;
}

async fn assign(world: &World, principal: &'static str, role: &'static str, is: bool) {
    write(world, move |tx, author| {
        let application = applications::by_any_id(tx, &author.tenant, APP)?;
        match is {
            true => applications::assign(tx, author, &application, principal, role).map(|_| ()),
            false => Ok(applications::unassign(tx, author, APP, principal, Some(role)).map(|_| ())?),
        }
    })
    .await;
}

/// The values of a person's roles in the target, sorted.
fn roles(world: &World, person: &str) -> Vec<String> {
    let found = &world.picture().users[&format!("{person}@t.example")]["roles"];
    let value = |element: &Json| {
        let role: Json = serde_json::from_str(element["value"].as_str().unwrap()).unwrap();
        role["value"].as_str().unwrap().to_owned()
    };
    let mut values: Vec<String> = found.as_array().into_iter().flatten().map(value).collect();
    values.sort();
    values
}

async fn prepared(rows: &[(&str, &str)]) -> Vec<World> {
    let worlds = small().await;
    for world in &worlds {
        role(world, AUDITOR, "audit", true).await;
        role(world, WRITER, "write", true).await;
        settings::change(&world.directory, "test", APP, mappings(rows)).await.unwrap();
        assign(world, "leo", AUDITOR, true).await;
        world.cycle().await;
        assert_eq!(roles(world, "leo"), ["audit"], "it arrives with the creation");
        assert_eq!(roles(world, "ana"), Vec::<String>::new());
    }
    worlds
}

#[tokio::test]
async fn the_assertive_form_makes_the_target_have_exactly_the_roles_of_each_person() {
    let (complex, single) = (
        "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])",
        "SingleAppRoleAssignment([appRoleAssignments])",
    );
    for world in prepared(&[(complex, "roles"), (single, "userType")]).await {
        assert_eq!(world.picture().users["leo@t.example"]["userType"], "audit");
        role(&world, AUDITOR, "audit.all", true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "leo"), ["audit.all"], "another value reaches whoever has the role");
        assert_eq!(world.picture().users["leo@t.example"]["userType"], "audit.all");

        assign(&world, "sea", WRITER, true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "leo"), ["audit.all", "write"]);
        assert_eq!(roles(&world, "ana"), ["write"], "a group brings it to its members");
        world.member("sea", "mia", true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "mia"), ["write"]);
        role(&world, WRITER, "write.some", true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "mia"), ["write.some"], "by the group as well");

        world.member("sea", "mia", false).await;
        assign(&world, "leo", AUDITOR, false).await;
        world.cycle().await;
        assert_eq!(roles(&world, "mia"), Vec::<String>::new(), "and takes it away");
        assert_eq!(roles(&world, "leo"), ["write.some"]);
        role(&world, WRITER, "write.some", false).await;
        world.cycle().await;
        assert_eq!(roles(&world, "ana"), Vec::<String>::new(), "a disabled role is nobody's");
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]), "access is not touched");
    }
}

#[tokio::test]
async fn the_other_form_only_adds() {
    for world in prepared(&[("AppRoleAssignmentsComplex([appRoleAssignments])", "roles")]).await {
        assign(&world, "leo", WRITER, true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "leo"), ["audit", "write"]);
        // What others gave there stays, because only what is new is sent.
        let foreign = json!({ "value": json!({ "value": "of others" }).to_string() });
        let leo = world.scim.with(|inner| {
            let (_, user) =
                inner.rows.users.iter_mut().find(|(_, u)| u["userName"] == "leo@t.example").unwrap();
            user["roles"].as_array_mut().unwrap().push(foreign.clone());
            user.clone()
        });
        assert_eq!(leo["roles"].as_array().unwrap().len(), 3);
        assign(&world, "leo", AUDITOR, false).await;
        role(&world, WRITER, "write.all", true).await;
        world.cycle().await;
        assert_eq!(roles(&world, "leo"), ["audit", "of others", "write", "write.all"]);
        assign(&world, "leo", WRITER, false).await;
        world.cycle().await;
        assert_eq!(roles(&world, "leo").len(), 4);
    }
}

#[tokio::test]
async fn one_role_goes_to_the_primary_element() {
    let target = "roles[primary eq \"True\"].value";
    for world in small().await {
        role(&world, AUDITOR, "audit", true).await;
        let rows = [("SingleAppRoleAssignment([appRoleAssignments])", target)];
        settings::change(&world.directory, "test", APP, mappings(&rows)).await.unwrap();
        assign(&world, "leo", AUDITOR, true).await;
        world.cycle().await;
        let leo = || world.picture().users["leo@t.example"]["roles"].clone();
        assert_eq!(leo(), json!([{ "primary": true, "value": "audit" }]));
        role(&world, AUDITOR, "audit.all", true).await;
        world.cycle().await;
        assert_eq!(leo(), json!([{ "primary": true, "value": "audit.all" }]));
        assign(&world, "leo", AUDITOR, false).await;
        world.cycle().await;
        assert_eq!(leo(), Json::Null);
    }
}

#[tokio::test]
async fn roles_and_all_users_do_not_go_together() {
    for world in small().await {
        let change = |change: Change| settings::change(&world.directory, "test", APP, change);
        let rows = || mappings(&[("AppRoleAssignments([appRoleAssignments])", "roles")]);
        change(rows()).await.unwrap();
        let refused = change(Change { sync_all: Some(true), ..Change::default() }).await.unwrap_err();
        assert!(
            refused.to_string().contains("\"roles\"") && refused.to_string().contains("all users"),
            "{refused}"
        );
        change(Change { mappings: Some(Mappings::default()), sync_all: Some(true), ..Change::default() })
            .await
            .unwrap();
        change(rows()).await.unwrap_err();
        let bare = mappings(&[("Join(\",\", [appRoleAssignments])", "roles")]).mappings.unwrap();
        assert_eq!(bare.check(), Err(MappingError::Roles("roles".to_owned())));
    }
}
