//! Filters against an independent parser, and on random input.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use scim::filter::{Filter, Operand, Operator};
use scim::limits::{MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, MAX_FILTER_TERMS};
use scim::path::{AttrPath, PatchPath};
use scim::{Profile, Quirks, Rules};
use scim_v2::filter as oracle;

fn parse(text: &str) -> Result<Filter, scim::ScimError> {
    Filter::parse(text, &Quirks::strict())
}

/// The oracle's tree in our types.
fn from_oracle(filter: &oracle::Filter) -> Filter {
    match filter {
        oracle::Filter::Attr(e) => expression(e),
        oracle::Filter::ValuePath(v) => Filter::Values(path(&v.attr), Box::new(values(&v.filter))),
        oracle::Filter::Not(f) => Filter::Not(Box::new(from_oracle(f))),
        oracle::Filter::And(list) => Filter::And(list.iter().map(from_oracle).collect()),
        oracle::Filter::Or(list) => Filter::Or(list.iter().map(from_oracle).collect()),
    }
}

fn values(filter: &oracle::ValFilter) -> Filter {
    match filter {
        oracle::ValFilter::Attr(e) => expression(e),
        oracle::ValFilter::Not(f) => Filter::Not(Box::new(values(f))),
        oracle::ValFilter::And(list) => Filter::And(list.iter().map(values).collect()),
        oracle::ValFilter::Or(list) => Filter::Or(list.iter().map(values).collect()),
    }
}

fn expression(e: &oracle::AttrExp) -> Filter {
    match e {
        oracle::AttrExp::Present(p) => Filter::Present(path(p)),
        oracle::AttrExp::Comparison(p, op, value) => {
            let operator = Operator::of(&op.to_string()).unwrap();
            let operand = match value {
                oracle::CompValue::Str(s) => Operand::String(s.clone()),
                oracle::CompValue::Number(n) => Operand::Number(n.clone()),
                oracle::CompValue::True => Operand::Boolean(true),
                oracle::CompValue::False => Operand::Boolean(false),
                oracle::CompValue::Null => Operand::Null,
            };
            Filter::Compare(path(p), operator, operand)
        }
    }
}

fn path(p: &oracle::AttrPath) -> AttrPath {
    AttrPath::parse(&p.to_string()).unwrap()
}

/// Both parsers must agree on whether the text is a filter, and on its tree.
/// The oracle does not know `not(` without blank and `$ref`; both are left out of what is generated.
fn agree(text: &str) {
    let ours = parse(text);
    let theirs = text.parse::<oracle::Filter>();
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(*ours, from_oracle(theirs), "{text}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{text}: ours {ours:?}, theirs {theirs:?}"),
    }
}

#[test]
fn both_parsers_agree_on_the_examples_of_the_rfc() {
    for text in [
        "userName eq \"bjensen\"",
        "name.familyName co \"O'Malley\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\"",
        "title pr and userType eq \"Employee\"",
        "a pr and b pr or c pr and d pr",
        "a pr and (b pr or c pr) and d pr",
        "a pr or b pr and not (c pr or d pr)",
        "userType ne \"Employee\" and not (emails co \"example.com\" or emails.value co \"example.org\")",
        "emails[type eq \"work\" and value co \"@example.com\"] or ims[type eq \"xmpp\"]",
        "a eq 1 and b gt -2.5e3 and c eq true and d eq null",
        "a eq \"\\\"\\u00e4\\n\"",
        "a eq",
        "a pr b pr",
        "(a pr",
        "a[b pr",
        "a eq \"x",
        "a.b.c pr",
        "a eq 01",
    ] {
        agree(text);
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("userName".to_owned()), Just("and".to_owned()), "[a-zA-Z][a-zA-Z0-9_-]{0,8}",]
        .prop_filter("words that start a value or a group", |n| {
            !["not", "true", "false", "null"].iter().any(|w| w.eq_ignore_ascii_case(n))
        })
}

fn attr_path() -> impl Strategy<Value = AttrPath> {
    let urn = prop_oneof![
        4 => Just(None),
        1 => Just(Some("urn:ietf:params:scim:schemas:core:2.0:User".to_owned())),
    ];
    (urn, name(), prop::option::weighted(0.3, name())).prop_map(|(urn, name, sub)| AttrPath {
        urn,
        name,
        sub,
    })
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        any::<String>().prop_map(Operand::String),
        any::<i64>().prop_map(|n| Operand::Number(n.into())),
        any::<bool>().prop_map(Operand::Boolean),
        Just(Operand::Null),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
        .prop_map(|w| Operator::of(w).unwrap())
}

fn tree(values: bool) -> BoxedStrategy<Filter> {
    let compare = (attr_path(), operator(), operand()).prop_map(|(p, o, v)| Filter::Compare(p, o, v));
    let present = attr_path().prop_map(Filter::Present);
    let leaf = if values {
        let inner = (attr_path(), tree(false)).prop_map(|(mut p, f)| {
            p.sub = None;
            Filter::Values(p, Box::new(f))
        });
        prop_oneof![3 => compare, 1 => present, 1 => inner].boxed()
    } else {
        prop_oneof![3 => compare, 1 => present].boxed()
    };
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(|a| Filter::Not(Box::new(a))),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_printed_parses_to_the_same_tree(filter in tree(true)) {
        prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn both_parsers_agree_on_random_trees(filter in tree(true)) {
        agree(&filter.to_string());
    }

    #[test]
    fn no_input_makes_the_parser_panic(text in ".{0,80}") {
        let _ = parse(&text);
        let _ = Filter::parse(&text, &Quirks::tolerant());
        let _ = PatchPath::parse(&text);
        let _ = AttrPath::parse(&text);
    }

    #[test]
    fn no_soup_of_tokens_makes_the_parser_panic(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "and", "or", "not", "(", ")", "[", "]", " ", " ", "pr", "eq", "userName", "emails", ".value", "\"x\"", "\"", "\\", "1", "-", "ä", "urn:x:", "true",
        ]), 0..20)
    ) {
        let text = tokens.concat();
        let rules = Rules::users(Profile::Rfc);
        if let Ok(filter) = Filter::parse(&text, &rules.quirks) {
            let printed = filter.to_string();
            prop_assert_eq!(Filter::parse(&printed, &rules.quirks), Ok(filter.clone()));
            if let Ok(bound) = filter.bind(&rules) {
                let _ = bound.matches(&serde_json::json!({"userName": "x", "emails": [{"value": "x"}]}));
            }
        }
        let _ = PatchPath::parse(&text);
    }

    #[test]
    fn paths_round_trip(attribute in attr_path(), filter in prop::option::of(tree(false)), sub in prop::option::of(name())) {
        let path = match filter {
            Some(filter) => PatchPath { attribute: AttrPath { sub: None, ..attribute }, filter: Some(filter), sub },
            None => PatchPath { attribute, filter: None, sub: None },
        };
        prop_assert_eq!(PatchPath::parse(&path.to_string()), Ok(path));
    }
}

#[test]
fn limits_hold_while_the_text_is_read() {
    let deep = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(MAX_FILTER_DEPTH)).is_ok());
    assert_eq!(parse(&deep(MAX_FILTER_DEPTH + 1)).unwrap_err().code(), "filter-syntax");
    let wide = |n: usize| vec!["a pr"; n].join(" or ");
    assert!(parse(&wide(MAX_FILTER_TERMS)).is_ok());
    assert_eq!(parse(&wide(MAX_FILTER_TERMS + 1)).unwrap_err().code(), "filter-syntax");
    let long = format!("a eq \"{}\"", "x".repeat(MAX_FILTER_LENGTH));
    assert_eq!(parse(&long).unwrap_err().code(), "filter-syntax");
    assert!(parse(&"not (".repeat(3000)).is_err());
}

#[test]
fn an_error_names_the_character() {
    for (text, at) in [("ä", 1), ("title xx", 7), ("title eq \"ä\" foo", 14), ("(title pr", 10)] {
        match parse(text) {
            Err(scim::ScimError::InvalidFilter { position, .. }) => assert_eq!(position, at, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}
