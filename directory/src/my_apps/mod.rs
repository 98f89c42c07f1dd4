//! My Apps: a tile for every application that one is assigned to.

use askama::Template;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use web::form::{self, Csrf};
use web::page::{Shell, render};
use web::routes::Routes;

use crate::Directory;
use crate::access::{self, Caller};
use crate::applications::{self, Application};
use crate::refused::PageRefused;

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("person")
        .get("/my-apps", show)
        .guarded(from_fn_with_state(directory.clone(), access::person))
        .guarded(from_fn_with_state(directory.form_guard.clone(), form::guard))
}

/// What stands around a page for everybody who is signed in.
pub fn shell(caller: &Caller, csrf: &Csrf, title: &str) -> Shell {
    Shell {
        product: "Entente directory",
        title: title.to_owned(),
        person: Some(caller.name.clone()),
        sign_out: "/sign-out",
        csrf: csrf.0.clone(),
        ..Shell::default()
    }
}

#[derive(Template)]
#[template(path = "my_apps.html")]
struct Page {
    shell: Shell,
    applications: Vec<Application>,
}

/// GET /my-apps
async fn show(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let person = caller.id.clone();
    let mut applications = directory
        .read(move |tx, tenant| Ok(applications::assigned_applications(tx, tenant, &person)?))
        .await?;
    applications.retain(|a| a.visible && a.account_enabled && (a.saml || a.sign_on_url.is_some()));
    Ok(render(&Page { shell: shell(&caller, &csrf, "My Apps"), applications }))
}
