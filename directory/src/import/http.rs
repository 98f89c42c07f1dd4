//! POST /api/import

use axum::Json;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::middleware::from_fn_with_state;
use serde::Deserialize;
use web::routes::Routes;

use super::{Files, Report, run};
use crate::Directory;
use crate::access::{self, Caller};
use crate::body::ApiJson;
use crate::refused::Refused;

/// Largest body of an import.
const MAX_BODY: usize = 64 << 20;

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .post("/api/import", import)
        .guarded(DefaultBodyLimit::max(MAX_BODY))
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    users: Option<String>,
    groups: Option<String>,
    members: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    dry_run: Option<String>,
}

/// POST /api/import
async fn import(
    State(directory): State<Directory>,
    Query(options): Query<Options>,
    caller: Caller,
    ApiJson(body): ApiJson<Body>,
) -> Result<Json<Report>, Refused> {
    let dry_run = match options.dry_run.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Refused::invalid("dryRun", "true or false", other)),
    };
    let files = Files { users: body.users, groups: body.groups, members: body.members };
    Ok(Json(run(&directory, &caller, &files, dry_run).await?))
}
