use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use scim::caseless;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use super::body::paged;
use super::{ApiError, JsonBody, Params};
use crate::Center;
use crate::access::Caller;
use crate::identity_store::store::{self as identities, Page};
use crate::identity_store::{Group, GroupFields, IdentityError};

/// GET /api/groups
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| {
        let after = caseless::key(params.text("next"));
        identities::list_groups(tx, &instance, Page { search: params.text("q"), after: &after, limit })
    };
    let groups = center.store.read(read).await?;
    let next = groups.last().map(|g| caseless::key(&g.fields.display_name));
    Ok(paged(groups.iter().map(shown).collect(), limit, next))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewGroupBody {
    display_name: String,
    #[serde(default)]
    description: String,
}

/// POST /api/groups
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<NewGroupBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let author = center.author(&caller);
    let id = center.random.id(author.now);
    let fields =
        GroupFields { display_name: body.display_name, external_id: None, description: body.description };
    let made = center
        .store
        .write(move |tx| -> Result<_, IdentityError> {
            identities::check_editable(tx, &author.instance_id)?;
            identities::create_group(tx, &author, &id, &author.actor, &fields)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&made))))
}

/// GET /api/groups/{group}
pub(super) async fn get(
    State(center): State<Center>,
    Path(group): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
        let group = find(tx, &instance, &group)?;
        let members = identities::count_members(tx, &instance, &group.id)?;
        Ok((group, members))
    };
    let (group, members) = center.store.read(read).await?;
    let mut body = shown(&group);
    body["members"] = members.into();
    Ok(Json(body))
}

/// DELETE /api/groups/{group}
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    Path(group): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center
        .store
        .write(move |tx| -> Result<_, IdentityError> {
            let group = find(tx, &author.instance_id, &group)?;
            identities::check_editable_of(tx, &author.instance_id, &group.owner)?;
            identities::delete_group(tx, &author, &group.id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// GET /api/groups/{group}/members
pub(super) async fn members(
    State(center): State<Center>,
    Path(group): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
        let group = find(tx, &instance, &group)?;
        Ok(identities::list_members(tx, &instance, &group.id, params.text("next"), limit)?)
    };
    let members = center.store.read(read).await?;
    let next = members.last().map(|m| m.id.clone());
    let shown = members.iter().map(
        |m| json!({ "id": m.id, "userName": m.user_name, "displayName": m.display_name, "active": m.active }),
    );
    Ok(paged(shown.collect(), limit, next))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MembersBody {
    /// Ids or user names.
    members: Vec<String>,
}

/// POST /api/groups/{group}/members
pub(super) async fn add_members(
    State(center): State<Center>,
    caller: Caller,
    Path(group): Path<String>,
    JsonBody(body): JsonBody<MembersBody>,
) -> Result<Json<Value>, ApiError> {
    let added = change_members(&center, &caller, group, body, identities::add_members).await?;
    Ok(Json(json!({ "added": added })))
}

/// DELETE /api/groups/{group}/members
pub(super) async fn remove_members(
    State(center): State<Center>,
    caller: Caller,
    Path(group): Path<String>,
    JsonBody(body): JsonBody<MembersBody>,
) -> Result<Json<Value>, ApiError> {
    let removed = change_members(&center, &caller, group, body, identities::remove_members).await?;
    Ok(Json(json!({ "removed": removed })))
}

type Change = fn(&mut Tx<'_>, &crate::instance::Author, &str, &[String]) -> Result<u64, IdentityError>;

async fn change_members(
    center: &Center,
    caller: &Caller,
    group: String,
    body: MembersBody,
    change: Change,
) -> Result<u64, ApiError> {
    let author = center.author(caller);
    let write = move |tx: &mut Tx<'_>| -> Result<u64, IdentityError> {
        let instance = &author.instance_id;
        let group = find(tx, instance, &group)?;
        identities::check_editable_of(tx, instance, &group.owner)?;
        let mut ids = Vec::new();
        for member in body.members.iter().take(crate::identity_store::MAX_MEMBERS_PER_CALL + 1) {
            ids.push(identities::find_user(tx, instance, member)?.id);
        }
        change(tx, &author, &group.id, &ids)
    };
    Ok(center.store.write(write).await?)
}

/// The group with this id or, else, name.
pub fn find(tx: &mut Tx<'_>, instance_id: &str, given: &str) -> Result<Group, IdentityError> {
    if let Some(group) = identities::group(tx, instance_id, given)? {
        return Ok(group);
    }
    let named = identities::group_by_name(tx, instance_id, given)?;
    named.ok_or_else(|| IdentityError::GroupNotFound(given.to_owned()))
}

fn shown(group: &Group) -> Value {
    json!({
        "id": group.id,
        "displayName": group.fields.display_name,
        "description": group.fields.description,
        "externalId": group.fields.external_id,
        "owner": group.owner,
        "createdAt": group.created_at.rfc3339(),
        "updatedAt": group.updated_at.rfc3339(),
    })
}
