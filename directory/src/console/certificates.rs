//! The third card of the single sign-on page: signing certificates and their files.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use web::Timestamp;
use web::form::{Csrf, Form, Upload};
use web::page::{Banner, Shell, Tone, render};
use web::routes::Routes;

use super::single_sign_on::{Extra, answer};
use super::{application_shell, crumb};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, Application, Certificate, Expiring, NewCertificate};
use crate::refused::{PageRefused, Refused};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .post("/console/applications/{id}/single-sign-on/certificates", create)
        .post("/console/applications/{id}/single-sign-on/certificates/import", import)
        .get("/console/applications/{id}/single-sign-on/certificates/{key}/{form}", download)
        .get("/console/applications/{id}/single-sign-on/certificates/{key}/activate", preview)
        .post("/console/applications/{id}/single-sign-on/certificates/{key}/activate", activate)
        .post("/console/applications/{id}/single-sign-on/certificates/{key}/delete", delete)
}

/// What an administrator reads about a certificate that is about to expire, or has.
pub(super) fn warning(certificate: &Expiring) -> Banner {
    let end = certificate.not_after.readable();
    if certificate.expired() {
        let text = format!(
            "It expired on {end}. Where another certificate is valid, that one signs instead; else the expired \
             one goes on signing, and applications that look at the date refuse. Make a new one now."
        );
        return Banner::new(Tone::Danger, "The active signing certificate has expired", text);
    }
    let text =
        format!("It is valid until {end}. Make a new one, give it to the application, then make it active.");
    Banner::new(Tone::Warning, format!("The signing certificate expires in {} days", certificate.days), text)
}

/// How long a new certificate is valid, as the form says: one, two or three years.
fn until(directory: &Directory, years: &str) -> Result<Option<Timestamp>, Refused> {
    let days = match years {
        "" | "3" => return Ok(None),
        "2" => 2 * 365,
        "1" => 365,
        other => return Err(Refused::invalid("years", "1, 2 or 3", other)),
    };
    Ok(Some(directory.clock.now().plus(std::time::Duration::from_secs(days * 24 * 60 * 60))))
}

/// POST …/certificates: a new one, inactive.
async fn create(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let made = match until(&directory, fields.text("years")) {
        Ok(end) => applications::make_certificate(&directory, end).await,
        Err(error) => Err(error),
    };
    let outcome = add(&directory, &caller, &id, made).await;
    answer(&directory, &caller, &csrf, &id, "certificate", Extra::default(), outcome).await
}

async fn add(
    directory: &Directory,
    caller: &Caller,
    id: &str,
    made: Result<NewCertificate, Refused>,
) -> Result<Certificate, Refused> {
    let (new, application) = (made?, id.to_owned());
    directory
        .write(caller, move |tx, change| {
            if !applications::by_any_id(tx, &change.tenant, &application)?.saml {
                return Err(Refused::NotSaml);
            }
            applications::add_certificate(tx, change, &application, &new)
        })
        .await
}

/// POST …/certificates/import: one that was made elsewhere, with its private key; inactive.
async fn import(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Response {
    let file = |name: &str| upload.file(name).map(|file| file.bytes.clone());
    let made = match (file("pfx"), file("private_key"), file("certificate")) {
        (Some(pfx), None, None) => {
            let password = upload.fields.raw("pfx_password");
            applications::import_pfx(&directory, &pfx, password).await
        }
        (None, Some(key), Some(certificate)) => {
            applications::import_certificate(&directory, &key, &certificate).await
        }
        _ => Err(Refused::invalid("files", "a PFX file, or a private key and its certificate", "")),
    };
    let outcome = add(&directory, &caller, &id, made).await;
    answer(&directory, &caller, &csrf, &id, "certificate", Extra::default(), outcome).await
}

#[derive(Template)]
#[template(path = "console/activate_certificate.html")]
struct ActivatePage {
    shell: Shell,
    application: Application,
    active: Option<Certificate>,
    next: Certificate,
    expired: bool,
}

/// GET …/certificates/{key}/activate: what making it active means, before it is done.
async fn preview(
    State(directory): State<Directory>,
    Path((id, key)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let (application, active, next) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let active = applications::active_certificate(tx, tenant, &application.id)?;
            let next = applications::certificate(tx, tenant, &application.id, &key)?;
            Ok((application, active, next))
        })
        .await?;
    let mut shell =
        application_shell(&directory, &caller, &csrf, &application, "Make the certificate active");
    let href = format!("/console/applications/{}/single-sign-on", application.id);
    shell.crumbs.push(crumb("Single sign-on", &href));
    let expired = next.not_after <= directory.clock.now();
    Ok(render(&ActivatePage { shell, application, active, next, expired }))
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

/// GET …/certificates/{key}/{raw, base64 or pem}: the certificate as a file, without its key.
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
        "base64" | "pem" => parsed.pem().into_bytes(),
        "raw" => certificate.der,
        other => return Err(Refused::not_found("form of a certificate", other).into()),
    };
    let ending = if form == "pem" { "pem" } else { "cer" };
    let name = format!("attachment; filename=\"{}-{form}.{ending}\"", certificate.thumbprint);
    let headers =
        [(header::CONTENT_TYPE, "application/pkix-cert".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, body).into_response())
}
