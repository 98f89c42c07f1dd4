//! Mappings by expressions, and scoping filters, against a SCIM service in memory, on both engines.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use directory::provisioning::Kind;
use directory::provisioning::job::{OutOfScope, Reason, State};
use directory::provisioning::mapping::{Apply, Mapping, Mappings};
use directory::provisioning::scope_preview::ScopePreview;
use directory::provisioning::scoping_filter::{FilterClause, FilterGroup, FilterOperator, ScopingFilter};
use directory::provisioning::settings::{self, Change};
use provisioning_support::world::{APP, World, expression, names, small};
use serde_json::json;

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

#[tokio::test]
async fn a_value_that_must_be_free_is_chosen_by_asking_the_target_and_hidden_where_asked() {
    for world in small().await {
        let mut mappings = Mappings::default();
        let unique = r#"SelectUniqueValue("crew", Append("crew-", [givenName]))"#;
        mappings.users.push(Mapping { apply: Apply::OnlyOnCreate, ..expression(unique, "nickName") });
        mappings.users.push(expression("Redact([surname])", "userType"));
        save(&world, mappings).await;
        world.assign("sea", false).await;
        world.cycle().await;
        assert_eq!(world.picture().users["mia@t.example"]["nickName"], "crew");
        world.assign("ana", true).await;
        world.cycle().await;
        assert_eq!(world.picture().users["ana@t.example"]["nickName"], "crew-ana");
        // What was chosen stays, whatever happens here; what is hidden is sent and not told.
        profile(&world, "ana", json!({ "givenName": "Anna", "surname": "Lee" })).await;
        world.cycle().await;
        let ana = &world.picture().users["ana@t.example"];
        assert_eq!((&ana["nickName"], &ana["userType"]), (&json!("crew-ana"), &json!("Lee")));
        let told: String = world.log().await.iter().map(|e| e.modified.to_string()).collect();
        assert!(
            told.contains("[Redact]") && !told.contains(r#""displayName":"userType","newValue":"Lee""#),
            "{told}"
        );
    }
}

fn only(department: &str) -> Vec<FilterGroup> {
    let clause = FilterClause::new("department", FilterOperator::Equals, &[department]);
    vec![FilterGroup { clauses: vec![clause], name: department.to_owned() }]
}

fn filter(department: &str) -> ScopingFilter {
    ScopingFilter { groups: only(department), ..ScopingFilter::default() }
}

async fn department(world: &World, id: &str, department: &str) {
    let mail = format!("{id}@t.example");
    profile(world, id, json!({ "givenName": id, "surname": "Lee", "mail": mail, "department": department }))
        .await;
}

#[tokio::test]
async fn a_scoping_filter_decides_who_of_the_assigned_is_sent() {
    for world in small().await {
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        department(&world, "leo", "Land").await;
        department(&world, "mia", "Land").await;
        let job = world.job().await;
        let preview = ScopePreview::of(&world.directory, &job, Kind::User, &filter("Sea")).await.unwrap();
        assert_eq!((preview.in_scope, preview.entering, preview.leaving), (1, 0, 2));
        assert_eq!(
            preview.leaving_names.iter().cloned().collect::<std::collections::BTreeSet<_>>(),
            names(&["leo", "mia"])
        );
        save(&world, Mappings { user_scope: filter("Sea"), ..Mappings::default() }).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana"]));
        assert_eq!(world.picture().groups["sea"], names(&["ana"]));
        // Who comes into it by a change of their own, and who leaves it.
        department(&world, "leo", "Sea").await;
        department(&world, "ana", "Land").await;
        department(&world, "eve", "Sea").await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo"]), "eve is not assigned");
        assert_eq!(world.picture().groups["sea"], names(&["leo"]));
        // A group that joins brings those whom the filter lets through.
        world.assign("other", true).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo", "eve"]));
        save(&world, Mappings::default()).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia", "eve"]));
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
    }
}

#[tokio::test]
async fn an_input_filter_leaves_what_is_there_alone() {
    for world in small().await {
        world.cycle().await;
        department(&world, "leo", "Land").await;
        let user_scope = ScopingFilter { input_filter_groups: only("Sea"), ..ScopingFilter::default() };
        save(&world, Mappings { user_scope, ..Mappings::default() }).await;
        world.assign("sea", false).await;
        world.assign("mia", false).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo"]), "leo is not processed, so not removed either");
    }
}

#[tokio::test]
async fn what_becomes_of_who_leaves_is_a_choice() {
    for (action, left, there) in [
        (OutOfScope::Disable, &["ana"][..], 3),
        (OutOfScope::Delete, &["ana"][..], 1),
        (OutOfScope::Skip, &["ana", "leo", "mia"][..], 3),
    ] {
        for world in small().await {
            world.cycle().await;
            department(&world, "leo", "Land").await;
            department(&world, "mia", "Land").await;
            let change = Change { out_of_scope: Some(action), ..Change::default() };
            settings::change(&world.directory, "test", APP, change).await.unwrap();
            save(&world, Mappings { user_scope: filter("Sea"), ..Mappings::default() }).await;
            world.cycle().await;
            assert_eq!(world.picture().active(), names(left), "{action:?}");
            assert_eq!(world.picture().users.len(), there, "{action:?}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_throws_many_out_waits_for_a_persons_word() {
    for world in small().await {
        let change = Change { removal_limit: Some(Some(1)), ..Change::default() };
        settings::change(&world.directory, "test", APP, change).await.unwrap();
        world.cycle().await;
        save(&world, Mappings { user_scope: filter("Nowhere"), ..Mappings::default() }).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        let State::Quarantine(q) = world.job().await.state else { panic!("no quarantine") };
        assert_eq!(q.reason, Reason::TooManyDeletes);
        assert!(q.detail.starts_with('3'), "all who would leave are counted: {}", q.detail);
        save(&world, Mappings::default()).await;
        world.cycle().await;
        assert_eq!(world.job().await.state, State::Active);
    }
}
