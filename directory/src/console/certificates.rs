//! The third card of the single sign-on page: signing certificates and their files.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use web::form::{Csrf, Form};
use web::routes::Routes;

use super::single_sign_on::{Extra, answer};
use crate::Directory;
use crate::access::Caller;
use crate::applications;
use crate::refused::{PageRefused, Refused};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .post("/console/applications/{id}/single-sign-on/certificates", create)
        .get("/console/applications/{id}/single-sign-on/certificates/{key}/{form}", download)
        .post("/console/applications/{id}/single-sign-on/certificates/{key}/activate", activate)
        .post("/console/applications/{id}/single-sign-on/certificates/{key}/delete", delete)
}

/// POST …/certificates: a new one, inactive.
async fn create(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let application = id.clone();
    let outcome = match applications::make_certificate(&directory, None).await {
        Err(error) => Err(error),
        Ok(new) => {
            directory
                .write(&caller, move |tx, change| {
                    if !applications::by_any_id(tx, &change.tenant, &application)?.saml {
                        return Err(Refused::NotSaml);
                    }
                    applications::add_certificate(tx, change, &application, &new)
                })
                .await
        }
    };
    answer(&directory, &caller, &csrf, &id, "certificate", Extra::default(), outcome).await
}

/// POST …/certificates/{key}/activate
async fn activate(
    State(directory): State<Directory>,
    Path((id, key)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let application = id.clone();
    let outcome = directory
        .write(&caller, move |tx, change| applications::activate(tx, change, &application, &key))
        .await;
    answer(&directory, &caller, &csrf, &id, "activated", Extra::default(), outcome).await
}

/// POST …/certificates/{key}/delete
async fn delete(
    State(directory): State<Directory>,
    Path((id, key)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let application = id.clone();
    let outcome = directory
        .write(&caller, move |tx, change| applications::delete_certificate(tx, change, &application, &key))
        .await;
    answer(&directory, &caller, &csrf, &id, "deleted", Extra::default(), outcome).await
}

/// GET …/certificates/{key}/{base64 or raw}: the certificate as a file, without its key.
async fn download(
    State(directory): State<Directory>,
    Path((id, key, form)): Path<(String, String, String)>,
) -> Result<Response, PageRefused> {
    let certificate = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            applications::certificate(tx, tenant, &application.id, &key)
        })
        .await?;
    let parsed = saml::certificate::Certificate::from_der(&certificate.der);
    let parsed = parsed.map_err(|e| Refused::Certificate(e.to_string()))?;
    let body = match form.as_str() {
        "base64" => parsed.pem().into_bytes(),
        "raw" => certificate.der,
        other => return Err(Refused::not_found("form of a certificate", other).into()),
    };
    let name = format!("attachment; filename=\"{}-{form}.cer\"", certificate.thumbprint);
    let headers =
        [(header::CONTENT_TYPE, "application/pkix-cert".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, body).into_response())
}
