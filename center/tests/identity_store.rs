//! The identity store's functions on both engines.

use center::identity_store::store::{self, Page};
use center::identity_store::{GroupFields, IdentityError, NewUser, User, resource_of};
use center::instance::Author;
use center::testing::TestCenter;
use store_crate::{StoreError, Tx};

use ::store as store_crate;

fn author(test: &TestCenter) -> Author {
    test.center.author_named("test")
}

async fn write<T, F>(test: &TestCenter, f: F) -> Result<T, IdentityError>
where
    F: Fn(&mut Tx<'_>, &Author) -> Result<T, IdentityError> + Send + 'static,
    T: Send + 'static,
{
    let author = author(test);
    test.center.store.write(move |tx| f(tx, &author)).await
}

fn new_user(name: &str) -> NewUser {
    NewUser {
        id: format!("id-{name}"),
        owner: "scim:1".to_owned(),
        resource: resource_of(name, "A", "B", "", &format!("{name}@x.example")),
    }
}

async fn make(test: &TestCenter, name: &'static str) -> User {
    write(test, move |tx, author| store::create_user(tx, author, &new_user(name))).await.expect("it works")
}

async fn actions(test: &TestCenter, subject: &str) -> Vec<String> {
    let (instance, subject) = (test.center.instance_id.clone(), subject.to_owned());
    let events: Result<_, StoreError> =
        test.center.store.read(move |tx| tx.events_newest(&instance, Some(&subject), None, 100)).await;
    let mut actions: Vec<String> = events.expect("it works").into_iter().map(|e| e.action).collect();
    actions.reverse();
    actions
}

#[tokio::test]
async fn user_names_and_emails_are_unique_without_case() {
    for test in TestCenter::on_each().await {
        make(&test, "ana").await;
        let mut same_name = new_user("ANA");
        same_name.resource = resource_of("ANA", "A", "B", "", "other@x.example");
        let error = write(&test, move |tx, a| store::create_user(tx, a, &same_name)).await.unwrap_err();
        assert!(matches!(&error, IdentityError::UserNameTaken { id, .. } if id == "id-ana"), "{error}");
        let mut same_email = new_user("bob");
        same_email.resource = resource_of("bob", "A", "B", "", "ANA@x.example");
        let error = write(&test, move |tx, a| store::create_user(tx, a, &same_email)).await.unwrap_err();
        assert!(matches!(&error, IdentityError::EmailTaken { id, .. } if id == "id-ana"), "{error}");
        let instance = test.center.instance_id.clone();
        let found = test.center.store.read(move |tx| store::find_user(tx, &instance, "aNa")).await.unwrap();
        assert_eq!((found.id.as_str(), found.owner.as_str()), ("id-ana", "scim:1"));
    }
}

#[tokio::test]
async fn an_update_replaces_the_resource_and_the_same_again_says_nothing() {
    for test in TestCenter::on_each().await {
        let ana = make(&test, "ana").await;
        let mut wanted = ana.resource.clone();
        wanted["title"] = "Engineer".into();
        wanted["externalId"] = "X1".into();
        for _ in 0..2 {
            let wanted = wanted.clone();
            let user = write(&test, move |tx, a| store::update_user(tx, a, "id-ana", &wanted)).await.unwrap();
            assert_eq!((user.text("/title"), user.owner.as_str()), ("Engineer", "scim:1"));
        }
        assert_eq!(actions(&test, "id-ana").await, ["user.created", "user.updated"]);
        let instance = test.center.instance_id.clone();
        let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let exact = store::users_by_external_id(tx, &instance, "X1")?.len();
            Ok((exact, store::users_by_external_id(tx, &instance, "x1")?.len()))
        };
        assert_eq!(test.center.store.read(read).await.unwrap(), (1, 0), "external ids have a case");
    }
}

#[tokio::test]
async fn a_user_may_keep_the_own_name_and_email() {
    for test in TestCenter::on_each().await {
        let ana = make(&test, "ana").await;
        make(&test, "bob").await;
        let mut renamed = ana.resource.clone();
        renamed["userName"] = "ANA".into();
        let user = write(&test, move |tx, a| store::update_user(tx, a, "id-ana", &renamed)).await.unwrap();
        assert_eq!(user.user_name, "ANA");
        let mut taken = ana.resource;
        taken["userName"] = "Bob".into();
        let error = write(&test, move |tx, a| store::update_user(tx, a, "id-ana", &taken)).await.unwrap_err();
        assert!(matches!(error, IdentityError::UserNameTaken { .. }));
    }
}

#[tokio::test]
async fn deleting_a_user_removes_memberships_first_each_with_its_event() {
    for test in TestCenter::on_each().await {
        make(&test, "ana").await;
        write(&test, |tx, author| {
            for id in ["g1", "g2"] {
                let fields = GroupFields { display_name: id.to_owned(), ..GroupFields::default() };
                store::create_group(tx, author, id, "scim:1", &fields)?;
                store::add_members(tx, author, id, &["id-ana".to_owned()])?;
            }
            store::delete_user(tx, author, "id-ana")
        })
        .await
        .unwrap();
        for group in ["g1", "g2"] {
            let expected = ["group.created", "group.member_added", "group.member_removed"];
            assert_eq!(actions(&test, group).await, expected);
        }
        assert_eq!(actions(&test, "id-ana").await, ["user.created", "user.deleted"]);
        let again = write(&test, |tx, author| store::delete_user(tx, author, "id-ana")).await;
        assert!(matches!(again, Err(IdentityError::UserNotFound(_))));
    }
}

#[tokio::test]
async fn members_are_added_and_removed_once_and_only_users_can_be() {
    for test in TestCenter::on_each().await {
        make(&test, "ana").await;
        make(&test, "bob").await;
        let counts = write(&test, |tx, author| {
            let fields = GroupFields { display_name: "Dev".to_owned(), ..GroupFields::default() };
            store::create_group(tx, author, "g", "console", &fields)?;
            let both = ["id-ana".to_owned(), "id-bob".to_owned()];
            let first = store::add_members(tx, author, "g", &both)?;
            let second = store::add_members(tx, author, "g", &both)?;
            let removed = store::remove_members(tx, author, "g", &both[..1])?;
            let again = store::remove_members(tx, author, "g", &both[..1])?;
            let left = store::list_members(tx, &author.instance_id, "g", "", 10)?;
            assert_eq!(left.iter().map(|m| m.user_name.as_str()).collect::<Vec<_>>(), ["bob"]);
            Ok([first, second, removed, again])
        })
        .await
        .unwrap();
        assert_eq!(counts, [2, 0, 1, 0]);
        let error = write(&test, |tx, author| {
            store::add_members(tx, author, "g", &["id-ana".to_owned(), "nobody".to_owned()])
        })
        .await
        .unwrap_err();
        assert!(matches!(&error, IdentityError::UserNotFound(id) if id == "nobody"), "{error}");
        let instance = test.center.instance_id.clone();
        let ana =
            test.center.store.read(move |tx| store::is_member(tx, &instance, "g", "id-ana")).await.unwrap();
        assert!(!ana, "all or nothing");
        let many = vec!["x".to_owned(); 1001];
        let error = write(&test, move |tx, a| store::add_members(tx, a, "g", &many)).await.unwrap_err();
        assert!(matches!(error, IdentityError::TooManyMembers(1001)));
    }
}

#[tokio::test]
async fn lists_page_by_key_and_search_takes_signs_as_they_are() {
    for test in TestCenter::on_each().await {
        for name in ["a_1", "ab1", "C\\x", "d"] {
            make(&test, name).await;
        }
        let instance = test.center.instance_id.clone();
        let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let mut list = |search: &str, after: &str, limit| -> Result<Vec<String>, StoreError> {
                let page = Page { search, after, limit };
                Ok(store::list_users(tx, &instance, page)?.into_iter().map(|u| u.user_name).collect())
            };
            Ok([
                list("", "", 2)?,
                list("", "ab1", 9)?,
                list("A_", "", 9)?,
                list("%", "", 9)?,
                list("c\\X@x", "", 9)?,
            ])
        };
        let [first, second, underscore, percent, email] = test.center.store.read(read).await.unwrap();
        assert_eq!((first, second), (vec!["a_1".into(), "ab1".into()], vec!["C\\x".to_owned(), "d".into()]));
        assert_eq!((underscore, percent), (vec!["a_1".to_owned()], Vec::<String>::new()));
        assert_eq!(email, ["C\\x"]);
    }
}

#[tokio::test]
async fn group_names_are_unique_and_fields_are_replaced() {
    for test in TestCenter::on_each().await {
        write(&test, |tx, author| {
            let fields = |name: &str| GroupFields { display_name: name.to_owned(), ..GroupFields::default() };
            store::create_group(tx, author, "g1", "api", &fields("Dev"))?;
            store::create_group(tx, author, "g2", "api", &fields("Ops"))?;
            let taken = store::update_group(tx, author, "g2", &fields("DEV"));
            assert!(matches!(taken, Err(IdentityError::GroupNameTaken { .. })));
            let renamed = store::update_group(tx, author, "g2", &fields("OPS"))?;
            assert_eq!(renamed.fields.display_name, "OPS");
            let none = store::update_group(tx, author, "g3", &fields("X"));
            assert!(matches!(none, Err(IdentityError::GroupNotFound(_))));
            assert_eq!(store::count_groups(tx, &author.instance_id)?, 2);
            Ok(())
        })
        .await
        .unwrap();
    }
}
