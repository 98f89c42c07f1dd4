//! Federation metadata of an application: what its service provider uploads or polls.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use saml::certificate::Certificate;
use saml::metadata::{WriteIdpMetadata, write_idp};
use serde::Deserialize;

use super::decide;
use super::running::Running;
use super::store as rows;
use super::waiting::can_be_looked_up;
use crate::Directory;
use crate::applications::{self, Application, IdpValues};
use crate::claims;
use crate::refused::PageRefused;

/// Which application's.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    appid: String,
}

/// GET /{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid=
pub async fn show(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(named_tenant): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageRefused> {
    if wanted.appid.is_empty() {
        let text =
            "Each application signs with its own certificate. Add ?appid= and the application (client) id.";
        return Ok((StatusCode::BAD_REQUEST, text).into_response());
    }
    let app_id = wanted.appid.to_lowercase();
    if !can_be_looked_up(&app_id) {
        return Ok(not_found("No application of this directory has this appid."));
    }
    let half = directory.clone();
    let (is_tenant, found) = directory
        .read(move |tx, tenant| {
            let found = match rows::application(tx, tenant, &app_id)? {
                Some(a) if a.app_id == app_id => {
                    let certificates = applications::certificates(tx, tenant, &a.id)?;
                    let claims = claims::configuration(tx, tenant, &a.id)?;
                    Some((IdpValues::new(&half, &a, &claims), certificates, a))
                }
                _ => None,
            };
            Ok((rows::is_tenant(tx, tenant, &named_tenant)?, found))
        })
        .await?;
    match found {
        _ if !is_tenant => Ok(not_found("There is no directory with this id or domain here (AADSTS90002).")),
        None => Ok(not_found("No application of this directory has this appid (AADSTS700016).")),
        Some((own, certificates, application)) => {
            Ok(written(&directory, &running, own, &application, &certificates).await)
        }
    }
}

fn not_found(text: &'static str) -> Response {
    (StatusCode::NOT_FOUND, text).into_response()
}

async fn written(
    directory: &Directory,
    running: &Running,
    own: IdpValues,
    application: &Application,
    certificates: &[applications::Certificate],
) -> Response {
    let Ok(certificate) = decide::signing_certificate(application, certificates, directory.clock.now())
    else {
        return not_found(
            "The application has no signing certificate. Choose SAML on its single sign-on page.",
        );
    };
    let key = match running.keys.get(directory, certificate, application.signing_algorithm).await {
        Ok(key) => key,
        Err(error) => return unusable(&error),
    };
    // The active certificate comes first, inactive ones after it: whoever polls knows them before one of
    // them signs.
    let further = certificates.iter().filter_map(|c| Certificate::from_der(&c.der).ok()).collect::<Vec<_>>();
    let id = format!("_{}", directory.random.uuid());
    let work = move || {
        let metadata = WriteIdpMetadata {
            id: &id,
            entity_id: &own.entity_id,
            single_sign_on_url: &own.login_url,
            single_logout_url: &own.logout_url,
            further_certificates: &further,
        };
        write_idp(&metadata, &key).map_err(|e| e.to_string())
    };
    match tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("failed inside".to_owned())) {
        Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(error) => unusable(&error),
    }
}

fn unusable(error: &str) -> Response {
    tracing::error!(error, "federation metadata could not be signed");
    (StatusCode::INTERNAL_SERVER_ERROR, "The application's certificate cannot sign; see the server's log.")
        .into_response()
}
