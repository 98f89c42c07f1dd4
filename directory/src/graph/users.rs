//! `/v1.0/users` (Graph v1.0, "user resource type").

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use web::routes::Routes;

use super::GraphError;
use super::object::{self, Object};
use super::query::Options;
use crate::access::Caller;
use crate::refused::Refused;
use crate::users::{self, NewUser, Page, Profile, UserChange};
use crate::{Directory, credentials, groups};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/users", list)
        .post("/v1.0/users", create)
        .get("/v1.0/users/{id}", get)
        .patch("/v1.0/users/{id}", update)
        .delete("/v1.0/users/{id}", delete)
        .get("/v1.0/users/{id}/manager", manager)
        .get("/v1.0/users/{id}/manager/$ref", manager_reference)
        .put("/v1.0/users/{id}/manager/$ref", set_manager)
        .delete("/v1.0/users/{id}/manager/$ref", remove_manager)
        .get("/v1.0/users/{id}/memberOf", member_of)
        .get("/v1.0/users/{id}/transitiveMemberOf", transitive_member_of)
        .post("/v1.0/users/{id}/getMemberObjects", member_objects)
}

fn column(property: &str) -> Option<&'static str> {
    match property {
        "id" => Some("id"),
        "userPrincipalName" => Some("user_principal_name_key"),
        "displayName" => Some("display_name_key"),
        "mail" => Some("mail_key"),
        "accountEnabled" => Some("account_enabled"),
        _ => None,
    }
}

/// GET /v1.0/users
async fn list(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    let query = options.query(column)?;
    let page = directory.read(move |tx, tenant| users::list(tx, tenant, &query)).await?;
    let items: Result<Vec<Value>, Refused> =
        page.items.iter().map(|u| object::user(u, &options.select)).collect();
    let page = Page { items: items?, next: page.next };
    Ok(object::many(&directory, "users", "/v1.0/users", &options, page))
}

/// A password that a client sets: forced to be changed unless the client says otherwise, as Graph does.
struct NewPassword {
    hash: String,
    must_change: bool,
}

async fn new_password(directory: &Directory, object: &mut Object) -> Result<Option<NewPassword>, Refused> {
    let profile = match object.0.remove("passwordProfile") {
        None => return Ok(None),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Refused::invalid("passwordProfile", "an object", "")),
    };
    let mut profile = Object(profile);
    let must_change = profile.boolean("forceChangePasswordNextSignIn")?.unwrap_or(true);
    let hash = credentials::hash(directory, &profile.required("password")?).await?;
    Ok(Some(NewPassword { hash, must_change }))
}

/// POST /v1.0/users
async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    mut object: Object,
) -> Result<Response, GraphError> {
    let password = new_password(&directory, &mut object).await?;
    let password = password.ok_or_else(|| Refused::invalid("passwordProfile", "given", ""))?;
    let enabled = object.boolean("accountEnabled")?;
    if !object.0.contains_key("mailNickname") {
        return Err(Refused::invalid("mailNickname", "given", "").into());
    }
    let new = NewUser {
        user_principal_name: object.required("userPrincipalName")?,
        display_name: object.required("displayName")?,
        account_enabled: enabled.ok_or_else(|| Refused::invalid("accountEnabled", "given", ""))?,
        manager_id: None,
        profile: profile(object)?,
    };
    let user = directory
        .write(&caller, move |tx, change| {
            let user = users::create(tx, change, &new)?;
            credentials::set(tx, change, &user.id, &password.hash, password.must_change)?;
            Ok(user)
        })
        .await?;
    Ok(object::created(&directory, "users", &user.id, object::user(&user, &[])?))
}

fn profile(object: Object) -> Result<Profile, Refused> {
    let mut profile = Profile::default();
    for (name, value) in object.0.iter().filter(|(name, _)| !name.starts_with('@')) {
        profile.set(name, value)?;
    }
    Ok(profile)
}

/// GET /v1.0/users/{id or user principal name}
async fn get(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    let user = directory.read(move |tx, tenant| users::by_id_or_name(tx, tenant, &id)).await?;
    Ok(object::one(&directory, "users/$entity", object::user(&user, &options.select)?))
}

/// PATCH /v1.0/users/{id or user principal name}
async fn update(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    let password = new_password(&directory, &mut object).await?;
    let wanted = UserChange {
        user_principal_name: object.text("userPrincipalName")?,
        display_name: object.text("displayName")?,
        account_enabled: object.boolean("accountEnabled")?,
        profile: object.0.into_iter().filter(|(name, _)| !name.starts_with('@')).collect(),
    };
    directory
        .write(&caller, move |tx, change| {
            let user = users::update(tx, change, &id, &wanted)?;
            if let Some(password) = &password {
                credentials::set(tx, change, &user.id, &password.hash, password.must_change)?;
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE /v1.0/users/{id or user principal name}
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| users::delete(tx, change, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn manager_of(directory: &Directory, id: String) -> Result<users::User, Refused> {
    directory
        .read(move |tx, tenant| {
            let user = users::by_id_or_name(tx, tenant, &id)?;
            let manager = user.manager_id.ok_or_else(|| Refused::not_found("manager of the user", &id))?;
            users::by_id_or_name(tx, tenant, &manager)
        })
        .await
}

/// GET /v1.0/users/{id}/manager
async fn manager(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    let manager = manager_of(&directory, id).await?;
    let manager = object::typed("user", object::user(&manager, &options.select)?);
    Ok(object::one(&directory, "directoryObjects/$entity", manager))
}

/// GET /v1.0/users/{id}/manager/$ref
async fn manager_reference(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Response, GraphError> {
    let manager = manager_of(&directory, id).await?;
    let link = directory.url(&format!("/v1.0/directoryObjects/{}/microsoft.graph.user", manager.id));
    Ok(object::one(&directory, "$ref", json!({ "@odata.id": link })))
}

/// PUT /v1.0/users/{id}/manager/$ref
async fn set_manager(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    let manager = object.references("@odata.id", 1)?.pop();
    let manager = manager.ok_or_else(|| Refused::invalid("@odata.id", "given", ""))?;
    directory.write(&caller, move |tx, change| users::set_manager(tx, change, &id, Some(&manager))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE /v1.0/users/{id}/manager/$ref
async fn remove_manager(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| users::set_manager(tx, change, &id, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// GET /v1.0/users/{id}/memberOf
async fn member_of(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    member_of_any(&directory, &id, "memberOf", &options).await
}

/// GET /v1.0/users/{id}/transitiveMemberOf
async fn transitive_member_of(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    member_of_any(&directory, &id, "transitiveMemberOf", &options).await
}

async fn member_of_any(
    directory: &Directory,
    id: &str,
    relation: &str,
    options: &Options,
) -> Result<Response, GraphError> {
    let (path, transitive) = (format!("/v1.0/users/{id}/{relation}"), relation != "memberOf");
    let id = id.to_owned();
    let groups = directory
        .read(move |tx, tenant| {
            let user = users::by_id_or_name(tx, tenant, &id)?;
            Ok(match transitive {
                true => groups::transitive_groups_of(tx, tenant, &user.id)?,
                false => groups::groups_of(tx, tenant, &user.id)?,
            })
        })
        .await?;
    let page = super::groups::page_of(groups, options, |g| &g.id)?;
    let items: Result<Vec<Value>, Refused> =
        page.items.iter().map(|g| Ok(object::typed("group", object::group(g, &options.select)?))).collect();
    let page = Page { items: items?, next: page.next };
    Ok(object::many(directory, "directoryObjects", &path, options, page))
}

/// POST /v1.0/users/{id}/getMemberObjects
async fn member_objects(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Response, GraphError> {
    let groups = directory
        .read(move |tx, tenant| {
            let user = users::by_id_or_name(tx, tenant, &id)?;
            Ok(groups::transitive_groups_of(tx, tenant, &user.id)?)
        })
        .await?;
    let ids: Vec<&str> = groups.iter().map(|g| g.id.as_str()).collect();
    Ok(Json(json!({
        "@odata.context": directory.url("/v1.0/$metadata#Collection(Edm.String)"),
        "value": ids,
    }))
    .into_response())
}
