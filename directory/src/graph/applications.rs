//! `/v1.0/applicationTemplates` and `/v1.0/applications` (Graph v1.0, "application resource type").

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use store::Tx;
use web::routes::Routes;

use super::GraphError;
use super::application_objects::{Objects, tags, wanted_roles};
use super::key_credentials;
use super::object::{self, Object};
use super::query::Options;
use super::service_principals;
use crate::Directory;
use crate::access::Caller;
use crate::applications::{
    self, AppRole, Application, KeyCredential, NON_GALLERY_TEMPLATE, ReplyUrl, SamlChange,
};
use crate::refused::Refused;
use crate::users::Page;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/applicationTemplates", templates)
        .get("/v1.0/applicationTemplates/{id}", template)
        .post("/v1.0/applicationTemplates/{id}/instantiate", instantiate)
        .get("/v1.0/applications", list)
        .get("/v1.0/applications/{id}", get)
        .patch("/v1.0/applications/{id}", update)
        .delete("/v1.0/applications/{id}", delete)
}

fn column(property: &str) -> Option<&'static str> {
    match property {
        "id" => Some("id"),
        "appId" => Some("app_id"),
        "displayName" => Some("display_name_key"),
        _ => None,
    }
}

const OBJECTS: Objects = Objects { set: "applications", column, read };

fn read(tx: &mut Tx<'_>, tenant: &str, application: &Application, with_keys: bool) -> Result<Value, Refused> {
    let credentials = applications::key_credentials(tx, tenant, &application.id)?;
    let roles = applications::app_roles(tx, tenant, &application.id)?;
    Ok(as_json(application, &credentials, &roles, with_keys))
}

/// The application object of an application. The certificates themselves are given only where they are asked
/// for by name, as Graph does.
fn as_json(
    application: &Application,
    credentials: &[KeyCredential],
    roles: &[AppRole],
    with_keys: bool,
) -> Value {
    let keys: Vec<Value> = credentials.iter().map(|c| key_credentials::as_json(c, with_keys)).collect();
    let uris: Vec<&str> = application.reply_urls.iter().map(|r| r.url.as_str()).collect();
    let settings: Vec<Value> =
        application.reply_urls.iter().map(|r| json!({ "uri": r.url, "index": r.index })).collect();
    json!({
        "id": application.id,
        "appId": application.app_id,
        "applicationTemplateId": NON_GALLERY_TEMPLATE,
        "displayName": application.display_name,
        "createdDateTime": application.created_date_time,
        "signInAudience": "AzureADMyOrg",
        "identifierUris": application.identifiers,
        "appRoles": roles,
        "keyCredentials": keys,
        "requestSignatureVerification": application.request_signature_verification,
        "tags": tags(application),
        "tokenEncryptionKeyId": application.token_encryption_key_id,
        "web": {
            "homePageUrl": application.sign_on_url,
            "logoutUrl": application.logout_url,
            "redirectUris": uris,
            "redirectUriSettings": settings,
        },
    })
}

fn non_gallery() -> Value {
    json!({
        "id": NON_GALLERY_TEMPLATE,
        "displayName": "Custom",
        "description": "An application that is in no gallery",
        "publisher": null,
        "categories": [],
        "supportedProvisioningTypes": ["sync"],
        "supportedSingleSignOnModes": ["saml"],
    })
}

/// GET /v1.0/applicationTemplates: the one for applications that are in no gallery.
async fn templates(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    let query = options.query(column)?;
    let wanted = query.filters.iter().all(|filter| match filter {
        crate::users::Filter::Is("id", id) => id == NON_GALLERY_TEMPLATE,
        crate::users::Filter::Is(_, name) => name.eq_ignore_ascii_case("Custom"),
        _ => true,
    });
    let items = if wanted { vec![non_gallery()] } else { Vec::new() };
    let page = Page { items, next: None };
    Ok(object::many(&directory, "applicationTemplates", "/v1.0/applicationTemplates", &options, page))
}

/// GET /v1.0/applicationTemplates/{id}
async fn template(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Response, GraphError> {
    known_template(&id)?;
    Ok(object::one(&directory, "applicationTemplates/$entity", non_gallery()))
}

fn known_template(id: &str) -> Result<(), Refused> {
    if id == NON_GALLERY_TEMPLATE { Ok(()) } else { Err(Refused::not_found("application template", id)) }
}

/// POST /v1.0/applicationTemplates/{id}/instantiate
async fn instantiate(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<Response, GraphError> {
    known_template(&id)?;
    let name = object.required("displayName")?;
    let application =
        directory.write(&caller, move |tx, change| applications::create(tx, change, &name)).await?;
    let answer = json!({
        "@odata.context": directory.url("/v1.0/$metadata#microsoft.graph.applicationServicePrincipal"),
        "application": as_json(&application, &[], &AppRole::fixed(), false),
        "servicePrincipal": service_principals::as_json(&application, &[], &AppRole::fixed()),
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// GET /v1.0/applications
async fn list(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    OBJECTS.list(&directory, &options).await
}

/// GET /v1.0/applications/{id}
async fn get(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    OBJECTS.get(&directory, id, &options).await
}

/// PATCH /v1.0/applications/{id}: name, identifiers, what belongs to the web, and the application's own
/// certificates and roles: `keyCredentials` and `appRoles` are the whole collection.
async fn update(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    let name = object.text("displayName")?;
    let identifiers = object.texts("identifierUris")?;
    let web = object.object("web")?;
    let credentials = key_credentials::wanted(&mut object)?;
    let wanted = SamlChange {
        identifiers,
        token_encryption_key_id: object.optional("tokenEncryptionKeyId")?,
        request_signature_verification: key_credentials::verification(&mut object)?,
        ..SamlChange::default()
    };
    let roles = wanted_roles(&mut object)?;
    object.nothing_else("applications", &["tags", "signInAudience"])?;
    directory
        .write(&caller, move |tx, change| {
            let before = applications::by_any_id(tx, &change.tenant, &id)?;
            if let Some(name) = &name {
                applications::update(tx, change, &id, |a| a.display_name.clone_from(name))?;
            }
            let mut wanted = wanted.clone();
            if let Some(web) = &web {
                web_change(&before, Object(web.clone()), &mut wanted)?;
            }
            let gone = match &credentials {
                Some(credentials) => key_credentials::add(tx, change, &before.id, credentials)?,
                None => Vec::new(),
            };
            applications::update_saml(tx, change, &id, &wanted)?;
            if let Some(roles) = &roles {
                applications::set_app_roles(tx, change, &before.id, roles)?;
            }
            key_credentials::remove(tx, change, &before.id, &gone)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `web`: the first of `redirectUris` is the default; `redirectUriSettings` numbers them.
fn web_change(before: &Application, mut web: Object, wanted: &mut SamlChange) -> Result<(), Refused> {
    wanted.logout_url = web.optional("logoutUrl")?;
    wanted.sign_on_url = web.optional("homePageUrl")?;
    let uris = web.texts("redirectUris")?;
    let settings = match web.0.remove("redirectUriSettings") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(settings)) => settings,
        Some(_) => return Err(Refused::invalid("redirectUriSettings", "a list", "")),
    };
    web.nothing_else("web", &["implicitGrantSettings"])?;
    let known: Vec<String> = before.reply_urls.iter().map(|r| r.url.clone()).collect();
    if uris.is_none() && settings.is_empty() {
        return Ok(());
    }
    let replies = uris.unwrap_or(known).into_iter().enumerate().map(|(n, url)| {
        let index = settings.iter().find(|s| s["uri"] == json!(url)).and_then(|s| s["index"].as_u64());
        let before = before.reply_urls.iter().find(|r| r.url == url).and_then(|r| r.index);
        let index = index.and_then(|i| u16::try_from(i).ok()).or(before);
        ReplyUrl { url, index, is_default: n == 0 }
    });
    wanted.reply_urls = Some(replies.collect());
    Ok(())
}

/// DELETE /v1.0/applications/{id}: for good, with its service principal.
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| applications::delete(tx, change, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
