//! Cycles against a SCIM service in memory, on both engines.

mod provisioning_support;

use directory::provisioning::Kind;
use directory::provisioning::cycle::Round;
use directory::provisioning::mapping::{Apply, Mapping, Mappings, Source};
use directory::provisioning::personality::{Personality, PersonalityChoice};
use directory::provisioning::settings::{self, Change, Restart};
use provisioning_support::world::{APP, World, names, small, worlds};
use serde_json::json;

const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn the_initial_cycle_brings_who_is_assigned_and_nobody_else() {
    for world in small().await {
        assert_eq!(world.cycle().await, Round::Idle);
        let picture = world.picture();
        assert_eq!(picture.active(), names(&["ana", "leo", "mia"]));
        assert_eq!(picture.groups.keys().collect::<Vec<_>>(), ["sea"]);
        assert_eq!(picture.groups["sea"], names(&["ana", "leo"]));
        let ana = &picture.users["ana@t.example"];
        assert_eq!(ana["emails"], json!([{ "type": "work", "primary": true, "value": "ana@t.example" }]));
        assert_eq!(ana[DEPARTMENT], json!({ "department": "Sea", "manager": { "value": "mia@t.example" } }));
        assert_eq!(ana["externalId"], "ana");
        let counts = world.counts().await;
        assert_eq!((counts.users, counts.groups, counts.members), (3, 1, 2));
        assert!(world.log().await.iter().all(|e| e.status == "success"));
    }
}

#[tokio::test]
async fn nothing_changed_means_no_request_at_all() {
    for world in small().await {
        world.cycle().await;
        world.scim.drain();
        world.cycle().await;
        world.set_text("eve", "display_name", "nobody there").await;
        world.member("other", "mia", true).await;
        world.cycle().await;
        assert_eq!(world.scim.drain(), [""; 0]);
        // A restart looks at everything; only the connection is tested.
        settings::restart(&world.directory, "test", APP, Restart::Look).await.unwrap();
        world.cycle().await;
        let requests = world.scim.drain();
        assert_eq!(requests.len(), 1, "{requests:?}");
        assert!(requests[0].starts_with("GET /Users?filter=userName eq"));
    }
}

#[tokio::test]
async fn one_change_costs_the_same_at_ten_and_at_a_thousand() {
    for world in worlds().await {
        let mut costs = Vec::new();
        let mut made = 0;
        for size in [10, 1000] {
            let new: Vec<String> = (made..size).map(|n| format!("u{n:04}")).collect();
            made = size;
            world.users(new.clone()).await;
            if size == 10 {
                world.group("all").await;
                world.assign("all", true).await;
                world.start().await;
            }
            world.members("all", new).await;
            world.cycle().await;
            assert_eq!(world.picture().groups["all"].len(), size);
            world.scim.drain();
            world.set_text("u0003", "display_name", &format!("Three {size}")).await;
            world.cycle().await;
            let rename = world.scim.drain().len();
            let joiner = format!("joiner{size}");
            world.user(&joiner).await;
            world.member("all", &joiner, true).await;
            world.cycle().await;
            let join = world.scim.drain().len();
            world.member("all", &joiner, false).await;
            world.cycle().await;
            costs.push((rename, join, world.scim.drain().len()));
        }
        assert_eq!(costs, [(1, 3, 2), (1, 3, 2)]);
    }
}

#[tokio::test]
async fn attributes_change_and_clear() {
    for world in small().await {
        world.cycle().await;
        world.scim.drain();
        world.set_text("ana", "profile", r#"{"givenName":"Ana","surname":"Lee","jobTitle":"Captain"}"#).await;
        world.cycle().await;
        assert_eq!(world.scim.drain().len(), 1);
        let ana = world.picture().users["ana@t.example"].clone();
        assert_eq!(ana["name"], json!({ "givenName": "Ana", "familyName": "Lee" }));
        assert_eq!(
            (&ana["title"], ana.get("emails")),
            (&json!("Captain"), None),
            "a cleared e-mail is cleared"
        );
        world.edit("ana", "manager_id = NULL").await;
        world.rename_group("sea", "ocean").await;
        world.set_text("leo", "user_principal_name", "leonard@t.example").await;
        world.cycle().await;
        let picture = world.picture();
        assert_eq!(picture.users["ana@t.example"].get(DEPARTMENT), None);
        assert_eq!(
            picture.groups["ocean"],
            [String::from("ana@t.example"), "leonard@t.example".into()].into()
        );
        assert_eq!(picture.users.len(), 3);
    }
}

#[tokio::test]
async fn leavers_are_switched_off_and_deleted_only_for_good() {
    for world in small().await {
        world.cycle().await;
        let id = |world: &World, name: &str| {
            world
                .scim
                .with(|i| i.rows.users.iter().find(|(_, u)| u["userName"] == name).map(|(id, _)| id.clone()))
        };
        let ana = id(&world, "ana@t.example");
        // Disabled.
        world.edit("ana", "account_enabled = 0").await;
        world.cycle().await;
        let picture = world.picture();
        assert_eq!(picture.active(), names(&["leo", "mia"]));
        assert_eq!(picture.groups["sea"], names(&["leo"]));
        // Enabled again: the same object, with its membership and what changed meanwhile.
        world.set_text("ana", "display_name", "Ana II").await;
        world.edit("ana", "account_enabled = 1").await;
        world.cycle().await;
        assert_eq!(id(&world, "ana@t.example"), ana);
        let picture = world.picture();
        assert_eq!(picture.active(), names(&["ana", "leo", "mia"]));
        assert_eq!(picture.groups["sea"], names(&["ana", "leo"]));
        assert_eq!(picture.users["ana@t.example"]["displayName"], "Ana II");
        // Out of scope, and back.
        world.member("sea", "ana", false).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo", "mia"]));
        world.member("sea", "ana", true).await;
        world.cycle().await;
        assert_eq!((id(&world, "ana@t.example"), world.picture().groups["sea"].len()), (ana.clone(), 2));
        // Deleted, restored and assigned again, deleted for good.
        world.delete("ana").await;
        world.cycle().await;
        assert_eq!(world.picture().users["ana@t.example"]["active"], false);
        world.restore("ana").await;
        world.member("sea", "ana", true).await;
        world.cycle().await;
        assert_eq!((id(&world, "ana@t.example"), world.picture().active().len()), (ana, 3));
        world.delete("ana").await;
        world.purge("ana").await;
        world.cycle().await;
        assert_eq!(world.picture().users.len(), 2);
    }
}

#[tokio::test]
async fn a_manager_who_changes_with_the_switch_does_not_undo_it() {
    for world in small().await {
        world.cycle().await;
        world.edit("ana", "account_enabled = 0, manager_id = 'leo'").await;
        world.cycle().await;
        let ana = world.picture().users["ana@t.example"].clone();
        let manager = &ana[DEPARTMENT]["manager"]["value"];
        assert_eq!((&ana["active"], manager), (&json!(false), &json!("leo@t.example")));
        assert_eq!(world.counts().await.disabled, 1);
        world.edit("ana", "account_enabled = 1").await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
    }
}

#[tokio::test]
async fn groups_leave_and_come_back() {
    for world in small().await {
        world.cycle().await;
        world.assign("sea", false).await;
        world.cycle().await;
        assert_eq!((world.picture().groups.len(), world.picture().active()), (0, names(&["mia"])));
        world.assign("sea", true).await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
        world.delete_group("sea").await;
        world.cycle().await;
        assert_eq!((world.picture().groups.len(), world.picture().active()), (0, names(&["mia"])));
    }
}

#[tokio::test]
async fn nested_groups_count_only_where_the_tenant_says_so() {
    for world in small().await {
        world.group("deep").await;
        world.member("sea", "deep", true).await;
        world.member("deep", "eve", true).await;
        // A circle.
        world.member("deep", "sea", true).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        world.transitive(true).await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "eve", "leo"]));
        assert_eq!(world.picture().groups.len(), 1, "a nested group itself is not sent");
        // Another way keeps the membership.
        world.member("sea", "eve", true).await;
        world.member("deep", "eve", false).await;
        world.scim.drain();
        world.cycle().await;
        assert_eq!(world.scim.drain(), [""; 0]);
        world.member("sea", "eve", false).await;
        world.member("deep", "eve", true).await;
        world.member("sea", "deep", false).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        world.member("sea", "deep", true).await;
        world.cycle().await;
        world.transitive(false).await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
    }
}

#[tokio::test]
async fn everybody_is_in_scope_where_that_is_set() {
    for world in small().await {
        world.cycle().await;
        let all = |sync_all| Change { sync_all: Some(sync_all), ..Change::default() };
        settings::change(&world.directory, "test", APP, all(true)).await.unwrap();
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "eve", "leo", "mia"]));
        assert_eq!(world.picture().groups["other"], names(&["eve"]));
        // Back, without a restart by hand: the surplus goes.
        settings::change(&world.directory, "test", APP, all(false)).await.unwrap();
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        assert_eq!(world.picture().groups.len(), 1);
    }
}

#[tokio::test]
async fn what_is_there_already_is_matched_and_what_others_made_is_left_alone() {
    for world in small().await {
        world.scim.with(|i| {
            let there = |name: &str| {
                json!({ "userName": name, "displayName": "old", "active": false, "title": "keep?",
                "emails": [{ "type": "work", "primary": true, "value": "old@x" }] })
            };
            for (id, name) in [("x1", "ANA@t.example"), ("x2", "guest@t.example")] {
                let mut object = there(name).as_object().unwrap().clone();
                object.insert("id".into(), json!(id));
                i.rows.users.insert(id.into(), object);
            }
            i.rows.members.insert("x9".into(), ["x2".to_owned()].into());
            let sea = json!({ "id": "x9", "displayName": "sea" });
            i.rows.groups.insert("x9".into(), sea.as_object().unwrap().clone());
        });
        world.cycle().await;
        let picture = world.picture();
        assert_eq!(picture.users.len(), 4);
        assert_eq!(picture.users["ana@t.example"]["emails"][0]["value"], "ana@t.example");
        assert_eq!(picture.users["guest@t.example"]["displayName"], "old");
        assert_eq!(picture.groups["sea"], names(&["ana", "guest", "leo"]), "another's member stays");
        // Nobody here is the guest, so a person who leaves never takes the guest along.
        world.assign("sea", false).await;
        world.assign("mia", false).await;
        world.cycle().await;
        assert_eq!(world.picture().users["guest@t.example"]["displayName"], "old");
    }
}

#[tokio::test]
async fn the_account_of_a_deleted_person_is_not_given_to_a_namesake() {
    for world in small().await {
        world.cycle().await;
        world.delete("mia").await;
        world.cycle().await;
        world.user("mia2").await;
        world.set_text("mia2", "user_principal_name", "mia@t.example").await;
        world.assign("mia2", true).await;
        world.cycle().await;
        assert_eq!(world.picture().users["mia@t.example"]["externalId"], "mia");
        let log = world.log().await;
        let entry = log.iter().find(|e| e.source_id == "mia2").unwrap();
        assert_eq!((entry.status, entry.code.as_deref()), ("failure", Some("EntryConflict")));
        world.purge("mia").await;
        world.settle().await;
        assert_eq!(world.picture().users["mia@t.example"]["externalId"], "mia2");
    }
}

#[tokio::test]
async fn two_groups_of_one_name_do_not_become_one() {
    for world in small().await {
        world.rename_group("other", "sea").await;
        world.assign("other", true).await;
        world.cycle().await;
        let picture = world.picture();
        assert_eq!(picture.groups.len(), 1);
        assert!(picture.groups["sea"].is_subset(&names(&["ana", "leo", "eve"])));
        assert!(picture.groups["sea"].len() < 3, "one group's members alone");
        world.rename_group("other", "free").await;
        world.settle().await;
        assert_eq!(world.picture().groups.len(), 2);
    }
}

#[tokio::test]
async fn a_pause_holds_changes_and_a_start_sends_them() {
    for world in small().await {
        world.cycle().await;
        settings::pause(&world.directory, "test", APP).await.unwrap();
        world.edit("ana", "account_enabled = 0").await;
        world.scim.drain();
        assert_eq!(world.cycle().await, Round::Stopped);
        assert_eq!(world.scim.drain(), [""; 0]);
        world.start().await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo", "mia"]));
    }
}

#[tokio::test]
async fn on_demand_does_one_object_and_tells_the_steps() {
    for world in small().await {
        let effects = world.on_demand(Kind::User, "ana").await;
        assert_eq!(effects.len(), 1, "the manager is not there yet");
        assert_eq!((effects[0].entry.action, effects[0].entry.status), ("create", "success"));
        assert_eq!(effects[0].entry.steps.as_array().unwrap().len(), 2);
        assert_eq!(world.picture().active(), names(&["ana"]));
        assert!(world.on_demand(Kind::User, "eve").await.is_empty());
        world.on_demand(Kind::Group, "sea").await;
        assert_eq!(world.picture().groups["sea"], names(&["ana"]));
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
    }
}

#[tokio::test]
async fn a_full_restart_repairs_what_others_changed() {
    for world in small().await {
        world.cycle().await;
        world.scim.with(|i| {
            for user in i.rows.users.values_mut() {
                user.insert("displayName".into(), json!("drift"));
            }
        });
        settings::restart(&world.directory, "test", APP, Restart::Compare).await.unwrap();
        world.cycle().await;
        let picture = world.picture();
        assert_eq!(picture.users.len(), 3);
        assert_eq!(picture.users["leo@t.example"]["displayName"], "leo");
        assert_eq!(picture.users["ana@t.example"][DEPARTMENT]["manager"]["value"], "mia@t.example");
    }
}

/// A second e-mail address for everybody.
fn with_home_address() -> Mappings {
    let mut mappings = Mappings::default();
    let target = "emails[type eq \"home\"].value".to_owned();
    let source = Source::Direct("userPrincipalName".to_owned());
    mappings.put(
        Kind::User,
        "",
        Mapping { source, target, default_value: None, apply: Apply::Always, matching: 0 },
    );
    mappings
}

#[tokio::test]
async fn aws_gets_what_it_takes_and_whom_it_would_refuse_is_skipped() {
    for world in worlds().await {
        let people: Vec<String> = (0..250).map(|n| format!("u{n:03}")).collect();
        world.users(people.clone()).await;
        world.group("all").await;
        world.assign("all", true).await;
        world.members("all", people.clone()).await;
        world.user("nameless").await;
        world.set_text("nameless", "profile", r#"{"surname":"Lee"}"#).await;
        world.member("all", "nameless", true).await;
        let aws = Change {
            personality: Some(PersonalityChoice::Always(Personality::Aws)),
            mappings: Some(with_home_address()),
            ..Change::default()
        };
        settings::change(&world.directory, "test", APP, aws).await.unwrap();
        world.start().await;
        world.cycle().await;
        let picture = world.picture();
        assert_eq!((picture.users.len(), picture.groups["all"].len()), (250, 250));
        let work = json!([{ "type": "work", "primary": true, "value": "u000@t.example" }]);
        assert_eq!(picture.users["u000@t.example"]["emails"], work);
        let requests = world.scim.drain();
        let count = |what: &str| requests.iter().filter(|r| r.starts_with(what)).count();
        // The target refuses more than 100 changes, and a refusal would be one request more.
        assert_eq!((count("POST /Users"), count("PATCH /Groups")), (250, 3));
        assert!(!requests.iter().any(|r| r.contains("nameless")));
        let log = world.log().await;
        let entry = log.iter().find(|e| e.source_id == "nameless").unwrap();
        assert_eq!((entry.status, entry.code.as_deref()), ("skipped", Some("TargetWouldRefuse")));
        let reason = entry.reason.as_ref().unwrap();
        assert!(reason.contains("name.givenName (required): no value"), "{reason}");
        assert!(log.iter().filter(|e| e.source_id != "nameless").all(|e| e.status == "success"));
        // Put right, the person comes with the membership. Who is there and becomes unfit stays as sent.
        world.set_text("nameless", "profile", r#"{"givenName":"No","surname":"Lee"}"#).await;
        world.set_text("u000", "display_name", "a;b").await;
        world.cycle().await;
        let picture = world.picture();
        assert_eq!((picture.users.len(), picture.groups["all"].len()), (251, 251));
        assert_eq!(picture.users["u000@t.example"]["displayName"], "u000");
        // Who has to go goes, fit or not.
        world.edit("u000", "account_enabled = 0").await;
        world.cycle().await;
        assert_eq!(world.picture().users["u000@t.example"]["active"], false);
        // Another service judges for itself.
        let generic = Change {
            personality: Some(PersonalityChoice::Automatic),
            mappings: Some(Mappings::default()),
            ..Change::default()
        };
        settings::change(&world.directory, "test", APP, generic).await.unwrap();
        world.set_text("u001", "display_name", "a;b").await;
        world.cycle().await;
        assert_eq!(world.picture().users["u001@t.example"]["displayName"], "a;b");
    }
}
