use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use scim::caseless;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::paged;
use super::{ApiError, JsonBody, Params};
use crate::Center;
use crate::access::Caller;
use crate::assignments::{AccountAccess, access_of};
use crate::identity_store::store::{self, Page};
use crate::identity_store::{IdentityError, NewUser, User, resource_of};
use crate::{credentials, permission_sets};

/// GET /api/users
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut ::store::Tx<'_>| {
        let after = caseless::key(params.text("next"));
        store::list_users(tx, &instance, Page { search: params.text("q"), after: &after, limit })
    };
    let users = center.store.read(read).await?;
    let next = users.last().map(|u| caseless::key(&u.user_name));
    Ok(paged(users.iter().map(shown).collect(), limit, next))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewUserBody {
    user_name: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
}

/// POST /api/users
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(b): JsonBody<NewUserBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let resource = resource_of(&b.user_name, &b.given_name, &b.family_name, &b.display_name, &b.email);
    let author = center.author(&caller);
    let new = NewUser { id: center.random.id(author.now), owner: caller.actor, resource };
    let made = center
        .store
        .write(move |tx| -> Result<_, IdentityError> {
            store::check_editable(tx, &author.instance_id)?;
            store::create_user(tx, &author, &new)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&made))))
}

/// GET /api/users/{user}
pub(super) async fn get(
    State(center): State<Center>,
    Path(user): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut ::store::Tx<'_>| -> Result<_, IdentityError> {
        let user = store::find_user(tx, &instance, &user)?;
        let groups = store::groups_of(tx, &instance, &user.id, 1000)?;
        Ok((user, groups))
    };
    let (user, groups) = center.store.read(read).await?;
    let mut body = shown(&user);
    body["groups"] =
        groups.iter().map(|g| json!({ "id": g.id, "displayName": g.fields.display_name })).collect();
    Ok(Json(body))
}

/// DELETE /api/users/{user}
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center
        .store
        .write(move |tx| -> Result<_, IdentityError> {
            let user = store::find_user(tx, &author.instance_id, &user)?;
            store::check_editable_of(tx, &author.instance_id, &user.owner)?;
            store::delete_user(tx, &author, &user.id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActiveBody {
    active: bool,
}

/// PUT /api/users/{user}/active
pub(super) async fn set_active(
    State(center): State<Center>,
    caller: Caller,
    Path(user): Path<String>,
    JsonBody(body): JsonBody<ActiveBody>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let user = center
        .store
        .write(move |tx| -> Result<_, IdentityError> {
            let user = store::find_user(tx, &author.instance_id, &user)?;
            store::check_editable_of(tx, &author.instance_id, &user.owner)?;
            let mut resource = user.resource;
            resource["active"] = body.active.into();
            store::update_user(tx, &author, &user.id, &resource)
        })
        .await?;
    Ok(Json(shown(&user)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    password: String,
}

/// PUT /api/users/{user}/password
pub(super) async fn set_password(
    State(center): State<Center>,
    caller: Caller,
    Path(user): Path<String>,
    JsonBody(body): JsonBody<PasswordBody>,
) -> Result<StatusCode, ApiError> {
    let password = SecretString::from(body.password);
    credentials::set_password(&center, center.author(&caller), user, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// GET /api/users/{user}/access
pub(super) async fn access(
    State(center): State<Center>,
    Path(user): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut ::store::Tx<'_>| -> Result<_, IdentityError> {
        let user = store::find_user(tx, &instance, &user)?;
        let access = access_of(tx, &instance, &user.id)?;
        Ok((user, access))
    };
    let (user, access) = center.store.read(read).await?;
    let accounts: Vec<Value> = access.iter().map(|a| account(&center.instance_id, a)).collect();
    Ok(Json(json!({ "userName": user.user_name, "accounts": accounts })))
}

fn account(instance_id: &str, access: &AccountAccess) -> Value {
    let sets = access.roles.iter().map(|role| {
        let because = role.because.iter().map(|b| {
            json!({
                "principalType": b.principal_type.as_str(),
                "principalId": b.principal_id,
                "displayName": b.display_name,
            })
        });
        json!({
            "name": role.name,
            "arn": permission_sets::arn(instance_id, &role.permission_set_id),
            "because": because.collect::<Vec<_>>(),
        })
    });
    json!({
        "accountId": access.account_id,
        "accountName": access.account_name,
        "emailAddress": access.email,
        "permissionSets": sets.collect::<Vec<_>>(),
    })
}

/// A user as this API shows it.
fn shown(user: &User) -> Value {
    json!({
        "id": user.id,
        "userName": user.user_name,
        "displayName": user.display_name,
        "givenName": user.text("/name/givenName"),
        "familyName": user.text("/name/familyName"),
        "email": user.email(),
        "externalId": user.external_id,
        "active": user.active,
        "owner": user.owner,
        "createdAt": user.created_at.rfc3339(),
        "updatedAt": user.updated_at.rfc3339(),
    })
}
