use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use super::body::paged;
use super::{ApiError, JsonBody, Params, groups};
use crate::Center;
use crate::access::Caller;
use crate::assignments::{self, Assignment, AssignmentError, PrincipalType, store as rows};
use crate::identity_store::IdentityError;
use crate::identity_store::store::find_user;
use crate::permission_sets::{PermissionSetError, store as sets};

/// GET /api/assignments
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(1000, 10_000)?;
    let next = params.text("next").to_owned();
    let after: Vec<&str> = next.split('/').collect();
    let after = match after[..] {
        [""] => None,
        [account, set, principal] => Some([account.to_owned(), set.to_owned(), principal.to_owned()]),
        _ => return Err(ApiError::invalid("next", "the value of an earlier answer is needed", &next)),
    };
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| {
        let filter = rows::Filter {
            account_id: params.text("accountId"),
            principal_id: params.text("principalId"),
            permission_set_id: "",
            after: after.as_ref(),
        };
        rows::list(tx, &instance, filter, limit)
    };
    let found = center.store.read(read).await?;
    let next = found.last().map(|l| {
        let a = &l.assignment;
        format!("{}/{}/{}", a.account_id, a.permission_set_id, a.principal_id)
    });
    Ok(paged(found.iter().map(shown).collect(), limit, next))
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    account_id: String,
    permission_set: String,
    principal_type: String,
    principal: String,
}

/// POST /api/assignments
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let kind = body.principal_type()?;
    let author = center.author(&caller);
    let write = move |tx: &mut Tx<'_>| -> Result<bool, AssignmentError> {
        let wanted = body.resolve(tx, &author.instance_id, kind)?;
        rows::assign(tx, &author, &wanted)
    };
    let created = center.store.write(write).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "created": created }))))
}

/// DELETE /api/assignments
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<Body>,
) -> Result<Json<Value>, ApiError> {
    let kind = body.principal_type()?;
    let author = center.author(&caller);
    let write = move |tx: &mut Tx<'_>| -> Result<bool, AssignmentError> {
        let gone = body.resolve(tx, &author.instance_id, kind)?;
        Ok(rows::unassign(tx, &author, &gone)?)
    };
    let removed = center.store.write(write).await?;
    Ok(Json(json!({ "removed": removed })))
}

impl Body {
    fn principal_type(&self) -> Result<PrincipalType, ApiError> {
        PrincipalType::parse(&self.principal_type).ok_or_else(|| {
            ApiError::invalid("principalType", "USER or GROUP is needed", &self.principal_type)
        })
    }

    /// The ids behind names or ids.
    fn resolve(
        &self,
        tx: &mut Tx<'_>,
        instance_id: &str,
        kind: PrincipalType,
    ) -> Result<Assignment, AssignmentError> {
        let set = sets::find(tx, instance_id, &self.permission_set).map_err(|e| match e {
            PermissionSetError::Store(error) => error.into(),
            _ => AssignmentError::PermissionSetNotFound(self.permission_set.clone()),
        })?;
        let found = match kind {
            PrincipalType::User => find_user(tx, instance_id, &self.principal).map(|u| u.id),
            PrincipalType::Group => groups::find(tx, instance_id, &self.principal).map(|g| g.id),
        };
        let principal_id = found.map_err(|e| match (e, kind) {
            (IdentityError::Store(error), _) => error.into(),
            (_, PrincipalType::User) => AssignmentError::UserNotFound(self.principal.clone()),
            (_, PrincipalType::Group) => AssignmentError::GroupNotFound(self.principal.clone()),
        })?;
        Ok(Assignment {
            account_id: self.account_id.clone(),
            permission_set_id: set.id,
            principal_type: kind,
            principal_id,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportBody {
    assignments: String,
}

/// POST /api/assignments/import
pub(super) async fn import(
    State(center): State<Center>,
    caller: Caller,
    params: Params,
    JsonBody(body): JsonBody<ImportBody>,
) -> Result<Json<Value>, ApiError> {
    let dry_run = params.flag("dryRun")?;
    let parsed = assignments::parse(&body.assignments)?;
    let author = center.author(&caller);
    let write = move |tx: &mut Tx<'_>| assignments::import(tx, &author, &parsed, dry_run);
    let done = center.store.write(write).await?;
    Ok(Json(json!({ "created": done.created, "existing": done.existing, "dryRun": dry_run })))
}

fn shown(listed: &rows::Listed) -> Value {
    let a = &listed.assignment;
    json!({
        "accountId": a.account_id,
        "accountName": listed.account_name,
        "permissionSetId": a.permission_set_id,
        "permissionSet": listed.permission_set_name,
        "principalType": a.principal_type.as_str(),
        "principalId": a.principal_id,
        "principal": listed.principal_name,
    })
}
