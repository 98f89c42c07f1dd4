//! Comparisons with the whole target: what others changed there is found, told and put right, on both engines.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use std::time::Duration;

use directory::provisioning::comparison::{
    self, Comparison, Fate, Outcome, What, Wish, store as comparisons,
};
use directory::provisioning::mapping::{Apply, Mapping, Source};
use directory::provisioning::personality::{Personality, PersonalityChoice};
use directory::provisioning::settings::{self, Change};
use directory::provisioning::{Kind, pending};
use provisioning_support::crash::restarted;
use provisioning_support::target::{Fault, Shows};
use provisioning_support::world::{APP, TENANT, World, names, small};
use serde_json::{Value as Json, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const NOTHING: Wish = Wish { dry_run: true, allowed: 0 };

async fn compare(world: &World, wish: Wish) -> Comparison {
    let asked = comparison::ask(&world.directory, "root", &world.job().await, wish).await.unwrap();
    assert!(world.engine.compare(APP).await.unwrap(), "there was one to carry out");
    find(world, &asked.id).await
}

async fn find(world: &World, id: &str) -> Comparison {
    let (job, id) = (world.job().await, id.to_owned());
    world.directory.store.read(move |tx| comparisons::find(tx, &job, &id)).await.unwrap().unwrap()
}

async fn newest(world: &World) -> Option<Comparison> {
    let job = world.job().await;
    let all = world.directory.store.read(move |tx| comparisons::list(tx, &job)).await.unwrap();
    all.into_iter().next()
}

async fn fates(world: &World, comparison: &Comparison) -> Vec<Fate> {
    let (job, comparison) = (world.job().await, comparison.clone());
    world.directory.store.read(move |tx| comparisons::fates(tx, &job, &comparison)).await.unwrap()
}

async fn waits(world: &World) -> bool {
    let job = world.job().await;
    let waiting = world.directory.store.read(move |tx| pending::waiting(tx, &job)).await.unwrap();
    waiting != pending::Waiting::default()
}

fn outcome(comparison: &Comparison) -> &Outcome {
    &comparison.ended.as_ref().unwrap().1
}

/// Changes a user in the target by hand.
fn by_hand(world: &World, name: &str, change: impl FnOnce(&mut serde_json::Map<String, Json>)) {
    world.scim.with(|i| {
        let user = i.rows.users.values_mut().find(|u| u["userName"] == format!("{name}@t.example"));
        change(user.unwrap());
    });
}

fn id_there(world: &World, name: &str) -> String {
    world.scim.with(|i| {
        let all = i.rows.users.values().chain(i.rows.groups.values());
        let named = |o: &&serde_json::Map<String, Json>| {
            o.get("userName").or(o.get("displayName")) == Some(&json!(name))
        };
        all.into_iter().find(named).unwrap()["id"].as_str().unwrap().to_owned()
    })
}

fn others_change_attributes(world: &World) {
    by_hand(world, "ana", |u| {
        u.insert("displayName".to_owned(), json!("Boss"));
        u.insert("title".to_owned(), json!("Boss"));
        u[ENTERPRISE]["manager"] = json!({ "value": "u-nobody" });
    });
    by_hand(world, "leo", |u| drop(u.remove("emails")));
    by_hand(world, "mia", |u| drop(u.insert("active".to_owned(), json!(false))));
    world.scim.with(|i| {
        let sea = i.rows.groups.values_mut().next().unwrap();
        sea.insert("displayName".to_owned(), json!("lake"));
    });
}

#[tokio::test]
async fn what_others_changed_is_found_told_and_put_right() {
    for world in small().await {
        world.cycle().await;
        let before = world.picture();
        others_change_attributes(&world);
        world.scim.drain();
        // A dry run names all of it and sends nothing.
        let dry = compare(&world, NOTHING).await;
        assert_eq!((outcome(&dry), dry.report.difference_count), (&Outcome::Done, 6), "{:#?}", dry.report);
        assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")));
        assert!(!waits(&world).await && fates(&world, &dry).await.iter().all(|f| *f == Fate::Found));
        let manager = format!("{ENTERPRISE}:manager");
        let found = |path: &str, name: &str| {
            let mut all = dry.report.differences.iter();
            let one = all.find(|d| d.path.as_deref() == Some(path) && d.name.starts_with(name)).unwrap();
            (one.there.clone(), one.here.clone())
        };
        assert_eq!(found("displayName", "ana"), (Some(json!("Boss")), Some(json!("ana"))));
        assert_eq!(found("title", "ana"), (Some(json!("Boss")), None));
        assert_eq!(found(&manager, "ana").0, Some(json!("u-nobody")));
        assert_eq!(found("emails[type eq \"work\"].value", "leo"), (None, Some(json!("leo@t.example"))));
        assert_eq!(found("active", "mia"), (Some(json!(false)), Some(json!(true))));
        assert_eq!(found("displayName", "sea"), (Some(json!("lake")), Some(json!("sea"))));

        let real = compare(&world, Wish::default()).await;
        assert_eq!(real.report, dry.report);
        assert!(
            world.scim.drain().iter().all(|r| r.starts_with("GET ")),
            "a comparison sends nothing itself"
        );
        assert!(fates(&world, &real).await.iter().all(|f| *f == Fate::Due));
        world.cycle().await;
        assert_eq!(world.picture(), before);
        assert!(fates(&world, &real).await.iter().all(|f| *f == Fate::Repaired));
        let log = world.log().await;
        let told = |name: &str, text: &str| {
            let mut of = log.iter().filter(|e| e.source_name.starts_with(name));
            of.any(|e| {
                e.code.as_deref() == Some("DriftRepaired") && e.reason.as_ref().unwrap().contains(text)
            })
        };
        assert!(told("ana", "title was changed there from nothing to \"Boss\""), "{log:#?}");
        assert!(told("mia", "active was changed there from true to false; repaired"));
        assert!(told("sea", "from \"sea\" to \"lake\""));
        let again = compare(&world, Wish::default()).await;
        assert_eq!((again.report.difference_count, again.report.compared), (0, 4), "{:#?}", again.report);
        assert!(!waits(&world).await);
    }
}

#[tokio::test]
async fn what_others_deleted_is_made_again() {
    for world in small().await {
        world.cycle().await;
        let before = world.picture();
        let (leo, sea) = (id_there(&world, "leo@t.example"), id_there(&world, "sea"));
        world.scim.with(|i| {
            i.rows.users.remove(&leo);
            i.rows.groups.remove(&sea);
            i.rows.members.remove(&sea);
        });
        let found = compare(&world, Wish::default()).await;
        let missing: Vec<_> = found.report.differences.iter().map(|d| (d.name.as_str(), d.what)).collect();
        assert_eq!(missing, [("leo@t.example", What::Missing), ("sea", What::Missing)]);
        assert_eq!((outcome(&found), found.report.missing), (&Outcome::Done, 2));
        world.cycle().await;
        assert_eq!(world.picture(), before);
        assert!(world.log().await.iter().any(|e| e.status == "warning"
            && e.reason.as_ref().unwrap().contains("drift was found: it was deleted there")));
        assert_eq!(compare(&world, Wish::default()).await.report.difference_count, 0);
    }
}

#[tokio::test]
async fn who_was_switched_off_here_and_on_there_is_switched_off_again() {
    for world in small().await {
        world.cycle().await;
        world.edit("leo", "account_enabled = 0").await;
        world.assign("mia", false).await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana"]));
        for name in ["leo", "mia"] {
            by_hand(&world, name, |u| drop(u.insert("active".to_owned(), json!("True"))));
        }
        // What else is changed of who is not in scope any more is not ours.
        by_hand(&world, "mia", |u| drop(u.insert("title".to_owned(), json!("Boss"))));
        let found = compare(&world, Wish::default()).await;
        assert_eq!(found.report.difference_count, 2, "{:#?}", found.report);
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana"]));
        assert_eq!(world.picture().users["leo@t.example"]["active"], false);
        assert_eq!(world.picture().users["mia@t.example"]["title"], "Boss");
        let log = world.log().await;
        let disabled =
            log.iter().filter(|e| e.action == "disable" && e.code.as_deref() == Some("DriftRepaired"));
        assert_eq!(disabled.count(), 2, "{log:#?}");
    }
}

async fn membership_drift(world: &World) -> Comparison {
    world.cycle().await;
    let sea = id_there(world, "sea");
    let (ana, mia) = (id_there(world, "ana@t.example"), id_there(world, "mia@t.example"));
    world.scim.foreign("zoe@t.example");
    world.scim.with(|i| {
        let members = i.rows.members.get_mut(&sea).unwrap();
        members.remove(&ana);
        members.extend([mia, "u-foreign".to_owned()]);
    });
    let found = compare(world, Wish::default()).await;
    assert_eq!(outcome(&found), &Outcome::Done);
    world.cycle().await;
    found
}

#[tokio::test]
async fn memberships_are_put_right_and_foreign_members_stay() {
    let aws = Some(PersonalityChoice::Always(Personality::Aws));
    let hidden = || Shows { no_members: true, ..Shows::default() };
    let ways = [
        (None, Shows::default()),
        (None, Shows { cursors: true, page: 1, ..Shows::default() }),
        (None, hidden()),
        (aws, Shows { page: 1, ..hidden() }),
    ];
    for (personality, shows) in ways {
        for world in small().await {
            world.scim.with(|i| i.shows = shows.clone());
            settings::change(&world.directory, "test", APP, Change { personality, ..Change::default() })
                .await
                .unwrap();
            let found = membership_drift(&world).await;
            let mut told: Vec<String> = found.report.differences.iter().map(|d| d.in_words()).collect();
            told.sort();
            assert_eq!(
                told,
                [
                    "ana@t.example was removed there from the group sea",
                    "mia@t.example was added there to the group sea",
                    "u-foreign was added there to the group sea",
                ]
            );
            assert_eq!(world.picture().groups["sea"], names(&["ana", "leo", "zoe"]), "{shows:?}");
            let states: Vec<&str> = found
                .report
                .differences
                .iter()
                .map(|d| match &d.left {
                    Some(_) => "left",
                    None => "repaired",
                })
                .collect();
            let fates = fates(&world, &found).await;
            assert_eq!(fates.iter().map(Fate::as_str).collect::<Vec<_>>(), states);
            let log = world.log().await;
            let repaired = |text: &str| {
                log.iter()
                    .any(|e| e.reason.as_ref().is_some_and(|r| r.contains(text) && r.contains("repaired")))
            };
            assert!(repaired("ana@t.example was removed there") && repaired("mia@t.example was added there"));
            let again = compare(&world, Wish::default()).await;
            assert_eq!(again.report.difference_count, 1, "the foreign member alone");
        }
    }
}

#[tokio::test]
async fn where_the_target_does_not_tell_members_the_report_says_so() {
    for world in small().await {
        world.scim.with(|i| i.shows = Shows { no_members: true, no_group_filter: true, ..Shows::default() });
        let found = membership_drift(&world).await;
        assert_eq!((found.report.members_untold, found.report.difference_count), (1, 0));
        assert!(found.report.members_untold_why.unwrap().contains("the filter is not supported"));
        assert_eq!(world.picture().groups["sea"], names(&["leo", "mia", "zoe"]), "nobody was touched");
    }
}

/// How the target shows itself, what goes wrong where, and what the comparison makes of it.
type Way = (Shows, Option<(&'static str, Fault)>, &'static str);

#[tokio::test]
async fn an_incomplete_reading_changes_nothing() {
    for world in small().await {
        world.cycle().await;
        others_change_attributes(&world);
        let drifted = world.picture();
        let leo = id_there(&world, "leo@t.example");
        let plain = Shows { page: 2, ..Shows::default() };
        let cursors = Shows { cursors: true, ..plain.clone() };
        let ways: Vec<Way> = vec![
            (plain.clone(), Some(("GET /Users?startIndex=3", Fault::Error)), "ReadFailed"),
            (plain.clone(), Some(("GET /Users?startIndex=3", Fault::HalfPage)), "ReadFailed"),
            (plain.clone(), Some(("GET /Groups?", Fault::Error)), "ReadFailed"),
            (plain.clone(), Some(("GET /Groups/", Fault::Error)), "ReadFailed"),
            (plain.clone(), Some(("GET /Users?startIndex=3", Fault::Empty)), "TotalChanged"),
            (plain.clone(), Some(("GET /Users?startIndex=1", Fault::Empty)), "LeftOut"),
            (plain.clone(), Some(("GET /Groups?", Fault::Empty)), "LeftOut"),
            (plain.clone(), Some(("GET ", Fault::Unauthorized)), "ReadFailed"),
            (Shows { hidden: Some((leo.clone(), true)), ..plain.clone() }, None, "FewerThanTotal"),
            (Shows { hidden: Some((leo.clone(), false)), ..plain.clone() }, None, "LeftOut"),
            (Shows { repeats: true, ..plain.clone() }, None, "RepeatedId"),
            (Shows { repeats: true, ..cursors.clone() }, None, "RepeatedId"),
            (cursors.clone(), Some(("GET /Users?cursor=2", Fault::Empty)), "EmptyPage"),
            (Shows { hidden: Some((leo, false)), ..cursors.clone() }, None, "LeftOut"),
        ];
        for (shows, fault, code) in ways {
            let way = format!("{shows:?} {fault:?}");
            world.scim.with(|i| {
                i.shows = shows;
                i.always = fault.map(|(text, fault)| (text.to_owned(), fault));
                i.log.clear();
            });
            let found = compare(&world, Wish::default()).await;
            let Outcome::Incomplete(found, _) = outcome(&found) else { panic!("not incomplete: {way}") };
            assert_eq!(found, code, "{way}");
            world.scim.with(|i| i.always = None);
            world.cycle().await;
            assert!(!waits(&world).await, "{way}");
            assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")), "{way}");
            assert_eq!(world.picture(), drifted, "{way}");
        }
        // It is tried again within the hour, not only the day after.
        let due = world.job().await.compare_due.unwrap();
        assert_eq!(due.since(world.directory.clock.now()), Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn more_missing_than_the_limit_waits_for_an_administrator() {
    for world in small().await {
        let limit = Change { removal_limit: Some(Some(2)), ..Change::default() };
        settings::change(&world.directory, "test", APP, limit).await.unwrap();
        world.cycle().await;
        let before = world.picture();
        by_hand(&world, "ana", |u| drop(u.insert("displayName".to_owned(), json!("Boss"))));
        let gone =
            [id_there(&world, "leo@t.example"), id_there(&world, "mia@t.example"), id_there(&world, "sea")];
        world.scim.with(|i| {
            for id in &gone {
                i.rows.users.remove(id);
                i.rows.groups.remove(id);
                i.rows.members.remove(id);
            }
            i.log.clear();
        });
        for allowed in [0, 2] {
            let refused = compare(&world, Wish { allowed, ..Wish::default() }).await;
            let Outcome::Refused(why) = outcome(&refused) else { panic!("not refused") };
            assert!(why.contains("3 objects") && why.contains("up to 2"), "{why}");
            world.cycle().await;
            assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")), "nothing was repaired");
        }
        let allowed = compare(&world, Wish { allowed: 3, ..Wish::default() }).await;
        assert_eq!(outcome(&allowed), &Outcome::Done);
        world.cycle().await;
        assert_eq!(world.picture(), before);
    }
}

#[tokio::test]
async fn foreign_objects_are_listed_with_whom_they_would_match_and_never_touched() {
    for world in small().await {
        world.cycle().await;
        world.scim.foreign("eve@t.example");
        world.scim.with(|i| {
            let other = json!({ "id": "g-foreign", "displayName": "nobody's" });
            i.rows.groups.insert("g-foreign".to_owned(), other.as_object().cloned().unwrap());
            i.log.clear();
        });
        let before = world.picture();
        let report = compare(&world, Wish::default()).await.report;
        assert_eq!((report.foreign_users, report.foreign_groups, report.difference_count), (1, 1, 0));
        let eve = report.foreign.iter().find(|f| f.kind == "user").unwrap();
        let found = eve.matches.as_ref().unwrap();
        assert_eq!((eve.name.as_str(), found.id.as_str(), found.in_scope), ("eve@t.example", "eve", false));
        let group = report.foreign.iter().find(|f| f.kind == "group").unwrap();
        assert_eq!((group.target_id.as_str(), &group.matches), ("g-foreign", &None));
        world.cycle().await;
        assert!(world.scim.drain().iter().all(|r| r.starts_with("GET ")));
        assert_eq!(world.picture(), before);
    }
}

#[tokio::test]
async fn what_is_written_on_creation_alone_is_no_drift_and_stays() {
    for world in small().await {
        let title = Mapping {
            source: Source::Constant("New here".to_owned()),
            target: "title".to_owned(),
            default_value: None,
            apply: Apply::OnlyOnCreate,
            matching: 0,
        };
        settings::change_mappings(&world.directory, "test", APP, move |all| {
            all.put(Kind::User, "title", title.clone());
        })
        .await
        .unwrap();
        world.cycle().await;
        by_hand(&world, "ana", |u| drop(u.insert("title".to_owned(), json!("Captain"))));
        assert_eq!(compare(&world, Wish::default()).await.report.difference_count, 0);
        // Nor is it taken back with what is.
        by_hand(&world, "ana", |u| drop(u.insert("displayName".to_owned(), json!("Boss"))));
        assert_eq!(compare(&world, Wish::default()).await.report.difference_count, 1);
        world.cycle().await;
        let ana = &world.picture().users["ana@t.example"];
        assert_eq!((&ana["displayName"], &ana["title"]), (&json!("ana"), &json!("Captain")));
    }
}

#[tokio::test]
async fn what_waits_to_be_sent_is_no_drift() {
    for world in small().await {
        world.cycle().await;
        settings::pause(&world.directory, "test", APP).await.unwrap();
        world.set_text("ana", "display_name", "Captain").await;
        world.member("sea", "leo", false).await;
        world.member("sea", "mia", true).await;
        assert_eq!(compare(&world, Wish::default()).await.report.difference_count, 0);
    }
}

#[tokio::test]
async fn it_is_due_once_a_day_or_as_the_settings_say() {
    for world in small().await {
        world.cycle().await;
        let due = async || {
            let now = world.directory.clock.now();
            world.directory.store.read(move |tx| comparisons::with_work(tx, TENANT, now)).await.unwrap()
        };
        assert!(due().await.is_empty() && !world.engine.compare(APP).await.unwrap());
        by_hand(&world, "ana", |u| drop(u.insert("displayName".to_owned(), json!("Boss"))));
        world.directory.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(due().await, [APP]);
        assert!(world.engine.compare(APP).await.unwrap());
        let found = newest(&world).await.unwrap();
        assert_eq!((found.asked_by.as_str(), found.report.difference_count), ("schedule", 1));
        world.cycle().await;
        assert_eq!(world.picture().users["ana@t.example"]["displayName"], "ana");
        assert!(due().await.is_empty() && !world.engine.compare(APP).await.unwrap());
        // Every two hours, then never.
        let every = |hours| Change { compare_every: Some(hours), ..Change::default() };
        settings::change(&world.directory, "test", APP, every(Some(2))).await.unwrap();
        assert!(world.engine.compare(APP).await.unwrap());
        world.directory.clock.advance(Duration::from_secs(7199));
        assert!(due().await.is_empty());
        world.directory.clock.advance(Duration::from_secs(1));
        assert_eq!(due().await, [APP]);
        settings::change(&world.directory, "test", APP, every(None)).await.unwrap();
        world.directory.clock.advance(Duration::from_secs(100 * 3600));
        assert!(due().await.is_empty() && !world.engine.compare(APP).await.unwrap());
        assert!(settings::change(&world.directory, "test", APP, every(Some(-1))).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_was_cut_off_is_begun_again() {
    for world in small().await {
        world.cycle().await;
        let before = world.picture();
        others_change_attributes(&world);
        let asked =
            comparison::ask(&world.directory, "root", &world.job().await, Wish::default()).await.unwrap();
        world.scim.with(|i| {
            i.log.clear();
            i.stop_at = Some((3, true));
        });
        let engine = world.engine.clone();
        let work = tokio::spawn(async move { engine.compare(APP).await });
        world.scim.reached.notified().await;
        work.abort();
        assert!(work.await.is_err(), "it was at work");
        world.scim.with(|i| i.stop_at = None);
        assert!(!waits(&world).await, "nothing was changed before everything was read");
        let other = restarted(&world);
        assert!(!other.engine.compare(APP).await.unwrap(), "the lease of the dead process stands");
        world.directory.clock.advance(directory::provisioning::lease::LENGTH);
        assert!(other.engine.compare(APP).await.unwrap());
        assert_eq!(outcome(&find(&world, &asked.id).await), &Outcome::Done);
        other.cycle().await;
        assert_eq!(world.picture(), before);
    }
}
