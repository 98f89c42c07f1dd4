//! `/api/applications/{app}/provenance`

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::middleware::from_fn_with_state;
use serde::Deserialize;
use serde_json::Value;
use web::routes::Routes;

use super::Provenance;
use crate::refused::Refused;
use crate::{Directory, access};

/// The routes for programs.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/api/applications/{app}/provenance", show)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    user: String,
    group: Option<String>,
}

/// GET /api/applications/{app}/provenance?user=&group=
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    if asked.user.is_empty() {
        return Err(Refused::invalid("user", "a user principal name or an id", ""));
    }
    let found = directory
        .read(move |tx, tenant| Provenance::of(tx, tenant, &id, &asked.user, asked.group.as_deref()));
    Ok(Json(found.await?.to_json()))
}
