//! /console/tenant: the tenant's name and settings.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, render_with};

use super::{Look, done, refused, shell, with};
use crate::Directory;
use crate::access::Caller;
use crate::refused::PageRefused;
use crate::tenant::{self, Tenant};

#[derive(Template)]
#[template(path = "console/tenant.html")]
struct Page {
    shell: Shell,
    tenant: Tenant,
    origin: String,
}

async fn page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let tenant = directory.read(|tx, tenant| Ok(tenant::get(tx, tenant)?)).await?;
    let shell = with(shell(directory, caller, csrf, "Tenant", "/console/tenant"), banner);
    Ok(render_with(status, &Page { shell, tenant, origin: directory.url("") }))
}

/// GET /console/tenant
pub(super) async fn show(
    State(directory): State<Directory>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    page(&directory, &caller, &csrf, look.banner(), StatusCode::OK).await
}

/// POST /console/tenant
pub(super) async fn save(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (name, transitive) = (fields.text("display_name").to_owned(), fields.text("groups") == "transitive");
    let days = fields.text("sign_in_retention_days").to_owned();
    let outcome = directory
        .write(&caller, move |tx, change| {
            if !days.is_empty() {
                // What is no number is refused like a number that is too small.
                tenant::set_sign_in_retention(tx, change, days.parse().unwrap_or(0))?;
            }
            tenant::update(tx, change, &name, transitive)
        })
        .await;
    let error = match outcome {
        Ok(_) => return done("/console/tenant", "saved"),
        Err(error) => error,
    };
    match page(&directory, &caller, &csrf, Some(refused(&error)), error.code().1).await {
        Ok(response) => response,
        Err(other) => other.into_response(),
    }
}
