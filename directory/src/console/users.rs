//! /console/users: the list, those that were deleted, and a new one.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use web::form::{Csrf, Fields, Form};
use web::page::{Banner, Shell, render, render_with};
use web::routes::Routes;

use super::{Look, ON_PAGE, crumb, done, refused, shell, with};
use crate::access::Caller;
use crate::refused::{PageRefused, Refused};
use crate::users::{self, Filter, NewUser, Profile, User};
use crate::{Directory, credentials};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/users", list)
        .get("/console/users/new", new)
        .post("/console/users/new", create)
        .get("/console/users/deleted", deleted)
        .post("/console/users/{id}/restore", restore)
        .post("/console/users/{id}/purge", purge)
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct ListPage {
    shell: Shell,
    q: String,
    users: Vec<User>,
    next: Option<String>,
    deleted: bool,
}

/// GET /console/users
async fn list(
    State(directory): State<Directory>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let query = query(&look);
    let page = directory.read(move |tx, tenant| users::list(tx, tenant, &query)).await?;
    let shell = with(shell(&directory, &caller, &csrf, "Users", "/console/users"), look.banner());
    let next = look.next("/console/users", page.next);
    Ok(render(&ListPage { shell, q: look.q, users: page.items, next, deleted: false }))
}

fn query(look: &Look) -> users::Query {
    let filters = if look.q.trim().is_empty() { Vec::new() } else { vec![Filter::Contains(look.q.clone())] };
    users::Query { filters, any: false, after: look.after.clone(), limit: ON_PAGE }
}

/// GET /console/users/deleted
async fn deleted(
    State(directory): State<Directory>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let query = query(&look);
    let page = directory.read(move |tx, tenant| users::list_deleted(tx, tenant, &query)).await?;
    let mut shell = with(shell(&directory, &caller, &csrf, "Deleted users", "/console/users"), look.banner());
    shell.crumbs = vec![crumb("Users", "/console/users")];
    let next = look.next("/console/users/deleted", page.next);
    Ok(render(&ListPage { shell, q: look.q, users: page.items, next, deleted: true }))
}

/// POST /console/users/{id}/restore
async fn restore(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    _: Form,
) -> Result<Response, PageRefused> {
    let user = directory.write(&caller, move |tx, change| users::restore(tx, change, &id)).await?;
    Ok(done(&format!("/console/users/{}", user.id), "restored"))
}

/// POST /console/users/{id}/purge
async fn purge(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    _: Form,
) -> Result<Response, PageRefused> {
    directory.write(&caller, move |tx, change| users::purge(tx, change, &id)).await?;
    Ok(done("/console/users/deleted", "deleted"))
}

#[derive(Template)]
#[template(path = "console/user_new.html")]
struct NewPage {
    shell: Shell,
    fields: Fields,
}

fn new_page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    fields: Fields,
    banner: Option<Banner>,
) -> NewPage {
    let mut shell = with(shell(directory, caller, csrf, "New user", "/console/users"), banner);
    shell.crumbs = vec![crumb("Users", "/console/users")];
    NewPage { shell, fields }
}

/// GET /console/users/new
async fn new(State(directory): State<Directory>, caller: Caller, csrf: Csrf) -> Response {
    render(&new_page(&directory, &caller, &csrf, Fields::default(), None))
}

/// POST /console/users/new
async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    match save_new(&directory, &caller, &fields).await {
        Ok(user) => done(&format!("/console/users/{}", user.id), "created"),
        Err(error) => {
            let page = new_page(&directory, &caller, &csrf, fields, Some(refused(&error)));
            render_with(error.code().1, &page)
        }
    }
}

async fn save_new(directory: &Directory, caller: &Caller, fields: &Fields) -> Result<User, Refused> {
    let name = users::checked_name(fields.text("user_principal_name"))?;
    let mut profile = Profile::default().with("mailNickname", name.split('@').next().unwrap_or_default())?;
    for (field, property) in super::user::FIELDS {
        profile.set(property, &fields.text(field).into())?;
    }
    let new = NewUser {
        user_principal_name: name,
        display_name: fields.text("display_name").to_owned(),
        account_enabled: true,
        manager_id: None,
        profile,
    };
    let hash = credentials::hash(directory, fields.raw("password")).await?;
    let must_change = fields.has("must_change");
    directory
        .write(caller, move |tx, change| {
            let user = users::create(tx, change, &new)?;
            credentials::set(tx, change, &user.id, &hash, must_change)?;
            Ok(user)
        })
        .await
}
