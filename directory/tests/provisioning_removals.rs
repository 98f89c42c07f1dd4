//! How many may be removed, and what stops a job that would remove more, on both engines.

mod provisioning_support;

use std::time::Duration;

use directory::provisioning::cycle::Round;
use directory::provisioning::job::{Reason, State};
use directory::provisioning::settings::{self, Change, Restart};
use provisioning_support::world::{APP, names, small, worlds};

#[tokio::test]
async fn too_many_removals_wait_for_an_administrator() {
    for world in worlds().await {
        let people: Vec<String> = (0..40).map(|n| format!("u{n:02}")).collect();
        world.users(people.clone()).await;
        world.group("all").await;
        world.members("all", people).await;
        world.assign("all", true).await;
        world.start().await;
        world.cycle().await;
        world.assign("all", false).await;
        world.scim.drain();
        assert_eq!(world.cycle().await, Round::Stopped);
        assert_eq!(world.scim.drain(), [""; 0]);
        let State::Quarantine(q) = world.job().await.state else { panic!("in quarantine") };
        assert_eq!((q.reason, q.detail.contains("41 objects")), (Reason::TooManyDeletes, true));
        assert_eq!(world.log().await.iter().filter(|e| e.action == "stagedDelete").count(), 41);
        // Putting it right ends the quarantine by itself.
        world.assign("all", true).await;
        world.cycle().await;
        assert_eq!((world.job().await.state, world.picture().active().len()), (State::Active, 40));
        // Allowing what was looked at lets it pass, and no more than that.
        world.assign("all", false).await;
        world.cycle().await;
        settings::allow_removals(&world.directory, "test", APP, 40).await.unwrap();
        world.cycle().await;
        assert_eq!(world.picture().active().len(), 40);
        settings::allow_removals(&world.directory, "test", APP, 41).await.unwrap();
        world.cycle().await;
        assert_eq!((world.picture().active().len(), world.picture().groups.len()), (0, 0));
        assert_eq!((world.job().await.state, world.job().await.removals_allowed), (State::Active, 0));
    }
}

#[tokio::test]
async fn people_removed_one_by_one_count_together() {
    for world in worlds().await {
        let people: Vec<String> = (0..40).map(|n| format!("u{n:02}")).collect();
        world.users(people.clone()).await;
        world.group("all").await;
        world.members("all", people.clone()).await;
        world.assign("all", true).await;
        world.start().await;
        world.cycle().await;
        for person in people.iter().take(30) {
            world.member("all", person, false).await;
            world.cycle().await;
        }
        assert_eq!(world.picture().active().len(), 15, "25 in a window, no more");
        // In the next window it goes on.
        world.directory.clock.advance(Duration::from_secs(41 * 60));
        world.cycle().await;
        assert_eq!(world.picture().active().len(), 10);
    }
}

#[tokio::test]
async fn who_comes_back_does_not_count_as_removed() {
    for world in small().await {
        let change = Change { removal_limit: Some(Some(2)), ..Change::default() };
        settings::change(&world.directory, "test", APP, change).await.unwrap();
        world.cycle().await;
        for _ in 0..4 {
            world.edit("ana", "account_enabled = 0").await;
            world.edit("leo", "account_enabled = 0").await;
            world.cycle().await;
            assert_eq!(world.picture().active(), names(&["mia"]));
            world.edit("ana", "account_enabled = 1").await;
            world.edit("leo", "account_enabled = 1").await;
            world.cycle().await;
            assert_eq!(world.picture().active(), names(&["ana", "leo", "mia"]));
        }
    }
}

#[tokio::test]
async fn an_empty_directory_beside_a_full_target_deletes_nothing() {
    for world in small().await {
        world.cycle().await;
        world.write(|tx| tx.exec("DELETE FROM users", &[]).map(|_| ())).await;
        world.write(|tx| tx.exec("DELETE FROM app_role_assignments", &[]).map(|_| ())).await;
        settings::restart(&world.directory, "test", APP, Restart::Look).await.unwrap();
        world.cycle().await;
        assert_eq!(world.picture().active().len(), 3);
        let State::Quarantine(q) = world.job().await.state else { panic!("in quarantine") };
        assert_eq!(q.reason, Reason::IngestionInterrupted);
    }
}
