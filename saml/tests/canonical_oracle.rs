//! libxml2, on which most XML signature software is built, as oracle for exclusive canonical form.
//!
//! These tests fail when xmllint is missing; they never pass without having been run.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::{Dice, mutate, testdata};
use saml::xml::{Document, Limits};

/// Documents of one run of xmllint, which costs more than the comparison.
const BATCH: usize = 40;
const RANDOM: usize = 1_200;
const MUTANTS: usize = 1_200;

/// Canonical form by libxml2. It keeps comments, so the documents have none.
fn xmllint(name: &str, xml: &str) -> Result<String, String> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, xml).unwrap();
    let output = Command::new("xmllint")
        .args(["--exc-c14n", "--nonet"])
        .arg(&path)
        .output()
        .unwrap_or_else(|e| panic!("xmllint is needed by this test ({e}); install libxml2-utils"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn ours(xml: &str) -> Option<String> {
    let limits = Limits { bytes: usize::MAX, namespace_declarations: usize::MAX, ..Limits::MESSAGE };
    Document::parse(xml.as_bytes(), &limits).ok()?.root().canonical()
}

/// Compares documents that we accept, many at once and one by one where they differ.
fn compare(name: &str, documents: &[String]) {
    for batch in documents.chunks(BATCH) {
        let together = format!("<batch>{}</batch>", batch.concat());
        let Some(expected) = ours(&together) else {
            batch.iter().for_each(|xml| compare_one(name, xml));
            continue;
        };
        if xmllint(name, &together).as_ref() != Ok(&expected) {
            batch.iter().for_each(|xml| compare_one(name, xml));
            panic!("the batch differs and none of its documents does");
        }
    }
}

fn compare_one(name: &str, xml: &str) {
    let Some(expected) = ours(xml) else {
        return;
    };
    assert_eq!(xmllint(name, xml).as_ref(), Ok(&expected), "{xml}");
}

#[test]
fn random_documents_have_the_canonical_form_of_libxml2() {
    let mut dice = Dice(0x5eed_0021);
    let documents: Vec<String> = (0..RANDOM).map(|_| random_element(&mut dice, 4)).collect();
    let accepted = documents.iter().filter(|xml| ours(xml).is_some()).count();
    assert!(accepted > RANDOM / 3, "only {accepted} documents were accepted: the test does not reach far");
    let documents: Vec<String> = documents.into_iter().filter(|xml| ours(xml).is_some()).collect();
    compare("random.xml", &documents);
}

#[test]
fn mutants_have_the_canonical_form_of_libxml2() {
    let mut dice = Dice(0x5eed_0022);
    let seeds: Vec<String> = ["valid-assertion-signed", "valid-response-signed", "comment-in-name-id"]
        .iter()
        .map(|name| std::fs::read_to_string(testdata(&format!("attacks/{name}.xml"))).unwrap())
        .map(|xml| xml.replace("<!-- -->", ""))
        .collect();
    let mut documents = Vec::new();
    for _ in 0..MUTANTS {
        let mutant = mutate(&seeds[dice.roll(seeds.len())], &mut dice);
        // A declaration cannot stand inside a batch, and comments are kept by xmllint.
        if !mutant.contains("<!--") && !mutant.contains("<?") && ours(&mutant).is_some() {
            documents.push(mutant.trim_start_matches('\u{feff}').to_owned());
        }
    }
    assert!(documents.len() > MUTANTS / 20, "only {} mutants: the test does not reach far", documents.len());
    compare("mutants.xml", &documents);
}

#[test]
fn the_oracle_can_say_no() {
    assert_eq!(xmllint("no.xml", "<a  b='1'/>"), Ok("<a b=\"1\"></a>".to_owned()));
    assert!(xmllint("relative.xml", "<a xmlns='relative'/>").as_deref() != Ok("<a xmlns=\"relative\"></a>"));
    assert_eq!(ours("<a xmlns='relative'/>"), None);
}

const NAMES: &[&str] = &["a", "b", "p:a", "p:b", "q:a", "é", "q:long-name.1"];
const ATTRIBUTES: &[&str] = &["x", "y", "p:x", "q:x", "q:y", "p:y", "xml:lang", "xml:space", "z"];
/// None with an ampersand: libxml2 forgets to escape it in a namespace name (Canonical XML 1.0 section 2.3 wants it), so its
/// canonical form is no XML then.
const DECLARATIONS: &[&str] = &[
    "xmlns=\"urn:1\"",
    "xmlns=\"urn:2\"",
    "xmlns=\"\"",
    "xmlns:p=\"urn:1\"",
    "xmlns:p=\"urn:a'b\"",
    "xmlns:q=\"urn:2\"",
    "xmlns:q=\"urn:1\"",
    "xmlns:unused='urn:3'",
];
const TEXTS: &[&str] = &[
    "text",
    "&amp;",
    "&lt;",
    "&gt;",
    ">",
    "\"",
    "'",
    "\r\n",
    "\r",
    "\n",
    "\t",
    "&#13;",
    "&#10;",
    "&#9;",
    "&#32;",
    "é\u{10348}",
    "&#x10FFFF;",
    "<![CDATA[<&>]]>",
    "<![CDATA[]]>",
    "&quot;",
    "&apos;",
    " ",
];

/// An element with namespaces declared, re-declared, un-declared and left unused at random.
fn random_element(dice: &mut Dice, depth: usize) -> String {
    let name = NAMES[dice.roll(NAMES.len())];
    let mut tag = format!("<{name}");
    if depth == 4 {
        tag += " xmlns:p=\"urn:1\" xmlns:q='urn:2'";
    } else {
        for declaration in chosen(DECLARATIONS, 2, dice) {
            tag += &format!(" {declaration}");
        }
    }
    for attribute in chosen(ATTRIBUTES, 4, dice) {
        let value: String = (0..dice.roll(3)).map(|_| attribute_text(dice)).collect();
        tag += &format!("\n {attribute} = \"{value}\"");
    }
    let children: String = (0..dice.roll(4))
        .map(|_| if depth > 0 && dice.roll(2) == 0 { random_element(dice, depth - 1) } else { text(dice) })
        .collect();
    if children.is_empty() && dice.roll(2) == 0 { tag + "/>" } else { format!("{tag}>{children}</{name} >") }
}

/// Up to `most` entries, each once and in any order.
fn chosen<'a>(from: &[&'a str], most: usize, dice: &mut Dice) -> Vec<&'a str> {
    let mut chosen = Vec::new();
    for _ in 0..dice.roll(most + 1) {
        let entry = from[dice.roll(from.len())];
        if !chosen.contains(&entry) {
            chosen.push(entry);
        }
    }
    chosen
}

fn text(dice: &mut Dice) -> String {
    TEXTS[dice.roll(TEXTS.len())].to_owned()
}

fn attribute_text(dice: &mut Dice) -> String {
    text(dice).replace("<![CDATA[<&>]]>", "<").replace('<', "&lt;").replace('"', "&quot;")
}
