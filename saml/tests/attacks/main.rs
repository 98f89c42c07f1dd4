//! Attacks are files in `testdata/attacks`; each has one line here that names the refusal.
//!
//! The whole table (file, expected, got) is printed by
//! `cargo test -p saml --test attacks --test message_attacks -- --nocapture table`.
//!
//! The files are made by `corpus.rs`. Run the tests with `ENTENTE_WRITE_CORPUS=1` to write them after a change there.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod forge;

use std::collections::BTreeSet;

use common::{certificate, expect, read, testdata};
use saml::response::accept_response;

mod table;

#[test]
fn the_files_are_those_of_the_generator() {
    let write = std::env::var_os("ENTENTE_WRITE_CORPUS").is_some();
    for (name, content) in corpus::corpus() {
        let path = testdata(&format!("attacks/{name}"));
        if write {
            std::fs::write(&path, &content).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(found == content, "{name} is out of date; run with ENTENTE_WRITE_CORPUS=1");
    }
}

#[test]
fn table_of_each_file_and_its_refusal() {
    let certificates = [certificate("idp")];
    let mut differences = Vec::new();
    for (name, expected) in table::TABLE {
        let xml = read(&format!("attacks/{name}.xml"));
        let found = accept_response(&xml, &expect(&certificates)).map(|a| a.name_id).map_err(|e| e.reason);
        println!("{name:<44} expected {expected:?}, got {:?}", found.as_deref());
        if found.as_deref() != expected.as_ref().copied() {
            differences.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn each_file_has_a_line_and_each_line_a_file() {
    let files: BTreeSet<String> = std::fs::read_dir(testdata("attacks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let lines: BTreeSet<String> = table::TABLE.iter().map(|(name, _)| format!("{name}.xml")).collect();
    let generated: BTreeSet<String> = corpus::corpus().into_iter().map(|(name, _)| name).collect();
    assert_eq!(files, lines);
    assert_eq!(files, generated);
}

#[test]
fn every_reason_for_refusing_a_response_has_an_attack() {
    let used: BTreeSet<String> =
        table::TABLE.iter().filter_map(|(_, e)| e.err()).map(|r| format!("{r:?}")).collect();
    let responses = saml::response::ResponseReason::ALL.iter().map(|r| format!("Response({r:?})"));
    let missing: Vec<String> = responses.filter(|reason| !used.contains(reason)).collect();
    // Needs another expectation than the usual one; see `tests/round_trip.rs`.
    assert_eq!(missing, ["Response(InResponseToUnexpected)"]);
}
