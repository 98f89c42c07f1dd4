//! The Graph API of provisioning, through the router.

mod provisioning_support;

use axum::body::Body;
use http::{Request, StatusCode};
use provisioning_support::client::{Client, PAGES, SYNC};
use provisioning_support::target::TOKEN;
use provisioning_support::world::names;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_program_sets_provisioning_up_as_with_graph() {
    for client in Client::all().await {
        let world = &client.world;
        let (status, templates) = client.graph("GET", &format!("{SYNC}/templates"), json!({})).await;
        assert_eq!((status, &templates["value"][0]["id"]), (StatusCode::OK, &json!("scim")));
        let (status, job) =
            client.graph("POST", &format!("{SYNC}/jobs"), json!({ "templateId": "scim" })).await;
        assert_eq!(status, StatusCode::CREATED);
        let path = format!("{SYNC}/jobs/{}", job["id"].as_str().unwrap());
        let credentials = |token: &str| {
            json!({ "credentials": [
                { "key": "BaseAddress", "value": world.scim.url }, { "key": "SecretToken", "value": token },
                { "key": "AllowPrivateNetwork", "value": "True" },
            ] })
        };
        let validate = format!("{SYNC}/jobs/validateCredentials");
        assert_eq!(client.graph("POST", &validate, credentials(TOKEN)).await.0, StatusCode::NO_CONTENT);
        let (status, error) = client.graph("POST", &validate, credentials("wrong")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("401") && message.contains("GET http://127.0.0.1"), "{message}");
        let secrets = json!({ "value": credentials(TOKEN)["credentials"] });
        assert_eq!(client.graph("PUT", &format!("{SYNC}/secrets"), secrets).await.0, StatusCode::NO_CONTENT);
        assert_eq!(client.graph("POST", &format!("{path}/start"), json!({})).await.0, StatusCode::NO_CONTENT);
        world.cycle().await;
        let (_, job) = client.graph("GET", &path, json!({})).await;
        assert_eq!(job["status"]["code"], "Active");
        assert_eq!(job["status"]["upToDate"], true);
        world.edit("ana", "account_enabled = 1").await;
        assert_eq!(client.graph("GET", &path, json!({})).await.1["status"]["upToDate"], false);
        let counts = &job["status"]["synchronizedEntryCountByType"];
        assert_eq!((&counts[0]["value"], &counts[1]["value"]), (&json!(2), &json!(1)));
        assert_eq!(world.picture().active(), names(&["ana", "leo"]));
        assert_eq!(client.graph("POST", &format!("{path}/pause"), json!({})).await.0, StatusCode::NO_CONTENT);
        let restart = json!({ "criteria": { "resetScope": "Watermark, Escrows, QuarantineState" } });
        assert_eq!(client.graph("POST", &format!("{path}/restart"), restart).await.0, StatusCode::NO_CONTENT);
        let (_, jobs) = client.graph("GET", &format!("{SYNC}/jobs"), json!({})).await;
        assert_eq!(jobs["value"][0]["id"], job["id"]);
        assert!(!jobs.to_string().contains(TOKEN));
    }
}

#[tokio::test]
async fn a_program_provisions_on_demand_and_reads_the_log() {
    for client in Client::all().await {
        let job = client.world.job().await.id;
        let path = format!("{SYNC}/jobs/{job}");
        let ask = |id: &str, kind: &str| {
            json!({ "parameters": [{ "ruleId": "USER_GROUP_OUTBOUND",
                "subjects": [{ "objectId": id, "objectTypeName": kind }] }] })
        };
        let demand = format!("{path}/provisionOnDemand");
        let mut results = Vec::new();
        for (id, kind) in [("ana", "User"), ("eve", "User"), ("sea", "Group"), ("ana", "User")] {
            let (status, pair) = client.graph("POST", &demand, ask(id, kind)).await;
            assert_eq!(status, StatusCode::OK, "{pair}");
            let key: Json = serde_json::from_str(pair["key"].as_str().unwrap()).unwrap();
            results.push(key["result"].as_str().unwrap().to_owned());
        }
        assert_eq!(results, ["Success", "Skipped", "Success", "Skipped"]);
        assert_eq!(client.graph("POST", &demand, json!({})).await.0, StatusCode::BAD_REQUEST);
        let filter = format!("/v1.0/auditLogs/provisioning?$filter=jobId%20eq%20%27{job}%27&$top=1");
        let (_, first) = client.graph("GET", &filter, json!({})).await;
        assert_eq!(first["value"].as_array().unwrap().len(), 1);
        let next = first["@odata.nextLink"].as_str().unwrap();
        let next = next.strip_prefix("http://127.0.0.1:1").unwrap();
        let (_, second) = client.graph("GET", next, json!({})).await;
        assert_ne!(first["value"][0]["id"], second["value"][0]["id"]);
        let (_, all) = client.graph("GET", "/v1.0/auditLogs/provisioning", json!({})).await;
        let entries = all["value"].as_array().unwrap();
        assert!(
            entries.iter().any(|e| e["sourceIdentity"]["id"] == "ana" && e["provisioningAction"] == "create")
        );
    }
}

#[tokio::test]
async fn a_program_reads_and_writes_the_mappings() {
    for client in Client::all().await {
        let path = format!("{SYNC}/jobs/{}/schema", client.world.job().await.id);
        let (_, mut schema) = client.graph("GET", &path, json!({})).await;
        let users = &mut schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"];
        users.as_array_mut().unwrap().push(json!({
            "targetAttributeName": "locale", "flowType": "Always", "matchingPriority": 0,
            "source": { "type": "Constant", "name": "de-DE" },
        }));
        assert_eq!(client.graph("PUT", &path, schema.clone()).await.0, StatusCode::NO_CONTENT);
        client.world.start().await;
        client.world.cycle().await;
        assert_eq!(client.world.picture().users["ana@t.example"]["locale"], "de-DE");
        schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][0]["targetAttributeName"] =
            json!("a b c");
        let (status, error) = client.graph("PUT", &path, schema).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(error["error"]["message"].as_str().unwrap().contains("a b c"));
        assert_eq!(client.graph("DELETE", &path, json!({})).await.0, StatusCode::NO_CONTENT);
        client.world.cycle().await;
        assert_eq!(client.world.picture().users["ana@t.example"].get("locale"), None);
    }
}

#[tokio::test]
async fn wrong_requests_are_answered_and_change_nothing() {
    for client in Client::all().await {
        let before = client.world.job().await;
        let missing = "/v1.0/servicePrincipals/nobody/synchronization/jobs";
        assert_eq!(client.graph("GET", missing, json!({})).await.0, StatusCode::NOT_FOUND);
        let other = format!("{SYNC}/jobs/scim.other.job/start");
        assert_eq!(client.graph("POST", &other, json!({})).await.0, StatusCode::NOT_FOUND);
        for value in [
            json!([{ "key": "Color", "value": "red" }]),
            json!([{ "key": "BaseAddress", "value": "http://10.0.0.1/scim" }]),
            json!([{ "key": "BaseAddress", "value": 7 }]),
            json!([{ "key": "SecretToken", "value": "with blank" }]),
            json!([{ "key": "SyncAll", "value": "perhaps" }]),
        ] {
            let (status, error) =
                client.graph("PUT", &format!("{SYNC}/secrets"), json!({ "value": value })).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{value}");
            assert!(error["error"]["innerError"]["request-id"].is_string());
        }
        assert_eq!(client.world.job().await, before);
        let nobody = Request::get(format!("{SYNC}/jobs")).body(Body::empty()).unwrap();
        assert_eq!(client.send(nobody).await.0, StatusCode::UNAUTHORIZED);
        let nobody = Request::get(PAGES).body(Body::empty()).unwrap();
        assert_eq!(client.send(nobody).await.0, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_program_tries_expressions_and_previews_scopes() {
    for client in Client::all().await {
        let (_, jobs) = client.graph("GET", &format!("{SYNC}/jobs"), json!({})).await;
        let schema = format!("{SYNC}/jobs/{}/schema", jobs["value"][0]["id"].as_str().unwrap());
        let try_it = json!({ "expression": "Append([givenName], \"!\")", "testObjectId": "ana" });
        let (status, answer) = client.graph("POST", &format!("{schema}/parseExpression"), try_it).await;
        assert_eq!((status, &answer["evaluationResult"]), (StatusCode::OK, &json!(["ana!"])));
        let given = json!({ "expression": "Append([givenName], \"!\")",
            "testInputObject": { "properties": [{ "key": "givenName", "value": "Leo" }] } });
        let (_, answer) = client.graph("POST", &format!("{schema}/parseExpression"), given).await;
        assert_eq!(answer["evaluationResult"], json!(["Leo!"]));
        let (_, answer) = client
            .graph("POST", &format!("{schema}/parseExpression"), json!({ "expression": "Append(" }))
            .await;
        assert_eq!((&answer["parsingSucceeded"], answer["error"].is_null()), (&json!(false), false));
        for list in ["functions", "filterOperators"] {
            let (status, answer) = client.graph("GET", &format!("{schema}/{list}"), json!({})).await;
            assert_eq!(status, StatusCode::OK);
            assert!(answer["value"].as_array().unwrap().len() > 10);
        }
        let (_, mut whole) = client.graph("GET", &schema, json!({})).await;
        whole["synchronizationRules"][0]["objectMappings"][0]["scope"] = json!({ "groups": [{ "name": "Land",
            "clauses": [{ "operatorName": "EQUALS", "sourceOperandName": "department",
                          "targetOperand": { "values": ["Land"] } }] }] });
        let (status, preview) = client.graph("POST", &format!("{schema}/previewScope"), whole.clone()).await;
        assert_eq!((status, &preview["users"]["leaving"]), (StatusCode::OK, &json!(2)));
        assert_eq!(client.graph("PUT", &schema, whole).await.0, StatusCode::NO_CONTENT);
        let (_, read) = client.graph("GET", &schema, json!({})).await;
        let scope = &read["synchronizationRules"][0]["objectMappings"][0]["scope"]["groups"][0];
        assert_eq!(scope["clauses"][0]["targetOperand"]["values"], json!(["Land"]));
    }
}
