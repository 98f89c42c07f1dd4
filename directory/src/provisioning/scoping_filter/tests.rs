use serde_json::json;

use super::*;
use crate::provisioning::expression::Value;

fn ana() -> Attributes {
    Attributes::new()
        .with("department", "Sales")
        .with("state", "NY")
        .with("empty", "")
        .with("level", 7)
        .with("workerID", "1234567")
        .with("accountEnabled", true)
        .with("userAccountControl", "514")
        .with("several", vec!["a".to_owned(), "b".to_owned()])
        .with("mail", "ana@contoso.com")
}

fn filter(groups: Vec<Vec<FilterClause>>) -> ScopingFilter {
    let groups = groups.into_iter().map(|clauses| FilterGroup { clauses, name: String::new() }).collect();
    ScopingFilter { groups, ..ScopingFilter::default() }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one case on each line")]
fn every_operator_with_and_without_a_value() {
    for (attribute, operator, operand, wanted) in [
        ("department", "EQUALS", "Sales", true),
        ("department", "EQUALS", "sales", false),
        ("level", "EQUALS", "7", true),
        ("accountEnabled", "EQUALS", "true", true),
        ("missing", "EQUALS", "", false),
        ("department", "NOT EQUALS", "sales", true),
        ("department", "NOT EQUALS", "Sales", false),
        ("missing", "NOT EQUALS", "Sales", false),
        ("empty", "NOT EQUALS", "Sales", false),
        ("accountEnabled", "IS TRUE", "", true),
        ("accountEnabled", "IS FALSE", "", false),
        ("department", "IS TRUE", "", false),
        ("department", "IS FALSE", "", false),
        ("missing", "IS FALSE", "", false),
        ("missing", "IS NULL", "", true),
        ("empty", "IS NULL", "", true),
        ("department", "IS NULL", "", false),
        ("department", "IS NOT NULL", "", true),
        ("missing", "IS NOT NULL", "", false),
        ("empty", "IS NOT NULL", "", false),
        ("mail", "REGEX MATCH", r".*\@contoso.com", true),
        ("mail", "NOT REGEX MATCH", r".*\@contoso.com", false),
        ("workerID", "REGEX MATCH", "(1[0-9][0-9][0-9][0-9][0-9][0-9])", true),
        ("missing", "REGEX MATCH", ".*", false),
        ("missing", "NOT REGEX MATCH", "x", false),
        ("empty", "NOT REGEX MATCH", "x", false),
        ("department", "NOT REGEX MATCH", "x", true),
        ("level", "Greater_Than", "6", true),
        ("level", "Greater_Than", "7", false),
        ("workerID", "Greater_Than", "1000000", true),
        ("department", "Greater_Than", "1", false),
        ("missing", "Greater_Than", "-1", false),
        ("level", "Greater_Than_OR_EQUALS", "7", true),
        ("level", "Greater_Than_OR_EQUALS", "8", false),
        ("department", "Includes", "ale", true),
        ("department", "Includes", "ALE", false),
        ("missing", "Includes", "", false),
        ("mail", "ENDS_WITH", "@contoso.com", true),
        ("mail", "ENDS_WITH", "@CONTOSO.com", false),
        ("userAccountControl", "&", "2", true),
        ("userAccountControl", "&", "3", false),
        ("userAccountControl", "!&", "2", false),
        ("userAccountControl", "!&", "&H1", true),
        ("missing", "!&", "2", false),
        ("several", "EQUALS", "a", false),
        ("several", "NOT EQUALS", "x", false),
        ("several", "IS NOT NULL", "", false),
        ("several", "IS NULL", "", false),
    ] {
        let operator = FilterOperator::named(operator).unwrap();
        let values: &[&str] = if operator.arity() == Arity::Unary { &[] } else { &[operand] };
        let one = filter(vec![vec![FilterClause::new(attribute, operator, values)]]);
        one.check().unwrap();
        let verdict = one.matches(&ana());
        assert_eq!(
            verdict.matched,
            wanted,
            "{attribute} {} {operand}: {}",
            operator.name(),
            verdict.summary()
        );
    }
}

#[test]
fn clauses_are_anded_and_groups_are_ored() {
    use FilterOperator::{Equals, IsNull};
    let sales = || FilterClause::new("department", Equals, &["Sales"]);
    let texas = || FilterClause::new("state", Equals, &["TX"]);
    let unnamed = || FilterClause::new("jobTitle", IsNull, &[]);
    for (groups, wanted) in [
        (vec![], true),
        (vec![vec![sales()]], true),
        (vec![vec![sales(), texas()]], false),
        (vec![vec![sales(), texas()], vec![unnamed()]], true),
        (vec![vec![texas()], vec![texas(), sales()]], false),
        // It cannot be saved; nobody comes into scope by it.
        (vec![vec![]], false),
    ] {
        let filter = filter(groups);
        assert_eq!(filter.matches(&ana()).matched, wanted, "{filter:?}");
    }
}

#[test]
fn a_verdict_explains_itself() {
    use FilterOperator::{Equals, RegexMatch};
    let clauses = vec![
        FilterClause::new("department", Equals, &["Sales"]),
        FilterClause::new("state", Equals, &["TX"]),
        FilterClause::new("missing", RegexMatch, &["x"]),
    ];
    let group = FilterGroup { clauses, name: "Texans".to_owned() };
    let verdict = ScopingFilter { groups: vec![group], ..ScopingFilter::default() }.matches(&ana());
    let shown = serde_json::to_value(&verdict).unwrap();
    assert_eq!(
        shown,
        json!({ "matched": false, "because": [{ "name": "Texans", "matched": false, "clauses": [
            { "clause": "department EQUALS \"Sales\"", "matched": true, "reason": "the value is \"Sales\"" },
            { "clause": "state EQUALS \"TX\"", "matched": false, "reason": "the value is \"NY\"" },
            { "clause": "missing REGEX MATCH \"x\"", "matched": false, "reason": "the attribute has no value" },
        ]}]})
    );
    assert_eq!(verdict.summary(), "\"Texans\" does not hold: state EQUALS \"TX\" (the value is \"NY\")");
    assert_eq!(filter(vec![]).matches(&ana()).summary(), "there is no scoping filter");
    let sales = filter(vec![vec![FilterClause::new("department", Equals, &["Sales"])]]);
    assert_eq!(sales.matches(&ana()).summary(), "all clauses of the scoping filter \"#1\" hold");
}

#[test]
fn what_is_not_admitted_is_not_out_of_scope() {
    let group = |value: &str| FilterGroup {
        clauses: vec![FilterClause::new("state", FilterOperator::Equals, &[value])],
        name: String::new(),
    };
    for (input, category, wanted) in [("NY", "NY", true), ("TX", "NY", false), ("NY", "TX", false)] {
        let filter = ScopingFilter {
            input_filter_groups: vec![group(input)],
            category_filter_groups: vec![group(category)],
            groups: vec![],
        };
        assert_eq!(filter.admits(&ana()).matched, wanted);
        assert!(filter.matches(&ana()).matched && !filter.is_empty());
    }
}

#[test]
fn json_has_graphs_shape() {
    let json = json!({
        "categoryFilterGroups": [],
        "groups": [{ "clauses": [{
            "operatorName": "EQUALS", "sourceOperandName": "department", "targetOperand": { "values": ["Sales"] },
        }], "name": "Sales" }],
        "inputFilterGroups": [],
    });
    let filter: ScopingFilter = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&filter).unwrap(), json);
    let sparse = json!({ "groups": [{ "clauses": [{
        "operatorName": "is_not_null", "sourceOperandName": "mail", "targetOperand": null,
    }], "name": null }], "inputFilterGroups": null });
    let filter: ScopingFilter = serde_json::from_value(sparse).unwrap();
    assert_eq!(filter.groups[0].clauses[0].operator_name, FilterOperator::IsNotNull);
    let wrong =
        json!({ "groups": [{ "clauses": [{ "operatorName": "LIKE", "sourceOperandName": "mail" }] }] });
    let error = serde_json::from_value::<ScopingFilter>(wrong).unwrap_err().to_string();
    assert!(error.starts_with("there is no operator \"LIKE\"; there are EQUALS, "), "{error}");
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    use FilterOperator::{Equals, GreaterThan, IsNull, RegexMatch};
    let long = "x".repeat(MAX_TEXT + 1);
    for (clause, wanted) in [
        (FilterClause::new("proxyAddresses", Equals, &["x"]), "it has several values"),
        (FilterClause::new("Members", Equals, &["x"]), "filters know no membership"),
        (FilterClause::new("manager", Equals, &["x"]), "it refers to other objects"),
        (FilterClause::new("userType", Equals, &["Guest"]), "Entra does not evaluate it"),
        (FilterClause::new("appRoleAssignments", Equals, &["x"]), "roles follow from assignments"),
        (FilterClause::new("createdDateTime", Equals, &["x"]), "filters do not compare dates"),
        (FilterClause::new(" ", Equals, &["x"]), "it names no attribute"),
        (FilterClause::new("mail", Equals, &[]), "EQUALS needs exactly one value, found 0"),
        (FilterClause::new("mail", Equals, &["a", "b"]), "EQUALS needs exactly one value, found 2"),
        (FilterClause::new("mail", IsNull, &["a"]), "IS NULL takes no value"),
        (FilterClause::new("mail", GreaterThan, &["a"]), "Greater_Than needs a whole number, found \"a\""),
        (FilterClause::new("mail", RegexMatch, &["(?!a)"]), "look-ahead (?= or (?! at character 1"),
        (FilterClause::new("mail", Equals, &[&long]), "longer than 4096 bytes"),
    ] {
        let attribute = clause.source_operand_name.clone();
        let error = filter(vec![vec![clause]]).check().unwrap_err();
        assert_eq!((error.group.as_str(), error.clause), ("#1", Some(1)));
        assert!(error.to_string().contains(wanted), "{attribute}: {error}");
    }
    assert_eq!(filter(vec![vec![]]).check().unwrap_err().why, Unusable::NoClauses);
    let many = vec![vec![FilterClause::new("a", IsNull, &[])]; MAX_COUNT + 1];
    assert_eq!(filter(many).check().unwrap_err().why, Unusable::TooMany);
    assert_eq!(filter(vec![vec![FilterClause::new("a", IsNull, &[""])]]).check(), Ok(()));
}

#[test]
fn an_unusable_attribute_never_matches() {
    let user = ana().with("userType", Value::from("Member"));
    let filter = filter(vec![vec![FilterClause::new("userType", FilterOperator::Equals, &["Member"])]]);
    let verdict = filter.matches(&user);
    assert!(!verdict.matched && verdict.because[0].clauses[0].reason.contains("cannot be used"));
}

#[test]
fn operators_are_listed_as_graph_lists_them() {
    let all = filter_operators();
    let named = |name: &str| all.iter().find(|o| o["name"] == name).unwrap();
    assert_eq!(named("EQUALS")["arity"], "Binary");
    assert_eq!(named("IS TRUE")["supportedAttributeTypes"], json!(["Boolean"]));
    assert_eq!(named("IS NULL")["arity"], "Unary");
    assert_eq!(named("!&")["multivaluedComparisonType"], "All");
    assert_eq!(all.len(), FilterOperator::ALL.len());
}
