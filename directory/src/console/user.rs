//! /console/users/{id}: one user.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use web::form::{Csrf, Fields, Form};
use web::page::{Banner, Shell, render_with};
use web::routes::Routes;

use super::{Look, crumb, done, shell, with};
use crate::access::Caller;
use crate::applications::{self, Application};
use crate::groups::{self, Group};
use crate::refused::{PageRefused, Refused};
use crate::users::{self, User, UserChange};
use crate::{Directory, credentials};

/// Fields of forms and the property that each is.
pub(super) const FIELDS: [(&str, &str); 6] = [
    ("given_name", "givenName"),
    ("surname", "surname"),
    ("mail", "mail"),
    ("job_title", "jobTitle"),
    ("department", "department"),
    ("office_location", "officeLocation"),
];

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/users/{id}", show)
        .post("/console/users/{id}", save)
        .post("/console/users/{id}/password", set_password)
        .post("/console/users/{id}/administrator", set_administrator)
        .post("/console/users/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct Page {
    shell: Shell,
    user: User,
    manager: Option<User>,
    groups: Vec<Group>,
    applications: Vec<Application>,
    administrator: bool,
    has_password: bool,
}

async fn page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let id = id.to_owned();
    let mut page = directory
        .read(move |tx, tenant| {
            let user = users::by_id_or_name(tx, tenant, &id)?;
            let manager = match &user.manager_id {
                Some(manager) => users::by_id(tx, tenant, manager)?,
                None => None,
            };
            Ok(Page {
                shell: Shell::default(),
                manager,
                groups: groups::groups_of(tx, tenant, &user.id)?,
                applications: applications::assigned_applications(tx, tenant, &user.id)?,
                administrator: users::is_administrator(tx, tenant, &user.id)?,
                has_password: credentials::has_password(tx, tenant, &user.id)?,
                user,
            })
        })
        .await?;
    page.shell = with(shell(directory, caller, csrf, &page.user.display_name, "/console/users"), banner);
    page.shell.crumbs = vec![crumb("Users", "/console/users")];
    Ok(render_with(status, &page))
}

/// GET /console/users/{id}
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    page(&directory, &caller, &csrf, &id, look.banner(), StatusCode::OK).await
}

/// To the page again after a change, or the page with the refusal.
async fn answer<T>(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    notice: &str,
    outcome: Result<T, Refused>,
) -> Response {
    if let Err(error @ Refused::NotFound { kind: "user", .. }) = outcome {
        return PageRefused(error).into_response();
    }
    let page = |banner, status| page(directory, caller, csrf, id, Some(banner), status);
    super::answer(outcome, &format!("/console/users/{id}"), notice, page).await
}

/// POST /console/users/{id}
async fn save(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let outcome = save_fields(&directory, &caller, &id, &fields).await;
    answer(&directory, &caller, &csrf, &id, "saved", outcome).await
}

async fn save_fields(
    directory: &Directory,
    caller: &Caller,
    id: &str,
    fields: &Fields,
) -> Result<User, Refused> {
    let profile = FIELDS.iter().map(|(field, property)| ((*property).to_owned(), fields.text(field).into()));
    let wanted = UserChange {
        user_principal_name: Some(fields.text("user_principal_name").to_owned()),
        display_name: Some(fields.text("display_name").to_owned()),
        account_enabled: Some(fields.has("account_enabled")),
        profile: profile.collect(),
    };
    let (id, manager) = (id.to_owned(), fields.text("manager").to_owned());
    directory
        .write(caller, move |tx, change| {
            let user = users::update(tx, change, &id, &wanted)?;
            users::set_manager(tx, change, &user.id, Some(manager.as_str()).filter(|m| !m.is_empty()))
        })
        .await
}

/// POST /console/users/{id}/password
async fn set_password(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let outcome = match credentials::hash(&directory, fields.raw("password")).await {
        Err(error) => Err(error),
        Ok(hash) => {
            let (id, must_change) = (id.clone(), fields.has("must_change"));
            directory
                .write(&caller, move |tx, change| {
                    let user = users::by_id_or_name(tx, &change.tenant, &id)?;
                    Ok(credentials::set(tx, change, &user.id, &hash, must_change)?)
                })
                .await
        }
    };
    answer(&directory, &caller, &csrf, &id, "password", outcome).await
}

/// POST /console/users/{id}/administrator: gives or takes the role.
async fn set_administrator(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (user, give) = (id.clone(), fields.text("give") == "1");
    let outcome = directory
        .write(&caller, move |tx, change| {
            let user = users::by_id_or_name(tx, &change.tenant, &user)?;
            match give {
                true => Ok(users::give_administrator(tx, change, &user.id)?),
                false => users::take_administrator(tx, change, &user.id),
            }
        })
        .await;
    answer(&directory, &caller, &csrf, &id, "saved", outcome).await
}

/// POST /console/users/{id}/delete
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let user = id.clone();
    match directory.write(&caller, move |tx, change| users::delete(tx, change, &user)).await {
        Ok(()) => done("/console/users", "deleted"),
        outcome => answer(&directory, &caller, &csrf, &id, "", outcome).await,
    }
}
