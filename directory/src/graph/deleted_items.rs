//! `/v1.0/directory/deletedItems`: users that were deleted in the last 30 days.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use web::routes::Routes;

use super::GraphError;
use super::object;
use super::query::Options;
use crate::Directory;
use crate::access::Caller;
use crate::refused::Refused;
use crate::users::{self, Page};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/directory/deletedItems/microsoft.graph.user", list)
        .post("/v1.0/directory/deletedItems/{id}/restore", restore)
        .delete("/v1.0/directory/deletedItems/{id}", purge)
}

/// GET /v1.0/directory/deletedItems/microsoft.graph.user
async fn list(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    let query = options.query(|property| (property == "id").then_some("id"))?;
    let page = directory.read(move |tx, tenant| users::list_deleted(tx, tenant, &query)).await?;
    let items: Result<Vec<Value>, Refused> =
        page.items.iter().map(|u| object::user(u, &options.select)).collect();
    let page = Page { items: items?, next: page.next };
    let path = "/v1.0/directory/deletedItems/microsoft.graph.user";
    Ok(object::many(&directory, "users", path, &options, page))
}

/// POST /v1.0/directory/deletedItems/{id}/restore
async fn restore(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, GraphError> {
    let user = directory.write(&caller, move |tx, change| users::restore(tx, change, &id)).await?;
    let user = object::typed("user", object::user(&user, &[])?);
    Ok(object::one(&directory, "directoryObjects/$entity", user))
}

/// DELETE /v1.0/directory/deletedItems/{id}
async fn purge(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| users::purge(tx, change, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
