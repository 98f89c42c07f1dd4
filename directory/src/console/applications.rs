//! /console/applications: the list and a new one.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use web::form::{Csrf, Form};
use web::page::{Shell, render, render_with};
use web::routes::Routes;

use super::{Look, ON_PAGE, crumb, done, refused, shell, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, Application};
use crate::refused::PageRefused;
use crate::users::{self, Filter};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications", list)
        .get("/console/applications/new", new)
        .post("/console/applications/new", create)
}

#[derive(Template)]
#[template(path = "console/applications.html")]
struct ListPage {
    shell: Shell,
    q: String,
    applications: Vec<Application>,
    next: Option<String>,
}

/// GET /console/applications
async fn list(
    State(directory): State<Directory>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let filters = if look.q.trim().is_empty() { Vec::new() } else { vec![Filter::Contains(look.q.clone())] };
    let query = users::Query { filters, any: false, after: look.after.clone(), limit: ON_PAGE };
    let page = directory.read(move |tx, tenant| applications::list(tx, tenant, &query)).await?;
    let shell = shell(&directory, &caller, &csrf, "Enterprise applications", "/console/applications");
    let next = look.next("/console/applications", page.next);
    let shell = with(shell, look.banner());
    Ok(render(&ListPage { shell, q: look.q, applications: page.items, next }))
}

#[derive(Template)]
#[template(path = "console/application_new.html")]
struct NewPage {
    shell: Shell,
    display_name: String,
}

fn new_shell(directory: &Directory, caller: &Caller, csrf: &Csrf) -> Shell {
    let mut shell = shell(directory, caller, csrf, "Create your own application", "/console/applications");
    shell.crumbs = vec![crumb("Enterprise applications", "/console/applications")];
    shell
}

/// GET /console/applications/new
async fn new(State(directory): State<Directory>, caller: Caller, csrf: Csrf) -> Response {
    render(&NewPage { shell: new_shell(&directory, &caller, &csrf), display_name: String::new() })
}

/// POST /console/applications/new
async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let name = fields.text("display_name").to_owned();
    let wanted = name.clone();
    match directory.write(&caller, move |tx, change| applications::create(tx, change, &wanted)).await {
        Ok(application) => done(&format!("/console/applications/{}", application.id), "created"),
        Err(error) => {
            let shell = new_shell(&directory, &caller, &csrf).with(refused(&error));
            render_with(error.code().1, &NewPage { shell, display_name: name })
        }
    }
}
