//! The identity provider's certificates, for programs.

use ::store::StoreError;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use saml::certificate::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::certificates::{self, Listed, Origin};
use super::error::SourceError;
use super::external::{LONGEST_CERTIFICATE, read_metadata_of};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody, Params};
use crate::saml_sp::metadata_signers;

/// The certificates as they are.
pub(super) async fn listed(center: &Center) -> Result<Vec<Listed>, StoreError> {
    let (id, now) = (center.instance_id.clone(), center.clock.now());
    center.store.read(move |tx| certificates::list(tx, &id, now)).await
}

/// The one with this thumbprint, and all.
pub(super) async fn one(center: &Center, thumbprint: &str) -> Result<(Listed, Vec<Listed>), SourceError> {
    let all = listed(center).await?;
    let found = all.iter().find(|listed| listed.certificate.thumbprint() == typed(thumbprint)).cloned();
    let unknown = || SourceError::CertificateUnknown(thumbprint.chars().take(64).collect());
    Ok((found.ok_or_else(unknown)?, all))
}

/// A thumbprint as people copy it: with colons or blanks, in any case.
fn typed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>().to_ascii_uppercase()
}

/// Adds one certificate, given in PEM, base64 or DER.
pub(super) async fn add_certificate(
    center: &Center,
    caller: &Caller,
    file: &[u8],
) -> Result<usize, SourceError> {
    if file.len() > LONGEST_CERTIFICATE {
        return Err(SourceError::CertificateTooLong { characters: file.len() });
    }
    let certificate = Certificate::read(file).map_err(SourceError::Certificate)?;
    let author = center.author(caller);
    if certificate.is_expired(author.now.to_offset()) {
        let found = web::Timestamp::from(certificate.not_after()).readable();
        return Err(SourceError::CertificatesExpired { found });
    }
    let add = move |tx: &mut ::store::Tx<'_>| {
        certificates::add(tx, &author, std::slice::from_ref(&certificate), Origin::Upload)
    };
    center.store.write(add).await
}

/// Adds the certificates of a metadata file of the identity provider in use.
pub(super) async fn add_metadata(
    center: &Center,
    caller: &Caller,
    file: &[u8],
) -> Result<usize, SourceError> {
    let author = center.author(caller);
    let idp = read_metadata_of(file, &metadata_signers(center).await?, author.now)?;
    center.store.write(move |tx| certificates::add_from(tx, &author, &idp)).await
}

/// Removes one.
pub(super) async fn remove_certificate(
    center: &Center,
    caller: &Caller,
    thumbprint: &str,
    confirm: &str,
) -> Result<(), SourceError> {
    let (author, thumbprint, confirm) = (center.author(caller), typed(thumbprint), confirm.to_owned());
    center.store.write(move |tx| certificates::remove(tx, &author, &thumbprint, &confirm)).await
}

/// `GET /api/identity-source/certificates`
pub(super) async fn list(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&listed(&center).await?)))
}

/// `GET /api/identity-source/certificates/{thumbprint}`: with what its removal does.
pub(super) async fn show(
    State(center): State<Center>,
    Path(thumbprint): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let (found, all) = one(&center, &thumbprint).await?;
    let mut shown = found.to_json();
    shown["removal"] = json!(found.removal(&all));
    Ok(Json(shown))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddBody {
    certificate_pem: Option<String>,
    metadata_xml: Option<String>,
}

/// `POST /api/identity-source/certificates`: one, or those of a metadata file.
pub(super) async fn add(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<AddBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    match (&body.certificate_pem, &body.metadata_xml) {
        (Some(pem), None) => add_certificate(&center, &caller, pem.as_bytes()).await?,
        (None, Some(xml)) => add_metadata(&center, &caller, xml.as_bytes()).await?,
        (None, None) => return Err(SourceError::ValueMissing { target: "certificatePem" }.into()),
        (Some(_), Some(_)) => return Err(SourceError::MetadataAndValues.into()),
    };
    Ok((StatusCode::CREATED, Json(shown(&listed(&center).await?))))
}

/// `DELETE /api/identity-source/certificates/{thumbprint}?confirm=DELETE`
pub(super) async fn remove(
    State(center): State<Center>,
    caller: Caller,
    Path(thumbprint): Path<String>,
    params: Params,
) -> Result<StatusCode, ApiError> {
    remove_certificate(&center, &caller, &thumbprint, params.text("confirm")).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(all: &[Listed]) -> Value {
    json!({ "value": all.iter().map(Listed::to_json).collect::<Vec<_>>() })
}
