//! The pages of provisioning, through the router.

mod provisioning_support;

use axum::body::Body;
use directory::provisioning::settings;
use http::{Request, StatusCode, header};
use provisioning_support::client::{Client, PAGES, SYNC};
use provisioning_support::target::{Fault, TOKEN};
use provisioning_support::world::{APP, names};
use serde_json::{Value as Json, json};

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
        assert!(
            text.contains(&format!("{PAGES}/logs/download?q=ana&#38;status=&#38;action=&#38;format=csv"))
        );
        let (status, csv) = client.page(&format!("{PAGES}/logs/download?q=ana&format=csv")).await;
        assert_eq!(status, StatusCode::OK);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 2, "{csv}");
        assert!(lines[0].starts_with("\"Date\",\"Identity\",\"Identity type\""), "{csv}");
        assert!(
            lines[1].contains("\"ana@t.example\",\"User\"") && lines[1].contains("\"\"displayName\"\""),
            "{csv}"
        );
        let (_, all) = client.page(&format!("{PAGES}/logs/download?format=json&status=success%00")).await;
        let all: serde_json::Value = serde_json::from_str(&all).unwrap();
        let ended = |entry: &serde_json::Value| entry["provisioningStatusInfo"]["status"] == "success";
        assert!(all.as_array().unwrap().len() > 1 && all.as_array().unwrap().iter().all(ended), "{all}");
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
