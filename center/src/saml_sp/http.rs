//! The metadata file for anyone, and the attempts for programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};
use store::StoreError;

use super::attempt::{self, Attempt, Summary};
use super::service_provider::Published;
use super::store::{self as rows, Filter};
use crate::Center;
use crate::admin_api::{ApiError, Params};
use crate::console::PageError;

/// How many attempts a list has unless it is said, and at most.
pub(super) const LIST_DEFAULT: i64 = 50;
const LIST_MOST: i64 = 500;

/// `GET /platform/saml/metadata/{identity_store_id}`: our metadata, which is no secret.
pub(super) async fn metadata(
    State(center): State<Center>,
    Path(identity_store_id): Path<String>,
) -> Result<Response, PageError> {
    let instance = center.instance().await?;
    if instance.identity_store_id != identity_store_id {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    Ok(metadata_file(&center.published().await?))
}

/// The metadata file as an answer that browsers save.
pub(crate) fn metadata_file(published: &Published) -> Response {
    match published.metadata() {
        Ok(xml) => {
            let headers = [
                (header::CONTENT_TYPE, "application/samlmetadata+xml"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"center-sp-metadata.xml\""),
            ];
            (headers, xml).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metadata cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `GET /api/sign-in-attempts?limit&outcome&userName`: newest first.
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(LIST_DEFAULT, LIST_MOST)?;
    let instance_id = center.instance_id.clone();
    let filter =
        Filter { outcome: params.text("outcome").to_owned(), user_name: params.text("userName").to_owned() };
    let attempts = center.store.read(move |tx| rows::attempts(tx, &instance_id, &filter, limit)).await?;
    let value: Vec<Value> = attempts.iter().map(Summary::to_json).collect();
    Ok(Json(json!({ "value": value })))
}

/// `GET /api/sign-in-attempts/{reference}`: with every check.
pub(super) async fn show(
    State(center): State<Center>,
    Path(reference): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(known(&center, &reference).await?.to_json()))
}

/// The attempt with a reference, which must be there.
pub(super) async fn known(center: &Center, reference: &str) -> Result<Attempt, ApiError> {
    let found = find(center, reference).await?;
    found.ok_or_else(|| {
        let message =
            "there is no sign-in attempt with this reference; it is wrong, or old and no longer kept";
        ApiError::not_found("SignInAttemptNotFound", message)
            .target("reference")
            .found(&reference.chars().take(40).collect::<String>())
    })
}

/// The attempt with a reference as people type it.
pub(super) async fn find(center: &Center, reference: &str) -> Result<Option<Attempt>, StoreError> {
    let (instance_id, reference) = (center.instance_id.clone(), attempt::typed(reference));
    center.store.read(move |tx| rows::attempt(tx, &instance_id, &reference)).await
}
