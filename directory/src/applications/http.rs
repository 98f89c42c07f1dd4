//! The SAML settings of an application by our own API.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::middleware::from_fn_with_state;
use serde::Deserialize;
use serde_json::{Value, json};
use web::routes::Routes;

use super::{
    Application, Certificate, KeyCredential, Proposal, SamlChange, app_roles_http, assign_http, by_any_id,
    certificates, choose_saml, key_credentials, key_credentials_http, make_certificate, nested_groups_http,
    read_sp_metadata, update_saml,
};
use crate::Directory;
use crate::access::{self, Caller};
use crate::body::ApiJson;
use crate::claims::{self, Configuration};
use crate::refused::Refused;

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/api/applications/{app}/saml", show)
        .put("/api/applications/{app}/saml", change)
        .post("/api/applications/{app}/saml/sp-metadata", metadata)
        .post("/api/applications/{app}/assignments", assign_http::add)
        .delete("/api/applications/{app}/assignments", assign_http::remove)
        .merge(app_roles_http::routes())
        .get("/api/applications/{app}/nested-groups", nested_groups_http::show)
        .put("/api/applications/{app}/nested-groups", nested_groups_http::change)
        .merge(key_credentials_http::routes())
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

/// What a service provider has to know of this identity provider for one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdpValues {
    pub login_url: String,
    /// The Login URL of this application alone, whatever Issuer its requests have.
    pub instance_login_url: String,
    pub entity_id: String,
    pub logout_url: String,
    pub metadata_url: String,
}

impl IdpValues {
    pub(crate) fn new(directory: &Directory, application: &Application, claims: &Configuration) -> Self {
        let tenant = &directory.tenant_id;
        let sign_on = directory.url(&format!("/{tenant}/saml2"));
        let metadata = format!(
            "/{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid={}",
            application.app_id
        );
        Self {
            login_url: sign_on.clone(),
            instance_login_url: format!("{sign_on}/{}", application.service_principal_id),
            entity_id: claims.issuer(&Self::of_tenant(directory), &application.app_id),
            logout_url: sign_on,
            metadata_url: directory.url(&metadata),
        }
    }

    /// The tenant's entity ID, which is the issuer unless an application has one of its own.
    pub(crate) fn of_tenant(directory: &Directory) -> String {
        directory.url(&format!("/{}/", directory.tenant_id))
    }
}

fn as_json(
    directory: &Directory,
    application: &Application,
    certificates: &[Certificate],
    credentials: &[KeyCredential],
    claims: &Configuration,
) -> Value {
    let idp = IdpValues::new(directory, application, claims);
    let certificates: Vec<Value> = certificates.iter().map(Certificate::to_json).collect();
    let credentials: Vec<Value> = credentials.iter().map(KeyCredential::to_json).collect();
    json!({
        "id": application.id,
        "appId": application.app_id,
        "servicePrincipalId": application.service_principal_id,
        "displayName": application.display_name,
        "saml": application.saml,
        "loginUrl": idp.login_url,
        "instanceLoginUrl": idp.instance_login_url,
        "entityId": idp.entity_id,
        "logoutUrl": idp.logout_url,
        "metadataUrl": idp.metadata_url,
        "identifiers": application.identifiers,
        "replyUrls": application.reply_urls,
        "signOnUrl": application.sign_on_url,
        "applicationLogoutUrl": application.logout_url,
        "relayState": application.relay_state,
        "nameId": application.name_id,
        "signingOption": application.signing_option,
        "signingAlgorithm": application.signing_algorithm,
        "requestSignatureVerification": application.request_signature_verification,
        "tokenEncryptionKeyId": application.token_encryption_key_id,
        "keyCredentials": credentials,
        "certificates": certificates,
    })
}

/// GET /api/applications/{app}/saml
async fn show(State(directory): State<Directory>, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let (application, certificates, credentials, claims) = directory
        .read(move |tx, tenant| {
            let application = by_any_id(tx, tenant, &id)?;
            let certificates = certificates(tx, tenant, &application.id)?;
            let credentials = key_credentials(tx, tenant, &application.id)?;
            let claims = claims::configuration(tx, tenant, &application.id)?;
            Ok((application, certificates, credentials, claims))
        })
        .await?;
    Ok(Json(as_json(&directory, &application, &certificates, &credentials, &claims)))
}

/// PUT /api/applications/{app}/saml: chooses SAML where it was not, and changes what is given.
async fn change(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    ApiJson(wanted): ApiJson<SamlChange>,
) -> Result<Json<Value>, Refused> {
    save(&directory, &caller, id.clone(), move |_| wanted.clone()).await?;
    show(State(directory), Path(id)).await
}

#[derive(Deserialize)]
struct Save {
    save: Option<String>,
}

/// POST /api/applications/{app}/saml/sp-metadata
async fn metadata(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(query): Query<Save>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Proposal>, Refused> {
    let wanted = match query.save.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Refused::invalid("save", "true or false", other)),
    };
    let mut proposal = read_sp_metadata(&body)?;
    if wanted {
        let from = proposal.clone();
        save(&directory, &caller, id, move |application| from.change(application)).await?;
        proposal.saved = true;
    } else {
        directory.read(move |tx, tenant| by_any_id(tx, tenant, &id)).await?;
    }
    Ok(Json(proposal))
}

/// Saves SAML settings in one transaction with the choice of SAML and the first certificate, where those
/// are still to be made.
pub(crate) async fn save(
    directory: &Directory,
    caller: &Caller,
    id: String,
    wanted: impl Fn(&Application) -> SamlChange + Send + 'static,
) -> Result<Application, Refused> {
    let known = id.clone();
    let application = directory.read(move |tx, tenant| by_any_id(tx, tenant, &known)).await?;
    let first = match application.saml {
        true => None,
        false => Some(make_certificate(directory, None).await?),
    };
    directory
        .write(caller, move |tx, change| {
            if let Some(first) = &first {
                choose_saml(tx, change, &id, first)?;
            }
            let application = by_any_id(tx, &change.tenant, &id)?;
            update_saml(tx, change, &id, &wanted(&application))
        })
        .await
}
