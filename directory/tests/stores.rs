//! Users, groups and memberships as rows, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use directory::groups::{self, MemberKind};
use directory::refused::Refused;
use directory::testing::{TestDirectory, engines};
use directory::users::{self, Filter, Query, User, UserChange};
use serde_json::json;

async fn user(test: &TestDirectory, id: &str) -> Option<User> {
    let id = id.to_owned();
    test.directory.read(move |tx, tenant| Ok(users::by_id(tx, tenant, &id)?)).await.unwrap()
}

async fn change(test: &TestDirectory, id: &str, wanted: UserChange) -> Result<User, Refused> {
    let id = id.to_owned();
    test.write(move |tx, change| users::update(tx, change, &id, &wanted)).await
}

async fn delete(test: &TestDirectory, id: &str) -> Result<(), Refused> {
    let id = id.to_owned();
    test.write(move |tx, change| users::delete(tx, change, &id)).await
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_name_in_any_case() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let (by_name, other) = test
            .directory
            .read(move |tx, tenant| {
                let tenant_of_others = "00000000-0000-0000-0000-000000000000";
                Ok((
                    users::by_name(tx, tenant, "ANA@Contoso.example")?,
                    users::by_id(tx, tenant_of_others, &ana.id)?,
                ))
            })
            .await
            .unwrap();
        assert_eq!(by_name.unwrap().display_name, "ana");
        assert_eq!(other, None, "another tenant sees nothing");
    }
}

#[tokio::test]
async fn a_taken_name_is_refused_whatever_its_case() {
    for test in engines().await {
        let (ana, _) = (test.user("ana").await, test.user("ben").await);
        let wanted = UserChange {
            user_principal_name: Some("BEN@contoso.example".to_owned()),
            ..UserChange::default()
        };
        assert!(matches!(change(&test, &ana.id, wanted).await, Err(Refused::UserNameTaken(_))));
        // One's own name in other letters is no clash.
        let wanted = UserChange {
            user_principal_name: Some("ANA@contoso.example".to_owned()),
            ..UserChange::default()
        };
        assert_eq!(change(&test, &ana.id, wanted).await.unwrap().user_principal_name, "ANA@contoso.example");
    }
}

#[tokio::test]
async fn a_change_leaves_one_event_and_no_change_none() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let before = test.actions(100).await.len();
        let wanted = UserChange {
            profile: vec![("jobTitle".to_owned(), json!("Engineer")), ("mail".to_owned(), json!(null))],
            ..UserChange::default()
        };
        let after = change(&test, &ana.id, wanted.clone()).await.unwrap();
        assert_eq!(after.profile.text("jobTitle"), Some("Engineer"));
        assert_eq!(user(&test, &ana.id).await.unwrap(), after);
        change(&test, &ana.id, wanted).await.unwrap();
        let actions = test.actions(100).await;
        assert_eq!(&actions[before..], ["user.updated"]);
    }
}

#[tokio::test]
async fn deleting_takes_memberships_and_reports_along_before_its_own_event() {
    for test in engines().await {
        let (ana, ben) = (test.user("ana").await, test.user("ben").await);
        let sales = test.group("Sales", &[&ana.id]).await;
        let (ben_id, ana_id) = (ben.id.clone(), ana.id.clone());
        test.write(move |tx, change| users::set_manager(tx, change, &ben_id, Some(&ana_id))).await.unwrap();
        delete(&test, &ana.id).await.unwrap();
        let actions = test.actions(3).await;
        assert_eq!(actions, ["group.member_removed", "user.updated", "user.deleted"]);
        assert_eq!(user(&test, &ana.id).await, None);
        assert_eq!(user(&test, &ben.id).await.unwrap().manager_id, None);
        let group = sales.id.clone();
        let left = test
            .directory
            .read(move |tx, tenant| Ok(groups::direct_members(tx, tenant, &group)?))
            .await
            .unwrap();
        assert_eq!(left, []);
    }
}

#[tokio::test]
async fn a_deleted_user_comes_back_within_thirty_days_unless_its_name_is_taken() {
    for test in engines().await {
        let (ana, ben) = (test.user("ana").await, test.user("ben").await);
        delete(&test, &ana.id).await.unwrap();
        let again = test.user("ana").await;
        let restore = |id: String| test.write(move |tx, change| users::restore(tx, change, &id));
        assert!(matches!(restore(ana.id.clone()).await, Err(Refused::UserNameTaken(_))));
        delete(&test, &again.id).await.unwrap();
        assert_eq!(restore(ana.id.clone()).await.unwrap().deleted_date_time, None);
        assert!(matches!(restore(ana.id.clone()).await, Err(Refused::NotFound { .. })));
        delete(&test, &ben.id).await.unwrap();
        test.advance(Duration::from_secs(30 * 24 * 60 * 60));
        assert!(matches!(restore(ben.id.clone()).await, Err(Refused::TooLate)));
        let purged = test.write(|tx, change| users::purge_expired(tx, change, 100)).await.unwrap();
        assert_eq!(purged, 2, "ben and the second ana");
        assert!(matches!(restore(ben.id.clone()).await, Err(Refused::NotFound { .. })));
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for test in engines().await {
        let id = test.administrator.clone();
        assert!(matches!(delete(&test, &id).await, Err(Refused::LastAdministrator)));
        let disable = UserChange { account_enabled: Some(false), ..UserChange::default() };
        assert!(matches!(change(&test, &id, disable.clone()).await, Err(Refused::LastAdministrator)));
        assert!(user(&test, &id).await.unwrap().account_enabled, "nothing has changed");
        let ana = test.user("ana").await;
        let second = ana.id.clone();
        test.write(move |tx, change| Ok(users::give_administrator(tx, change, &second)?)).await.unwrap();
        change(&test, &id, disable).await.unwrap();
        assert!(matches!(delete(&test, &ana.id).await, Err(Refused::LastAdministrator)));
    }
}

#[tokio::test]
async fn circles_of_groups_end_and_name_everyone_once() {
    for test in engines().await {
        let (ana, ben) = (test.user("ana").await, test.user("ben").await);
        let inner = test.group("Inner", &[&ben.id]).await;
        let middle = test.group("Middle", &[&inner.id, &ana.id]).await;
        let outer = test.group("Outer", &[&middle.id, &ana.id]).await;
        let (from, to) = (inner.id.clone(), outer.id.clone());
        test.write(move |tx, change| groups::add_member(tx, change, &from, &to)).await.unwrap();
        let (group, person) = (outer.id.clone(), ben.id.clone());
        let (members, above) = test
            .directory
            .read(move |tx, tenant| {
                Ok((
                    groups::transitive_members(tx, tenant, &group)?,
                    groups::transitive_groups_of(tx, tenant, &person)?,
                ))
            })
            .await
            .unwrap();
        let people: Vec<&str> =
            members.iter().filter(|m| m.kind == MemberKind::User).map(|m| m.id.as_str()).collect();
        let mut both = [ana.id.as_str(), ben.id.as_str()];
        both.sort_unstable();
        assert_eq!(people, both);
        let names: Vec<&str> = above.iter().map(|g| g.display_name.as_str()).collect();
        assert_eq!(names, ["Inner", "Middle", "Outer"]);
    }
}

#[tokio::test]
async fn members_are_there_once_and_never_in_themselves() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let sales = test.group("Sales", &[&ana.id]).await;
        let add = |group: String, member: String| {
            test.write(move |tx, change| groups::add_member(tx, change, &group, &member))
        };
        let (group, member) = (sales.id.clone(), ana.id.clone());
        assert!(matches!(add(group.clone(), member).await, Err(Refused::AlreadyMember { .. })));
        assert!(matches!(add(group.clone(), group.clone()).await, Err(Refused::SelfMember)));
        assert!(matches!(add(group.clone(), "nobody".to_owned()).await, Err(Refused::NotFound { .. })));
        assert!(matches!(add("nothing".to_owned(), ana.id.clone()).await, Err(Refused::NotFound { .. })));
    }
}

#[tokio::test]
async fn deleting_a_group_empties_it_and_takes_it_out_of_others_first() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let inner = test.group("Inner", &[&ana.id]).await;
        test.group("Outer", &[&inner.id]).await;
        test.write(move |tx, change| groups::delete(tx, change, &inner.id)).await.unwrap();
        let actions = test.actions(3).await;
        assert_eq!(actions, ["group.member_removed", "group.member_removed", "group.deleted"]);
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_searches_find_parts_of_names() {
    for test in engines().await {
        for name in ["cara", "ana", "ben"] {
            test.user(name).await;
        }
        let (mut after, mut names) = (None, Vec::new());
        loop {
            let query = Query { after, limit: 2, ..Query::default() };
            let page = test.directory.read(move |tx, tenant| users::list(tx, tenant, &query)).await.unwrap();
            assert!(page.items.len() <= 2);
            names.extend(page.items.into_iter().map(|u| u.display_name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(names, ["Ada Admin", "ana", "ben", "cara"]);
        let found = |filter: Filter| {
            let query = Query { filters: vec![filter], limit: 10, ..Query::default() };
            test.directory.read(move |tx, tenant| {
                let page = users::list(tx, tenant, &query)?;
                Ok(page.items.into_iter().map(|u| u.display_name).collect::<Vec<_>>())
            })
        };
        assert_eq!(found(Filter::Contains("AR".to_owned())).await.unwrap(), ["cara"]);
        assert_eq!(found(Filter::Contains("%".to_owned())).await.unwrap(), [""; 0]);
        assert_eq!(found(Filter::StartsWith("display_name_key", "B".to_owned())).await.unwrap(), ["ben"]);
        assert_eq!(found(Filter::Is("mail_key", "ANA@contoso.example".to_owned())).await.unwrap(), ["ana"]);
        assert_eq!(found(Filter::Enabled(false)).await.unwrap(), [""; 0]);
    }
}

#[tokio::test]
async fn of_many_who_take_one_name_at_once_one_gets_it() {
    for test in engines().await {
        let new = || users::NewUser {
            user_principal_name: "same@contoso.example".to_owned(),
            display_name: "Same".to_owned(),
            account_enabled: true,
            manager_id: None,
            profile: users::Profile::default(),
        };
        let attempts = (0..8).map(|_| {
            let new = new();
            test.write(move |tx, change| users::create(tx, change, &new))
        });
        let outcomes = futures::future::join_all(attempts).await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        let clear = |o: &&Result<User, Refused>| {
            let status = o.as_ref().err().map(|e| e.code().1);
            status == Some(http::StatusCode::CONFLICT)
        };
        assert_eq!(outcomes.iter().filter(clear).count(), 7, "{outcomes:?}");
    }
}

#[tokio::test]
async fn two_administrators_cannot_delete_each_other_at_once() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let id = ana.id.clone();
        test.write(move |tx, change| Ok(users::give_administrator(tx, change, &id)?)).await.unwrap();
        let (one, other) = tokio::join!(delete(&test, &ana.id), delete(&test, &test.administrator));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn the_store_answers_for_its_own_tenant_alone() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let sales = test.group("Sales", &[&ana.id]).await;
        let (user, group) = (ana.id.clone(), sales.id.clone());
        let other = "00000000-0000-0000-0000-000000000000";
        let seen = test.directory.read(move |tx, _| {
            Ok([
                users::by_name(tx, other, "ana@contoso.example")?.is_some(),
                groups::by_id(tx, other, &group)?.is_some(),
                !groups::direct_members(tx, other, &group)?.is_empty(),
                !groups::transitive_members(tx, other, &group)?.is_empty(),
                !groups::transitive_groups_of(tx, other, &user)?.is_empty(),
                !users::list(tx, other, &Query { limit: 10, ..Query::default() })?.items.is_empty(),
            ])
        });
        assert_eq!(seen.await.unwrap(), [false; 6]);
    }
}
