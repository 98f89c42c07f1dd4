//! `appRoleAssignedTo` and `appRoleAssignments` (Graph v1.0, "appRoleAssignment resource type").

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use store::Tx;
use web::routes::Routes;

use super::GraphError;
use super::object::{self, Object};
use super::query::Options;
use crate::access::Caller;
use crate::applications::{self, Application, Assignment, PrincipalKind};
use crate::refused::Refused;
use crate::users::{self, Page};
use crate::{Directory, groups};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals/{id}/appRoleAssignedTo", list)
        .post("/v1.0/servicePrincipals/{id}/appRoleAssignedTo", assign)
        .delete("/v1.0/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", unassign)
        .post("/v1.0/users/{id}/appRoleAssignments", assign_user)
        .post("/v1.0/groups/{id}/appRoleAssignments", assign_group)
}

fn as_json(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &Application,
    assignment: &Assignment,
) -> Result<Value, Refused> {
    let principal = &assignment.principal;
    let (kind, name) = match principal.kind {
        PrincipalKind::User => ("User", users::by_id(tx, tenant, &principal.id)?.map(|u| u.display_name)),
        PrincipalKind::Group => ("Group", groups::by_id(tx, tenant, &principal.id)?.map(|g| g.display_name)),
    };
    Ok(json!({
        "id": assignment.id,
        "appRoleId": assignment.app_role_id,
        "createdDateTime": assignment.created_at.rfc3339(),
        "principalDisplayName": name,
        "principalId": principal.id,
        "principalType": kind,
        "resourceDisplayName": application.display_name,
        "resourceId": application.service_principal_id,
    }))
}

/// GET /v1.0/servicePrincipals/{id}/appRoleAssignedTo
async fn list(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    if options.filter.is_some() || options.search.is_some() {
        return Err(Refused::Query("assignments are not filtered here".to_owned()).into());
    }
    let path = format!("/v1.0/servicePrincipals/{id}/appRoleAssignedTo");
    let wanted = options.clone();
    let page = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let after = wanted.skiptoken.as_deref();
            let page = applications::list_assignments(tx, tenant, &application.id, after, wanted.top)?;
            let mut items = Vec::with_capacity(page.items.len());
            for assignment in &page.items {
                items.push(as_json(tx, tenant, &application, assignment)?);
            }
            Ok(Page { items, next: page.next })
        })
        .await?;
    Ok(object::many(&directory, "appRoleAssignments", &path, &options, page))
}

/// POST /v1.0/servicePrincipals/{id}/appRoleAssignedTo
async fn assign(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    object: Object,
) -> Result<Response, GraphError> {
    save(&directory, &caller, Some(id), None, object).await
}

/// POST /v1.0/users/{id}/appRoleAssignments
async fn assign_user(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    object: Object,
) -> Result<Response, GraphError> {
    let user = directory.read(move |tx, tenant| users::by_id_or_name(tx, tenant, &id)).await?;
    save(&directory, &caller, None, Some(user.id), object).await
}

/// POST /v1.0/groups/{id}/appRoleAssignments
async fn assign_group(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    object: Object,
) -> Result<Response, GraphError> {
    let group = directory.read(move |tx, tenant| groups::get(tx, tenant, &id)).await?;
    save(&directory, &caller, None, Some(group.id), object).await
}

/// Assigns what the body names; what the path names as well must be the same.
async fn save(
    directory: &Directory,
    caller: &Caller,
    resource: Option<String>,
    principal: Option<String>,
    mut object: Object,
) -> Result<Response, GraphError> {
    let wanted =
        [object.required("principalId")?, object.required("resourceId")?, object.required("appRoleId")?];
    if wanted.iter().any(|id| id.chars().any(char::is_control)) {
        return Err(Refused::invalid("principalId", "an id", "").into());
    }
    let [principal_id, resource_id, role] = wanted;
    if principal.is_some_and(|id| id != principal_id) {
        return Err(Refused::invalid("principalId", "the id in the path", &principal_id).into());
    }
    let answer = directory
        .write(caller, move |tx, change| {
            let application = applications::by_any_id(tx, &change.tenant, &resource_id)?;
            if let Some(resource) = &resource {
                let in_path = applications::by_any_id(tx, &change.tenant, resource)?;
                if in_path.id != application.id {
                    return Err(Refused::invalid("resourceId", "the id in the path", &resource_id));
                }
            }
            let assignment = applications::assign(tx, change, &application, &principal_id, &role)?;
            as_json(tx, &change.tenant, &application, &assignment)
        })
        .await?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    Ok(object::created(directory, "appRoleAssignments", &id, answer))
}

/// DELETE /v1.0/servicePrincipals/{id}/appRoleAssignedTo/{assignment}
async fn unassign(
    State(directory): State<Directory>,
    Path((id, assignment)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory
        .write(&caller, move |tx, change| applications::unassign_by_id(tx, change, &id, &assignment))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
