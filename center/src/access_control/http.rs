//! Attributes for access control, for programs.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use store::StoreError;

use super::{AccessControl, SOURCES, store as rows};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody};

/// The configuration of this instance.
pub(super) async fn load(center: &Center) -> Result<Option<AccessControl>, StoreError> {
    let id = center.instance_id.clone();
    center.store.read(move |tx| rows::load(tx, &id)).await
}

/// `GET /api/access-control-attributes`
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(load(&center).await?.as_ref())))
}

/// `PUT /api/access-control-attributes`: enables them, with these sources.
pub(super) async fn save(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(new): JsonBody<AccessControl>,
) -> Result<Json<Value>, ApiError> {
    new.check()?;
    let (author, saved) = (center.author(&caller), new.clone());
    center.store.write(move |tx| rows::save(tx, &author, Some(&saved))).await?;
    Ok(Json(shown(Some(&new))))
}

/// `DELETE /api/access-control-attributes`: disables them. Sessions that have begun keep their tags.
pub(super) async fn delete(State(center): State<Center>, caller: Caller) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| rows::save(tx, &author, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(config: Option<&AccessControl>) -> Value {
    let attributes = config.map(|config| config.attributes.as_slice()).unwrap_or_default();
    json!({ "enabled": config.is_some(), "attributes": attributes, "sources": SOURCES })
}
