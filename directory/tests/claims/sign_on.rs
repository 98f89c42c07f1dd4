//! Assertions carry what is configured.

use directory::claims::Configuration;
use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::bench::{ACS, APP, APP_ID, Bench, engines, field, request_file, sqlite};

const CLAIMS: &str = "/api/applications/22222222-2222-4222-8222-222222222222/claims";

async fn save(bench: &Bench, configuration: &Json) {
    let answer = bench.t.program().await.put(CLAIMS, configuration).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

/// The attributes of an assertion for `name` beyond the five fixed ones.
async fn attributes(bench: &Bench, name: &str) -> Vec<(String, Vec<String>)> {
    let mut browser = bench.t.browser(name).await;
    let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
    let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    accepted.attributes.into_iter().skip(5).map(|a| (a.name, a.values)).collect()
}

#[tokio::test]
async fn an_assertion_carries_the_configured_claims() {
    for bench in engines().await {
        let ana = bench.assigned("ana").await;
        let inner = bench.t.group("Inner", &[&ana]).await.id;
        bench.t.group("Outer", &[&inner]).await;
        save(
            &bench,
            &json!({
                "nameIdTransformation": "toLowercase(source)",
                "claims": [
                    {
                        "name": "AccessControl:CostCenter",
                        "namespace": "https://aws.amazon.com/SAML/Attributes",
                        "nameFormat": "uri",
                        "values": [
                            { "source": "\"everybody\"" },
                            { "source": "ToUppercase(user.givenname)", "groups": ["Inner"] },
                            { "source": "\"nested\"", "groups": ["Outer"] },
                        ],
                    },
                    { "name": "city", "values": [{ "source": "user.city" }] },
                ],
                "groups": { "which": "all", "filter": { "matchOn": "displayName", "type": "suffix", "value": "ter" } },
            }),
        )
        .await;
        let cost = "https://aws.amazon.com/SAML/Attributes/AccessControl:CostCenter".to_owned();
        let groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
        let outer = bench
            .t
            .directory
            .read(|tx, tenant| directory::groups::by_name(tx, tenant, "Outer"))
            .await
            .unwrap()
            .id;
        let found = attributes(&bench, "ana").await;
        assert_eq!(
            found,
            [(cost.clone(), vec!["ANA".to_owned()]), (groups.to_owned(), vec![outer.clone()])],
            "the claim without a value is left out; the nested group does not count for a condition"
        );
        bench.sql("UPDATE tenants SET transitive_groups = 1 WHERE id = '{t}'").await;
        let found = attributes(&bench, "ana").await;
        assert_eq!(found[0].1, ["ANA"], "transformations come after attributes");
        let xml = {
            let mut browser = bench.t.browser("ana").await;
            let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
            let message = field(&answer, "SAMLResponse").unwrap();
            String::from_utf8(saml::bindings::decode_post(&message).unwrap()).unwrap()
        };
        assert!(
            xml.contains("CostCenter\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">"),
            "{xml}"
        );
        assert_eq!(xml.matches("NameFormat=").count(), 1, "sent where it is configured alone");
        assert!(bench.t.actions(100).await.contains(&"application.claims_updated".to_owned()));
    }
}

#[tokio::test]
async fn the_name_is_transformed_or_nobody_is_signed_in() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let join = "Join(ExtractMailPrefix(source), \"@\", \"contoso.example\")";
    save(&bench, &json!({ "nameIdTransformation": join, "claims": [] })).await;
    let name = async || {
        let mut browser = bench.t.browser("ana").await;
        browser.get(&bench.redirect(&request_file("good.xml"), None)).await
    };
    bench.sql(&format!("UPDATE applications SET name_id_source = 'mail' WHERE id = '{APP}'")).await;
    assert_eq!(bench.accept(&name().await, ACS, Some("_r1")).await.unwrap().name_id, "ana@contoso.example");
    bench.sql(&format!("UPDATE applications SET name_id_source = 'givenName' WHERE id = '{APP}'")).await;
    let refused = name().await;
    assert!(!refused.text.contains("SAMLResponse"), "{}", refused.text);
    let record = bench.record_of(&refused).await;
    assert_eq!(record["code"], "NameIdTransformation", "{record}");
    assert!(record["found"].as_str().unwrap().contains("\"ana\""), "{record}");
    bench.sql(&format!("UPDATE applications SET name_id_source = 'pairwiseid' WHERE id = '{APP}'")).await;
    save(&bench, &json!({ "claims": [] })).await;
    let record = bench.record_of(&name().await).await;
    assert_eq!(record["code"], "NameIdMissing", "a pairwise name is no address: {record}");
    let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    bench.sql(&format!("UPDATE applications SET name_id_format = '{format}' WHERE id = '{APP}'")).await;
    let message = field(&name().await, "SAMLResponse").unwrap();
    let xml = String::from_utf8(saml::bindings::decode_post(&message).unwrap()).unwrap();
    let value = xml.split(&format!("Format=\"{format}\">")).nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(value.len(), 44, "a hash: {value}");
}

#[tokio::test]
async fn an_assertion_carries_the_values_of_the_persons_roles() {
    const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    for bench in engines().await {
        let ana = bench.assigned("ana").await;
        bench.assigned("leo").await;
        let crew = bench.t.group("Crew", &[&ana]).await.id;
        let program = bench.t.program().await;
        let api = CLAIMS.strip_suffix("/claims").unwrap();
        for (name, value, on) in
            [("Write", "write", true), ("Audit", "audit", true), ("Off", "off", true), ("Silent", "", true)]
        {
            let role = json!({ "displayName": name, "value": value, "isEnabled": on });
            let made = program.post(&format!("{api}/app-roles"), &role).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            let who = if name == "Audit" { &crew } else { &ana };
            let assigned = json!({ "principals": [{ "id": who }], "appRole": name });
            assert_eq!(program.post(&format!("{api}/assignments"), &assigned).await.json()["assigned"], 1);
            if name == "Off" {
                let off = json!({ "displayName": name, "value": value, "isEnabled": false });
                let path = format!("{api}/app-roles/{}", made.json()["id"].as_str().unwrap());
                assert_eq!(program.put(&path, &off).await.status, StatusCode::OK);
            }
        }
        let aws = "https://aws.amazon.com/SAML/Attributes/Role".to_owned();
        let claim = json!({
            "name": "Role", "namespace": "https://aws.amazon.com/SAML/Attributes",
            "values": [{ "source": "user.assignedroles" }],
        });
        save(&bench, &json!({ "claims": [claim] })).await;
        let both = vec!["audit".to_owned(), "write".to_owned()];
        let expected = [(aws, both.clone()), (ROLE.to_owned(), both)];
        assert_eq!(attributes(&bench, "ana").await, expected);
        assert_eq!(attributes(&bench, "leo").await, [], "left out where there is none");
        save(&bench, &json!({ "claims": [], "groups": { "which": "assigned", "asRoles": true } })).await;
        assert_eq!(attributes(&bench, "ana").await, [(ROLE.to_owned(), vec![crew])], "groups take its place");
    }
}

#[tokio::test]
async fn a_required_claim_without_a_value_refuses() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let claim = json!({ "name": "city", "required": true, "values": [{ "source": "user.city" }] });
    save(&bench, &json!({ "claims": [claim] })).await;
    let mut browser = bench.t.browser("ana").await;
    let refused = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
    assert!(
        refused.text.contains("AADSTS501241") && !refused.text.contains("SAMLResponse"),
        "{}",
        refused.text
    );
    let record = bench.record_of(&refused).await;
    assert_eq!((&record["code"], &record["found"]), (&json!("ClaimMissing"), &json!("none from user.city")));
}

#[tokio::test]
async fn too_many_groups_follow_the_configured_way() {
    for bench in engines().await {
        let ana = bench.assigned("ana").await;
        let mut ids = Vec::new();
        for n in 0..3 {
            ids.push(bench.t.group(&format!("Team {n}"), &[&ana]).await.id);
        }
        bench.assign(&ids[1], "group").await;
        let with = |groups: Json| json!({ "claims": [], "groups": groups });
        save(&bench, &with(json!({ "which": "all", "limit": 2 }))).await;
        let found = attributes(&bench, "ana").await;
        assert_eq!(found[0].1, [ids[1].clone()], "the default: assigned groups instead");
        save(&bench, &with(json!({ "which": "all", "limit": 2, "overflow": "link" }))).await;
        let found = attributes(&bench, "ana").await;
        assert_eq!(found[0].0, "http://schemas.microsoft.com/claims/groups.link");
        assert_eq!(found[0].1, [format!("http://127.0.0.1:7001/v1.0/users/{ana}/getMemberObjects")]);
        save(&bench, &with(json!({ "which": "all", "limit": 2, "overflow": "refuse" }))).await;
        let mut browser = bench.t.browser("ana").await;
        let refused = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        let record = bench.record_of(&refused).await;
        assert_eq!(record["code"], "GroupOverage", "{record}");
        let found = "3 groups, 1 of them assigned to the application; the limit is 2";
        assert_eq!(record["found"], found);
        let roles = json!({
            "which": "assigned", "value": "displayName", "asRoles": true,
            "replace": { "pattern": "^Team (?<n>.)$", "replacement": "team-{n}" },
        });
        save(&bench, &with(roles)).await;
        let found = attributes(&bench, "ana").await;
        assert_eq!(found[0].0, "http://schemas.microsoft.com/ws/2008/06/identity/claims/role");
        assert_eq!(found[0].1, ["team-1"]);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_signs_nobody_in() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    save(&bench, &json!({ "claims": [] })).await;
    assert_ne!(Configuration::default().claims.len(), 0);
    assert_eq!(attributes(&bench, "ana").await, [], "removed default claims stay away");
    bench.sql("UPDATE application_claims SET configuration = '{}'").await;
    let mut browser = bench.t.browser("ana").await;
    let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
    assert!(!answer.text.contains("SAMLResponse") && answer.status.is_server_error(), "{}", answer.status);
}

#[tokio::test]
async fn issuer_and_audience_are_what_is_configured() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let issuer = format!("{}{APP_ID}/", bench.entity_id());
        let options =
            json!({ "issuerWithApplicationId": true, "audienceOverride": "urn:sp:one", "claims": [] });
        save(&bench, &options).await;
        assert_eq!(bench.metadata().await.entity_id, issuer, "the metadata names the same issuer");
        let application = bench.t.program().await.get(&CLAIMS.replace("/claims", "/saml")).await.json();
        assert_eq!(application["entityId"], issuer.as_str());
        let mut browser = bench.t.browser("ana").await;
        let by_request = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        let by_tile = browser.get(&format!("/my-apps/{APP_ID}")).await;
        for (answer, request) in [(by_request, Some("_r1")), (by_tile, None)] {
            let refused = bench.accept(&answer, ACS, request).await.unwrap_err();
            assert_eq!((refused.code(), refused.found()), ("IssuerMismatch", issuer.as_str()));
            let taken = bench.accept_as(&answer, ACS, request, (&issuer, "urn:sp:one")).await.unwrap();
            let provider = taken.attributes.iter().find(|a| a.name.ends_with("/identityprovider")).unwrap();
            assert_eq!(provider.values, [bench.entity_id()], "the claim is the tenant's");
        }
        let passive = bench.get(&bench.redirect(&request_file("passive.xml"), None), "").await;
        let xml = saml::bindings::decode_post(&field(&passive, "SAMLResponse").unwrap()).unwrap();
        assert!(String::from_utf8(xml).unwrap().contains(&format!(">{issuer}</Issuer>")));
        for bad in ["sp", "https://sp .example", &format!("urn:{}", "x".repeat(1024))] {
            let answer =
                bench.t.program().await.put(CLAIMS, &json!({ "audienceOverride": bad, "claims": [] })).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
            assert_eq!(answer.json()["error"]["target"], "audienceOverride", "{}", answer.text);
        }
        save(&bench, &json!({ "claims": [] })).await;
        assert_eq!(bench.metadata().await.entity_id, bench.entity_id());
    }
}
