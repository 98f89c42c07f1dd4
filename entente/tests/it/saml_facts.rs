//! `docs/saml-facts.md`: each fact about the products that this one stands in for has a test, or a reason why not.

use std::collections::BTreeSet;
use std::path::Path;

/// A row of the page.
struct Fact {
    number: String,
    fact: String,
    shown_by: String,
}

impl Fact {
    /// The tests that the row names: file and function.
    fn tests(&self) -> Vec<(&str, &str)> {
        self.shown_by.split('`').filter_map(|part| part.split_once("::")).collect()
    }

    /// Why it is otherwise here, where it is.
    fn reason(&self) -> Option<&str> {
        ["not done: ", "differs: "].iter().find_map(|word| self.shown_by.strip_prefix(word))
    }
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn facts() -> Vec<Fact> {
    let page = read("docs/saml-facts.md");
    let rows = page.lines().filter(|line| line.starts_with("| E") || line.starts_with("| A"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, fact, shown_by] = cells[..] else { panic!("three cells expected: {line}") };
        Fact { number: number.to_owned(), fact: fact.to_owned(), shown_by: shown_by.to_owned() }
    };
    rows.map(row).collect()
}

/// Whether the source has a test of this name that runs: the attribute stands above the function, and none that has it
/// passed over.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let named = |line: &str| {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        function.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    lines.iter().enumerate().filter(|(_, line)| named(line)).any(|(at, _)| {
        let attributes: Vec<&str> =
            lines[..at].iter().rev().copied().take_while(|above| above.starts_with("#[")).collect();
        attributes.iter().any(|above| matches!(*above, "#[test]" | "#[tokio::test]"))
            && !attributes.iter().any(|above| above.trim_start_matches("#[").starts_with("ignore"))
    })
}

#[test]
fn every_fact_has_a_test_that_is_there_or_a_reason() {
    for fact in facts() {
        let tests = fact.tests();
        for (file, name) in &tests {
            assert!(has_test(&read(file), name), "{}: {file} has no test {name}", fact.number);
        }
        match fact.reason() {
            Some(reason) => assert!(reason.len() > 30, "{}: a reason expected: {reason}", fact.number),
            None => assert!(!tests.is_empty(), "{}: a test or a reason expected", fact.number),
        }
        assert!(fact.fact.len() > 15, "{}", fact.number);
    }
}

#[test]
fn the_numbers_have_no_gap() {
    let facts = facts();
    for half in ["E", "A"] {
        let of_half: Vec<&str> = facts.iter().filter_map(|fact| fact.number.strip_prefix(half)).collect();
        let expected: Vec<String> = (1..=of_half.len()).map(|n| n.to_string()).collect();
        assert_eq!(of_half, expected);
    }
    let texts: BTreeSet<&str> = facts.iter().map(|fact| fact.fact.as_str()).collect();
    assert_eq!(texts.len(), facts.len(), "each fact once");
    assert!(facts.len() > 90, "the page was read");
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let passed_over = ["ignore", "ignore = \"slow\""].map(|word| format!("#[test]\n#[{word}]\n"));
    let source = format!(
        "#[tokio::test]\nasync fn one() {{}}\nfn two() {{}}\n{}fn three() {{}}\n{}fn four() {{}}\nfn one_more() {{}}",
        passed_over[0], passed_over[1]
    );
    let expected = [
        ("one", true),
        ("two", false),
        ("three", false),
        ("four", false),
        ("one_more", false),
        ("on", false),
    ];
    for (name, there) in expected {
        assert_eq!(has_test(&source, name), there, "{name}");
    }
}
