//! Dry runs and their approval, against a SCIM service in memory, on both engines.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::time::Duration;

use directory::provisioning::dry_run::{Action, Change, DryRun};
use directory::provisioning::job::ProvisioningError;
use directory::provisioning::settings::{self, Change as Settings};
use provisioning_support::world::{APP, World, names, small};
use serde_json::json;

async fn plan(world: &World) -> DryRun {
    world.engine.dry_run(world.job().await, "root").await.unwrap()
}

async fn approve(world: &World, run: &DryRun) -> Result<(), ProvisioningError> {
    world.engine.approve(world.job().await, &run.id, "root").await.map(|_| ())
}

fn of<'a>(run: &'a DryRun, name: &str) -> Vec<&'a Change> {
    run.changes.changes.iter().filter(|c| c.name == name).collect()
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_its_approval_sends_what_it_shows() {
    for world in small().await {
        settings::pause(&world.directory, "test", APP).await.unwrap();
        world.scim.foreign("leo@t.example");
        world.scim.drain();
        let run = plan(&world).await;
        assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")));
        let actions: Vec<_> = run.changes.changes.iter().map(|c| (c.name.as_str(), c.action)).collect();
        assert!(actions.contains(&("ana@t.example", Action::Create)), "{actions:?}");
        assert!(actions.contains(&("leo@t.example", Action::Match)), "{actions:?}");
        assert!(actions.contains(&("sea", Action::AddMembers)), "{actions:?}");
        assert!(!actions.iter().any(|(name, _)| name.starts_with("eve")));
        let ana = of(&run, "ana@t.example")[0];
        let mail = ana.attributes.iter().find(|a| a.path.starts_with("emails")).unwrap();
        assert_eq!((&mail.from, &mail.to), (&None, &Some(json!("ana@t.example"))));
        approve(&world, &run).await.unwrap();
        assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
        assert!(matches!(approve(&world, &run).await, Err(ProvisioningError::PlanOver(_))));
        assert!(plan(&world).await.changes.changes.is_empty(), "all of it was sent");
        // What the plan did needs no cycle any more.
        world.start().await;
        world.scim.drain();
        world.cycle().await;
        assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")));
    }
}

#[tokio::test]
async fn a_plan_is_refused_where_either_side_has_moved() {
    for world in small().await {
        world.cycle().await;
        settings::pause(&world.directory, "test", APP).await.unwrap();
        world.set_text("ana", "display_name", "Captain").await;
        let run = plan(&world).await;
        let ana = of(&run, "ana@t.example")[0];
        assert_eq!(ana.in_words(), "update displayName: ana → Captain");
        // Here.
        world.set_text("ana", "display_name", "Admiral").await;
        let Err(ProvisioningError::PlanMoved(moved)) = approve(&world, &run).await else {
            panic!("not refused")
        };
        assert!(moved[0].contains("Captain") && moved[0].contains("Admiral"), "{moved:?}");
        // There.
        let run = plan(&world).await;
        world.scim.with(|i| {
            let user = i.rows.users.values_mut().find(|u| u["userName"] == "ana@t.example").unwrap();
            user.insert("displayName".to_owned(), json!("Somebody"));
        });
        let Err(ProvisioningError::PlanMoved(moved)) = approve(&world, &run).await else {
            panic!("not refused")
        };
        assert!(moved[0].contains("Somebody"), "{moved:?}");
        assert_eq!(world.picture().users["ana@t.example"]["displayName"], "Somebody", "nothing was sent");
        // What does not change the effect does not count.
        let run = plan(&world).await;
        world.set_text("eve", "display_name", "Not in scope").await;
        approve(&world, &run).await.unwrap();
        assert_eq!(world.picture().users["ana@t.example"]["displayName"], "Admiral");
        let run = plan(&world).await;
        world.directory.clock.advance(Duration::from_secs(25 * 3600));
        assert!(matches!(approve(&world, &run).await, Err(ProvisioningError::PlanOver(_))));
    }
}

#[tokio::test]
async fn removals_beyond_the_limit_are_approved_by_their_plan() {
    for world in small().await {
        let change = Settings { removal_limit: Some(Some(1)), ..Settings::default() };
        settings::change(&world.directory, "test", APP, change).await.unwrap();
        world.cycle().await;
        world.assign("sea", false).await;
        world.cycle().await;
        assert_eq!(world.job().await.state.label(), "Quarantine");
        let run = plan(&world).await;
        assert_eq!((run.changes.removals, run.changes.removal_limit), (3, 1), "two people and their group");
        assert_eq!(of(&run, "leo@t.example")[0].action, Action::Disable);
        approve(&world, &run).await.unwrap();
        assert_eq!(world.picture().active(), names(&["mia"]));
        assert!(world.picture().groups.is_empty());
        world.cycle().await;
        assert_eq!(world.job().await.state.label(), "Active");
    }
}
