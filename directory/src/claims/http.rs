//! The claims of an application by our own API.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::Value;
use web::routes::Routes;

use super::{Configuration, preview, store};
use crate::Directory;
use crate::access::Caller;
use crate::applications;
use crate::body::ApiJson;
use crate::refused::Refused;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/api/applications/{app}/claims", show)
        .put("/api/applications/{app}/claims", replace)
        .get("/api/applications/{app}/claims/preview", preview_json)
}

/// GET /api/applications/{app}/claims
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Json<Configuration>, Refused> {
    let found = directory.read(move |tx, tenant| {
        let application = applications::by_any_id(tx, tenant, &id)?;
        Ok(store::configuration(tx, tenant, &application.id)?)
    });
    Ok(Json(found.await?))
}

/// PUT /api/applications/{app}/claims: the whole configuration.
async fn replace(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    ApiJson(wanted): ApiJson<Configuration>,
) -> Result<Json<Configuration>, Refused> {
    let saved = directory.write(&caller, move |tx, change| {
        let application = applications::by_any_id(tx, &change.tenant, &id)?;
        store::update(tx, change, &application, |_| Ok(wanted.clone()))
    });
    Ok(Json(saved.await?))
}

#[derive(Deserialize)]
struct ForUser {
    user: Option<String>,
}

/// GET /api/applications/{app}/claims/preview?user=
async fn preview_json(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(query): Query<ForUser>,
) -> Result<Json<Value>, Refused> {
    let user = query.user.ok_or_else(|| Refused::invalid("user", "a user principal name or an id", ""))?;
    Ok(Json(preview(&directory, &id, user.trim()).await?.to_json()))
}
