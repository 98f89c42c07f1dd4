//! `/api/applications/{app}/app-roles`

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};
use web::routes::Routes;

use super::{
    AppRole, WantedRole, app_role, app_role_named, app_roles, assigned_by_role, by_any_id, delete_app_role,
    holders, save_app_role,
};
use crate::Directory;
use crate::access::Caller;
use crate::body::ApiJson;
use crate::refused::Refused;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/api/applications/{app}/app-roles", list)
        .post("/api/applications/{app}/app-roles", create)
        .get("/api/applications/{app}/app-roles/{role}", show)
        .put("/api/applications/{app}/app-roles/{role}", change)
        .delete("/api/applications/{app}/app-roles/{role}", delete)
}

/// A role, whether it can be edited, and how many users and groups are assigned to it.
fn as_json(role: &AppRole, assigned: &HashMap<String, i64>) -> Value {
    let mut json = json!(role);
    json["editable"] = json!(!role.is_fixed());
    json["assigned"] = json!(assigned.get(&role.id).copied().unwrap_or(0));
    json
}

/// GET /api/applications/{app}/app-roles
async fn list(
    State(directory): State<Directory>,
    Path(application): Path<String>,
) -> Result<Json<Value>, Refused> {
    let read = directory.read(move |tx, tenant| {
        let application = by_any_id(tx, tenant, &application)?;
        let assigned = assigned_by_role(tx, tenant, &application.id)?;
        let roles = app_roles(tx, tenant, &application.id)?;
        Ok(roles.iter().map(|role| as_json(role, &assigned)).collect::<Vec<_>>())
    });
    Ok(Json(json!({ "appRoles": read.await? })))
}

/// GET /api/applications/{app}/app-roles/{role}: a role, by its id, value or display name, and who has it.
async fn show(
    State(directory): State<Directory>,
    Path((application, named)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let read = directory.read(move |tx, tenant| {
        let application = by_any_id(tx, tenant, &application)?;
        let id = app_role_named(tx, tenant, &application.id, &named)?;
        let role = app_role(tx, tenant, &application.id, &id)?;
        let role = role.ok_or_else(|| Refused::not_found("app role", &named))?;
        let holders = holders(tx, tenant, &application.id, &id)?;
        let mut json = as_json(&role, &HashMap::new());
        json["assigned"] = json!(holders.assigned);
        json["people"] = json!(holders.people);
        json["assignedTo"] = json!(holders.assigned_to);
        Ok(json)
    });
    Ok(Json(read.await?))
}

/// POST /api/applications/{app}/app-roles: a new role, with the id given or a fresh one.
async fn create(
    State(directory): State<Directory>,
    Path(application): Path<String>,
    caller: Caller,
    ApiJson(wanted): ApiJson<WantedRole>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let made = directory.write(&caller, move |tx, change| {
        let application = by_any_id(tx, &change.tenant, &application)?;
        let role = wanted.checked(|| change.id())?;
        if app_role(tx, &change.tenant, &application.id, &role.id)?.is_some() {
            return Err(Refused::invalid("appRoles.id", "an id that no other role has", &role.id));
        }
        save_app_role(tx, change, &application.id, &role)?;
        Ok(as_json(&role, &HashMap::new()))
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// PUT /api/applications/{app}/app-roles/{role}: the role as it is to be.
async fn change(
    State(directory): State<Directory>,
    Path((application, id)): Path<(String, String)>,
    caller: Caller,
    ApiJson(wanted): ApiJson<WantedRole>,
) -> Result<Json<Value>, Refused> {
    if wanted.id.as_ref().is_some_and(|given| *given != id) {
        return Err(Refused::invalid(
            "appRoles.id",
            "the id in the path",
            wanted.id.as_deref().unwrap_or(""),
        ));
    }
    let wanted = WantedRole { id: Some(id.clone()), ..wanted };
    let changed = directory.write(&caller, move |tx, change| {
        let application = by_any_id(tx, &change.tenant, &application)?;
        let before = app_role(tx, &change.tenant, &application.id, &id)?;
        before.ok_or_else(|| Refused::not_found("app role", &id))?;
        let role = wanted.checked(String::new)?;
        save_app_role(tx, change, &application.id, &role)?;
        Ok(as_json(&role, &assigned_by_role(tx, &change.tenant, &application.id)?))
    });
    Ok(Json(changed.await?))
}

/// DELETE /api/applications/{app}/app-roles/{role}: with the assignments that carry it; refused while the role
/// is enabled and assigned.
async fn delete(
    State(directory): State<Directory>,
    Path((application, id)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, Refused> {
    let done = directory.write(&caller, move |tx, change| {
        let application = by_any_id(tx, &change.tenant, &application)?;
        delete_app_role(tx, change, &application.id, &id)
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
