use super::*;
use crate::provisioning::mapping::Apply;
use crate::provisioning::plan::{Known, Object, Step, steps};
use serde_json::json;

const EMAIL: &str = "emails[type eq \"work\"].value";

fn ana() -> Resource {
    let all = [
        ("userName", json!("ana@x.example")),
        ("displayName", json!("Ana")),
        ("name.givenName", json!("Ana")),
        ("name.familyName", json!("Lee")),
        (EMAIL, json!("ana@x.example")),
        ("active", json!(true)),
        ("externalId", json!("1")),
    ];
    all.into_iter().map(|(p, v)| (p.to_owned(), v)).collect()
}

fn with(path: &str, value: Json) -> Resource {
    let mut wanted = ana();
    if value.is_null() {
        wanted.remove(path)
    } else {
        wanted.insert(path.to_owned(), value)
    };
    wanted
}

fn subject<'a>(kind: Kind, id: &'a str, wanted: &'a Resource) -> Subject<'a> {
    Subject { kind, id, name: id, wanted, candidates: None, sent: None }
}

fn lint(kind: Kind, wanted: &Resource) -> Vec<Finding> {
    let mappings = Mappings::default();
    let mut linter = Linter::new(&mappings, Personality::Generic);
    linter.look(&subject(kind, "1", wanted));
    linter.finish()
}

#[test]
fn what_aws_takes_has_no_findings() {
    assert_eq!(lint(Kind::User, &ana()), []);
    let mut rich = ana();
    rich.insert("profileUrl".to_owned(), json!("https://x.example/%41"));
    rich.insert("userName".to_owned(), json!("ána+ü_☂@x.example"));
    rich.insert("displayName".to_owned(), json!("Ana María (Sea) / \"Ñ\""));
    rich.insert(format!("{ENTERPRISE}:department"), json!("Sea & Land"));
    rich.insert("name.familyName".to_owned(), json!("é".repeat(1024)));
    assert_eq!(lint(Kind::User, &rich), []);
    let group =
        Resource::from([("displayName".to_owned(), json!("Sea")), ("externalId".to_owned(), json!("g"))]);
    assert_eq!(lint(Kind::Group, &group), []);
}

#[test]
fn each_rule_of_people() {
    use Rule::*;
    let long = |n: usize| json!("a".repeat(n));
    let table = [
        ("userName", json!(null), Required),
        ("displayName", json!(null), Required),
        ("name.givenName", json!(null), Required),
        ("name.familyName", json!("  "), Required),
        ("displayName", json!(7), Required),
        ("userName", long(129), TooLong),
        ("externalId", long(257), TooLong),
        ("title", long(1025), TooLong),
        ("userName", json!("ana lee"), ForbiddenCharacter),
        ("userName", json!("ana\u{a0}lee"), ForbiddenCharacter),
        ("displayName", json!("Ana\tLee"), ForbiddenCharacter),
        ("displayName", json!("Ana\rLee"), ForbiddenCharacter),
        ("name.givenName", json!("A\nB"), ForbiddenCharacter),
        ("name.givenName", json!("<b>"), ForbiddenCharacter),
        ("name.familyName", json!("A>B"), ForbiddenCharacter),
        ("title", json!("a;b"), ForbiddenCharacter),
        ("title", json!("a:b"), ForbiddenCharacter),
        ("title", json!("5 %"), ForbiddenCharacter),
        ("userName", json!("ADMINISTRATOR"), ReservedName),
        ("userName", json!("AWSAdministrators"), ReservedName),
        ("photos", json!([{ "value": "x" }]), UnsupportedAttribute),
        ("password", json!("x"), UnsupportedAttribute),
        ("emails[type eq \"work\"].display", json!("Ana"), UnsupportedAttribute),
        ("emails[type eq \"work\"].primary", json!(false), PrimaryEmail),
        ("emails[type eq \"home\"].value", json!("h@x"), OneValue),
        ("phoneNumbers", json!([{ "value": "1" }, { "value": "2" }]), OneValue),
        ("addresses", json!([{ "country": "DE" }, { "country": "FR" }]), OneValue),
    ];
    for (path, value, rule) in table {
        let found = lint(Kind::User, &with(path, value.clone()));
        assert_eq!(found.len(), 1, "{path} {value}: {found:?}");
        assert_eq!(
            (found[0].rule, found[0].id.as_str(), found[0].refused),
            (rule, "1", true),
            "{path} {value}"
        );
        assert!(!found[0].fix.is_empty() && !found[0].found.is_empty());
        assert!(path.starts_with(found[0].attribute.split('[').next().unwrap()), "{found:?}");
    }
    let found = lint(Kind::User, &with("displayName", json!("Ana\tLee")));
    assert_eq!(found[0].found, r#"'\t' in "Ana\tLee""#);
    assert!(found[0].fix.contains("the property displayName"), "{}", found[0].fix);
}

#[test]
fn each_rule_of_groups() {
    let group = |path: &str, value: Json| Resource::from([(path.to_owned(), value)]);
    let found = lint(Kind::Group, &group("externalId", json!("g")));
    assert_eq!((found[0].rule, found[0].attribute.as_str()), (Rule::Required, "displayName"));
    let found = lint(Kind::Group, &group("displayName", json!("a;b")));
    assert_eq!(found[0].rule, Rule::ForbiddenCharacter);
    let mut described = group("displayName", json!("Sea"));
    described.insert("description".to_owned(), json!("All of them"));
    let found = lint(Kind::Group, &described);
    assert_eq!((found.len(), found[0].rule), (1, Rule::UnsupportedAttribute));
}

#[test]
fn of_two_with_the_same_value_the_one_who_has_it_there_keeps_it() {
    let mappings = Mappings::default();
    let refused = |sent: Option<&Resource>, path: &str, value: &str| {
        let (first, mut second) = (ana(), ana());
        second.insert("userName".to_owned(), json!("other"));
        second.insert(EMAIL.to_owned(), json!("other@x"));
        second.insert(path.to_owned(), json!(value));
        let mut linter = Linter::new(&mappings, Personality::Aws);
        linter.look(&subject(Kind::User, "1", &first));
        linter.look(&Subject { sent, ..subject(Kind::User, "2", &second) });
        // A group of that name is nobody's rival.
        linter.look(&subject(Kind::Group, "3", &Resource::from([("displayName".to_owned(), json!("Ana"))])));
        let found = linter.finish();
        found.into_iter().map(|f| (f.id, f.rule, f.attribute)).collect::<Vec<_>>()
    };
    let held = with(EMAIL, json!("Ana@X.example"));
    let duplicate = |id: &str, path: &str| vec![(id.to_owned(), Rule::Duplicate, path.to_owned())];
    assert_eq!(refused(None, EMAIL, "ANA@x.example"), duplicate("2", EMAIL));
    assert_eq!(refused(Some(&held), EMAIL, "ANA@x.example"), duplicate("1", EMAIL));
    assert_eq!(refused(None, "userName", "Ana@x.example"), duplicate("2", "userName"));
    assert_eq!(refused(None, EMAIL, "somebody@x.example"), []);
    let mut linter = Linter::new(&mappings, Personality::Aws);
    let sea = Resource::from([("displayName".to_owned(), json!("Sea"))]);
    for id in ["g", "h"] {
        linter.look(&subject(Kind::Group, id, &sea));
    }
    assert_eq!(linter.finish().iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["h"]);
}

#[test]
fn redacted_values_are_not_shown_and_free_values_count() {
    let mut mappings = Mappings::default();
    let source = Source::Expression("Redact([jobTitle])".to_owned());
    let row = Mapping {
        source,
        target: "title".to_owned(),
        default_value: None,
        apply: Apply::Always,
        matching: 0,
    };
    mappings.put(Kind::User, "title", row);
    let mut linter = Linter::new(&mappings, Personality::Aws);
    linter.look(&subject(Kind::User, "1", &with("title", json!("secret;"))));
    let found = linter.finish();
    assert_eq!(found[0].found, "';' in [Redact]");
    let mut linter = Linter::new(&mappings, Personality::Aws);
    let candidates = BTreeMap::from([("userName".to_owned(), vec!["ana".to_owned(), "ana1".to_owned()])]);
    let wanted = with("userName", json!(null));
    linter.look(&Subject { candidates: Some(&candidates), ..subject(Kind::User, "1", &wanted) });
    assert_eq!(linter.finish(), []);
}

#[test]
fn a_situation_for_aws_skips_whom_it_would_refuse_and_nobody_else() {
    let object = |id: &str, standing: Standing, known: Option<Known>, wanted: Resource| Object {
        kind: Kind::User,
        id: id.to_owned(),
        name: id.to_owned(),
        standing,
        wanted,
        manager: None,
        known,
    };
    let named = |name: &str, path: &str, value: Json| {
        let mut wanted = with(path, value);
        wanted.insert("userName".to_owned(), json!(name));
        if path != EMAIL {
            wanted.insert(EMAIL.to_owned(), json!(format!("{name}@x")));
        }
        wanted
    };
    let known = || Some(Known { target: "t".to_owned(), active: true, sent: ana() });
    let mut situation = Situation {
        active_path: Some("active".to_owned()),
        objects: vec![
            object("good", Standing::Entitled, None, named("good", "title", json!("Captain"))),
            object("bad", Standing::Entitled, None, named("bad", "name.givenName", json!(null))),
            object("known", Standing::Entitled, known(), named("known", "title", json!("a;b"))),
            object("off", Standing::Disabled, known(), named("off", "title", json!("a;b"))),
            object("left", Standing::OutOfScope, known(), named("left", "title", json!("a;b"))),
            object(
                "two",
                Standing::Entitled,
                None,
                named("two", "emails[type eq \"home\"].value", json!("h@x")),
            ),
        ],
        ..Situation::default()
    };
    for_target(&Mappings::default(), &mut situation);
    let told: Vec<String> = steps(&situation).iter().map(ToString::to_string).collect();
    let starts: Vec<&str> = told.iter().map(|t| t.split(':').next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "disable user off",
            "disable user left",
            "match or create user good",
            "skip user bad",
            "skip user known",
            "match or create user two"
        ]
    );
    assert!(told[3].contains("name.givenName (required)"), "{}", told[3]);
    let two = steps(&situation).into_iter().find_map(|step| match step {
        Step::Provision(link, wanted, _) if link.id == "two" => Some(wanted),
        _ => None,
    });
    let emails: Vec<String> = two.unwrap().into_keys().filter(|p| p.starts_with("emails")).collect();
    assert_eq!(emails, [EMAIL]);
}
