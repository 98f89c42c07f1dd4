//! Who may call what: every route × every actor. A route without a row fails, and so does a row without
//! a route.

use center::testing::{Answer, PASSWORD, TestCenter};
use http::{Method, StatusCode};
use store::Engine;

/// How an actor is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The handler answered: 2xx, 3xx to another place, or its own 4xx.
    In,
    /// 401.
    No,
    /// Sent to sign in.
    SignIn,
}

use Class::{In, No, SignIn};

/// What a route's audience promises to: anonymous, portal user, administrator, API key, bad token.
const AUDIENCES: &[(&str, [Class; 5])] = &[
    ("anyone", [In, In, In, In, In]),
    ("portal_user", [SignIn, In, SignIn, SignIn, SignIn]),
    ("administrator", [SignIn, SignIn, In, SignIn, SignIn]),
    ("api_key", [No, No, No, In, No]),
    // SCIM clients have tokens of their own; none of these actors has one.
    ("scim_client", [No, No, No, No, No]),
];

/// Every route with its audience. New routes get a row here, by the folder that serves them.
const ROUTES: &str = "
web            GET    /assets/{name}                            anyone
setup          GET    /setup                                    anyone
setup          POST   /setup                                    anyone
setup          POST   /api/setup                                anyone
admin_api      GET    /api/about                                anyone
admin_api      GET    /api/organization                         api_key
admin_api      POST   /api/organization/import                  api_key
admin_api      GET    /api/accounts                             api_key
admin_api      PUT    /api/accounts/{account}/status            api_key
admin_api      GET    /api/permission-sets                      api_key
admin_api      POST   /api/permission-sets                      api_key
admin_api      POST   /api/permission-sets/import               api_key
admin_api      GET    /api/permission-sets/{set}                api_key
admin_api      PUT    /api/permission-sets/{set}                api_key
admin_api      DELETE /api/permission-sets/{set}                api_key
admin_api      GET    /api/assignments                          api_key
admin_api      POST   /api/assignments                          api_key
admin_api      DELETE /api/assignments                          api_key
admin_api      POST   /api/assignments/import                   api_key
admin_api      GET    /api/users                                api_key
admin_api      POST   /api/users                                api_key
admin_api      GET    /api/users/{user}                         api_key
admin_api      DELETE /api/users/{user}                         api_key
admin_api      PUT    /api/users/{user}/active                  api_key
admin_api      PUT    /api/users/{user}/password                api_key
admin_api      GET    /api/users/{user}/access                  api_key
admin_api      GET    /api/groups                               api_key
admin_api      POST   /api/groups                               api_key
admin_api      GET    /api/groups/{group}                       api_key
admin_api      DELETE /api/groups/{group}                       api_key
admin_api      GET    /api/groups/{group}/members               api_key
admin_api      POST   /api/groups/{group}/members               api_key
admin_api      DELETE /api/groups/{group}/members               api_key
admin_api      GET    /api/events                               api_key
admin_api      GET    /api/portal-session                       api_key
admin_api      PUT    /api/portal-session                       api_key
admin_api      GET    /api/counts                               api_key
recycle_bin    GET    /api/recycle-bin                          api_key
recycle_bin    GET    /api/recycle-bin/settings                 api_key
recycle_bin    PUT    /api/recycle-bin/settings                 api_key
recycle_bin    GET    /api/recycle-bin/{id}                     api_key
recycle_bin    POST   /api/recycle-bin/{id}/restore             api_key
recycle_bin    DELETE /api/recycle-bin/{id}                     api_key
recycle_bin    GET    /console/recycle-bin                      administrator
recycle_bin    POST   /console/recycle-bin                      administrator
recycle_bin    GET    /console/recycle-bin/{id}                 administrator
recycle_bin    POST   /console/recycle-bin/{id}                 administrator
portal         GET    /                                         anyone
portal         GET    /sign-in                                  anyone
portal         POST   /sign-in                                  anyone
portal         POST   /start/sign-out                           anyone
portal         GET    /start                                    portal_user
portal         GET    /start/accounts                           portal_user
console        GET    /console/sign-in                          anyone
console        POST   /console/sign-in                          anyone
console        POST   /console/sign-out                         administrator
console        GET    /console                                  administrator
console        GET    /console/settings                         administrator
console        POST   /console/settings/portal-session          administrator
console        GET    /console/users                            administrator
console        GET    /console/users/new                        administrator
console        POST   /console/users/new                        administrator
console        GET    /console/users/{id}                       administrator
console        POST   /console/users/{id}                       administrator
console        GET    /console/groups                           administrator
console        GET    /console/groups/new                       administrator
console        POST   /console/groups/new                       administrator
console        GET    /console/groups/{id}                      administrator
console        POST   /console/groups/{id}                      administrator
console        GET    /console/accounts                         administrator
console        POST   /console/accounts/import                  administrator
console        GET    /console/accounts/assign                  administrator
console        POST   /console/accounts/assign                  administrator
console        GET    /console/accounts/{id}                    administrator
console        POST   /console/accounts/{id}                    administrator
console        GET    /console/permission-sets                  administrator
console        GET    /console/permission-sets/new              administrator
console        POST   /console/permission-sets/new              administrator
console        GET    /console/permission-sets/{id}             administrator
console        POST   /console/permission-sets/{id}             administrator
console        GET    /console/events                           administrator
scim_server    GET    /{scim_tenant_id}/scim/v2/ServiceProviderConfig scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/ResourceTypes  scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/ResourceTypes/{name} scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Schemas        scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Schemas/{urn}  scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/.search        scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Users          scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Users          scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Users/.search  scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Users/{id}     scim_client
scim_server    PUT    /{scim_tenant_id}/scim/v2/Users/{id}     scim_client
scim_server    PATCH  /{scim_tenant_id}/scim/v2/Users/{id}     scim_client
scim_server    DELETE /{scim_tenant_id}/scim/v2/Users/{id}     scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Groups         scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Groups         scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Groups/.search scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Groups/{id}    scim_client
scim_server    PUT    /{scim_tenant_id}/scim/v2/Groups/{id}    scim_client
scim_server    PATCH  /{scim_tenant_id}/scim/v2/Groups/{id}    scim_client
scim_server    DELETE /{scim_tenant_id}/scim/v2/Groups/{id}    scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Bulk           scim_client
scim_server    GET    /{scim_tenant_id}/scim/v2/Me             scim_client
scim_server    POST   /{scim_tenant_id}/scim/v2/Me             scim_client
scim_server    PUT    /{scim_tenant_id}/scim/v2/Me             scim_client
scim_server    PATCH  /{scim_tenant_id}/scim/v2/Me             scim_client
scim_server    DELETE /{scim_tenant_id}/scim/v2/Me             scim_client
scim_server    PUT    /api/scim/mode                           api_key
scim_server    PUT    /api/scim/tokens/{id}/mode               api_key
scim_server    POST   /console/settings/automatic-provisioning/mode administrator
scim_server    GET    /api/scim                                api_key
scim_server    POST   /api/scim/enable                         api_key
scim_server    POST   /api/scim/disable                        api_key
scim_server    POST   /api/scim/tokens                         api_key
scim_server    DELETE /api/scim/tokens/{id}                    api_key
scim_server    POST   /api/scim/tokens/finish-rotation         api_key
scim_server    PUT    /api/scim/rate-limit                     api_key
scim_server    POST   /console/settings/automatic-provisioning/rate-limit administrator
scim_server    GET    /api/scim/schemas                        api_key
scim_server    POST   /api/scim/schemas                        api_key
scim_server    DELETE /api/scim/schemas/{urn}                  api_key
scim_server    GET    /console/settings/automatic-provisioning/schemas administrator
scim_server    POST   /console/settings/automatic-provisioning/schemas administrator
scim_server    POST   /console/settings/automatic-provisioning/schemas/remove administrator
scim_server    GET    /api/scim/ownership                      api_key
scim_server    POST   /api/scim/ownership/hand-over            api_key
scim_server    POST   /api/scim/ownership/take-back            api_key
scim_server    GET    /console/settings/automatic-provisioning/ownership administrator
scim_server    POST   /console/settings/automatic-provisioning/ownership administrator
scim_server    GET    /console/settings/automatic-provisioning administrator
scim_server    POST   /console/settings/automatic-provisioning/enable administrator
scim_server    POST   /console/settings/automatic-provisioning/disable administrator
scim_server    POST   /console/settings/automatic-provisioning/tokens administrator
scim_server    POST   /console/settings/automatic-provisioning/tokens/{id}/delete administrator
identity_source GET   /api/identity-source                      api_key
identity_source GET   /api/identity-source/sp-metadata          api_key
identity_source GET   /api/identity-source/certificates         api_key
identity_source POST  /api/identity-source/certificates         api_key
identity_source GET   /api/identity-source/certificates/{thumbprint} api_key
identity_source DELETE /api/identity-source/certificates/{thumbprint} api_key
identity_source GET   /api/identity-source/metadata-url         api_key
identity_source PUT   /api/identity-source/metadata-url         api_key
identity_source DELETE /api/identity-source/metadata-url        api_key
identity_source POST  /api/identity-source/metadata-url/refresh api_key
identity_source POST  /api/identity-source/metadata-url/apply   api_key
identity_source GET   /api/identity-source/proposal             api_key
identity_source PUT   /api/identity-source/proposal             api_key
identity_source DELETE /api/identity-source/proposal            api_key
identity_source POST  /api/identity-source/accept               api_key
identity_source POST  /api/identity-source/restore              api_key
identity_source GET   /console/settings/identity-source         administrator
identity_source GET   /console/settings/identity-source/certificates administrator
identity_source POST  /console/settings/identity-source/certificates administrator
identity_source GET   /console/settings/identity-source/certificates/{thumbprint} administrator
identity_source POST  /console/settings/identity-source/certificates/{thumbprint} administrator
identity_source GET   /console/settings/identity-source/metadata-url administrator
identity_source POST  /console/settings/identity-source/metadata-url administrator
identity_source GET   /console/settings/identity-source/change  administrator
identity_source POST  /console/settings/identity-source/change  administrator
identity_source GET   /console/settings/identity-source/change/external administrator
identity_source POST  /console/settings/identity-source/change/external administrator
identity_source GET   /console/settings/identity-source/change/review administrator
identity_source POST  /console/settings/identity-source/change/accept administrator
identity_source POST  /console/settings/identity-source/change/cancel administrator
identity_source GET   /console/settings/identity-source/change/done administrator
identity_source GET   /console/settings/identity-source/restore administrator
identity_source POST  /console/settings/identity-source/restore administrator
saml_sp        GET    /platform/saml/metadata/{identity_store_id} anyone
saml_sp        POST   /platform/saml/acs/{acs_id}               anyone
saml_sp        GET    /platform/saml/logout/{acs_id}            anyone
saml_sp        GET    /api/sign-in-attempts                     api_key
saml_sp        GET    /api/sign-in-attempts/{reference}         api_key
saml_sp        GET    /console/sign-in-attempts                 administrator
saml_sp        GET    /console/sign-in-attempts/{reference}     administrator
saml_sp        GET    /api/saml-settings                        api_key
saml_sp        PUT    /api/saml-settings                        api_key
saml_sp        GET    /api/saml-keys                            api_key
saml_sp        POST   /api/saml-keys                            api_key
saml_sp        POST   /api/saml-keys/{id}/activate              api_key
saml_sp        DELETE /api/saml-keys/{id}                       api_key
saml_sp        GET    /console/settings/saml                    administrator
saml_sp        POST   /console/settings/saml                    administrator
saml_sp        POST   /console/settings/saml/keys               administrator
access_control GET    /api/access-control-attributes            api_key
access_control PUT    /api/access-control-attributes            api_key
access_control DELETE /api/access-control-attributes            api_key
access_control GET    /console/settings/access-control-attributes administrator
access_control POST   /console/settings/access-control-attributes administrator
event_targets  GET    /api/event-targets                       api_key
event_targets  POST   /api/event-targets                       api_key
event_targets  DELETE /api/event-targets/{id}                  api_key
event_targets  POST   /api/event-targets/{id}/test             api_key
event_targets  POST   /api/event-targets/{id}/pause            api_key
event_targets  POST   /api/event-targets/{id}/resume           api_key
event_targets  GET    /console/settings/event-targets          administrator
event_targets  POST   /console/settings/event-targets          administrator
";

fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let lines = ROUTES.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|words| !words.is_empty()).map(|words| (words[1], words[2], words[3])).collect()
}

fn class(answer: &Answer) -> Class {
    let to = answer.location();
    if answer.status == StatusCode::SEE_OTHER && to.contains("sign-in?return_to=") {
        SignIn
    } else if answer.status == StatusCode::UNAUTHORIZED {
        No
    } else {
        In
    }
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let rows = rows();
    for listed in &test.listed {
        let row =
            rows.iter().find(|(method, path, _)| *method == listed.method.as_str() && *path == listed.path);
        let audience = row.map(|(_, _, audience)| *audience);
        assert_eq!(
            audience,
            Some(listed.audience),
            "{} {} has no row in this table",
            listed.method,
            listed.path
        );
    }
    for (method, path, _) in &rows {
        let routed = test.listed.iter().any(|l| l.method.as_str() == *method && l.path == *path);
        assert!(routed, "{method} {path} is in this table and not in the router");
    }
}

#[tokio::test]
async fn every_route_answers_every_actor_as_its_audience_promises() {
    let test = TestCenter::on(Engine::Sqlite).await;
    test.user("ana", Some(PASSWORD)).await;
    let key = format!("Bearer {}", test.api_key);
    for (method, path, audience) in rows() {
        // Signing out would end the session that the next row needs.
        let (user, administrator) = if path.ends_with("sign-out") || audience == "anyone" {
            (String::new(), String::new())
        } else {
            let user = test.portal_user("ana", PASSWORD).await.cookie_header();
            (user, test.administrator().await.cookie_header())
        };
        if path == "/console/sign-out" {
            continue;
        }
        let actors: [&[(&str, &str)]; 5] = [
            &[],
            &[("cookie", &user)],
            &[("cookie", &administrator)],
            &[("authorization", &key)],
            &[
                ("authorization", "Bearer entc-nobody"),
                ("cookie", "entente_center_session=x; entente_portal_session=x"),
            ],
        ];
        let promised = AUDIENCES.iter().find(|(name, _)| *name == audience).expect("a known audience").1;
        let concrete = path.replace("{name}", "x").replace(['{', '}'], "");
        for (n, (headers, expected)) in actors.iter().zip(promised).enumerate() {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = test.send(method.clone(), &concrete, headers, String::new()).await;
            assert_eq!(class(&answer), expected, "{method} {path} as actor {n}: {}", answer.status);
            assert!(
                !answer.status.is_server_error() || audience == "anyone",
                "{method} {path}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn no_page_takes_a_form_without_its_token() {
    let test = TestCenter::on(Engine::Sqlite).await;
    test.user("ana", Some(PASSWORD)).await;
    let mut administrator = test.administrator().await;
    for (method, path, audience) in rows() {
        if method != "POST" || audience != "administrator" {
            continue;
        }
        let path = path.replace(['{', '}'], "");
        let answer = administrator.post_without_token(&path, &[("action", "delete")]).await;
        let refused = [StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&answer.status);
        assert!(refused, "{path}: {}", answer.status);
    }
    let mut user = test.portal_user("ana", PASSWORD).await;
    let answer = user.post_without_token("/start/sign-out", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(user.get("/start").await.status, StatusCode::OK, "still signed in");
}
