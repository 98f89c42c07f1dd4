//! Roles, random values, limits, what an expression says about itself, and the answers in Graph's shape.

use serde_json::json;

use super::super::*;
use super::{ana, context, shown, value};

#[test]
fn roles_are_plain_or_complex() {
    let roles = vec![
        r#"{"id":"1","value":"Admin","displayName":"Administrator"}"#.to_owned(),
        r#"{"id":"2","value":null,"displayName":"Reader"}"#.to_owned(),
        "Plain".to_owned(),
    ];
    let user = Attributes::new().with("appRoleAssignments", roles);
    let run = |text: &str| evaluate(&Expression::parse(text).unwrap(), &user, &context()).unwrap();
    assert_eq!(run("SingleAppRoleAssignment([appRoleAssignments])"), "Admin".into());
    let names = ["Admin", "Reader", "Plain"].map(str::to_owned).to_vec();
    assert_eq!(run("AppRoleAssignments([appRoleAssignments])"), names.into());
    let complex = run("AppRoleAssignmentsComplex([appRoleAssignments])").texts();
    assert_eq!(complex[0], r#"{"id":"1","value":"Admin","displayName":"Administrator"}"#);
    assert_eq!(complex[2], r#"{"id":null,"value":"Plain","displayName":"Plain"}"#);
    assert_eq!(run("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])").texts(), complex);
    assert!(run("SingleAppRoleAssignment([missing])").is_null());
}

#[test]
fn random_strings_have_what_was_asked_for() {
    let count = |text: &str, what: fn(&char) -> bool| text.chars().filter(what).count();
    let text = shown(r#"RandomString(10, 2, 2, 2, 1, "?,")"#);
    assert_eq!(text.chars().count(), 10, "{text}");
    assert!(count(&text, char::is_ascii_digit) >= 2 && count(&text, char::is_ascii_uppercase) >= 2, "{text}");
    assert!(count(&text, char::is_ascii_punctuation) >= 2 && count(&text, char::is_ascii_lowercase) >= 1);
    assert!(!text.contains(['?', ',']), "{text}");
    let text = shown("RandomString(6, 3, 0, 0, 3)");
    assert_eq!(
        (count(&text, char::is_ascii_digit), count(&text, char::is_ascii_lowercase)),
        (3, 3),
        "{text}"
    );
    assert_eq!(shown("RandomString(256, 0, 0, 0, 0)").chars().count(), 256);
    for (bad, why) in [
        ("RandomString(257, 0, 0, 0, 0)", "Length is \"257\": it must be between 1 and 256"),
        ("RandomString(0, 0, 0, 0, 0)", "Length is \"0\": it must be between 1 and 256"),
        ("RandomString(3, 2, 2, 0, 0)", "Length is \"3\": the minimum counts add up to 4"),
        (r#"RandomString(3, 1, 0, 0, 0, "0123456789")"#, "no character is left of those that are required"),
    ] {
        assert!(shown(bad).contains(why), "{bad}: {}", shown(bad));
    }
}

#[test]
fn a_source_that_always_gives_the_same_ends_all_the_same() {
    let stuck = Context { random: &|| [255; 32], ..context() };
    let expression = Expression::parse("RandomString(9, 1, 1, 1, 1)").unwrap();
    assert_eq!(evaluate(&expression, &ana(), &stuck).unwrap().as_text().unwrap().chars().count(), 9);
}

#[test]
fn a_guid_is_of_version_four() {
    let id = shown("Guid()");
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
}

#[test]
fn results_cannot_blow_up() {
    let big = "x".repeat(60_000);
    let user = Attributes::new().with("big", big.as_str());
    for text in [
        "Append([big], [big])",
        r#"Join("-", [big], [big])"#,
        r#"Replace([big], "x", , , [big], , )"#,
        r#"Replace([big], , "x", , [big], , )"#,
        r#"Replace([big], , ".*", , "$0$0$0", , )"#,
        r#"Replace([big], , "(?<g>x)", "g", [big], , )"#,
        "ConvertToUTF8Hex([big])",
        "ConvertToBase64([big])",
    ] {
        let error = evaluate(&Expression::parse(text).unwrap(), &user, &context()).unwrap_err();
        assert_eq!((error.problem, error.argument), (Problem::TooLong, ""), "{text}");
    }
}

#[test]
fn errors_do_not_show_what_is_redacted() {
    let error = value(r#"DateAdd("d", 1, Redact([surname]))"#).unwrap_err();
    assert_eq!((error.function, error.argument, error.value.as_str()), ("DateAdd", "dateTime", "[Redact]"));
    assert_eq!(error.problem, Problem::NotADate);
    let long = Attributes::new().with("a", "ü".repeat(500));
    let error = evaluate(&Expression::parse("CDate([a])").unwrap(), &long, &context()).unwrap_err();
    assert_eq!(error.value.chars().count(), 81);
}

#[test]
fn an_expression_tells_what_it_needs_and_does() {
    let parse = |text: &str| Expression::parse(text).unwrap();
    let join = parse(r#"Join("", [a], IIF([b] = "x", [a], Redact([c])))"#);
    assert_eq!(join.attributes().into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(join.redacted() && !join.changes_by_itself() && join.merge() == Merge::Replace);
    assert!(parse(r#"Append("a", Guid())"#).changes_by_itself());
    assert_eq!(parse("AppRoleAssignmentsComplex([appRoleAssignments])").merge(), Merge::AddOnly);
    assert_eq!(parse("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])").merge(), Merge::Replace);
}

#[test]
fn unique_values_are_candidates_in_order() {
    let text = r#"SelectUniqueValue([givenName], [missing], Append([givenName], "1"))"#;
    let expression = Expression::parse(text).unwrap();
    assert!(expression.selects_unique_value());
    let all = evaluate_candidates(&expression, &ana(), &context()).unwrap();
    assert_eq!(all, [Value::from("Ana"), Value::from("Ana1")]);
    assert_eq!(shown(text), "Ana");
    let plain = Expression::parse("[mail]").unwrap();
    assert_eq!(evaluate_candidates(&plain, &ana(), &context()).unwrap().len(), 1);
}

#[test]
fn attributes_have_the_names_of_entra_and_of_graph() {
    let object = json!({
        "id": "1", "businessPhones": ["+49 1", "+49 2"], "officeLocation": "B4", "accountEnabled": true,
        "onPremisesExtensionAttributes": { "extensionAttribute1": "x" }, "n": 3, "f": 1.5, "gone": null,
    });
    let attributes = Attributes::from_object(object.as_object().unwrap());
    for (name, wanted) in [
        ("objectId", Value::from("1")),
        ("telephoneNumber", Value::from("+49 1")),
        ("physicalDeliveryOfficeName", Value::from("B4")),
        ("extensionAttribute1", Value::from("x")),
        ("onPremisesExtensionAttributes.extensionAttribute1", Value::from("x")),
        ("accountEnabled", Value::Bool(true)),
        ("n", Value::Integer(3)),
        ("f", Value::from("1.5")),
        ("gone", Value::Null),
        ("ID", Value::Null),
    ] {
        assert_eq!(attributes.get(name), wanted, "{name}");
    }
    assert_eq!(attributes.get("businessPhones").texts().len(), 2);
}

/// Microsoft's sample of parseExpression.
#[test]
fn the_tester_answers_as_graph() {
    let request: TestRequest = serde_json::from_value(json!({
        "expression": "Replace([preferredLanguage], \"-\", , , \"_\", ,  )",
        "targetAttributeDefinition": null,
        "testInputObject": { "definition": null, "properties": [
            { "key": "preferredLanguage", "value": "EN-US" },
            { "key": "IsSoftDeleted", "value": "false" },
            { "key": "appRoleAssignments", "value@odata.type": "#Collection(String)", "value": ["Default"] },
        ]},
    }))
    .unwrap();
    let attributes = request.attributes();
    let wanted = json!({
        "error": null, "evaluationSucceeded": true, "evaluationResult": ["EN_US"], "parsingSucceeded": true,
        "parsedExpression": {
            "expression": "Replace([preferredLanguage], \"-\", , , \"_\", , )", "name": "Replace", "type": "Function",
            "parameters": [
                { "key": "source", "value": { "expression": "[preferredLanguage]", "name": "preferredLanguage",
                    "parameters": [], "type": "Attribute" } },
                { "key": "Find", "value": { "expression": "\"-\"", "name": "-", "parameters": [], "type": "Constant" } },
                { "key": "Replacement", "value": { "expression": "\"_\"", "name": "_", "parameters": [],
                    "type": "Constant" } },
            ],
        },
    });
    assert_eq!(test(&request.expression, attributes.as_ref(), &context()), wanted);
    let active = r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#;
    assert_eq!(test(active, attributes.as_ref(), &context())["evaluationResult"], json!(["True"]));
}

#[test]
fn the_tester_reports_what_failed() {
    let unread = test("Jion([a])", None, &context());
    assert_eq!((&unread["parsingSucceeded"], &unread["evaluationSucceeded"]), (&json!(false), &json!(false)));
    assert!(unread["error"]["message"].as_str().unwrap().contains("did you mean Join"), "{unread}");
    let failed = test("CDate([mail])", Some(&ana()), &context());
    assert_eq!((&failed["parsingSucceeded"], &failed["evaluationSucceeded"]), (&json!(true), &json!(false)));
    assert_eq!(failed["error"]["code"], "evaluationFailed");
    let untried = test(r#"IIF([a] > 3, "x", 5)"#, None, &context());
    assert_eq!((&untried["error"], &untried["evaluationResult"]), (&json!(null), &json!([])));
    assert_eq!(untried["parsedExpression"]["parameters"][0]["value"]["name"], ">");
    let null = test("[missing]", Some(&ana()), &context());
    assert_eq!((&null["evaluationSucceeded"], &null["evaluationResult"]), (&json!(true), &json!([])));
}

#[test]
fn functions_are_listed_as_graph_lists_them() {
    let all = functions();
    let named = |name: &str| all.iter().find(|f| f["name"] == name).unwrap();
    assert_eq!(named("DefaultDomain"), &json!({ "name": "DefaultDomain", "parameters": [] }));
    assert_eq!(
        named("Join")["parameters"],
        json!([
            { "allowMultipleOccurrences": false, "name": "separator", "required": true, "type": "String" },
            { "allowMultipleOccurrences": true, "name": "source", "required": true, "type": "String" },
        ])
    );
    assert_eq!(named("Replace")["parameters"][6]["name"], "Template");
    let names: Vec<_> = Function::all().iter().map(|f| f.name).collect();
    assert!(names.is_sorted() && names.len() == 49, "{}", names.len());
}
