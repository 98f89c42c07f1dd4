use super::*;
use serde_json::json;

fn resource(name: &str, active: bool) -> Resource {
    Resource::from([("displayName".to_owned(), json!(name)), ("active".to_owned(), json!(active))])
}

fn object(kind: Kind, id: &str, standing: Standing, known: Option<Known>) -> Object {
    let (id, name) = (id.to_owned(), id.to_owned());
    Object { kind, id, name, standing, wanted: resource("new", true), manager: None, known }
}

fn known(id: &str, name: &str, active: bool) -> Option<Known> {
    Some(Known { target: format!("t-{id}"), active, sent: resource(name, active) })
}

fn situation(objects: Vec<Object>) -> Situation {
    let targets = objects.iter().filter(|o| o.known.is_some());
    let targets = targets.map(|o| ((o.kind, o.id.clone()), format!("t-{}", o.id))).collect();
    let census = Census { expected: objects.len(), people: 100, linked: 100, ..Census::default() };
    Situation {
        objects,
        targets,
        census,
        active_path: Some("active".to_owned()),
        manager_path: Some("manager".to_owned()),
        ..Situation::default()
    }
}

fn text(situation: &Situation) -> String {
    plan(situation).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn pair(group: &str, user: &str) -> (String, String) {
    (group.to_owned(), user.to_owned())
}

#[test]
fn removals_come_first_then_people_groups_members_references() {
    let mut s = situation(vec![
        object(Kind::Group, "g", Standing::Entitled, None),
        Object { manager: Some("mia".to_owned()), ..object(Kind::User, "ana", Standing::Entitled, None) },
        object(Kind::User, "mia", Standing::Entitled, known("mia", "old", true)),
        object(Kind::User, "leo", Standing::OutOfScope, known("leo", "old", true)),
        object(Kind::User, "eve", Standing::Gone, known("eve", "old", false)),
        object(Kind::Group, "h", Standing::OutOfScope, known("h", "old", true)),
        object(Kind::User, "new", Standing::Disabled, None),
    ]);
    s.wanted = BTreeSet::from([pair("g", "ana"), pair("g", "mia")]);
    s.sent = BTreeSet::from([pair("x", "leo"), pair("x", "eve"), pair("h", "mia")]);
    assert_eq!(
        text(&s),
        "disable user leo\n\
         delete user eve\n\
         delete group h\n\
         remove leo from group x\n\
         match or create user ana\n\
         update user mia: displayName\n\
         skip user new: the account is disabled\n\
         match or create group g\n\
         add ana, mia to group g\n\
         set manager of user ana to mia"
    );
}

#[test]
fn a_disabled_person_is_switched_off_first_and_kept_as_here() {
    let disabled = |known| Object {
        wanted: resource("new", false),
        ..object(Kind::User, "leo", Standing::Disabled, known)
    };
    let s = situation(vec![disabled(known("leo", "old", true))]);
    assert_eq!(text(&s), "disable user leo\nupdate user leo: displayName");
    assert_eq!(text(&situation(vec![disabled(known("leo", "new", true))])), "disable user leo");
    assert_eq!(text(&situation(vec![disabled(known("leo", "new", false))])), "");
}

#[test]
fn nothing_to_do_is_an_empty_plan() {
    let mut s = situation(vec![
        object(Kind::User, "ana", Standing::Entitled, known("ana", "new", true)),
        object(Kind::User, "off", Standing::Deleted, known("off", "old", false)),
        object(Kind::User, "nobody", Standing::OutOfScope, None),
    ]);
    s.wanted = BTreeSet::from([pair("g", "ana")]);
    s.sent = s.wanted.clone();
    assert_eq!(text(&s), "");
}

#[test]
fn members_go_in_batches_of_a_hundred() {
    let mut s = situation(vec![object(Kind::Group, "g", Standing::Entitled, known("g", "new", true))]);
    for n in 0..250 {
        let user = format!("u{n:03}");
        s.targets.insert((Kind::User, user.clone()), user.clone());
        s.wanted.insert(pair("g", &user));
    }
    s.wanted.insert(pair("g", "not linked"));
    let sizes: Vec<usize> = plan(&s)
        .unwrap()
        .iter()
        .map(|step| if let Step::AddMembers(m) = step { m.users.len() } else { 0 })
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn too_many_removals_are_refused_until_they_are_allowed() {
    let mut s = situation(vec![object(Kind::User, "leo", Standing::OutOfScope, known("leo", "old", true))]);
    s.census.leaving = 26;
    assert_eq!(plan(&s), Err(Refused::TooManyDeletes { would: 26, limit: 25 }));
    s.census.allowed = 26;
    assert!(plan(&s).is_ok());
    s.census = Census { leaving: 1, removed: 25, allowed: 0, ..s.census };
    assert_eq!(plan(&s), Err(Refused::TooManyDeletes { would: 26, limit: 25 }));
    s.census.limit = Some(30);
    assert!(plan(&s).is_ok());
}

#[test]
fn nothing_is_removed_after_an_incomplete_read() {
    let mut s = situation(vec![object(Kind::User, "leo", Standing::Gone, known("leo", "old", true))]);
    s.census.expected = 2;
    assert_eq!(plan(&s), Err(Refused::IncompleteSource { expected: 2, found: 1 }));
    s.census = Census { expected: 1, people: 0, ..s.census };
    assert!(matches!(plan(&s), Err(Refused::IncompleteSource { .. })));
}

#[test]
fn a_manager_who_is_nowhere_is_not_sent() {
    let with = |known, manager: Option<&str>| Object {
        manager: manager.map(ToOwned::to_owned),
        wanted: resource("old", true),
        ..object(Kind::User, "ana", Standing::Entitled, known)
    };
    assert_eq!(text(&situation(vec![with(known("ana", "old", true), Some("mia"))])), "");
    let mut had = known("ana", "old", true);
    if let Some(k) = &mut had {
        k.sent.insert("manager".to_owned(), json!("t-mia"));
    }
    assert_eq!(text(&situation(vec![with(had.clone(), Some("mia"))])), "remove manager of user ana");
    assert_eq!(text(&situation(vec![with(had.clone(), None)])), "remove manager of user ana");
    let mut s = situation(vec![with(had, Some("mia"))]);
    s.targets.insert((Kind::User, "mia".to_owned()), "t-mia".to_owned());
    assert_eq!(text(&s), "");
}
