//! One group: its members and what it is assigned to.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use store::Tx;
use web::form::{Csrf, Fields, Form};
use web::page::{self, Shell};

use super::groups::HERE;
use super::notice::{back, refused, with_done};
use super::{PageError, shell};
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::store::{self as assignments, Filter, Listed};
use crate::identity_store::store::{self as identities, Member};
use crate::identity_store::{Group, GroupFields, IdentityError, IdentityKind, Owner};
use crate::{Center, credentials};

const PAGE: i64 = 100;
const FOUND: i64 = 50;
const ASSIGNMENTS: i64 = 1000;

#[derive(Template)]
#[template(path = "console/group.html")]
struct GroupPage {
    shell: Shell,
    group: Group,
    members: Vec<Member>,
    count: i64,
    next: Option<String>,
    find: String,
    found: Vec<Member>,
    assignments: Vec<Listed>,
    managed: bool,
    /// Whether the identity source is external: then there may be automatic provisioning to hand it over to.
    external: bool,
}

/// GET /console/groups/{id}
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, PageError> {
    let mut page = load(&center, &caller, &csrf, id, &params).await?;
    page.shell = with_done(page.shell, &params);
    Ok(page::render(&page))
}

async fn load(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    id: String,
    params: &Params,
) -> Result<GroupPage, IdentityError> {
    let instance = center.instance_id.clone();
    let (caller, csrf, params) = (caller.clone(), csrf.clone(), params.clone());
    let read = move |tx: &mut Tx<'_>| -> Result<GroupPage, IdentityError> {
        let group = identities::group(tx, &instance, &id)?;
        let group = group.ok_or_else(|| IdentityError::GroupNotFound(id.clone()))?;
        let members = identities::list_members(tx, &instance, &id, params.text("after"), PAGE)?;
        let full = i64::try_from(members.len()).unwrap_or(0) >= PAGE;
        let find = params.text("find").to_owned();
        let of_group = Filter { principal_id: &id, ..Filter::default() };
        Ok(GroupPage {
            shell: shell(&caller, &csrf, &group.fields.display_name, HERE),
            count: identities::count_members(tx, &instance, &id)?,
            next: members.last().filter(|_| full).map(|m| m.id.clone()),
            found: if params.text("find").is_empty() {
                Vec::new()
            } else {
                identities::users_outside(tx, &instance, &id, &find, FOUND)?
            },
            assignments: assignments::list(tx, &instance, of_group, ASSIGNMENTS)?,
            managed: identities::managed(tx, &instance)? && group.made_by().is_provisioning(),
            external: !credentials::directory_is_source(tx, &instance)?,
            group,
            members,
            find,
        })
    };
    center.store.read(read).await
}

/// POST /console/groups/{id}
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    params: Params,
    Form(form): Form,
) -> Result<Response, PageError> {
    let path = format!("{HERE}/{id}");
    match carry_out(&center, &caller, &id, form).await {
        Ok("group-deleted") => Ok(back(HERE, "group-deleted")),
        Ok(done) => Ok(back(&path, done)),
        Err(error) => {
            let mut page = load(&center, &caller, &csrf, id, &params).await?;
            page.shell = page.shell.with(refused(&error));
            Ok(page::render_with(error.status, &page))
        }
    }
}

async fn carry_out(
    center: &Center,
    caller: &Caller,
    id: &str,
    form: Fields,
) -> Result<&'static str, ApiError> {
    let (author, id) = (center.author(caller), id.to_owned());
    let action = form.text("action").to_owned();
    if !["add", "remove", "save", "delete", "hand-over", "take-back"].contains(&action.as_str()) {
        return Err(ApiError::invalid("action", "there is no such action", &action));
    }
    let write = move |tx: &mut Tx<'_>| -> Result<&'static str, IdentityError> {
        let group = identities::group(tx, &author.instance_id, &id)?;
        let owner = group.ok_or_else(|| IdentityError::GroupNotFound(id.clone()))?.owner;
        match action.as_str() {
            "hand-over" => return own(tx, &author, &id, Owner::Provisioning, "handed-over"),
            "take-back" => return own(tx, &author, &id, Owner::Console, "taken-back"),
            _ => identities::check_editable_of(tx, &author.instance_id, &owner)?,
        }
        let users: Vec<String> = form.all("user").map(str::to_owned).collect();
        match action.as_str() {
            "add" => identities::add_members(tx, &author, &id, &users).map(|_| "members-added"),
            "remove" => identities::remove_members(tx, &author, &id, &users).map(|_| "members-removed"),
            "save" => save(tx, &author, &id, &form),
            _ => identities::delete_group(tx, &author, &id).map(|_| "group-deleted"),
        }
    };
    Ok(center.store.write(write).await?)
}

fn own(
    tx: &mut Tx<'_>,
    author: &crate::instance::Author,
    id: &str,
    to: Owner,
    done: &'static str,
) -> Result<&'static str, IdentityError> {
    identities::set_owner(tx, author, IdentityKind::Group, id, to).map(|_| done)
}

fn save(
    tx: &mut Tx<'_>,
    author: &crate::instance::Author,
    id: &str,
    form: &Fields,
) -> Result<&'static str, IdentityError> {
    let group = identities::group(tx, &author.instance_id, id)?;
    let group = group.ok_or_else(|| IdentityError::GroupNotFound(id.to_owned()))?;
    let fields = GroupFields {
        display_name: form.text("display_name").to_owned(),
        description: form.text("description").to_owned(),
        external_id: group.fields.external_id,
    };
    identities::update_group(tx, author, id, &fields).map(|_| "group-saved")
}
