//! The identity provider's certificates in the console.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use web::form::{Csrf, Form, Upload};
use web::page::{self, Banner, Crumb, Shell, Tone};

use super::certificates::{CONFIRM_REMOVAL, Listed};
use super::certificates_http::{add_certificate, add_metadata, listed, one, remove_certificate};
use super::error::SourceError;
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::PageError;
use crate::{Center, console};

const HERE: &str = "/console/settings/identity-source/certificates";
const SOURCE: &str = "/console/settings/identity-source";

type Page = Result<Response, PageError>;

#[derive(Template)]
#[template(path = "identity_source/certificates.html")]
struct CertificatesPage {
    shell: Shell,
    certificates: Vec<Listed>,
}

/// `GET …/certificates`
pub(super) async fn list(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    list_page(&center, &caller, &csrf, None).await
}

/// `POST …/certificates`: a certificate or a metadata file.
pub(super) async fn add(State(center): State<Center>, caller: Caller, csrf: Csrf, upload: Upload) -> Page {
    let pasted = upload.fields.text("certificate");
    let done = match (upload.file("metadata"), upload.file("certificate_file")) {
        (Some(_), Some(_)) => Err(SourceError::MetadataAndValues),
        (Some(_), None) if !pasted.is_empty() => Err(SourceError::MetadataAndValues),
        (Some(file), None) => add_metadata(&center, &caller, &file.bytes).await,
        (None, Some(file)) => add_certificate(&center, &caller, &file.bytes).await,
        (None, None) if pasted.is_empty() => Err(SourceError::ValueMissing { target: "certificate" }),
        (None, None) => add_certificate(&center, &caller, pasted.as_bytes()).await,
    };
    match done {
        Ok(_) => Ok(Redirect::to(HERE).into_response()),
        Err(error) => list_page(&center, &caller, &csrf, Some(error.into())).await,
    }
}

async fn list_page(center: &Center, caller: &Caller, csrf: &Csrf, error: Option<ApiError>) -> Page {
    let certificates = listed(center).await?;
    let (shell, status) = shell(caller, csrf, "Certificates of the identity provider", error);
    Ok(page::render_with(status, &CertificatesPage { shell, certificates }))
}

#[derive(Template)]
#[template(path = "identity_source/certificate_remove.html")]
struct RemovePage {
    shell: Shell,
    certificate: Listed,
    says: Vec<String>,
    confirm: &'static str,
}

/// `GET …/certificates/{thumbprint}`: what a removal does.
pub(super) async fn review(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(thumbprint): Path<String>,
) -> Page {
    remove_page(&center, &caller, &csrf, &thumbprint, None).await
}

/// `POST …/certificates/{thumbprint}`: removes it.
pub(super) async fn remove(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(thumbprint): Path<String>,
    Form(fields): Form,
) -> Page {
    match remove_certificate(&center, &caller, &thumbprint, fields.text("confirm")).await {
        Ok(()) => Ok(Redirect::to(HERE).into_response()),
        Err(error) => remove_page(&center, &caller, &csrf, &thumbprint, Some(error.into())).await,
    }
}

async fn remove_page(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    thumbprint: &str,
    error: Option<ApiError>,
) -> Page {
    let (certificate, all) = one(center, thumbprint).await?;
    let (mut shell, status) = shell(caller, csrf, "Remove a certificate", error);
    shell.crumbs.push(Crumb { label: "Certificates".to_owned(), href: HERE.to_owned() });
    let says = certificate.removal(&all);
    Ok(page::render_with(status, &RemovePage { shell, certificate, says, confirm: CONFIRM_REMOVAL }))
}

fn shell(caller: &Caller, csrf: &Csrf, title: &str, error: Option<ApiError>) -> (Shell, StatusCode) {
    let mut shell = console::shell(caller, csrf, title, "/console/settings");
    shell.crumbs.push(Crumb { label: "Identity source".to_owned(), href: SOURCE.to_owned() });
    let Some(error) = error else { return (shell, StatusCode::OK) };
    let banner = Banner::new(Tone::Danger, "Nothing was changed", error.for_people());
    (shell.with(banner), error.status)
}
