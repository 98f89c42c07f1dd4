//! CSV files, good and bad, through the admin API.

use center::testing::{Answer, TestCenter};
use http::{Method, StatusCode};
use serde_json::{Value, json};

fn file(name: &str) -> String {
    let path = format!("{}/testdata/csv/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

async fn import(test: &TestCenter, name: &str, query: &str) -> Answer {
    let csv = file(name);
    let (path, body) = if name.starts_with("accounts") {
        ("/api/organization/import", json!({ "accounts": csv }))
    } else if name.starts_with("permission-sets") {
        ("/api/permission-sets/import", json!({ "permissionSets": csv }))
    } else {
        ("/api/assignments/import", json!({ "assignments": csv }))
    };
    test.api(Method::POST, &format!("{path}{query}"), body).await
}

async fn get(test: &TestCenter, path: &str) -> Value {
    test.api(Method::GET, path, Value::Null).await.json()
}

/// How many accounts, permission sets and assignments there are, and how many events.
async fn state(test: &TestCenter) -> [usize; 4] {
    let mut counts = [0; 4];
    for (n, path) in ["/api/accounts", "/api/permission-sets", "/api/assignments", "/api/events?limit=1000"]
        .iter()
        .enumerate()
    {
        counts[n] = get(test, path).await["value"].as_array().expect("it is there").len();
    }
    counts
}

async fn with_good_files() -> Vec<TestCenter> {
    let all = TestCenter::on_each().await;
    for test in &all {
        test.user("ana@x.example", None).await;
        test.api(Method::POST, "/api/groups", json!({ "displayName": "Dev" })).await;
        for name in ["accounts-good", "permission-sets-good", "assignments-good"] {
            let answer = import(test, name, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
        }
    }
    all
}

#[tokio::test]
async fn good_files_are_taken_and_taken_again_without_change() {
    for test in with_good_files().await {
        let before = state(&test).await;
        assert_eq!(before[..3], [3, 2, 3]);
        let again = import(&test, "accounts-good", "").await.json();
        assert_eq!(again["accounts"], json!({ "created": 0, "updated": 0, "unchanged": 3 }));
        assert_eq!(again["units"]["created"], 0);
        let again = import(&test, "permission-sets-good", "").await.json();
        assert_eq!(
            (&again["created"], &again["updated"], &again["unchanged"]),
            (&json!(0), &json!(0), &json!(2))
        );
        let again = import(&test, "assignments-good", "").await.json();
        assert_eq!((&again["created"], &again["existing"]), (&json!(0), &json!(3)));
        assert_eq!(state(&test).await, before, "nothing changed, so nothing was said");
    }
}

#[tokio::test]
async fn the_organization_is_a_tree_and_the_first_row_owns_it() {
    for test in with_good_files().await {
        let organization = get(&test, "/api/organization").await;
        assert_eq!(organization["managementAccountId"], "000000000001");
        assert!(organization["id"].as_str().unwrap().starts_with("o-"));
        let root = &organization["root"];
        assert!(root["id"].as_str().unwrap().starts_with("r-"));
        assert_eq!(root["accounts"][0]["accountName"], "management");
        assert_eq!(root["units"][0]["name"], "Core");
        let shop = &root["units"][1]["units"][0];
        assert_eq!(
            (shop["name"].as_str(), shop["units"][0]["accounts"][0]["accountId"].as_str()),
            (Some("Shop"), Some("000000000003"))
        );
        let unit = shop["id"].as_str().unwrap();
        let part = root["id"].as_str().unwrap().trim_start_matches("r-");
        assert!(unit.starts_with(&format!("ou-{part}-")), "{unit}");
    }
}

#[tokio::test]
async fn a_rehearsal_counts_and_changes_nothing() {
    for test in TestCenter::on_each().await {
        test.user("ana@x.example", None).await;
        let before = state(&test).await;
        let done = import(&test, "accounts-good", "?dryRun=true").await.json();
        assert_eq!((&done["accounts"]["created"], &done["units"]["created"]), (&json!(3), &json!(4)));
        assert_eq!(done["dryRun"], true);
        let done = import(&test, "permission-sets-good", "?dryRun=true").await.json();
        assert_eq!(done["created"], 2);
        assert_eq!(state(&test).await, before);
        let misspelt = import(&test, "accounts-good", "?dryRun=yes").await;
        assert_eq!((misspelt.status, misspelt.code().as_str()), (StatusCode::BAD_REQUEST, "InvalidValue"));
        assert_eq!(state(&test).await, before);
    }
}

#[tokio::test]
async fn bad_files_name_the_place_and_change_nothing() {
    let cases = [
        ("accounts-duplicate-id", "accounts, line 4, column account_id"),
        ("accounts-short-id", "accounts, line 3, column account_id"),
        ("accounts-script-in-name-too-long", "accounts, line 2, column name"),
        ("accounts-unclosed-quote", "accounts, line 2"),
        ("accounts-nul", "accounts, line 2, column name"),
        ("accounts-deep-path", "accounts, line 2, column ou_path"),
        ("accounts-empty", "accounts"),
        ("accounts-semicolons", "accounts, line 1"),
        ("accounts-missing-column", "accounts, line 1, column ou_path"),
        ("accounts-extra-field", "accounts, line 2"),
        ("permission-sets-bad-duration", "permission_sets, line 3, column session_duration"),
        ("permission-sets-typographic-dash", "permission_sets, line 2, column description"),
        ("permission-sets-customer-policy", "permission_sets, line 2, column managed_policies"),
        ("permission-sets-twice", "permission_sets, line 3, column name"),
        ("assignments-unknown-user", "assignments, line 3, column principal"),
        ("assignments-unknown-set", "assignments, line 2, column permission_set"),
        ("assignments-unknown-account", "assignments, line 2, column account_id"),
        ("assignments-group-named-as-user", "assignments, line 2, column principal"),
        ("assignments-sql-in-name", "assignments, line 2, column principal"),
        ("assignments-unknown-kind", "assignments, line 2, column principal_kind"),
    ];
    for test in with_good_files().await {
        let before = state(&test).await;
        for (name, target) in cases {
            let answer = import(&test, name, "").await;
            let error = &answer.json()["error"];
            assert_eq!(
                (answer.status, error["code"].as_str()),
                (StatusCode::BAD_REQUEST, Some("CsvInvalid")),
                "{name}: {}",
                answer.body
            );
            assert_eq!(error["target"], target, "{name}: {}", answer.body);
            assert_eq!(state(&test).await, before, "{name}");
        }
    }
}

#[tokio::test]
async fn accounts_are_renamed_and_moved_and_those_not_named_stay() {
    for test in with_good_files().await {
        let csv = "account_id,name,email,ou_path\n000000000003,shop,d@x.example,Core\n";
        let done =
            test.api(Method::POST, "/api/organization/import", json!({ "accounts": csv })).await.json();
        assert_eq!(done["accounts"], json!({ "created": 0, "updated": 1, "unchanged": 0 }));
        let root = get(&test, "/api/organization").await["root"].clone();
        assert_eq!(root["units"][0]["accounts"][1]["accountName"], "shop");
        assert_eq!(state(&test).await[0], 3);
    }
}

#[tokio::test]
async fn a_thousand_assignments_are_imported_in_one_go() {
    for test in TestCenter::on_each().await {
        let accounts: String =
            (1..=300).map(|n| format!("{n:012},a{n},a{n}@x.example,OU{}\n", n % 7)).collect();
        let accounts = format!("account_id,name,email,ou_path\n{accounts}");
        test.api(Method::POST, "/api/organization/import", json!({ "accounts": accounts })).await;
        import(&test, "permission-sets-good", "").await;
        for n in 0..20 {
            test.api(Method::POST, "/api/groups", json!({ "displayName": format!("g{n}") })).await;
        }
        let row = |n: u32| format!("group,g{},reader,{:012}\n", n % 20, n / 4 + 1);
        let rows: String = (0..1045).map(row).collect();
        let csv = format!("principal_kind,principal,permission_set,account_id\n{rows}");
        let done = test.api(Method::POST, "/api/assignments/import", json!({ "assignments": csv })).await;
        assert_eq!(done.json()["created"], 1045, "{}", done.body);
    }
}
