//! Attacks on encrypted assertions (`testdata/attacks-encrypted`) and on signed requests, logout messages and SHA-1
//! signatures (`testdata/attacks-messages`); each file has one line that names the refusal.
//!
//! Run the tests with `ENTENTE_WRITE_CORPUS=1` to write the files after a change in a generator. Those with ciphertexts
//! differ each time (RSA-OAEP is randomised), so they are not compared with the generator's.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests; the table is printed")]

#[path = "../common/mod.rs"]
mod common;
mod encrypted;
#[allow(dead_code, clippy::allow_attributes, reason = "this binary uses a part")]
#[path = "../attacks/forge.rs"]
mod forge;
mod messages;

use std::collections::BTreeSet;
use std::fmt::Debug;

use common::testdata;

/// A generated file.
type File = (&'static str, String);

/// Writes the files when asked to, and reads them back.
fn files(folder: &str, generate: fn() -> Vec<File>) -> Vec<(String, Vec<u8>)> {
    if std::env::var_os("ENTENTE_WRITE_CORPUS").is_some() {
        for (name, content) in generate() {
            std::fs::write(testdata(&format!("{folder}/{name}.xml")), content).unwrap();
        }
    }
    let mut files: Vec<_> = std::fs::read_dir(testdata(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Compares each file with its line; every file has a line and every line a file.
fn check<T: Debug + PartialEq>(
    files: &[(String, Vec<u8>)],
    table: &[(&str, T)],
    judge: impl Fn(&str, &[u8]) -> T,
) {
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let lines: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, lines);
    let mut differences = Vec::new();
    for (name, expected) in table {
        let (_, xml) = files.iter().find(|(file, _)| file == name).unwrap();
        let found = judge(name, xml);
        println!("{name:<44} expected {expected:?}, got {found:?}");
        if found != *expected {
            differences.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
