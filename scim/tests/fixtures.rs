//! Every request in `testdata/`, from the RFCs and from vendors, with what must come of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use scim::filter::Filter;
use scim::patch::{PatchRequest, member_changes};
use scim::{Profile, Quirk, Quirks, Rules, ScimError, patch, resource};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn load(file: &str) -> Value {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn files() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut files: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|f| f.ends_with(".json"))
        .collect();
    files.sort();
    files
}

fn rules(fixture: &Value, quirks: Quirks) -> Rules {
    let profile = if fixture["profile"] == "aws" { Profile::Aws } else { Profile::Rfc };
    let rules = if fixture["kind"] == "Group" { Rules::groups(profile) } else { Rules::users(profile) };
    rules.with_quirks(quirks)
}

/// What comes of the fixture's request.
fn outcome(fixture: &Value, quirks: Quirks) -> Result<Value, ScimError> {
    let rules = rules(fixture, quirks);
    let request = &fixture["request"];
    match fixture["test"].as_str() {
        Some("create") => resource::read(&rules, request),
        Some("patch") => {
            patch::apply(&rules, &fixture["resource"], &PatchRequest::read(request, &rules.quirks)?)
        }
        Some("members") => {
            let patch = member_changes(&rules, &PatchRequest::read(request, &rules.quirks)?)?;
            let net = patch.net();
            let rest: Vec<String> = patch.rest.paths().collect();
            Ok(json!({"clear": net.clear, "add": net.add, "remove": net.remove, "rest": rest}))
        }
        Some("references") => {
            let read = resource::read(&rules, request)?;
            let users = fixture["users"].as_array().unwrap();
            match resource::new_manager(&Value::Null, &read) {
                Some(id) if !users.contains(&json!(id)) => resource::check_unknown_manager(&rules, id)?,
                _ => {}
            }
            Ok(read)
        }
        Some("filter") => {
            let mut all = Vec::new();
            for case in fixture["cases"].as_array().unwrap() {
                all.push(matches(&rules, case["filter"].as_str().unwrap(), &fixture["resource"])?);
            }
            Ok(json!(all))
        }
        other => panic!("test {other:?} is not known"),
    }
}

fn matches(rules: &Rules, filter: &str, resource: &Value) -> Result<bool, ScimError> {
    Ok(Filter::parse(filter, &rules.quirks)?.bind(rules)?.matches(resource))
}

fn code(result: &Result<Value, ScimError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn check(file: &str) {
    let fixture = load(file);
    if fixture["test"] == "filter" {
        return check_filters(file, &fixture);
    }
    let result = outcome(&fixture, Quirks::tolerant());
    match fixture["error"].as_str() {
        Some(expected) => assert_eq!(code(&result), expected, "{file}: {result:?}"),
        None => {
            let value = result.unwrap_or_else(|e| panic!("{file}: {} {e}", e.code()));
            assert_eq!(value, fixture["expected"], "{file}");
        }
    }
}

fn check_filters(file: &str, fixture: &Value) {
    let rules = rules(fixture, Quirks::tolerant());
    for case in fixture["cases"].as_array().unwrap() {
        let filter = case["filter"].as_str().unwrap();
        match (matches(&rules, filter, &fixture["resource"]), case["error"].as_str()) {
            (Err(error), Some(expected)) => assert_eq!(error.code(), expected, "{file}: {filter}"),
            (Ok(found), None) => assert_eq!(found, case["matches"] == true, "{file}: {filter}"),
            (found, _) => panic!("{file}: {filter}: {found:?}"),
        }
    }
}

#[test]
fn every_fixture_gives_what_it_says() {
    let files = files();
    assert!(files.len() >= 100, "only {} fixtures found", files.len());
    files.iter().for_each(|file| check(file));
}

#[test]
fn strict_rules_refuse_what_the_rfcs_do_not_have() {
    for file in files() {
        let fixture = load(&file);
        let Some(expected) = fixture["strict"].as_str() else { continue };
        let result = outcome(&fixture, Quirks::strict());
        match expected {
            "ok" => assert_eq!(result.as_ref().ok(), Some(&fixture["expected"]), "{file}: {result:?}"),
            "differs" => assert_ne!(result.as_ref().ok(), Some(&fixture["expected"]), "{file}"),
            error => assert_eq!(code(&result), error, "{file}: {result:?}"),
        }
    }
}

#[test]
fn every_quirk_is_needed_by_its_fixture_and_by_nothing_else() {
    for quirk in Quirk::ALL {
        let fixture = load(quirk.fixture());
        let with = outcome(&fixture, Quirks::strict().with(quirk));
        let without = outcome(&fixture, Quirks::tolerant().without(quirk));
        assert_ne!(with, without, "{quirk:?}: the fixture does not need it");
        assert!(with.is_ok(), "{quirk:?}: not enough by itself: {with:?}");
        assert!(quirk.link().starts_with("https://"));
    }
}

#[test]
fn a_canonical_resource_reads_as_itself() {
    for file in files() {
        let fixture = load(&file);
        if fixture["test"] == "create" && fixture["error"].is_null() {
            let expected = &fixture["expected"];
            let again = resource::read(&rules(&fixture, Quirks::strict()), expected);
            assert_eq!(again.as_ref(), Ok(expected), "{file}");
        }
    }
}

#[test]
fn a_patch_of_a_whole_resource_is_a_fixed_point() {
    for file in files() {
        let fixture = load(&file);
        if fixture["test"] == "create" && fixture["error"].is_null() {
            let expected = &fixture["expected"];
            let rules = rules(&fixture, Quirks::tolerant());
            let request = json!({
                "schemas": [patch::PATCH_SCHEMA], "Operations": [{"op": "replace", "value": expected}],
            });
            let request = PatchRequest::read(&request, &rules.quirks).unwrap();
            assert_eq!(patch::apply(&rules, expected, &request).as_ref(), Ok(expected), "{file}");
        }
    }
}

#[test]
fn fixtures_are_named_by_section_or_vendor() {
    for file in files() {
        let known = ["rfc7643-", "rfc7644-", "entra-", "okta-", "google-", "aws-"];
        assert!(known.iter().any(|k| file.starts_with(k)), "{file}");
        assert!(load(&file)["source"].is_string(), "{file}");
    }
}

// Whoever shows which dialect a client speaks relies on it.
#[test]
fn a_deviation_that_a_request_needs_is_noted() {
    for quirk in Quirk::ALL {
        let fixture = load(quirk.fixture());
        let quirks = Quirks::tolerant().noting();
        outcome(&fixture, quirks.clone()).unwrap_or_else(|e| panic!("{}: {e}", quirk.fixture()));
        assert!(quirks.met().contains(&quirk), "{}: {:?}", quirk.fixture(), quirks.met());
    }
    let quirks = Quirks::tolerant().noting();
    for file in ["rfc7643-8.3-enterprise-user.json", "rfc7644-3.5.2.3-replace-address.json"] {
        outcome(&load(file), quirks.clone()).unwrap();
    }
    assert_eq!(quirks.met(), []);
}
