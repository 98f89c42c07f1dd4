//! /console/applications/{id}: overview and properties of one application.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, render, render_with};
use web::routes::Routes;

use super::{Look, application_shell, done, refused, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, Application, Reach, SamlChange};
use crate::refused::{PageRefused, Refused};
use crate::tenant;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications/{id}", overview)
        .get("/console/applications/{id}/properties", properties)
        .post("/console/applications/{id}/properties", save)
        .post("/console/applications/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "console/application.html")]
struct OverviewPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    reach: Reach,
}

/// GET /console/applications/{id}
async fn overview(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let now = directory.clock.now();
    let (application, reach, expiring) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let reach = applications::reach(tx, tenant, &application.id)?;
            let expiring = applications::expiring_of(tx, tenant, &application.id, now)?;
            Ok((application, reach, expiring))
        })
        .await?;
    let mut shell = application_shell(&directory, &caller, &csrf, &application, &application.display_name);
    shell.crumbs.pop();
    let shell = with(shell, look.banner());
    let shell = with(shell, expiring.map(|c| super::certificates::warning(&c)));
    Ok(render(&OverviewPage { shell, tab: "overview", application, reach }))
}

#[derive(Template)]
#[template(path = "console/properties.html")]
struct PropertiesPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    access_url: String,
    /// How many people the assignments reach without and with nested groups.
    people: [i64; 2],
    by_tenant: bool,
}

async fn properties_page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let id = id.to_owned();
    let (application, people, by_tenant) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let direct = applications::people_reached(tx, tenant, &application.id, false)?;
            let nested = applications::people_reached(tx, tenant, &application.id, true)?;
            Ok((application, [direct, nested], tenant::get(tx, tenant)?.transitive_groups))
        })
        .await?;
    let shell = with(application_shell(directory, caller, csrf, &application, "Properties"), banner);
    let access_url = directory.url(&format!("/my-apps/{}", application.app_id));
    let page = PropertiesPage { shell, tab: "properties", application, access_url, people, by_tenant };
    Ok(render_with(status, &page))
}

/// GET /console/applications/{id}/properties
async fn properties(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    properties_page(&directory, &caller, &csrf, &id, look.banner(), StatusCode::OK).await
}

/// POST /console/applications/{id}/properties
async fn save(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let application = id.clone();
    let outcome: Result<Application, Refused> = directory
        .write(&caller, move |tx, change| {
            applications::update(tx, change, &application, |a| {
                fields.text("display_name").clone_into(&mut a.display_name);
                a.account_enabled = fields.has("account_enabled");
                a.assignment_required = fields.has("assignment_required");
                a.visible = fields.has("visible");
                a.transitive_groups = match fields.text("nested_groups") {
                    "transitive" => Some(true),
                    "direct" => Some(false),
                    _ => None,
                };
            })?;
            let url = Some(Some(fields.text("sign_on_url").to_owned()));
            let saml = SamlChange { sign_on_url: url, ..SamlChange::default() };
            applications::update_saml(tx, change, &application, &saml)
        })
        .await;
    let error = match outcome {
        Ok(_) => return done(&format!("/console/applications/{id}/properties"), "saved"),
        Err(error) => error,
    };
    let banner = Some(refused(&error));
    match properties_page(&directory, &caller, &csrf, &id, banner, error.code().1).await {
        Ok(response) => response,
        Err(other) => other.into_response(),
    }
}

/// POST /console/applications/{id}/delete
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    _: Form,
) -> Result<Response, PageRefused> {
    directory.write(&caller, move |tx, change| applications::delete(tx, change, &id)).await?;
    Ok(done("/console/applications", "deleted"))
}
