//! The identity provider's metadata URL, for programs.

use ::store::StoreError;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::ConfirmBody;
use super::metadata_url::{EVERY_DEFAULT, Given};
use super::refresh::{self as work, Standing};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody, Params};

/// How it stands.
pub(super) async fn standing(center: &Center) -> Result<Standing, StoreError> {
    let (id, now) = (center.instance_id.clone(), center.clock.now());
    center.store.read(move |tx| work::standing(tx, &id, now)).await
}

async fn shown(center: &Center) -> Result<Json<Value>, ApiError> {
    Ok(Json(match standing(center).await? {
        Some((saved, diff)) => saved.to_json(diff.as_ref()),
        None => json!({ "url": null }),
    }))
}

/// `GET /api/identity-source/metadata-url`
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    shown(&center).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UrlBody {
    url: String,
    #[serde(default)]
    allow_private: bool,
    every_seconds: Option<i64>,
}

/// `PUT /api/identity-source/metadata-url?dryRun`: read from now on; with `dryRun=true` only what would happen.
pub(super) async fn set(
    State(center): State<Center>,
    caller: Caller,
    params: Params,
    JsonBody(body): JsonBody<UrlBody>,
) -> Result<Json<Value>, ApiError> {
    let every_seconds = body.every_seconds.unwrap_or(EVERY_DEFAULT);
    let given = Given { url: body.url, allow_private: body.allow_private, every_seconds };
    if params.flag("dryRun")? {
        let (_, diff) = work::preview(&center, &given).await?;
        return Ok(Json(json!({ "url": given.url, "changes": diff.to_json() })));
    }
    work::choose(&center, &caller, given).await?;
    shown(&center).await
}

/// `DELETE /api/identity-source/metadata-url`
pub(super) async fn remove(State(center): State<Center>, caller: Caller) -> Result<StatusCode, ApiError> {
    work::stop(&center, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/identity-source/metadata-url/refresh`
pub(super) async fn refresh(State(center): State<Center>, caller: Caller) -> Result<Json<Value>, ApiError> {
    work::refresh(&center, &caller).await?;
    shown(&center).await
}

/// `POST /api/identity-source/metadata-url/apply`
pub(super) async fn apply(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<ConfirmBody>,
) -> Result<Json<Value>, ApiError> {
    work::apply(&center, &caller, &body.confirm).await?;
    shown(&center).await
}
