//! Mappings by expressions, against a SCIM service in memory, on both engines.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use directory::provisioning::mapping::{Apply, Mapping, Mappings, Source};
use directory::provisioning::settings::{self, Change};
use provisioning_support::world::{APP, World, names, small};
use serde_json::json;

fn expression(text: &str, target: &str) -> Mapping {
    Mapping {
        source: Source::Expression(text.to_owned()),
        target: target.to_owned(),
        default_value: None,
        apply: Apply::Always,
        matching: 0,
    }
}

async fn save(world: &World, mappings: Mappings) {
    let change = Change { mappings: Some(mappings), ..Change::default() };
    settings::change(&world.directory, "test", APP, change).await.unwrap();
}

async fn profile(world: &World, id: &str, profile: serde_json::Value) {
    world.set_text(id, "profile", &profile.to_string()).await;
}

#[tokio::test]
async fn an_expression_that_fails_for_one_person_holds_up_nobody_else() {
    for world in small().await {
        let mut mappings = Mappings::default();
        mappings.users.push(expression(
            r#"IIF([employeeId]="x", Mid([givenName], [employeeId], 1), "crew")"#,
            "userType",
        ));
        mappings.users.push(expression(r#"Join(" ", [givenName], [surname])"#, "nickName"));
        save(&world, mappings).await;
        profile(&world, "leo", json!({ "givenName": "leo", "surname": "Lee", "employeeId": "x" })).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "mia"]));
        assert_eq!(world.picture().users["ana@t.example"]["nickName"], "ana Lee");
        assert_eq!(world.picture().groups["sea"], names(&["ana"]), "a group goes without who failed");
        let log = world.log().await;
        let failed: Vec<_> = log.iter().filter(|e| e.status == "failure").collect();
        assert_eq!((failed.len(), failed[0].source_id.as_str()), (1, "leo"));
        assert_eq!(failed[0].code.as_deref(), Some("AttributeMappingFailed"));
        let reason = failed[0].reason.clone().unwrap();
        assert!(reason.contains("userType") && reason.contains("[employeeId] = \"x\""), "{reason}");
        profile(&world, "leo", json!({ "givenName": "leo", "surname": "Lee", "mail": "leo@t.example" }))
            .await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
        // Who fails can still be switched off, and nothing else of them is touched.
        profile(&world, "leo", json!({ "givenName": "Leo", "surname": "Lee", "employeeId": "x" })).await;
        world.edit("leo", "account_enabled = 0").await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "mia"]));
        assert_eq!(world.picture().users["leo@t.example"]["nickName"], "leo Lee");
    }
}
