//! What a change does to whom, as tables.

use center::identity_source::impact::{Impact, LossReason, People, Person, impact};
use center::identity_source::{ExternalIdp, Source, SourceError, read_metadata};
use center::testing::NOW;

use crate::given::external;
use crate::test_idp::Key;

fn person(user_name: &str, active: bool, has_password: bool) -> Person {
    Person { user_name: user_name.to_owned(), active, has_password }
}

fn of(from: &Source, to: &Source, users: &[Person]) -> Impact {
    let people = People { users: users.to_vec(), administrators: 1, provisioning: false };
    impact(from, to, &people, NOW)
}

#[test]
fn who_loses_access_and_why() {
    use LossReason::{Disabled, NoPassword, NotAnAddress};
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    // (user name, active, has a password) → lost under the identity provider, lost under the directory
    let table = [
        (("ana@corp.example", true, true), None, None),
        (("ana@corp.example", true, false), None, Some(NoPassword)),
        (("ana@corp.example", false, true), Some(Disabled), Some(Disabled)),
        (("Ana.Ng@corp.example", true, true), None, None),
        (("ana", true, true), Some(NotAnAddress), None),
        (("ana", false, false), Some(Disabled), Some(Disabled)),
        (("@corp.example", true, true), Some(NotAnAddress), None),
        (("ana@", true, true), Some(NotAnAddress), None),
        (("a@b@c", true, true), Some(NotAnAddress), None),
        (("\"ana ng\"@corp.example", true, true), Some(NotAnAddress), None),
        (("ána@corp.example", true, true), None, None),
    ];
    for ((name, active, password), at_idp, at_directory) in table {
        let users = [person(name, active, password)];
        for (from, to, expected) in [(&directory, &idp, at_idp), (&idp, &directory, at_directory)] {
            let found = of(from, to, &users);
            assert_eq!(found.lose.first().map(|loss| loss.reason), expected, "{name} {active} {password}");
            assert_eq!(found.keep, usize::from(expected.is_none()), "{name} {active} {password}");
            assert_eq!(found.lose.len() + found.keep, 1);
        }
    }
}

#[test]
fn names_with_upper_case_letters_are_listed_for_an_identity_provider_alone() {
    let users =
        [person("Ana@x.example", true, true), person("bob@x.example", true, true), person("EVE", true, true)];
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    let found = of(&directory, &idp, &users);
    assert_eq!(found.exact_case, ["Ana@x.example"]);
    assert!(
        found
            .consequences
            .iter()
            .any(|text| text.contains("1 user name has upper-case letters (Ana@x.example)"))
    );
    assert!(of(&idp, &directory, &users).exact_case.is_empty());
}

#[test]
fn sentences_list_a_few_names_and_count_the_rest() {
    let users: Vec<Person> = (0..8).map(|n| person(&format!("U{n}@x.example"), true, true)).collect();
    let found = of(&Source::IdentityCenterDirectory, &external(), &users);
    assert!(
        found.consequences.iter().any(|text| text.contains("U4@x.example and 3 more")),
        "{:?}",
        found.consequences
    );
}

fn said(impact: &Impact, part: &str) -> bool {
    impact.consequences.iter().any(|text| text.contains(part))
}

#[test]
fn the_consequences_name_what_people_ask_about() {
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    let people =
        People { users: vec![person("ana@x.example", true, false)], administrators: 2, provisioning: false };
    let there = impact(&directory, &idp, &people, NOW);
    for part in [
        "1 user keeps access if the identity provider sends a NameID",
        "cannot be seen from here",
        "Passwords of the Identity Center directory are kept, unused",
        "multi-factor",
        "provisioning is enabled separately",
        "sessions that are open run until they expire",
        "assignments and permission sets stay",
        "2 administrators keep their way in",
        "can be restored in one step",
    ] {
        assert!(said(&there, part), "{part}: {:?}", there.consequences);
    }
    let back = impact(&idp, &directory, &People { provisioning: true, ..people }, NOW);
    for part in ["1 active user has no password", "provisioning belongs to an external", "second factor"] {
        assert!(said(&back, part), "{part}: {:?}", back.consequences);
    }
    let other = of(&idp, &external_signing(), &[]);
    assert!(said(&other, "WantAuthnRequestsSigned") && !said(&other, "Passwords of the Identity Center"));
}

fn external_signing() -> Source {
    let Source::External(idp) = external() else { unreachable!() };
    Source::External(ExternalIdp { wants_signed_requests: true, ..idp })
}

#[test]
fn certificates_that_end_soon_or_have_ended_are_named() {
    // The clock stands at 2026-11-24: one ends in 38 days, one has ended.
    let key = Key::valid(2026, 2027);
    let old = Key::valid(2025, 2026);
    let idp = read_metadata(key.metadata(&[&old]).as_bytes(), NOW).unwrap();
    let found = of(&Source::IdentityCenterDirectory, &Source::External(idp), &[]);
    assert!(said(&found, &format!("{} expires on 2027-01-01", key.signing.certificate().thumbprint())));
    assert!(said(&found, &format!("{} expired on 2026-01-01", old.signing.certificate().thumbprint())));
    let refused = read_metadata(old.metadata(&[]).as_bytes(), NOW).unwrap_err();
    assert!(matches!(refused, SourceError::CertificatesExpired { .. }), "{refused}");
}
