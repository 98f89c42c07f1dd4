//! The evaluation alone: a table of functions, and random configurations against a second, simple reading
//! of the documented order.

use std::collections::BTreeSet;

use directory::claims::{Claim, ClaimValue, Configuration, Memberships, Outcome, UserType, evaluate};
use directory::users::{Profile, User};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn user(properties: &[(&str, Json)]) -> User {
    let mut profile = Profile::default();
    for (name, value) in properties {
        profile.set(name, value).unwrap();
    }
    User {
        id: "u1".to_owned(),
        user_principal_name: "ana@contoso.example".to_owned(),
        display_name: "Ana Horvat".to_owned(),
        account_enabled: true,
        manager_id: None,
        created_date_time: "2026-01-01T00:00:00Z".to_owned(),
        deleted_date_time: None,
        profile,
    }
}

fn outcomes(claims: Vec<Claim>, user: &User, scoped: &[&str]) -> Vec<Outcome> {
    let scoped: BTreeSet<String> = scoped.iter().map(|g| (*g).to_owned()).collect();
    let configuration = Configuration { claims, ..Configuration::default() };
    let memberships = Memberships { scoped, ..Memberships::default() };
    let evaluated = evaluate(&configuration, user, &memberships, "");
    assert_eq!(evaluated.problem, None);
    evaluated.claims
}

fn claim(values: Vec<ClaimValue>) -> Claim {
    Claim { name: "c".to_owned(), values, ..Claim::default() }
}

#[test]
fn each_function_gives_what_its_row_says() {
    let ana = user(&[
        ("givenName", json!("Ana")),
        ("surname", json!("Horvat")),
        ("mail", json!("Ana.Horvat@contoso.example")),
        ("otherMails", json!(["a@x.example", "B@y.example"])),
        ("businessPhones", json!(["+385 1", "+385 2"])),
        ("department", json!("Finance_BSimon_US")),
        ("jobTitle", json!("Team Lead")),
        ("employeeId", json!("BSimon_123")),
        ("companyName", json!("123-Été")),
        ("country", json!("HR")),
    ]);
    let rows: Vec<Json> = serde_json::from_str(include_str!("../../testdata/claims/functions.json")).unwrap();
    for row in &rows {
        let source = row["source"].as_str().unwrap().to_owned();
        let multivalued = row["multivalued"] == true;
        let value = ClaimValue { source: source.clone(), multivalued, ..ClaimValue::default() };
        let [outcome] = outcomes(vec![claim(vec![value])], &ana, &[]).try_into().unwrap();
        assert_eq!(json!(outcome.values), row["values"], "{source}: {:?}", outcome.considered);
        assert_eq!(outcome.omitted.is_empty(), !outcome.values.is_empty(), "{source}");
    }
    assert!(rows.len() > 40);
}

/// Microsoft's example of a guest, with the values that it ends with.
#[test]
fn attributes_come_before_transformations_and_the_last_with_a_value_counts() {
    let row = |source: &str, user_type, groups: &[&str]| ClaimValue {
        source: source.to_owned(),
        user_type,
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        multivalued: false,
    };
    let rows = vec![
        row("ToLowercase(user.othermail)", UserType::Guests, &["sales"]),
        row("user.userprincipalname", UserType::Members, &[]),
        row("user.mail", UserType::Guests, &[]),
        row("ToLowercase(user.givenname)", UserType::Any, &[]),
        row("\"x\"", UserType::Any, &["other"]),
    ];
    let mut guest =
        user(&[("userType", json!("Guest")), ("mail", json!("m@x")), ("otherMails", json!(["O@X"]))]);
    let decided = |guest: &User, scoped: &[&str]| {
        let [outcome] = outcomes(vec![claim(rows.clone())], guest, scoped).try_into().unwrap();
        outcome.values
    };
    assert_eq!(decided(&guest, &["sales"]), ["o@x"]);
    assert_eq!(decided(&guest, &[]), ["m@x"], "an empty transformation does not count");
    guest.profile.set("givenName", &json!("Ana")).unwrap();
    assert_eq!(decided(&guest, &["sales"]), ["ana"]);
    assert_eq!(decided(&user(&[]), &[]), ["ana@contoso.example"], "no type means member");
    assert_eq!(decided(&user(&[]), &["other"]), ["x"]);
}

/// What a random source is: its text, whether it is a transformation, and its value for the test's user.
const SOURCES: [(&str, bool, Option<&str>); 6] = [
    ("user.mail", false, Some("m@x.example")),
    ("user.city", false, None),
    ("\"text\"", false, Some("text")),
    ("ExtractMailPrefix(user.mail)", true, Some("m")),
    ("ToUppercase(user.city)", true, None),
    ("IfEmpty(user.city, \"none\")", true, Some("none")),
];
const GROUPS: [&str; 3] = ["a", "b", "c"];

fn value() -> impl Strategy<Value = (usize, u8, Vec<usize>)> {
    (0..SOURCES.len(), 0..3_u8, prop::collection::vec(0..GROUPS.len(), 0..3))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn evaluation_is_what_the_documented_order_says(
        rows in prop::collection::vec(value(), 1..8),
        member_of in prop::collection::vec(any::<bool>(), GROUPS.len()),
        guest in any::<bool>(),
    ) {
        let types = [UserType::Any, UserType::Members, UserType::Guests];
        let values = rows.iter().map(|(source, user_type, groups)| ClaimValue {
            source: SOURCES[*source].0.to_owned(),
            multivalued: false,
            user_type: types[usize::from(*user_type)],
            groups: groups.iter().map(|g| GROUPS[*g].to_owned()).collect(),
        });
        let kind = if guest { "Guest" } else { "Member" };
        let user = user(&[("mail", json!("m@x.example")), ("userType", json!(kind))]);
        let scoped: Vec<&str> = (0..GROUPS.len()).filter(|g| member_of[*g]).map(|g| GROUPS[g]).collect();
        let [outcome] = outcomes(vec![claim(values.collect())], &user, &scoped).try_into().unwrap();

        // The model: walk twice, remember the last.
        let mut expected = None;
        for round in [false, true] {
            for (source, user_type, groups) in &rows {
                let (_, transformation, value) = SOURCES[*source];
                let type_holds = *user_type == 0 || (*user_type == 2) == guest;
                let group_holds = groups.is_empty() || groups.iter().any(|g| member_of[*g]);
                if transformation == round && type_holds && group_holds && value.is_some() {
                    expected = value;
                }
            }
        }
        let found: Vec<&str> = outcome.values.iter().map(String::as_str).collect();
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        let counting = outcome.considered.iter().filter(|one| one.counts).count();
        prop_assert_eq!(counting, usize::from(expected.is_some()));
    }

    /// Whatever is typed: an answer, and what is accepted is read again as the same.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-zA-Z(),.\"' :{}0-9é]{0,60}") {
        if let Ok(source) = directory::claims::Source::read(&text) {
            prop_assert_eq!(directory::claims::Source::read(&source.to_string()).unwrap(), source);
        }
    }
}
