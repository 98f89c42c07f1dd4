use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use super::{ApiError, JsonBody, Params};
use crate::Center;
use crate::access::Caller;
use crate::permission_sets::{self, Fields, PREDEFINED, PermissionSet, PermissionSetError, store as sets};

/// GET /api/permission-sets
pub(super) async fn list(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let found = center.store.read(move |tx| sets::list(tx, &instance)).await?;
    let value: Vec<Value> = found.iter().map(|set| shown(&center, set)).collect();
    Ok(Json(json!({ "value": value })))
}

/// What can be set. `predefined` names an AWS job function instead of everything else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default)]
    name: String,
    predefined: Option<String>,
    #[serde(default)]
    description: String,
    session_duration: Option<String>,
    relay_state: Option<String>,
    #[serde(default)]
    managed_policies: Vec<String>,
    #[serde(default)]
    inline_policy: String,
}

impl Body {
    fn fields(self) -> Result<Fields, ApiError> {
        let default = match &self.predefined {
            None => Fields {
                description: self.description,
                managed_policies: self.managed_policies,
                inline_policy: self.inline_policy,
                ..Fields::default()
            },
            Some(name) => {
                let known = PREDEFINED.iter().find(|p| p.name == name);
                let names: Vec<&str> = PREDEFINED.iter().map(|p| p.name).collect();
                known.map(permission_sets::Predefined::fields).ok_or_else(|| {
                    ApiError::invalid("predefined", "there is no such predefined set", name)
                        .expected(names.join(", "))
                })?
            }
        };
        Ok(Fields {
            name: if self.name.is_empty() { default.name } else { self.name },
            session_duration: self.session_duration.unwrap_or(default.session_duration),
            relay_state: self.relay_state.filter(|r| !r.is_empty()),
            ..default
        })
    }
}

/// POST /api/permission-sets
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (fields, author, random) = (body.fields()?, center.author(&caller), center.random.clone());
    let made = center.store.write(move |tx| sets::create(tx, &author, &random, &fields)).await?;
    Ok((StatusCode::CREATED, Json(shown(&center, &made))))
}

/// GET /api/permission-sets/{set}
pub(super) async fn get(
    State(center): State<Center>,
    Path(set): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let found = center.store.read(move |tx| sets::find(tx, &instance, &set)).await?;
    Ok(Json(shown(&center, &found)))
}

/// PUT /api/permission-sets/{set}: everything but the name; what is left out becomes the default, as
/// AWS does it with the relay state.
pub(super) async fn update(
    State(center): State<Center>,
    caller: Caller,
    Path(set): Path<String>,
    JsonBody(body): JsonBody<Body>,
) -> Result<Json<Value>, ApiError> {
    let (fields, author) = (body.fields()?, center.author(&caller));
    let write = move |tx: &mut Tx<'_>| -> Result<_, PermissionSetError> {
        let found = sets::find(tx, &author.instance_id, &set)?;
        sets::update(tx, &author, &found.id, &fields)
    };
    let changed = center.store.write(write).await?;
    Ok(Json(shown(&center, &changed)))
}

/// DELETE /api/permission-sets/{set}
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    Path(set): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    let write = move |tx: &mut Tx<'_>| -> Result<_, PermissionSetError> {
        let found = sets::find(tx, &author.instance_id, &set)?;
        sets::delete(tx, &author, &found.id)
    };
    center.store.write(write).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ImportBody {
    permission_sets: String,
}

/// POST /api/permission-sets/import
pub(super) async fn import(
    State(center): State<Center>,
    caller: Caller,
    params: Params,
    JsonBody(body): JsonBody<ImportBody>,
) -> Result<Json<Value>, ApiError> {
    let dry_run = params.flag("dryRun")?;
    let rows = permission_sets::parse(&body.permission_sets)?;
    let (author, random) = (center.author(&caller), center.random.clone());
    let write = move |tx: &mut Tx<'_>| permission_sets::import(tx, &author, &random, &rows, dry_run);
    let done = center.store.write(write).await?;
    Ok(Json(json!({
        "created": done.created, "updated": done.updated, "unchanged": done.unchanged, "dryRun": dry_run,
    })))
}

fn shown(center: &Center, set: &PermissionSet) -> Value {
    let mut shown = set.for_event();
    shown["arn"] = permission_sets::arn(&center.instance_id, &set.id).into();
    shown["createdAt"] = set.created_at.rfc3339().into();
    shown
}
