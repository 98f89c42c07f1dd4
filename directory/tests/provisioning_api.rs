//! The Graph API and the pages of provisioning, through the router.
#![expect(clippy::unwrap_used, reason = "tests; the lint does not see that in their helpers")]

mod provisioning_support;

use axum::Router;
use axum::body::Body;
use directory::access::{GLOBAL_ADMINISTRATOR, SESSION_AUDIENCE};
use directory::provisioning::settings;
use directory::router::router;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use provisioning_support::target::{Fault, TOKEN};
use provisioning_support::world::{APP, TENANT, World, names, worlds};
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use web::session::Session;
use web::{Timestamp, session, token};

const SYNC: &str = "/v1.0/servicePrincipals/sp-1/synchronization";
const PAGES: &str = "/console/applications/app-1/provisioning";

struct Client {
    router: Router,
    world: World,
}

impl Client {
    async fn all() -> Vec<Self> {
        let mut clients = Vec::new();
        for world in worlds().await {
            world.write(sign_in).await;
            for user in ["ana", "leo", "eve"] {
                world.user(user).await;
            }
            world.group("sea").await;
            world.member("sea", "ana", true).await;
            world.assign("sea", true).await;
            world.assign("leo", true).await;
            clients.push(Self { router: router(&world.directory).0, world });
        }
        clients
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String, http::HeaderMap) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(body.to_vec()).unwrap(), parts.headers)
    }

    async fn graph(&self, method: &str, path: &str, body: Json) -> (StatusCode, Json) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, "Bearer program")
            .body(Body::from(body.to_string()));
        let (status, text, _) = self.send(request.unwrap()).await;
        (status, serde_json::from_str(&text).unwrap_or(Json::Null))
    }

    async fn page(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::COOKIE, "entente_directory_session=person; entente_directory_form=key");
        let (status, text, _) = self.send(request.body(Body::empty()).unwrap()).await;
        (status, text)
    }

    /// Sends a form with the token of the page.
    async fn form(&self, path: &str, fields: &str) -> (StatusCode, String) {
        let (_, page) = self.page(PAGES).await;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let request = Request::post(path)
            .header(header::COOKIE, "entente_directory_session=person; entente_directory_form=key")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}&{fields}")));
        let (status, text, headers) = self.send(request.unwrap()).await;
        let place = headers.get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned());
        (status, place.unwrap_or(text))
    }
}

fn sign_in(tx: &mut store::Tx<'_>) -> Result<(), store::StoreError> {
    let end = 4_000_000_000_000_000i64;
    tx.exec("INSERT INTO api_clients VALUES (?1, 'c', 'C', ?2, 1)", &[TENANT.into(), (&[1u8][..]).into()])?;
    tx.exec(
        "INSERT INTO api_tokens VALUES (?1, ?2, 'c', ?3)",
        &[token::hash("program")[..].into(), TENANT.into(), end.into()],
    )?;
    let sql = "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name, \
               display_name_key, account_enabled, profile, created_at, updated_at) \
               VALUES (?1, 'root', 'root@t', 'root@t', 'Root', 'root', 1, '{}', 1, 1)";
    tx.exec(sql, &[TENANT.into()])?;
    let sql = "INSERT INTO role_assignments VALUES (?1, 'root', ?2)";
    tx.exec(sql, &[TENANT.into(), GLOBAL_ADMINISTRATOR.into()])?;
    let session = Session {
        realm: TENANT.to_owned(),
        audience: SESSION_AUDIENCE.to_owned(),
        subject_id: "root".to_owned(),
        created_at: Timestamp(1_800_000_000_000_000),
        expires_at: Timestamp(end),
        data: json!({}),
    };
    session::create(tx, "person", &session)
}

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
async fn an_administrator_sets_provisioning_up_in_the_pages() {
    for client in Client::all().await {
        let world = &client.world;
        for page in ["", "/connectivity", "/mappings", "/settings", "/logs", "/on-demand"] {
            let (status, text) = client.page(&format!("{PAGES}{page}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            assert!(text.contains("Attribute mapping") && !text.contains(TOKEN), "{page}");
        }
        let url: String = form_urlencoded::byte_serialize(world.scim.url.as_bytes()).collect();
        let connect = format!("{PAGES}/connectivity");
        let test = |token: &str| format!("tenant_url={url}&secret_token={token}&allow_private=1&what=test");
        assert!(client.form(&connect, &test(TOKEN)).await.1.contains("The connection works"));
        let (_, text) = client.form(&connect, &test("wrong")).await;
        assert!(text.contains("401") && text.contains("Tried: GET"), "{text}");
        let save = format!("tenant_url={url}&secret_token={TOKEN}&allow_private=1&what=save");
        assert!(client.form(&connect, &save).await.1.ends_with("connectivity?done=saved"));
        let (_, text) = client.form(&format!("{PAGES}/settings"), "scope=all&removal_limit=many").await;
        assert!(text.contains("Nothing was saved"));
        client.form(&format!("{PAGES}/settings"), "scope=assigned&removal_limit=1").await;
        assert!(client.form(&format!("{PAGES}/start"), "").await.1.ends_with("done=started"));
        world.cycle().await;
        let (_, text) = client.page(PAGES).await;
        assert!(text.contains("State: Active") && text.contains("Pause provisioning"));
        let (_, text) = client.page(&format!("{PAGES}/logs?q=ana")).await;
        assert!(text.contains("ana@t.example") && !text.contains("leo@t.example"));
        let entry = text.split(&format!("{PAGES}/logs/")).nth(1).unwrap().split('"').next().unwrap();
        let (_, text) = client.page(&format!("{PAGES}/logs/{entry}")).await;
        assert!(text.contains("EntryExportAdd") && text.contains("name.givenName"));
        // More than the limit: the list, the button, and only what was on the list goes.
        world.assign("sea", false).await;
        world.cycle().await;
        let (_, text) = client.page(PAGES).await;
        assert!(
            text.contains("Quarantine: TooManyDeletes") && text.contains("2 removals wait for you"),
            "{text}"
        );
        client.form(&format!("{PAGES}/allow-removals"), "count=2").await;
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["leo"]));
        let (_, text) = client.form(&format!("{PAGES}/on-demand"), "kind=user&name=LEO%40t.example").await;
        assert!(text.contains("Nothing had to be sent"), "{text}");
        let (_, text) = client.form(&format!("{PAGES}/on-demand"), "kind=user&name=nobody").await;
        assert!(text.contains("there is no user nobody"));
        client.form(&format!("{PAGES}/pause"), "").await;
        assert_eq!(world.job().await.state.label(), "Paused");
    }
}

#[tokio::test]
async fn forms_of_others_change_nothing() {
    for client in Client::all().await {
        let request = Request::post(format!("{PAGES}/start"))
            .header(header::COOKIE, "entente_directory_session=person; entente_directory_form=key")
            .body(Body::from("csrf=guess"));
        assert_eq!(client.send(request.unwrap()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(client.world.job().await.state.label(), "Paused");
    }
}

#[tokio::test]
async fn the_token_is_stored_sealed_and_appears_nowhere() {
    for client in Client::all().await {
        let world = &client.world;
        world.scim.with(|i| i.always = Some((String::new(), Fault::Unauthorized)));
        settings::start(&world.directory, "test", APP).await.unwrap();
        world.cycle().await;
        let found = world
            .directory
            .store
            .read(|tx| {
                let mut text = String::new();
                for row in tx.rows("SELECT before, after FROM events", &[])? {
                    text.push_str(&format!("{:?}{:?}", row.opt_text(0)?, row.opt_text(1)?));
                }
                for row in tx.rows("SELECT token_sealed FROM provisioning_jobs", &[])? {
                    text.push_str(&String::from_utf8_lossy(&row.bytes(0)?));
                }
                Ok::<_, store::StoreError>(text)
            })
            .await
            .unwrap();
        assert!(!found.contains(TOKEN));
        assert!(!format!("{:?}", world.job().await).contains(TOKEN));
    }
}

#[tokio::test]
async fn an_administrator_edits_mappings_filters_and_tries_expressions() {
    for client in Client::all().await {
        let page = |what: &str| format!("{PAGES}/{what}");
        let row = "kind=user&before=&type=expression&source=Join(%22-%22%2C%20%5BgivenName%5D%2C%20%22x%22)&target=nickName&apply=always&matching=0";
        let (status, place) = client.form(&page("mappings/edit"), row).await;
        assert_eq!((status, place.ends_with("done=saved")), (StatusCode::SEE_OTHER, true), "{place}");
        let (_, text) = client.page(&page("mappings")).await;
        assert!(text.contains("nickName") && text.contains("Join("), "{text}");
        let (_, text) = client.page(&page("mappings/edit?kind=user&target=nickName")).await;
        assert!(text.contains("Edit mapping") && text.contains("value=\"expression\" selected"), "{text}");
        let broken = row.replace("Join(", "Jo(").replace("before=", "before=nickName");
        let (status, text) = client.form(&page("mappings/edit"), &broken).await;
        assert!(status == StatusCode::OK && text.contains("Nothing was saved"), "{text}");
        let (_, text) = client
            .form(
                &page("expression"),
                "name=ana%40t.example&kind=user&expression=Join(%22-%22%2C%20%5BgivenName%5D%2C%20%22x%22)",
            )
            .await;
        assert!(text.contains("<code>ana-x</code>"), "{text}");
        client.form(&page("mappings/delete"), "kind=user&target=nickName").await;
        assert!(!client.page(&page("mappings")).await.1.contains("nickName"));
        let filter = "kind=user&count=1&name_0=Sea&attribute_0=department&operator_0=EQUALS&value_0=Land";
        let (_, text) = client.form(&page("mappings/scope"), &format!("{filter}&what=preview")).await;
        assert!(text.contains("0 would be in scope") && text.contains("Leaving: "), "{text}");
        assert!(client.world.job().await.mappings.user_scope.is_empty(), "a preview saves nothing");
        let (status, _) = client.form(&page("mappings/scope"), &format!("{filter}&what=save")).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(client.page(&page("mappings")).await.1.contains("<span class=\"tag\">Sea</span>"));
        assert!(client.page(&page("mappings/scope?kind=user")).await.1.contains("value=\"Land\""));
        client.form(&page("mappings/reset"), "").await;
        assert_eq!(client.world.job().await.mappings.user_scope.groups.len(), 1, "filters stay");
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

#[tokio::test]
async fn a_plan_is_made_read_and_approved() {
    for client in Client::all().await {
        let (_, jobs) = client.graph("GET", &format!("{SYNC}/jobs"), json!({})).await;
        let plans = format!("{SYNC}/jobs/{}/plans", jobs["value"][0]["id"].as_str().unwrap());
        let (status, plan) = client.graph("POST", &plans, json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{plan}");
        assert!(client.world.picture().users.is_empty());
        let id = plan["id"].as_str().unwrap();
        let (_, read) = client.graph("GET", &format!("{plans}/{id}"), json!({})).await;
        assert_eq!(read["changes"], plan["changes"]);
        let (_, page) = client.page(&format!("{PAGES}/plans/{id}")).await;
        assert!(page.contains("ana@t.example") && page.contains("Approve and send"), "{page}");
        assert!(client.page(&format!("{PAGES}/plans")).await.1.contains(id));
        client.world.set_text("ana", "display_name", "Captain").await;
        let approve = format!("{plans}/{id}/approve");
        let (status, error) = client.graph("POST", &approve, json!({})).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(error["error"]["message"].as_str().unwrap().contains("Captain"), "{error}");
        let (_, text) = client.form(&format!("{PAGES}/plans/{id}/approve"), "").await;
        assert!(text.contains("The plan was not carried out") && text.contains("Captain"), "{text}");
        let (_, place) = client.form(&format!("{PAGES}/plans"), "").await;
        let (status, place) = client.form(&format!("{place}/approve"), "").await;
        assert_eq!((status, place.ends_with("failed=0")), (StatusCode::SEE_OTHER, true), "{place}");
        assert_eq!(client.world.picture().active(), names(&["ana", "leo"]));
        assert!(client.page(&place).await.1.contains("The plan was carried out"));
    }
}

#[tokio::test]
async fn the_linter_says_whom_aws_would_refuse_and_sends_nothing() {
    for client in Client::all().await {
        let world = &client.world;
        let ana = r#"{"givenName":"A;na","surname":"Lee","mail":"leo@t.example"}"#;
        world.set_text("ana", "profile", ana).await;
        let (_, jobs) = client.graph("GET", &format!("{SYNC}/jobs"), json!({})).await;
        let path = format!("{SYNC}/jobs/{}", jobs["value"][0]["id"].as_str().unwrap());
        let (status, report) = client.graph("GET", &format!("{path}/lint"), json!({})).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&report["personality"], &report["inScope"], &report["lookedAt"], &report["truncated"]),
            (&json!("Generic"), &json!(3), &json!(3), &json!(false)),
            "eve is not assigned"
        );
        assert_eq!((&report["refusedUsers"], &report["refusedGroups"]), (&json!(2), &json!(0)));
        let findings = report["findings"].as_array().unwrap();
        let told = |f: &Json| [&f["id"], &f["attribute"], &f["rule"]].map(|v| v.as_str().unwrap().to_owned());
        let mail = "emails[type eq \"work\"].value";
        assert_eq!(
            findings.iter().map(told).collect::<Vec<_>>(),
            [["ana", "name.givenName", "forbiddenCharacter"], ["leo", mail, "duplicate"]]
        );
        assert_eq!(report["findingCount"], 2);
        // What the target is, by a program and by a person.
        let choose = |value: &str| json!({ "value": [{ "key": "Personality", "value": value }] });
        let secrets = format!("{SYNC}/secrets");
        let (status, _) = client.graph("PUT", &secrets, choose("Okta")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(client.graph("PUT", &secrets, choose("Aws")).await.0, StatusCode::NO_CONTENT);
        let (_, job) = client.graph("GET", &path, json!({})).await;
        let settings = job["synchronizationJobSettings"].as_array().unwrap();
        assert!(settings.contains(&json!({ "name": "PersonalityInUse", "value": "Aws" })), "{settings:?}");
        let (status, page) = client.page(&format!("{PAGES}/lint")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("AWS would refuse 2 people and 0 groups of 3 objects"), "{page}");
        assert!(page.contains("leo@t.example") && page.contains("is skipped in each cycle"), "{page}");
        let (_, page) = client.page(&format!("{PAGES}/settings")).await;
        assert!(page.contains("value=\"Aws\" checked"), "{page}");
        let form = "scope=assigned&out_of_scope=disable&removal_limit=&personality=Generic";
        assert_eq!(client.form(&format!("{PAGES}/settings"), form).await.0, StatusCode::SEE_OTHER);
        let (_, page) = client.page(&format!("{PAGES}/settings")).await;
        assert!(page.contains("value=\"Generic\" checked"), "{page}");
        assert_eq!(world.scim.requests(), 0);
    }
}

/// What a script of the page asks for: figures for the places that the page has, and a shape that is the page's until
/// there is more to show.
#[tokio::test]
async fn the_open_overview_is_told_how_far_the_cycle_is() {
    for client in Client::all().await {
        let live = async || {
            let (status, text) = client.page(&format!("{PAGES}/status")).await;
            assert_eq!(status, StatusCode::OK, "{text}");
            serde_json::from_str::<Json>(&text).unwrap()
        };
        let shape = async || {
            let page = client.page(PAGES).await.1;
            let shape = page.split("data-shape=\"").nth(1).map(|s| s.split('"').next().unwrap().to_owned());
            (page, shape)
        };
        assert_eq!(shape().await.1, None, "nothing changes while it is paused");
        client.world.start().await;
        let (page, begun) = shape().await;
        assert!(page.contains("<noscript><meta http-equiv=\"refresh\""), "without scripts: {page}");
        let before = live().await;
        assert_eq!((before["shape"].as_str(), &before["progress"]), (begun.as_deref(), &Json::Null));
        assert_eq!(before["figures"]["phase"], "Reading the directory");
        for name in before["figures"].as_object().unwrap().keys() {
            let optional = ["done", "all", "escrowed"].contains(&name.as_str());
            assert!(optional || page.contains(&format!("data-figure=\"{name}\"")), "a place for {name}");
        }
        // The first person is sent, and the answer about the second never comes.
        client.world.scim.with(|i| i.stop_at = Some((5, true)));
        let engine = client.world.engine.clone();
        let work = tokio::spawn(async move { engine.run(APP).await });
        client.world.scim.reached.notified().await;
        let during = live().await;
        assert_eq!(during["progress"][1], 3, "{during}");
        assert_eq!(during["figures"]["phase"], "Sending people");
        assert_ne!(during["shape"], before["shape"], "now there is a bar");
        work.abort();
        let _ = work.await;
        client.world.scim.with(|i| i.stop_at = None);
        client.world.directory.clock.advance(directory::provisioning::lease::LENGTH);
        client.world.settle().await;
        let after = live().await;
        assert_eq!((&after["progress"], &after["figures"]["members"]), (&Json::Null, &json!("1")));
        assert_eq!((&after["figures"]["users"], &after["figures"]["waiting"]), (&json!("2"), &json!("0")));
        assert_eq!(after["shape"].as_str(), shape().await.1.as_deref());
        assert_ne!(after["shape"], during["shape"], "the bar is gone");
    }
}

#[tokio::test]
async fn a_comparison_is_asked_for_carried_out_and_read() {
    for client in Client::all().await {
        let world = &client.world;
        world.start().await;
        world.cycle().await;
        world.scim.with(|i| {
            let ana = i.rows.users.values_mut().find(|u| u["userName"] == "ana@t.example").unwrap();
            ana.insert("displayName".to_owned(), json!("<b>Boss</b>"));
        });
        let (_, jobs) = client.graph("GET", &format!("{SYNC}/jobs"), json!({})).await;
        let all = format!("{SYNC}/jobs/{}/comparisons", jobs["value"][0]["id"].as_str().unwrap());
        let (status, _) = client.graph("POST", &all, json!({ "dryrun": true })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "a word that is not known must not repair");
        let (status, asked) = client.graph("POST", &all, json!({ "dryRun": true })).await;
        assert_eq!((status, &asked["endedDateTime"]), (StatusCode::ACCEPTED, &Json::Null));
        let one = format!("{all}/{}", asked["id"].as_str().unwrap());
        let waiting = format!("{PAGES}/comparisons/{}", asked["id"].as_str().unwrap());
        assert!(client.page(&waiting).await.1.contains("Waiting to begin"));
        assert!(world.engine.compare(APP).await.unwrap());
        let (_, read) = client.graph("GET", &one, json!({})).await;
        assert_eq!((&read["outcome"], &read["differenceCount"]), (&json!("done"), &json!(1)), "{read}");
        let found = &read["differences"][0];
        assert_eq!([&found["path"], &found["here"], &found["state"]], ["displayName", "ana", "found"]);
        assert_eq!(client.graph("GET", &format!("{all}/other"), json!({})).await.0, StatusCode::NOT_FOUND);

        let (_, place) = client.form(&format!("{PAGES}/comparisons"), "what=repair").await;
        assert!(world.engine.compare(APP).await.unwrap());
        let (_, page) = client.page(&place).await;
        assert!(page.contains("changed there") && page.contains(">due</span>"), "{page}");
        assert!(!page.contains("<b>Boss"), "what the target says is no HTML here");
        world.cycle().await;
        assert!(client.page(&place).await.1.contains(">repaired</span>"));
        assert_eq!(world.picture().users["ana@t.example"]["displayName"], "ana");
        assert!(client.page(&format!("{PAGES}/comparisons")).await.1.contains("dry run"));
        // A target that lost more than the limit.
        let settings = "scope=assigned&removal_limit=1&compare_every=48";
        client.form(&format!("{PAGES}/settings"), settings).await;
        world.cycle().await;
        assert_eq!(world.job().await.compare_every, Some(48));
        world.scim.with(|i| {
            i.rows.users.clear();
            i.rows.members.clear();
        });
        let (_, place) = client.form(&format!("{PAGES}/comparisons"), "what=repair").await;
        assert!(world.engine.compare(APP).await.unwrap());
        let (_, page) = client.page(&place).await;
        assert!(page.contains("Too much is missing") && page.contains("make these 2 again"), "{page}");
        let (_, place) = client.form(&format!("{PAGES}/comparisons"), "what=repair&allowed=2").await;
        assert!(world.engine.compare(APP).await.unwrap());
        world.cycle().await;
        assert_eq!(world.picture().active(), names(&["ana", "leo"]));
        assert!(!client.page(&place).await.1.contains("Nothing was changed"));
    }
}
