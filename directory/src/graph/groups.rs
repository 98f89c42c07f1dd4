//! `/v1.0/groups` (Graph v1.0, "group resource type").

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use store::Tx;
use web::routes::Routes;

use super::GraphError;
use super::object::{self, Object};
use super::query::Options;
use crate::Directory;
use crate::access::Caller;
use crate::groups::{self, GroupChange, Member, MemberKind, NewGroup};
use crate::refused::Refused;
use crate::users::{self, Page};

/// Most members in one request, as Graph has it.
const MAX_BIND: usize = 20;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/groups", list)
        .post("/v1.0/groups", create)
        .get("/v1.0/groups/{id}", get)
        .patch("/v1.0/groups/{id}", update)
        .delete("/v1.0/groups/{id}", delete)
        .get("/v1.0/groups/{id}/members", members)
        .get("/v1.0/groups/{id}/transitiveMembers", transitive_members)
        .get("/v1.0/groups/{id}/memberOf", member_of)
        .post("/v1.0/groups/{id}/members/$ref", add_member)
        .delete("/v1.0/groups/{id}/members/{member}/$ref", remove_member)
}

fn column(property: &str) -> Option<&'static str> {
    match property {
        "id" => Some("id"),
        "displayName" => Some("display_name_key"),
        _ => None,
    }
}

/// GET /v1.0/groups
async fn list(State(directory): State<Directory>, options: Options) -> Result<Response, GraphError> {
    let query = options.query(column)?;
    let page = directory.read(move |tx, tenant| groups::list(tx, tenant, &query)).await?;
    let items: Result<Vec<Value>, Refused> =
        page.items.iter().map(|g| object::group(g, &options.select)).collect();
    let page = Page { items: items?, next: page.next };
    Ok(object::many(&directory, "groups", "/v1.0/groups", &options, page))
}

/// Only security groups exist here: what asks for another kind is refused, not quietly made one.
fn check_kind(object: &mut Object) -> Result<(), Refused> {
    if object.boolean("mailEnabled")? == Some(true) {
        return Err(Refused::invalid("mailEnabled", "false", "true"));
    }
    if object.boolean("securityEnabled")? == Some(false) {
        return Err(Refused::invalid("securityEnabled", "true", "false"));
    }
    match object.0.remove("groupTypes") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(kinds)) if kinds.is_empty() => Ok(()),
        Some(_) => Err(Refused::invalid("groupTypes", "an empty list", "")),
    }
}

/// POST /v1.0/groups
async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    mut object: Object,
) -> Result<Response, GraphError> {
    check_kind(&mut object)?;
    let new = NewGroup {
        display_name: object.required("displayName")?,
        description: description(&mut object)?.unwrap_or_default(),
        mail_nickname: object.required("mailNickname")?,
    };
    let members = object.references("members@odata.bind", MAX_BIND)?;
    object.nothing_else("groups", &[])?;
    let group = directory
        .write(&caller, move |tx, change| {
            let group = groups::create(tx, change, &new)?;
            for member in &members {
                groups::add_member(tx, change, &group.id, member)?;
            }
            Ok(group)
        })
        .await?;
    Ok(object::created(&directory, "groups", &group.id, object::group(&group, &[])?))
}

/// A description; null is none.
fn description(object: &mut Object) -> Result<Option<String>, Refused> {
    match object.0.get("description") {
        Some(Value::Null) => {
            object.0.remove("description");
            Ok(Some(String::new()))
        }
        _ => object.text("description"),
    }
}

/// GET /v1.0/groups/{id}
async fn get(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    let group = directory.read(move |tx, tenant| groups::get(tx, tenant, &id)).await?;
    Ok(object::one(&directory, "groups/$entity", object::group(&group, &options.select)?))
}

/// PATCH /v1.0/groups/{id}: properties, and up to 20 new members by `members@odata.bind`.
async fn update(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    check_kind(&mut object)?;
    let wanted = GroupChange {
        display_name: object.text("displayName")?,
        description: description(&mut object)?,
        mail_nickname: object.text("mailNickname")?,
    };
    let members = object.references("members@odata.bind", MAX_BIND)?;
    object.nothing_else("groups", &[])?;
    directory
        .write(&caller, move |tx, change| {
            groups::update(tx, change, &id, &wanted)?;
            for member in &members {
                groups::add_member(tx, change, &id, member)?;
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE /v1.0/groups/{id}
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory.write(&caller, move |tx, change| groups::delete(tx, change, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// GET /v1.0/groups/{id}/members
async fn members(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    list_members(&directory, &id, "members", &options).await
}

/// GET /v1.0/groups/{id}/transitiveMembers
async fn transitive_members(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    list_members(&directory, &id, "transitiveMembers", &options).await
}

async fn list_members(
    directory: &Directory,
    id: &str,
    relation: &str,
    options: &Options,
) -> Result<Response, GraphError> {
    let (path, transitive) = (format!("/v1.0/groups/{id}/{relation}"), relation != "members");
    let (id, wanted) = (id.to_owned(), options.clone());
    let page = directory
        .read(move |tx, tenant| {
            groups::get(tx, tenant, &id)?;
            let members = match transitive {
                true => groups::transitive_members(tx, tenant, &id)?,
                false => groups::direct_members(tx, tenant, &id)?,
            };
            let page = page_of(members, &wanted, |m| &m.id)?;
            let mut items = Vec::with_capacity(page.items.len());
            for member in &page.items {
                items.extend(load(tx, tenant, member, &wanted.select)?);
            }
            Ok(Page { items, next: page.next })
        })
        .await?;
    Ok(object::many(directory, "directoryObjects", &path, options, page))
}

fn load(tx: &mut Tx<'_>, tenant: &str, member: &Member, select: &[String]) -> Result<Option<Value>, Refused> {
    Ok(match member.kind {
        MemberKind::User => match users::by_id(tx, tenant, &member.id)? {
            Some(user) => Some(object::typed("user", object::user(&user, select)?)),
            None => None,
        },
        MemberKind::Group => match groups::by_id(tx, tenant, &member.id)? {
            Some(group) => Some(object::typed("group", object::group(&group, &[])?)),
            None => None,
        },
    })
}

/// The page of a list in memory that `$top` and `$skiptoken` ask for; the token is the last id of the page
/// before.
pub(super) fn page_of<T>(
    all: Vec<T>,
    options: &Options,
    id: impl Fn(&T) -> &String,
) -> Result<Page<T>, Refused> {
    if options.filter.is_some() || options.search.is_some() {
        return Err(Refused::Query("members are not filtered here".to_owned()));
    }
    let start = match &options.skiptoken {
        None => 0,
        Some(token) => all.iter().position(|item| id(item) == token).map_or(all.len(), |at| at + 1),
    };
    let more = all.len() > start + options.top;
    let items: Vec<T> = all.into_iter().skip(start).take(options.top).collect();
    let next = items.last().filter(|_| more).map(|last| id(last).clone());
    Ok(Page { items, next })
}

/// GET /v1.0/groups/{id}/memberOf
async fn member_of(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    options: Options,
) -> Result<Response, GraphError> {
    let path = format!("/v1.0/groups/{id}/memberOf");
    let found = directory
        .read(move |tx, tenant| {
            groups::get(tx, tenant, &id)?;
            Ok(groups::groups_of(tx, tenant, &id)?)
        })
        .await?;
    let page = page_of(found, &options, |g| &g.id)?;
    let items: Result<Vec<Value>, Refused> =
        page.items.iter().map(|g| Ok(object::typed("group", object::group(g, &options.select)?))).collect();
    let page = Page { items: items?, next: page.next };
    Ok(object::many(&directory, "directoryObjects", &path, &options, page))
}

/// POST /v1.0/groups/{id}/members/$ref
async fn add_member(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    mut object: Object,
) -> Result<StatusCode, GraphError> {
    let member = object.references("@odata.id", 1)?.pop();
    let member = member.ok_or_else(|| Refused::invalid("@odata.id", "given", ""))?;
    directory.write(&caller, move |tx, change| groups::add_member(tx, change, &id, &member)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE /v1.0/groups/{id}/members/{member}/$ref
async fn remove_member(
    State(directory): State<Directory>,
    Path((id, member)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, GraphError> {
    directory
        .write(&caller, move |tx, change| {
            groups::get(tx, &change.tenant, &id)?;
            groups::remove_member(tx, change, &id, &member)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
