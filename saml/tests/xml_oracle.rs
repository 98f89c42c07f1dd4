//! Another strict parser as oracle: what we accept, it accepts, with the same content. And no mutant of a signed response
//! ever names another person.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{ANA, Dice, attributes, certificate, expect, issue, mutate, signing_key};
use saml::response::{IssueResponse, SignOption, accept_response, issue_response};
use saml::xml::{Document, Element, Limits};

const MUTANTS: usize = 6_000;

fn seeds() -> Vec<String> {
    let (key, attributes) = (signing_key("idp"), attributes());
    let mut seeds: Vec<String> =
        [SignOption::Assertion, SignOption::Response, SignOption::ResponseAndAssertion]
            .map(|sign| issue_response(&issue(&attributes, sign), &key).unwrap())
            .to_vec();
    let long =
        IssueResponse { name_id: "ana@example.com.evil.test", ..issue(&attributes, SignOption::Assertion) };
    let split = issue_response(&long, &key).unwrap().replace(".evil.test", "<!-- -->.evil.test");
    seeds.push(split);
    seeds.push(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- c --><p:a xmlns:p='urn:u' xmlns='urn:v' p:x=\"1&#9;\" x='2'>t<![CDATA[<c>]]>\
         &amp;&#x41;\r\n<b xmlns=''><p:c p:y=\"a\r\nb\"/></b><d xml:lang='de'/>é\u{10000}</p:a>"
            .to_owned(),
    );
    seeds
}

#[test]
fn what_we_read_another_parser_reads_too() {
    let (seeds, mut dice) = (seeds(), Dice(0x5eed_0001));
    let mut accepted = 0;
    for seed in &seeds {
        assert_eq!(compare(seed), Ok(true), "{seed}");
    }
    for _ in 0..MUTANTS {
        let mutant = mutate(&seeds[dice.roll(seeds.len())], &mut dice);
        match compare(&mutant) {
            Ok(read) => accepted += usize::from(read),
            Err(difference) => panic!("{difference}\n{mutant}"),
        }
    }
    assert!(accepted > MUTANTS / 20, "only {accepted} mutants were well-formed: the test does not reach far");
}

#[test]
fn no_mutant_names_another_person() {
    let (seeds, mut dice, certificates) = (seeds(), Dice(0x5eed_0002), [certificate("idp")]);
    let expect = expect(&certificates);
    let mut accepted = 0;
    for _ in 0..MUTANTS {
        let mutant = mutate(&seeds[dice.roll(4)], &mut dice);
        if let Ok(person) = accept_response(mutant.as_bytes(), &expect) {
            accepted += 1;
            assert!(
                [ANA, "ana@example.com.evil.test"].contains(&person.name_id.as_str()),
                "{}",
                person.name_id
            );
        }
    }
    assert!(accepted > 0, "no mutant was accepted: the test does not reach far");
}

/// Ok(true): both read the same; Ok(false): we refuse.
fn compare(xml: &str) -> Result<bool, String> {
    let Ok(ours) = Document::parse(xml.as_bytes(), &Limits::default()) else {
        return Ok(false);
    };
    let options = roxmltree::ParsingOptions { allow_dtd: false, ..Default::default() };
    let theirs =
        roxmltree::Document::parse_with_options(xml, options).map_err(|e| format!("only we accept: {e}"))?;
    let theirs: Vec<_> =
        theirs.descendants().filter(roxmltree::Node::is_element).map(describe_theirs).collect();
    let ours: Vec<_> = ours.elements().map(describe_ours).collect();
    if ours == theirs { Ok(true) } else { Err(format!("{ours:?}\nis not\n{theirs:?}")) }
}

type Description = (String, String, Vec<(String, String, String)>, Option<String>);

fn describe_ours(element: Element<'_>) -> Description {
    let mut attributes: Vec<_> = element
        .attributes()
        .map(|(uri, local, value)| (uri.to_owned(), local.to_owned(), value.to_owned()))
        .collect();
    attributes.sort();
    let text = element.text().ok().map(str::to_owned);
    (element.namespace().to_owned(), element.local_name().to_owned(), attributes, text)
}

fn describe_theirs(node: roxmltree::Node<'_, '_>) -> Description {
    let owned = |text: Option<&str>| text.unwrap_or("").to_owned();
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|a| (owned(a.namespace()), a.name().to_owned(), a.value().to_owned()))
        .collect();
    attributes.sort();
    let only_text = !node.children().any(|child| child.is_element());
    let text = node.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text()).collect();
    (
        owned(node.tag_name().namespace()),
        node.tag_name().name().to_owned(),
        attributes,
        only_text.then_some(text),
    )
}
