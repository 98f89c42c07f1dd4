//! `/api/scim/schemas`

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use scim::schema::custom::Definition;
use serde_json::{Value, json};

use super::store;
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody, Params};

/// `GET /api/scim/schemas`: each definition with the number of users or groups that have values of it.
pub async fn list(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let found = center.store.read(move |tx| store::list(tx, &instance)).await?;
    let shown: Vec<Value> = found
        .iter()
        .map(|(definition, count)| {
            let mut document = json!(definition);
            document["resourcesWithValues"] = json!(count);
            document
        })
        .collect();
    Ok(Json(json!({ "schemas": shown })))
}

/// `POST /api/scim/schemas`: a schema document of RFC 7643 §7 with `resourceType` User or Group.
pub async fn add(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(definition): JsonBody<Definition>,
) -> Result<Response, ApiError> {
    let author = center.author(&caller);
    let body = json!(definition);
    center.store.write(move |tx| store::add(tx, &author, &definition)).await?;
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `DELETE /api/scim/schemas/{urn}?confirm=n`: `confirm` is the number of users or groups that lose values.
pub async fn remove(
    State(center): State<Center>,
    caller: Caller,
    Path(urn): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let confirmed = match params.text("confirm") {
        "" => None,
        text => Some(text.parse().map_err(|_| ApiError::invalid("confirm", "a number is needed", text))?),
    };
    let author = center.author(&caller);
    let count = center.store.write(move |tx| store::remove(tx, &author, &urn, confirmed)).await?;
    Ok(Json(json!({ "resourcesWithoutValues": count })))
}
