//! `/v1.0/servicePrincipals` (Graph v1.0, "servicePrincipal resource type"): sign-on mode, certificates
//! and properties of an application.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use store::Tx;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use web::Timestamp;
use web::routes::Routes;

use super::GraphError;
use super::application_objects::{Objects, tags, wanted_roles};
use super::object::Object;
use super::query::Options;
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, AppRole, Application, Certificate, SamlChange, WantedRole};
use crate::refused::Refused;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals", list)
        .get("/v1.0/servicePrincipals/{id}", get)
        .patch("/v1.0/servicePrincipals/{id}", update)
        .delete("/v1.0/servicePrincipals/{id}", delete)
        .post("/v1.0/servicePrincipals/{id}/addTokenSigningCertificate", add_certificate)
}

fn column(property: &str) -> Option<&'static str> {
    match property {
        "id" => Some("service_principal_id"),
        "appId" => Some("app_id"),
        "displayName" => Some("display_name_key"),
        _ => None,
    }
}

const OBJECTS: Objects = Objects { set: "servicePrincipals", column, read };

// Signing keys are never given out, asked for or not.
fn read(tx: &mut Tx<'_>, tenant: &str, application: &Application, _: bool) -> Result<Value, Refused> {
    let certificates = applications::certificates(tx, tenant, &application.id)?;
    let roles = applications::app_roles(tx, tenant, &application.id)?;
    Ok(as_json(application, &certificates, &roles))
}

/// The service principal object of an application.
pub(super) fn as_json(application: &Application, certificates: &[Certificate], roles: &[AppRole]) -> Value {
    let uris: Vec<&str> = application.reply_urls.iter().map(|r| r.url.as_str()).collect();
    let mut names = vec![application.app_id.as_str()];
    names.extend(application.identifiers.iter().map(String::as_str));
    let active = certificates.iter().find(|c| c.active).map(|c| c.thumbprint.as_str());
    let keys: Vec<Value> = certificates.iter().map(key_credential).collect();
    json!({
        "id": application.service_principal_id,
        "appId": application.app_id,
        "displayName": application.display_name,
        "appDisplayName": application.display_name,
        "accountEnabled": application.account_enabled,
        "appRoleAssignmentRequired": application.assignment_required,
        "appRoles": roles,
        "homepage": application.sign_on_url,
        "keyCredentials": keys,
        "loginUrl": application.sign_on_url,
        "logoutUrl": application.logout_url,
        "preferredSingleSignOnMode": application.saml.then_some("saml"),
        "preferredTokenSigningKeyThumbprint": active,
        "replyUrls": uris,
        "samlSingleSignOnSettings": { "relayState": application.relay_state },
        "servicePrincipalNames": names,
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": tags(application),
    })
}

/// A certificate as Graph lists it; the private key is never given out.
fn key_credential(certificate: &Certificate) -> Value {
    json!({
        "customKeyIdentifier": thumbprint_base64(certificate),
        "displayName": "CN=Entente Federated SSO Certificate",
        "startDateTime": certificate.not_before.rfc3339(),
        "endDateTime": certificate.not_after.rfc3339(),
        "key": null,
        "keyId": certificate.key_id,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    })
}

fn thumbprint_base64(certificate: &Certificate) -> String {
    STANDARD.encode(hex::decode(&certificate.thumbprint).unwrap_or_default())
}

/// GET /v1.0/servicePrincipals
async fn list(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    OBJECTS.list(&directory, &options).await
}

/// GET /v1.0/servicePrincipals/{id}
async fn get(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    OBJECTS.get(&directory, id, &options).await
}

/// What a PATCH asks for.
#[derive(Clone)]
struct Wanted {
    enabled: Option<bool>,
    assignment_required: Option<bool>,
    visible: Option<bool>,
    thumbprint: Option<String>,
    roles: Option<Vec<WantedRole>>,
    saml: SamlChange,
}

fn wanted(mut object: Object) -> Result<Wanted, Refused> {
    let mut saml = SamlChange {
        sign_on_url: object.optional("loginUrl")?,
        logout_url: object.optional("logoutUrl")?,
        ..SamlChange::default()
    };
    if let Some(settings) = object.object("samlSingleSignOnSettings")? {
        saml.relay_state = Object(settings).optional("relayState")?;
    }
    let wanted = Wanted {
        enabled: object.boolean("accountEnabled")?,
        assignment_required: object.boolean("appRoleAssignmentRequired")?,
        visible: object.texts("tags")?.map(|tags| !tags.iter().any(|tag| tag == "HideApp")),
        thumbprint: object.text("preferredTokenSigningKeyThumbprint")?,
        roles: wanted_roles(&mut object)?,
        saml,
    };
    object.nothing_else("servicePrincipals", &["notificationEmailAddresses", "notes"])?;
    Ok(wanted)
}

/// PATCH /v1.0/servicePrincipals/{id}. Choosing `saml` makes the first certificate.
async fn update(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    let first = match object.text("preferredSingleSignOnMode")?.as_deref() {
        None => None,
        Some("saml") => Some(applications::make_certificate(&directory, None).await?),
        Some(other) => return Err(Refused::invalid("preferredSingleSignOnMode", "saml", other).into()),
    };
    let wanted = wanted(object)?;
    directory
        .write(&caller, move |tx, change| {
            if let Some(first) = &first {
                applications::choose_saml(tx, change, &id, first)?;
            }
            applications::update(tx, change, &id, |application| {
                application.account_enabled = wanted.enabled.unwrap_or(application.account_enabled);
                application.assignment_required =
                    wanted.assignment_required.unwrap_or(application.assignment_required);
                application.visible = wanted.visible.unwrap_or(application.visible);
            })?;
            let application = applications::update_saml(tx, change, &id, &wanted.saml)?;
            if let Some(roles) = &wanted.roles {
                applications::set_app_roles(tx, change, &application.id, roles)?;
            }
            if let Some(thumbprint) = &wanted.thumbprint {
                applications::activate(tx, change, &application.id, thumbprint)?;
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE /v1.0/servicePrincipals/{id}: with its application.
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| applications::delete(tx, change, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// POST /v1.0/servicePrincipals/{id}/addTokenSigningCertificate
async fn add_certificate(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<Response, GraphError> {
    // The subject is ours whatever name is asked for.
    object.text("displayName")?;
    let end = object.text("endDateTime")?.map(|text| moment(&text)).transpose()?;
    let known = id.clone();
    directory.read(move |tx, tenant| applications::by_any_id(tx, tenant, &known)).await?;
    let new = applications::make_certificate(&directory, end).await?;
    let added = directory
        .write(&caller, move |tx, change| applications::add_certificate(tx, change, &id, &new))
        .await?;
    let mut answer = key_credential(&added);
    answer["key"] = json!(STANDARD.encode(&added.der));
    answer["thumbprint"] = json!(added.thumbprint);
    answer["@odata.context"] = json!(directory.url("/v1.0/$metadata#microsoft.graph.selfSignedCertificate"));
    Ok(Json(answer).into_response())
}

fn moment(text: &str) -> Result<Timestamp, Refused> {
    let parsed = OffsetDateTime::parse(text, &Rfc3339);
    parsed.map(Timestamp::from).map_err(|_| Refused::invalid("endDateTime", "a moment as in RFC 3339", text))
}
