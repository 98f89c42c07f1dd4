//! `/api/recycle-bin`

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{StoreError, Tx};

use super::{Aside, BinError, Binned, Restored, store as bin};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody, Params, paged};

/// `GET /api/recycle-bin`: the last deleted first.
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let after = place(params.text("next"))?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| {
        bin::list(tx, &instance, after.as_ref().map(|(at, id)| (*at, id.as_str())), limit)
    };
    let found = center.store.read(read).await?;
    let next = found.last().map(next_place);
    Ok(paged(found.iter().map(shown).collect(), limit, next))
}

/// Where the next page starts: a time and an id.
pub(super) fn next_place(last: &Binned) -> String {
    format!("{}.{}", last.deleted_at.micros(), last.id)
}

/// The place that [`next_place`] wrote.
///
/// # Errors
/// [`ApiError`] for anything else.
pub(super) fn place(text: &str) -> Result<Option<(i64, String)>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    place.map(Some).ok_or_else(|| ApiError::invalid("next", "the value of the page before is needed", text))
}

/// `GET /api/recycle-bin/{id}`: with what would come back.
pub(super) async fn show(
    State(center): State<Center>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let (found, with) = center.store.read(move |tx| bin::find(tx, &instance, &id)).await?;
    let mut document = shown(&found);
    document["keptAside"] = aside(with);
    Ok(Json(document))
}

/// `POST /api/recycle-bin/{id}/restore`
pub(super) async fn restore(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let Restored { id, kind, with, without } =
        center.store.write(move |tx| bin::restore(tx, &author, &id)).await?;
    let (with, without) = (aside(with), aside(without));
    Ok(Json(json!({ "id": id, "kind": kind.kind(), "restored": with, "leftOut": without })))
}

/// `DELETE /api/recycle-bin/{id}`: for good.
pub(super) async fn remove(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| bin::remove(tx, &author, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/recycle-bin/settings`
pub(super) async fn settings(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let on = center.store.read(move |tx| bin::restores_returning(tx, &instance)).await?;
    Ok(Json(json!({ "restoreReturning": on })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SettingsBody {
    restore_returning: bool,
}

/// `PUT /api/recycle-bin/settings`
pub(super) async fn set(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<SettingsBody>,
) -> Result<Json<Value>, ApiError> {
    let (author, on) = (center.author(&caller), body.restore_returning);
    let set =
        move |tx: &mut Tx<'_>| -> Result<(), StoreError> { bin::set_restores_returning(tx, &author, on) };
    center.store.write(set).await?;
    Ok(Json(json!({ "restoreReturning": on })))
}

fn shown(binned: &Binned) -> Value {
    json!({
        "id": binned.id,
        "kind": binned.kind.kind(),
        "name": binned.name,
        "externalId": binned.external_id,
        "owner": binned.owner,
        "deletedAt": binned.deleted_at.rfc3339(),
        "deletedBy": binned.deleted_by,
        "removedAt": binned.removed_at().rfc3339(),
    })
}

fn aside(aside: Aside) -> Value {
    json!({ "memberships": aside.memberships, "assignments": aside.assignments })
}

impl From<BinError> for ApiError {
    fn from(error: BinError) -> Self {
        let message = error.to_string();
        match error {
            BinError::NotFound(_) => Self::not_found("NotInRecycleBin", message).target("id"),
            BinError::Identity(error) => Self::from(error),
        }
    }
}
