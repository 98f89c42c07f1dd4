//! One object or the whole target makes trouble: what goes on all the same, and how it heals.

mod provisioning_support;

use std::time::Duration;

use axum::http::StatusCode;
use directory::provisioning::cycle::Round;
use directory::provisioning::job::{Reason, State};
use directory::provisioning::settings::{self, Change};
use provisioning_support::target::{Fault, Scim};
use provisioning_support::world::{APP, names, small};
use serde_json::json;

#[tokio::test]
async fn one_bad_object_stops_nobody_else() {
    // 403 is what a target says of an object that belongs to somebody else there.
    for status in [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN] {
        stops_nobody_else(status).await;
    }
}

async fn stops_nobody_else(status: StatusCode) {
    for world in small().await {
        world.scim.with(|i| i.forbidden_value = Some(("<bad>".into(), status)));
        world.set_text("leo", "display_name", "Leo <bad>").await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "mia"]));
        assert_eq!(world.picture().groups["sea"], names(&["ana"]));
        let failed: Vec<_> = world.log().await.into_iter().filter(|e| e.status == "failure").collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].code.as_deref(), Some("BadRequest"));
        assert!(failed[0].reason.as_ref().is_some_and(|reason| reason.contains("unparsable")));
        // Nothing is sent before its time; then it is tried again.
        world.scim.drain();
        world.cycle().await;
        assert_eq!(world.scim.drain(), [""; 0]);
        world.directory.clock.advance(Duration::from_secs(6));
        world.cycle().await;
        assert_eq!(world.scim.drain().len(), 2);
        // A change tries at once, and the membership follows.
        world.set_text("leo", "display_name", "Leo").await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
    }
}

#[tokio::test]
async fn a_refused_member_is_found_and_the_others_are_added() {
    for world in small().await {
        world.cycle().await;
        let people: Vec<String> = (0..20).map(|n| format!("u{n:02}")).collect();
        world.users(people.clone()).await;
        world.members("sea", people).await;
        let leo = world.scim.with(|i| {
            i.rows
                .users
                .iter()
                .find(|(_, u)| u["userName"] == "leo@t.example")
                .map(|(id, _)| id.clone())
                .unwrap()
        });
        world.scim.with(|i| i.always = Some(("PATCH /Groups".into(), Fault::Error)));
        world.cycle().await;
        world.scim.with(|i| {
            i.always = None;
            // Somebody deletes one of them in the target.
            i.rows.users.retain(|_, u| u["userName"] != "u07@t.example");
            i.rows.users.remove(&leo);
            i.rows.members.values_mut().for_each(|m| m.retain(|id| *id != leo));
        });
        world.settle().await;
        assert_eq!(world.picture().groups["sea"].len(), 21, "{:?}", world.picture().groups);
        world.set_text("leo", "display_name", "Leo II").await;
        world.settle().await;
        assert_eq!(world.picture().groups["sea"].len(), 22, "made again, with the membership");
    }
}

#[tokio::test]
async fn a_group_deleted_in_the_target_is_made_again() {
    for world in small().await {
        world.cycle().await;
        world.scim.with(|i| {
            i.rows.groups.clear();
            i.rows.members.clear();
        });
        world.member("sea", "eve", true).await;
        world.cycle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "eve", "leo"]));
    }
}

#[tokio::test]
async fn a_wrong_token_stops_the_job_and_its_return_heals_it() {
    for world in small().await {
        world.scim.with(|i| i.always = Some((String::new(), Fault::Unauthorized)));
        assert_eq!(world.cycle().await, Round::Stopped);
        let State::Quarantine(q) = world.job().await.state else { panic!("in quarantine") };
        assert_eq!(q.reason, Reason::EncounteredQuarantineException);
        assert!(q.detail.contains("401") && q.detail.contains("new access token"), "{}", q.detail);
        assert_eq!(world.scim.drain().len(), 1);
        world.cycle().await;
        assert_eq!(world.scim.drain(), [""; 0], "it waits");
        world.scim.with(|i| i.always = None);
        world.directory.clock.advance(Duration::from_secs(6));
        world.cycle().await;
        assert_eq!((world.job().await.state, world.picture().active().len()), (State::Active, 3));
        // In the middle of a cycle the others are not tried, and none of them counts as failed.
        world.scim.with(|i| i.always = Some(("PATCH".into(), Fault::Unauthorized)));
        world.edit("ana", "account_enabled = 0").await;
        world.edit("leo", "account_enabled = 0").await;
        world.cycle().await;
        assert!(matches!(world.job().await.state, State::Quarantine(_)));
        world.scim.with(|i| i.always = None);
        world.directory.clock.advance(Duration::from_secs(60));
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["mia"]));
    }
}

#[tokio::test]
async fn a_short_absence_of_the_target_is_no_quarantine_a_long_one_is() {
    for world in small().await {
        world.cycle().await;
        world.edit("ana", "account_enabled = 0").await;
        world.scim.with(|i| i.always = Some((String::new(), Fault::Drop)));
        for _ in 0..3 {
            world.cycle().await;
            assert_eq!(world.job().await.state, State::Active);
            world.scim.drain();
            world.cycle().await;
            assert_eq!(world.scim.drain(), [""; 0], "it waits");
            world.directory.clock.advance(Duration::from_secs(60));
        }
        world.cycle().await;
        assert!(matches!(world.job().await.state, State::Quarantine(_)));
        world.scim.with(|i| i.always = None);
        world.directory.clock.advance(Duration::from_secs(3700));
        world.cycle().await;
        assert_eq!((world.job().await.state, world.job().await.failures), (State::Active, 0));
        assert_eq!(world.picture().active(), names(&["leo", "mia"]));
    }
}

#[tokio::test]
async fn another_tenant_url_is_another_target() {
    for mut world in small().await {
        world.cycle().await;
        let before = world.picture();
        // The other target gives the ids of the first one to other people.
        let other = Scim::start().await;
        let ids: Vec<String> = world.scim.with(|i| i.rows.users.keys().cloned().collect());
        for (n, id) in ids.iter().enumerate() {
            let name = format!("stranger{n}@elsewhere.example");
            let user = json!({ "id": id, "userName": name, "displayName": "S", "active": true });
            other.with(|i| i.rows.users.insert(id.clone(), user.as_object().cloned().unwrap()));
        }
        other.with(|i| i.rows.next = 1000);
        let strangers = other.picture().users;
        let change = Change { base_url: Some(other.url.clone()), ..Change::default() };
        settings::change(&world.directory, "test", APP, change).await.unwrap();
        let first = std::mem::replace(&mut world.scim, other);
        first.drain();
        world.edit("leo", "account_enabled = 0").await;
        world.set_text("ana", "display_name", "Ana II").await;
        world.settle().await;
        assert_eq!(first.drain(), [""; 0], "the first one is left alone");
        assert_eq!(first.picture(), before);
        let now = world.picture();
        for (name, stranger) in &strangers {
            assert_eq!(now.users.get(name), Some(stranger), "nobody else is touched");
        }
        assert_eq!(now.users["ana@t.example"]["displayName"], "Ana II");
        assert_eq!(now.groups["sea"], names(&["ana"]));
        assert!(!now.users.contains_key("leo@t.example"));
        // The same target with an option is the same target.
        let change = Change { base_url: Some(format!("{}?option", world.scim.url)), ..Change::default() };
        settings::change(&world.directory, "test", APP, change).await.unwrap();
        world.scim.drain();
        world.cycle().await;
        assert_eq!(world.scim.drain(), [""; 0]);
    }
}

#[tokio::test]
async fn a_target_that_loses_what_it_made_is_given_time() {
    for world in small().await {
        world.scim.with(|i| i.always = Some(("PATCH /Groups".to_owned(), Fault::Forgets)));
        world.cycle().await;
        let asked = world.scim.drain().len();
        assert!(asked < 40, "{asked} requests, one after the other");
        world.scim.with(|i| i.always = None);
        world.settle().await;
        assert_eq!(world.picture().groups["sea"], names(&["ana", "leo"]));
    }
}
