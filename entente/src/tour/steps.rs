//! The steps of the road after the set-up.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value as Json, json};

use super::Tour;
use crate::Failure;
use crate::client::{Body, encode};
use crate::commands::directory::provisioning::{Job, job, settle};
use crate::signin;

/// How long a single change may take to arrive before the tour calls it lost.
const PATIENCE: Duration = Duration::from_secs(20);
const APPLICATION: &str = "AWS SSO";

/// Walks them; what the last person who signs in can open.
pub async fn all(tour: &mut Tour) -> Result<Json, Failure> {
    let sp_metadata = identity_source(tour).await?;
    application(tour, &sp_metadata).await?;
    assignments_of_the_application(tour).await?;
    accept(tour).await?;
    accounts(tour).await?;
    first_sign_in(tour).await?;
    let job = provisioning(tour).await?;
    account_assignments(tour).await?;
    let access = sign_in_for_good(tour).await?;
    leaver(tour, &job).await?;
    Ok(access)
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn identity_source(tour: &mut Tour) -> Result<String, Failure> {
    let page = format!("{}/console/settings/identity-source/change", tour.center.http.origin);
    tour.report.step("1", "Center: choose an external identity provider", &[&page]);
    let source = tour.center.http.get("/api/identity-source").await?;
    tour.report.check(
        "a new center starts with its own directory",
        "identity-center-directory",
        &text(&source["kind"]),
    )?;
    let metadata = tour.center.sp_metadata().await?;
    tour.report.did(&format!("downloaded the service provider's metadata ({} bytes)", metadata.len()));
    let issuer = text(&source["serviceProvider"]["issuer"]);
    let named = metadata.contains(&format!("entityID=\"{issuer}\""));
    tour.report.check("the file names the issuer that the page shows", "true", &named.to_string())?;
    Ok(metadata)
}

async fn application(tour: &mut Tour, sp_metadata: &str) -> Result<(), Failure> {
    let page = format!("{}/console/applications", tour.directory.http.origin);
    tour.report.step("2", "Directory: people, groups, and the enterprise application", &[&page]);
    let files = json!({
        "users": tour.org.files["users"], "groups": tour.org.files["groups"], "members": tour.org.files["members"],
    });
    let began = Instant::now();
    let imported = tour.directory.import(&files, false).await?;
    tour.figures.insert("importSeconds".to_owned(), json!(began.elapsed().as_secs_f64()));
    tour.report.check(
        "every person is imported",
        &tour.org.users.len().to_string(),
        &imported["users"]["created"].to_string(),
    )?;
    tour.report.check(
        "every group is imported",
        &tour.org.groups.len().to_string(),
        &imported["groups"]["created"].to_string(),
    )?;
    tour.report.check(
        "every membership is imported",
        &tour.org.members.len().to_string(),
        &imported["members"]["added"].to_string(),
    )?;
    let made = tour.directory.create_application(APPLICATION).await?;
    tour.app = made["servicePrincipal"].clone();
    let app = text(&tour.app["appId"]);
    tour.report.did(&format!("created the non-gallery application {APPLICATION}"));
    let read = tour.directory.sp_metadata(&app, sp_metadata.as_bytes().to_vec(), true).await?;
    let source = tour.center.http.get("/api/identity-source").await?;
    let provider = &source["serviceProvider"];
    tour.report.check(
        "the identifier is the center's issuer",
        &text(&provider["issuer"]),
        &text(&read["identifiers"][0]),
    )?;
    tour.report.check(
        "the reply URL is the center's ACS URL",
        &text(&provider["acsUrl"]),
        &text(&read["replyUrls"][0]["url"]),
    )
}

async fn assignments_of_the_application(tour: &mut Tour) -> Result<(), Failure> {
    let groups = tour.org.groups.iter().map(|group| json!({ "groupDisplayName": group.name }));
    let people = tour.org.people_without_group();
    let single = people.iter().map(|user| json!({ "userPrincipalName": user }));
    let principals: Vec<Json> = groups.chain(single).collect();
    let app = text(&tour.app["appId"]);
    let assigned = tour.directory.assign(&app, &principals, false).await?;
    tour.report.did(&format!("assigned {} groups and {} people", tour.org.groups.len(), people.len()));
    let expected = tour.org.users.len().to_string();
    tour.report.check("the assignments reach everybody", &expected, &assigned["reachesPeople"].to_string())
}

async fn accept(tour: &mut Tour) -> Result<(), Failure> {
    let page = format!("{}/console/settings/identity-source/change", tour.center.http.origin);
    tour.report.step("3", "Center: take the identity provider's metadata, review, ACCEPT", &[&page]);
    let app = text(&tour.app["appId"]);
    let metadata = tour.directory.federation_metadata(&app).await?;
    let review = tour.center.propose(&json!({ "kind": "external", "metadataXml": metadata })).await?;
    for consequence in review["consequences"].as_array().into_iter().flatten() {
        tour.report.did(&text(consequence));
    }
    tour.report.check(
        "administrators keep their way in",
        "true",
        &review["administrators"]["keepAccess"].to_string(),
    )?;
    tour.center.accept().await?;
    let source = tour.center.http.get("/api/identity-source").await?;
    let saml = tour.directory.saml(&app).await?;
    tour.report.check("the identity source is external", "external", &text(&source["kind"]))?;
    tour.report.check(
        "its entity ID is the directory's",
        &text(&saml["entityId"]),
        &text(&source["external"]["entityId"]),
    )?;
    tour.report.check(
        "its sign-in URL is the directory's",
        &text(&saml["loginUrl"]),
        &text(&source["external"]["signInUrl"]),
    )
}

async fn accounts(tour: &mut Tour) -> Result<(), Failure> {
    let page = format!("{}/console/accounts", tour.center.http.origin);
    tour.report.step("4", "Center: accounts and permission sets; a first sign-in", &[&page]);
    let organization = tour.center.import("organization", "accounts", &tour.org.files["accounts"]).await?;
    tour.report.check(
        "every account is imported",
        &tour.org.accounts.to_string(),
        &organization["accounts"]["created"].to_string(),
    )?;
    tour.center.import("permission-sets", "permissionSets", &tour.org.files["permission_sets"]).await?;
    Ok(())
}

/// A person whom the center does not know is refused with a reference, under which the administrator
/// finds the reason; added by hand, the same person gets in.
async fn first_sign_in(tour: &mut Tour) -> Result<(), Failure> {
    let Some(person) = tour.org.users.first() else { return Ok(()) };
    let name = person.user_name.clone();
    let added = json!({
        "userName": name, "givenName": person.given_name, "familyName": person.family_name,
        "displayName": format!("{} {}", person.given_name, person.family_name), "email": name,
    });
    let permission_sets = tour.center.http.get("/api/permission-sets").await?;
    let accounts = tour.center.http.get("/api/accounts?limit=1").await?;
    let (set, account) =
        (text(&permission_sets["value"][0]["name"]), text(&accounts["value"][0]["accountId"]));
    tour.directory.set_password(&name, &tour.password, false).await?;
    let refused = signin::sign_in(&tour.center.http.origin, &name, &tour.password).await;
    let refused = if refused.is_err() { "refused" } else { "signed in" };
    tour.report.check(&format!("{name}, unknown to the center, is refused"), "refused", refused)?;
    let attempts = tour.center.http.get("/api/sign-in-attempts?limit=1").await?;
    let outcome = text(&attempts["value"][0]["outcome"]);
    tour.report.check("the administrator sees why", "UserNotFound", &outcome)?;
    tour.center.http.post("/api/users", &added).await?;
    let assignment =
        json!({ "accountId": account, "permissionSet": set, "principalType": "USER", "principal": name });
    tour.center.http.post("/api/assignments", &assignment).await?;
    tour.report.did(&format!("added {name} by hand and assigned {set} in {account}"));
    let access = sign_in(tour, &name).await?;
    tour.report.check("the portal shows that account", &format!("{account}/{set}"), &joined(&access))?;
    tour.center.http.call(Method::DELETE, "/api/assignments", Body::Json(&assignment)).await?;
    Ok(())
}

fn joined(access: &Json) -> String {
    signin::pairs(access).into_iter().collect::<Vec<_>>().join(" ")
}

async fn sign_in(tour: &Tour, user: &str) -> Result<Json, Failure> {
    let signed_in = signin::sign_in(&tour.center.http.origin, user, &tour.password).await;
    signed_in.map(|s| s.access).map_err(|refusal| {
        let hops = refusal.hops.join("; ");
        Failure {
            message: format!("{user} could not sign in: {} ({hops})", refusal.failure.message),
            ..refusal.failure
        }
    })
}

async fn provisioning(tour: &mut Tour) -> Result<Job, Failure> {
    let principal = text(&tour.app["id"]);
    let application = text(&tour.app["appId"]);
    let pages = [
        format!("{}/console/settings/automatic-provisioning", tour.center.http.origin),
        format!("{}/console/applications/{application}/provisioning", tour.directory.http.origin),
    ];
    tour.report.step("5", "Automatic provisioning", &[&pages[0], &pages[1]]);
    let enabled = tour.center.http.post("/api/scim/enable", &json!({})).await?;
    hand_over(tour).await?;
    let job = job(&tour.directory, &principal).await?;
    let secrets = [
        ("BaseAddress", text(&enabled["endpoint"])),
        ("SecretToken", text(&enabled["token"]["secret"])),
        ("SyncAll", "False".to_owned()),
        ("AllowPrivateNetwork", "True".to_owned()),
    ];
    let secrets: Vec<(&str, &str)> = secrets.iter().map(|(key, value)| (*key, value.as_str())).collect();
    tour.directory.provisioning_secrets(&principal, &secrets).await?;
    tour.directory.test_connection(&principal, &job.id).await?;
    tour.report.did("endpoint and token are in place; the connection works");
    let began = Instant::now();
    tour.directory.job_action(&principal, &job.id, "start", &json!({})).await?;
    settle(&tour.directory, &job, tour.output.json).await?;
    let seconds = began.elapsed().as_secs_f64();
    tour.figures.insert("initialCycleSeconds".to_owned(), json!(seconds));
    tour.report.did(&format!("the initial cycle took {seconds:.1} s"));
    arrived(tour).await?;
    nothing_to_do(tour, &job).await?;
    Ok(job)
}

/// Whoever was made in the center by hand is not the identity provider's to change until it is handed over.
async fn hand_over(tour: &mut Tour) -> Result<(), Failure> {
    let foreign = tour.center.http.get("/api/scim/ownership").await?;
    let names: Vec<String> =
        foreign["users"].as_array().into_iter().flatten().map(|user| text(&user["userName"])).collect();
    let body = json!({ "everything": foreign["count"] });
    let handed = tour.center.http.post("/api/scim/ownership/hand-over", &body).await?;
    tour.report
        .did(&format!("{}, added by hand, is handed over to automatic provisioning", names.join(", ")));
    tour.report.check(
        "nothing is left that provisioning may not change",
        &body["everything"].to_string(),
        &handed.to_string(),
    )
}

async fn arrived(tour: &mut Tour) -> Result<(), Failure> {
    let about = tour.center.http.get("/api/counts").await?;
    tour.report.check(
        "every person is in the center",
        &tour.org.users.len().to_string(),
        &about["users"].to_string(),
    )?;
    tour.report.check(
        "every group is in the center",
        &tour.org.groups.len().to_string(),
        &about["groups"].to_string(),
    )?;
    let direct = tour.org.members.iter().filter(|m| m.kind == "user").count();
    tour.report.check(
        "every direct membership is in the center",
        &direct.to_string(),
        &about["memberships"].to_string(),
    )
}

/// Everything is compared anew; since nothing has changed, nothing may be written.
async fn nothing_to_do(tour: &mut Tour, job: &Job) -> Result<(), Failure> {
    let newest = |events: &Json| text(&events["value"][0]["cursor"]);
    let before = newest(&tour.center.http.get("/api/events?limit=1").await?);
    let body = json!({ "criteria": { "resetScope": "Watermark, Escrows, QuarantineState" } });
    tour.directory.job_action(&job.principal, &job.id, "restart", &body).await?;
    settle(&tour.directory, job, true).await?;
    let after = newest(&tour.center.http.get("/api/events?limit=1").await?);
    tour.report.check("a second cycle with nothing changed writes nothing", &before, &after)
}

async fn account_assignments(tour: &mut Tour) -> Result<(), Failure> {
    let page = format!("{}/console/accounts", tour.center.http.origin);
    tour.report.step("6", "Assign groups to accounts; their members see it in the portal", &[&page]);
    let made = tour.center.import("assignments", "assignments", &tour.org.files["assignments"]).await?;
    tour.report.check(
        "every assignment is made",
        &tour.org.assignments.len().to_string(),
        &made["created"].to_string(),
    )
}

async fn sign_in_for_good(tour: &mut Tour) -> Result<Json, Failure> {
    let Some(person) = tour.org.busiest() else { return Ok(Json::Null) };
    let name = person.user_name.clone();
    let expected = tour.org.access_of(&name).into_iter().collect::<Vec<_>>().join(" ");
    tour.directory.set_password(&name, &tour.password, false).await?;
    let access = sign_in(tour, &name).await?;
    tour.report.check(&format!("{name} sees exactly what the files say"), &expected, &joined(&access))?;
    Ok(access)
}

/// The last person of the list leaves; a moment later the center knows.
async fn leaver(tour: &mut Tour, job: &Job) -> Result<(), Failure> {
    let log = format!(
        "{}/console/applications/{}/provisioning/logs",
        tour.directory.http.origin,
        text(&tour.app["appId"])
    );
    tour.report.step("7", "A leaver", &[&log]);
    let Some(person) = tour.org.users.last() else { return Ok(()) };
    let name = person.user_name.clone();
    let began = Instant::now();
    tour.directory.patch_user(&name, &json!({ "accountEnabled": false })).await?;
    let path = format!("/api/users/{}", encode(&name));
    let mut active = true;
    while active && began.elapsed() < PATIENCE {
        active = tour.center.http.get(&path).await?["active"] != json!(false);
    }
    let seconds = began.elapsed().as_secs_f64();
    tour.figures.insert("leaverSeconds".to_owned(), json!(seconds));
    tour.report.check(
        &format!("{name}, disabled in the directory, is disabled in the center"),
        "false",
        &active.to_string(),
    )?;
    tour.report.did(&format!("it took {seconds:.2} s"));
    settle(&tour.directory, job, true).await?;
    Ok(())
}
