//! Certificates by our own API: those of applications, and those that sign.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use web::routes::Routes;

use super::{
    Expiring, KeyCredential, Usage, add_key_credential, by_any_id, delete_key_credential, in_use,
    key_credentials,
};
use crate::Directory;
use crate::access::Caller;
use crate::refused::Refused;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/api/certificates", certificates)
        .get("/api/applications/{app}/key-credentials", list)
        .post("/api/applications/{app}/key-credentials", add)
        .delete("/api/applications/{app}/key-credentials/{key}", delete)
}

/// GET /api/certificates: those that sign, the first to expire first.
async fn certificates(State(directory): State<Directory>) -> Result<Json<Value>, Refused> {
    let now = directory.clock.now();
    let all = directory.read(move |tx, tenant| Ok(in_use(tx, tenant, now)?)).await?;
    let as_json = |c: &Expiring| {
        let status = match (c.expired(), c.soon()) {
            (true, _) => "expired",
            (false, true) => "expires soon",
            (false, false) => "valid",
        };
        json!({
            "applicationId": c.application_id,
            "application": c.application_name,
            "keyId": c.key_id,
            "thumbprint": c.thumbprint,
            "notAfter": c.not_after.rfc3339(),
            "days": c.days,
            "status": status,
        })
    };
    Ok(Json(json!({ "value": all.iter().map(as_json).collect::<Vec<_>>() })))
}

/// GET /api/applications/{app}/key-credentials
async fn list(State(directory): State<Directory>, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let all = directory
        .read(move |tx, tenant| {
            let application = by_any_id(tx, tenant, &id)?;
            Ok(key_credentials(tx, tenant, &application.id)?)
        })
        .await?;
    Ok(Json(json!({ "value": all.iter().map(KeyCredential::to_json).collect::<Vec<_>>() })))
}

#[derive(Deserialize)]
struct For {
    usage: String,
}

/// POST /api/applications/{app}/key-credentials?usage=Verify or Encrypt, the certificate as the body.
async fn add(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(wanted): Query<For>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let usage = Usage::from_name(&wanted.usage)
        .ok_or_else(|| Refused::invalid("usage", "Verify or Encrypt", &wanted.usage))?;
    let added = directory
        .write(&caller, move |tx, change| add_key_credential(tx, change, &id, usage, &body, change.id()))
        .await?;
    Ok((StatusCode::CREATED, Json(added.to_json())))
}

/// DELETE /api/applications/{app}/key-credentials/{key}
async fn delete(
    State(directory): State<Directory>,
    Path((id, key)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, Refused> {
    directory.write(&caller, move |tx, change| delete_key_credential(tx, change, &id, &key)).await?;
    Ok(StatusCode::NO_CONTENT)
}
