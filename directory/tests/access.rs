//! Who may call which route. A route without a row here fails, and so does a row without a route.
#![expect(clippy::unwrap_used, reason = "tests")]

use axum::body::Body;
use directory::testing::{Answer, TestDirectory, send};
use http::{Method, Request, StatusCode, header};
use store::Engine;

/// Whom a route lets through to its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Everybody; what the handler then decides is its own test's matter.
    Anyone,
    /// People who are signed in.
    People,
    /// Global Administrators who are signed in.
    Administrators,
    /// Programs with an access token.
    Programs,
}
use For::{Administrators, Anyone, People, Programs};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    Anonymous,
    Person,
    Administrator,
    Program,
    /// A program whose token is none of ours.
    ProgramWithBadToken,
}

const ACTORS: [Actor; 5] =
    [Actor::Anonymous, Actor::Person, Actor::Administrator, Actor::Program, Actor::ProgramWithBadToken];

/// How a request ended at the checks before the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Through,
    ToSignIn,
    AdministratorsOnly,
    NoToken,
}

fn expected(audience: For, actor: Actor) -> Ended {
    match (audience, actor) {
        (Anyone, _)
        | (People, Actor::Person | Actor::Administrator)
        | (Administrators, Actor::Administrator)
        | (Programs, Actor::Program) => Ended::Through,
        (Administrators, Actor::Person) => Ended::AdministratorsOnly,
        (People | Administrators, _) => Ended::ToSignIn,
        (Programs, _) => Ended::NoToken,
    }
}

/// One row: method, path and audience.
type Row = (&'static str, &'static str, For);

const ROWS: &[&[Row]] = &[PAGES, SAML_IDP, CONSOLE, API, GRAPH, PROVISIONING];

const PROVISIONING: &[Row] = &[
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/templates", Programs),
    ("PUT", "/v1.0/servicePrincipals/{id}/synchronization/secrets", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/validateCredentials", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/validateCredentials", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/start", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/pause", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/restart", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", Programs),
    ("PUT", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", Programs),
    ("DELETE", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/parseExpression", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/functions", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/filterOperators", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/previewScope", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/lint", Programs),
    ("GET", "/console/applications/{id}/provisioning/lint", Administrators),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans/{plan}", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans/{plan}/approve", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons/{comparison}", Programs),
    ("GET", "/console/applications/{id}/provisioning/comparisons", Administrators),
    ("POST", "/console/applications/{id}/provisioning/comparisons", Administrators),
    ("GET", "/console/applications/{id}/provisioning/comparisons/{comparison}", Administrators),
    ("GET", "/console/applications/{id}/provisioning/plans", Administrators),
    ("POST", "/console/applications/{id}/provisioning/plans", Administrators),
    ("GET", "/console/applications/{id}/provisioning/plans/{plan}", Administrators),
    ("POST", "/console/applications/{id}/provisioning/plans/{plan}/approve", Administrators),
    ("GET", "/v1.0/auditLogs/provisioning", Programs),
    ("GET", "/console/applications/{id}/provisioning", Administrators),
    ("GET", "/console/applications/{id}/provisioning/status", Administrators),
    ("POST", "/console/applications/{id}/provisioning/start", Administrators),
    ("POST", "/console/applications/{id}/provisioning/pause", Administrators),
    ("POST", "/console/applications/{id}/provisioning/restart", Administrators),
    ("POST", "/console/applications/{id}/provisioning/allow-removals", Administrators),
    ("GET", "/console/applications/{id}/provisioning/connectivity", Administrators),
    ("POST", "/console/applications/{id}/provisioning/connectivity", Administrators),
    ("GET", "/console/applications/{id}/provisioning/mappings", Administrators),
    ("GET", "/console/applications/{id}/provisioning/mappings/edit", Administrators),
    ("POST", "/console/applications/{id}/provisioning/mappings/edit", Administrators),
    ("POST", "/console/applications/{id}/provisioning/mappings/delete", Administrators),
    ("POST", "/console/applications/{id}/provisioning/mappings/reset", Administrators),
    ("GET", "/console/applications/{id}/provisioning/mappings/scope", Administrators),
    ("POST", "/console/applications/{id}/provisioning/mappings/scope", Administrators),
    ("GET", "/console/applications/{id}/provisioning/expression", Administrators),
    ("POST", "/console/applications/{id}/provisioning/expression", Administrators),
    ("GET", "/console/applications/{id}/provisioning/settings", Administrators),
    ("POST", "/console/applications/{id}/provisioning/settings", Administrators),
    ("GET", "/console/applications/{id}/provisioning/logs", Administrators),
    ("GET", "/console/applications/{id}/provisioning/logs/download", Administrators),
    ("GET", "/console/applications/{id}/provisioning/logs/{entry}", Administrators),
    ("GET", "/api/applications/{app}/provenance", Programs),
    ("GET", "/console/applications/{id}/provisioning/provenance", Administrators),
    ("GET", "/console/applications/{id}/provisioning/on-demand", Administrators),
    ("POST", "/console/applications/{id}/provisioning/on-demand", Administrators),
];

const PAGES: &[Row] = &[
    ("GET", "/assets/{name}", Anyone),
    ("GET", "/api/about", Anyone),
    ("POST", "/api/setup", Anyone),
    ("GET", "/setup", Anyone),
    ("POST", "/setup", Anyone),
    ("GET", "/", Anyone),
    ("GET", "/sign-in", Anyone),
    ("POST", "/sign-in", Anyone),
    ("POST", "/sign-out", Anyone),
    ("GET", "/change-password", Anyone),
    ("POST", "/change-password", Anyone),
    ("POST", "/{tenant}/oauth2/v2.0/token", Anyone),
    ("GET", "/my-apps", People),
];

const SAML_IDP: &[Row] = &[
    ("GET", "/{tenant}/saml2", Anyone),
    ("POST", "/{tenant}/saml2", Anyone),
    ("GET", "/{tenant}/saml2/{service_principal}", Anyone),
    ("POST", "/{tenant}/saml2/{service_principal}", Anyone),
    ("GET", "/{tenant}/saml2/requests/{id}", Anyone),
    ("GET", "/{tenant}/saml2/sign-outs/{id}", Anyone),
    ("GET", "/{tenant}/federationmetadata/2007-06/federationmetadata.xml", Anyone),
    ("GET", "/{tenant}/FederationMetadata/2007-06/FederationMetadata.xml", Anyone),
    ("GET", "/my-apps/{app_id}", People),
    ("GET", "/console/sign-ins", Administrators),
    ("GET", "/console/sign-ins/{reference}", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on/test", Administrators),
    ("GET", "/api/sign-ins", Programs),
    ("GET", "/api/sign-ins/{reference}", Programs),
];

const CONSOLE: &[Row] = &[
    ("GET", "/console", Administrators),
    ("GET", "/console/users", Administrators),
    ("GET", "/console/users/new", Administrators),
    ("POST", "/console/users/new", Administrators),
    ("GET", "/console/users/deleted", Administrators),
    ("POST", "/console/users/{id}/restore", Administrators),
    ("POST", "/console/users/{id}/purge", Administrators),
    ("GET", "/console/users/{id}", Administrators),
    ("POST", "/console/users/{id}", Administrators),
    ("POST", "/console/users/{id}/password", Administrators),
    ("POST", "/console/users/{id}/administrator", Administrators),
    ("POST", "/console/users/{id}/delete", Administrators),
    ("GET", "/console/groups", Administrators),
    ("GET", "/console/groups/new", Administrators),
    ("POST", "/console/groups/new", Administrators),
    ("GET", "/console/groups/{id}", Administrators),
    ("POST", "/console/groups/{id}", Administrators),
    ("POST", "/console/groups/{id}/members", Administrators),
    ("POST", "/console/groups/{id}/members/remove", Administrators),
    ("POST", "/console/groups/{id}/delete", Administrators),
    ("GET", "/console/import", Administrators),
    ("POST", "/console/import", Administrators),
    ("GET", "/console/applications", Administrators),
    ("GET", "/console/applications/new", Administrators),
    ("POST", "/console/applications/new", Administrators),
    ("GET", "/console/applications/{id}", Administrators),
    ("GET", "/console/applications/{id}/properties", Administrators),
    ("POST", "/console/applications/{id}/properties", Administrators),
    ("POST", "/console/applications/{id}/delete", Administrators),
    ("GET", "/console/applications/{id}/users-and-groups", Administrators),
    ("POST", "/console/applications/{id}/users-and-groups", Administrators),
    ("POST", "/console/applications/{id}/users-and-groups/remove", Administrators),
    ("GET", "/console/applications/{id}/app-roles", Administrators),
    ("POST", "/console/applications/{id}/app-roles", Administrators),
    ("GET", "/console/applications/{id}/app-roles/{role}", Administrators),
    ("POST", "/console/applications/{id}/app-roles/{role}", Administrators),
    ("POST", "/console/applications/{id}/app-roles/{role}/enable", Administrators),
    ("POST", "/console/applications/{id}/app-roles/{role}/disable", Administrators),
    ("POST", "/console/applications/{id}/app-roles/{role}/delete", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/choose", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/basic", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/metadata", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/claims", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/signing", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/certificates", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on/certificates/{key}/{form}", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/certificates/import", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on/certificates/{key}/activate", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/certificates/{key}/activate", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/certificates/{key}/delete", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on/verification", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/verification", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/verification/certificates", Administrators),
    ("GET", "/console/applications/{id}/single-sign-on/token-encryption", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/token-encryption", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/token-encryption/certificates", Administrators),
    ("POST", "/console/applications/{id}/single-sign-on/key-credentials/{key}/delete", Administrators),
    ("GET", "/console/applications/{id}/claims", Administrators),
    ("GET", "/console/applications/{id}/claims/edit", Administrators),
    ("POST", "/console/applications/{id}/claims/edit", Administrators),
    ("POST", "/console/applications/{id}/claims/name-id", Administrators),
    ("POST", "/console/applications/{id}/claims/advanced", Administrators),
    ("POST", "/console/applications/{id}/claims/move", Administrators),
    ("POST", "/console/applications/{id}/claims/delete", Administrators),
    ("POST", "/console/applications/{id}/claims/groups", Administrators),
    ("POST", "/console/applications/{id}/claims/aws-session-tags", Administrators),
    ("GET", "/console/applications/{id}/claims/preview", Administrators),
    ("GET", "/console/events", Administrators),
    ("GET", "/console/tenant", Administrators),
    ("POST", "/console/tenant", Administrators),
];

const API: &[Row] = &[
    ("GET", "/api/events", Programs),
    ("POST", "/api/import", Programs),
    ("GET", "/api/applications/{app}/saml", Programs),
    ("PUT", "/api/applications/{app}/saml", Programs),
    ("POST", "/api/applications/{app}/saml/sp-metadata", Programs),
    ("GET", "/api/certificates", Programs),
    ("GET", "/api/applications/{app}/key-credentials", Programs),
    ("POST", "/api/applications/{app}/key-credentials", Programs),
    ("DELETE", "/api/applications/{app}/key-credentials/{key}", Programs),
    ("GET", "/api/applications/{app}/claims", Programs),
    ("PUT", "/api/applications/{app}/claims", Programs),
    ("GET", "/api/applications/{app}/claims/preview", Programs),
    ("GET", "/api/applications/{app}/app-roles", Programs),
    ("POST", "/api/applications/{app}/app-roles", Programs),
    ("GET", "/api/applications/{app}/app-roles/{role}", Programs),
    ("PUT", "/api/applications/{app}/app-roles/{role}", Programs),
    ("DELETE", "/api/applications/{app}/app-roles/{role}", Programs),
    ("GET", "/api/applications/{app}/nested-groups", Programs),
    ("PUT", "/api/applications/{app}/nested-groups", Programs),
    ("POST", "/api/applications/{app}/assignments", Programs),
    ("DELETE", "/api/applications/{app}/assignments", Programs),
];

const GRAPH: &[Row] = &[
    ("GET", "/v1.0/users", Programs),
    ("POST", "/v1.0/users", Programs),
    ("GET", "/v1.0/users/{id}", Programs),
    ("PATCH", "/v1.0/users/{id}", Programs),
    ("DELETE", "/v1.0/users/{id}", Programs),
    ("GET", "/v1.0/users/{id}/manager", Programs),
    ("GET", "/v1.0/users/{id}/manager/$ref", Programs),
    ("PUT", "/v1.0/users/{id}/manager/$ref", Programs),
    ("DELETE", "/v1.0/users/{id}/manager/$ref", Programs),
    ("GET", "/v1.0/users/{id}/memberOf", Programs),
    ("GET", "/v1.0/users/{id}/transitiveMemberOf", Programs),
    ("POST", "/v1.0/users/{id}/getMemberObjects", Programs),
    ("POST", "/v1.0/users/{id}/appRoleAssignments", Programs),
    ("GET", "/v1.0/groups", Programs),
    ("POST", "/v1.0/groups", Programs),
    ("GET", "/v1.0/groups/{id}", Programs),
    ("PATCH", "/v1.0/groups/{id}", Programs),
    ("DELETE", "/v1.0/groups/{id}", Programs),
    ("GET", "/v1.0/groups/{id}/members", Programs),
    ("GET", "/v1.0/groups/{id}/transitiveMembers", Programs),
    ("GET", "/v1.0/groups/{id}/memberOf", Programs),
    ("POST", "/v1.0/groups/{id}/members/$ref", Programs),
    ("DELETE", "/v1.0/groups/{id}/members/{member}/$ref", Programs),
    ("POST", "/v1.0/groups/{id}/appRoleAssignments", Programs),
    ("GET", "/v1.0/directory/deletedItems/microsoft.graph.user", Programs),
    ("POST", "/v1.0/directory/deletedItems/{id}/restore", Programs),
    ("DELETE", "/v1.0/directory/deletedItems/{id}", Programs),
    ("GET", "/v1.0/applicationTemplates", Programs),
    ("GET", "/v1.0/applicationTemplates/{id}", Programs),
    ("POST", "/v1.0/applicationTemplates/{id}/instantiate", Programs),
    ("GET", "/v1.0/applications", Programs),
    ("GET", "/v1.0/applications/{id}", Programs),
    ("PATCH", "/v1.0/applications/{id}", Programs),
    ("DELETE", "/v1.0/applications/{id}", Programs),
    ("GET", "/v1.0/servicePrincipals", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}", Programs),
    ("PATCH", "/v1.0/servicePrincipals/{id}", Programs),
    ("DELETE", "/v1.0/servicePrincipals/{id}", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/addTokenSigningCertificate", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/claimsMappingPolicies", Programs),
    ("PUT", "/v1.0/servicePrincipals/{id}/claimsMappingPolicies", Programs),
    ("GET", "/v1.0/servicePrincipals/{id}/appRoleAssignedTo", Programs),
    ("POST", "/v1.0/servicePrincipals/{id}/appRoleAssignedTo", Programs),
    ("DELETE", "/v1.0/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", Programs),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().flat_map(|rows| rows.iter())
}

/// A path with its parameters filled in: with something that is not there.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

struct Credentials {
    person: String,
    administrator: String,
    token: String,
}

fn request(method: &str, path: &str, actor: Actor, credentials: &Credentials) -> Request<Body> {
    let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(filled(path));
    let request = match actor {
        Actor::Anonymous => request,
        Actor::Person => request.header(header::COOKIE, &credentials.person),
        Actor::Administrator => request.header(header::COOKIE, &credentials.administrator),
        Actor::Program => request.header(header::AUTHORIZATION, format!("Bearer {}", credentials.token)),
        Actor::ProgramWithBadToken => request.header(header::AUTHORIZATION, "Bearer entente_access_guess"),
    };
    request.body(Body::empty()).unwrap()
}

fn ended(answer: &Answer) -> Ended {
    match answer.status {
        StatusCode::UNAUTHORIZED if answer.headers.contains_key(header::WWW_AUTHENTICATE) => Ended::NoToken,
        StatusCode::FORBIDDEN if answer.text.contains("Administrators only") => Ended::AdministratorsOnly,
        StatusCode::SEE_OTHER if answer.location().starts_with("/sign-in?return_to=") => Ended::ToSignIn,
        _ => Ended::Through,
    }
}

/// The pages that send somebody without a session to the sign-in page themselves.
const ASK_THEMSELVES: &[&str] = &["/", "/change-password", "/sign-out"];

async fn check(engine: Engine) {
    let test = TestDirectory::new(engine).await;
    test.user("ana").await;
    let credentials = Credentials {
        person: test.browser("ana").await.cookie_header(),
        administrator: test.browser("admin").await.cookie_header(),
        token: test.program().await.token,
    };
    for (method, path, audience) in rows() {
        for actor in ACTORS {
            let before = test.actions(1000).await.len();
            let answer = send(&test.router, request(method, path, actor, &credentials)).await;
            let context = format!("{method} {path} as {actor:?}: {} {}", answer.status, answer.text);
            assert!(!answer.status.is_server_error(), "{context}");
            if ASK_THEMSELVES.contains(path) {
                continue;
            }
            let expected = expected(*audience, actor);
            assert_eq!(ended(&answer), expected, "{context}");
            if expected != Ended::Through {
                assert_eq!(
                    test.actions(1000).await.len(),
                    before,
                    "a refused request changed something: {context}"
                );
            }
        }
    }
}

#[tokio::test]
async fn each_route_lets_through_whom_its_row_says() {
    check(Engine::Sqlite).await;
}

#[tokio::test]
async fn each_route_lets_through_whom_its_row_says_on_postgresql() {
    check(Engine::Postgres).await;
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    for listed in &test.listed {
        let row = rows().find(|(method, path, _)| *method == listed.method.as_str() && *path == listed.path);
        let Some((_, _, audience)) = row else {
            panic!("add a row for {} {} ({})", listed.method, listed.path, listed.audience)
        };
        let name = match audience {
            Anyone => "anyone",
            People => "person",
            Administrators => "administrator",
            Programs => "api_client",
        };
        assert_eq!(listed.audience, name, "{} {}", listed.method, listed.path);
    }
    for (method, path, _) in rows() {
        let found = test.listed.iter().any(|l| l.method.as_str() == *method && l.path == *path);
        assert!(found, "there is no route {method} {path} any more: remove its row");
    }
    assert_eq!(rows().count(), test.listed.len(), "each row once");
}

#[tokio::test]
async fn a_form_of_another_site_or_without_its_token_changes_nothing() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let cookie = test.browser("admin").await.cookie_header();
    for (method, path, audience) in rows() {
        if *method != "POST" || *audience != Administrators {
            continue;
        }
        for site in ["cross-site", "same-origin"] {
            let before = test.actions(1000).await.len();
            let request = Request::post(filled(path))
                .header(header::COOKIE, &cookie)
                .header("sec-fetch-site", site)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from("display_name=x"))
                .unwrap();
            let answer = send(&test.router, request).await;
            assert!(answer.status.is_client_error(), "{path} from {site}: {}", answer.status);
            assert_eq!(test.actions(1000).await.len(), before, "{path} from {site}");
        }
    }
}
