//! The claims by our API, in Graph's form, and the preview as JSON.

use directory::testing::engines;
use http::StatusCode;
use serde_json::{Value as Json, json};

use directory::testing::{DOMAIN, TestDirectory};

const POLICY: &str = include_str!("../../testdata/claims/aws-policy.json");

async fn application(test: &TestDirectory) -> directory::applications::Application {
    test.write(|tx, change| directory::applications::create(tx, change, "AWS")).await.unwrap()
}

#[tokio::test]
async fn what_cannot_work_is_refused_on_save_with_its_field() {
    for test in engines().await {
        let app = application(&test).await;
        let program = test.program().await;
        let path = format!("/api/applications/{}/claims", app.app_id);
        let before = program.get(&path).await.json();
        assert_eq!(before["claims"].as_array().unwrap().len(), 4, "{before}");
        let rows: Vec<Json> =
            serde_json::from_str(include_str!("../../testdata/claims/refused.json")).unwrap();
        for row in &rows {
            let answer = program.put(&path, &row["set"]).await;
            assert!(answer.status.is_client_error(), "{}: {}", row["set"], answer.text);
            assert_eq!(answer.json()["error"]["target"], row["field"], "{}: {}", row["set"], answer.text);
        }
        let many = |n: usize, groups: usize| {
            let groups: Vec<String> = (0..groups).map(|g| format!("group {g}")).collect();
            let claim =
                |n| json!({ "name": format!("c{n}"), "values": [{ "source": "\"x\"", "groups": groups }] });
            json!({ "claims": (0..n).map(claim).collect::<Vec<_>>() })
        };
        assert_eq!(program.put(&path, &many(101, 0)).await.json()["error"]["code"], "TooMany");
        for n in 0..51 {
            test.group(&format!("group {n}"), &[]).await;
        }
        assert_eq!(program.put(&path, &many(2, 51)).await.json()["error"]["code"], "TooMany");
        assert_eq!(program.get(&path).await.json(), before, "nothing was saved");
        assert_eq!(program.put(&path, &many(2, 50)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_policy_for_aws_comes_in_and_goes_out() {
    for test in engines().await {
        let app = application(&test).await;
        let program = test.program().await;
        let path = format!("/v1.0/servicePrincipals/{}/claimsMappingPolicies", app.service_principal_id);
        let put = async |definition: &str| {
            program.put(&path, &json!({ "displayName": "AWS", "definition": [definition] })).await
        };
        let answer = put(POLICY).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        let claims = program.get(&format!("/api/applications/{}/claims", app.id)).await.json();
        let values: Vec<(&str, &str)> = claims["claims"]
            .as_array()
            .unwrap()
            .iter()
            .skip(4)
            .map(|c| (c["name"].as_str().unwrap(), c["values"][0]["source"].as_str().unwrap()))
            .collect();
        let expected = [
            ("Role", "user.assignedroles"),
            ("RoleSessionName", "user.userprincipalname"),
            ("SessionDuration", "\"900\""),
            ("appRoles", "user.assignedroles"),
            ("AccessControl:Alias", "ExtractMailPrefix(user.mail)"),
        ];
        assert_eq!(values, expected);
        let out = program.get(&path).await.json()["value"][0].clone();
        assert_eq!(out["@entente.notExpressible"], json!([]));
        let again = put(out["definition"][0].as_str().unwrap()).await;
        assert_eq!(again.status, StatusCode::NO_CONTENT, "{}", again.text);
        assert_eq!(program.get(&format!("/api/applications/{}/claims", app.id)).await.json(), claims);
        for (from, to, part) in [
            ("\"Version\"", "\"GroupFilter\":{},\"Version\"", "GroupFilter"),
            ("\"Version\":1", "\"Version\":2", "Version 1"),
            ("\"Source\"", "\"source\"", "unknown field"),
            ("\"ID\":\"900\"", "\"ID\":\"shoesize\"", "shoesize"),
            ("\"ExtractMailPrefix\"", "\"Reverse\"", "Reverse"),
            ("\"MailAlias\",\"SamlClaimType\"", "\"Other\",\"SamlClaimType\"", "Other"),
            ("\"IncludeBasicClaimSet\":\"true\"", "\"IncludeBasicClaimSet\":\"yes\"", "yes"),
        ] {
            assert!(POLICY.contains(from), "{from}");
            let refused = put(&POLICY.replacen(from, to, 1)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{to}");
            let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[tokio::test]
async fn a_policy_says_issuer_and_audience() {
    for test in engines().await {
        let app = application(&test).await;
        let program = test.program().await;
        let path = format!("/v1.0/servicePrincipals/{}/claimsMappingPolicies", app.service_principal_id);
        let put = async |more: &str| {
            let policy = POLICY.replacen("\"Version\"", &format!("{more}\"Version\""), 1);
            program.put(&path, &json!({ "definition": [policy] })).await
        };
        let advanced = "\"issuerWithApplicationId\":\"true\",\"audienceOverride\":\"urn:a\",";
        let answer = put(advanced).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        let with = program.get(&format!("/api/applications/{}/claims", app.id)).await.json();
        assert_eq!(
            (&with["issuerWithApplicationId"], &with["audienceOverride"]),
            (&json!(true), &json!("urn:a"))
        );
        let out = program.get(&path).await.json()["value"][0]["definition"][0].as_str().unwrap().to_owned();
        assert!(
            out.contains("\"audienceOverride\":\"urn:a\"")
                && out.contains("\"issuerWithApplicationId\":true")
        );
        for bad in ["\"issuerWithApplicationId\":\"yes\",", "\"audienceOverride\":\"no uri\","] {
            assert_eq!(put(bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
        }
        assert_eq!(put("").await.status, StatusCode::NO_CONTENT);
        let without = program.get(&format!("/api/applications/{}/claims", app.id)).await.json();
        assert!(without["audienceOverride"].is_null() && without["issuerWithApplicationId"].is_null());
    }
}

#[tokio::test]
async fn the_preview_shows_each_step() {
    for test in engines().await {
        let app = application(&test).await;
        test.user("Ana").await;
        let program = test.program().await;
        let path = format!("/api/applications/{}/claims", app.id);
        let wanted = json!({
            "nameIdTransformation": "ToLowercase(source)",
            "claims": [
                { "name": "alias", "values": [
                    { "source": "ToLowercase(ExtractMailPrefix(user.mail))" },
                    { "source": "\"guest\"", "userType": "guests" },
                ] },
                { "name": "city", "required": true, "values": [{ "source": "user.city" }] },
            ],
        });
        assert_eq!(program.put(&path, &wanted).await.status, StatusCode::OK);
        let answer = program.get(&format!("{path}/preview?user=Ana@{DOMAIN}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let preview = answer.json();
        assert_eq!(preview["nameId"]["value"], format!("ana@{DOMAIN}"), "{preview}");
        let alias = &preview["claims"][0];
        assert_eq!(alias["values"], json!(["ana"]));
        assert_eq!(alias["considered"][0]["source"], "\"guest\"", "attributes and texts first");
        assert_eq!(alias["considered"][0]["because"], "the user is of another type");
        assert_eq!(
            alias["considered"][1]["steps"],
            json!([
                { "function": "ExtractMailPrefix(user.mail)", "input": format!("Ana@{DOMAIN}"), "output": "Ana" },
                { "function": "ToLowercase(…)", "input": "Ana", "output": "ana" },
            ])
        );
        assert_eq!(preview["claims"][1]["omitted"], "the user has no value for it");
        assert_eq!(preview["refusal"]["code"], "ClaimMissing");
        assert_eq!(preview["core"].as_array().unwrap().len(), 5);
        assert_eq!(program.get(&format!("{path}/preview?user=nobody")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.get(&format!("{path}/preview")).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_deleted_application_leaves_no_claims_behind() {
    for test in engines().await {
        let app = application(&test).await;
        let program = test.program().await;
        let path = format!("/api/applications/{}/claims", app.id);
        assert_eq!(program.put(&path, &json!({ "claims": [] })).await.status, StatusCode::OK);
        let id = app.id.clone();
        test.write(move |tx, change| directory::applications::delete(tx, change, &id)).await.unwrap();
        let rows =
            test.directory.read(|tx, _| Ok(tx.int("SELECT count(*) FROM application_claims", &[])?)).await;
        assert_eq!(rows.unwrap(), 0);
    }
}
