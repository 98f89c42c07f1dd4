//! /console/import: users, groups and memberships from CSV files.

use askama::Template;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use http::StatusCode;
use web::form::{Csrf, Upload};
use web::page::{Banner, Shell, Tone, render_with};
use web::routes::Routes;

use super::{refused, shell, with};
use crate::Directory;
use crate::access::Caller;
use crate::import::{Files, Report, run, text_of};
use crate::refused::Refused;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/import", show)
        .post("/console/import", upload)
        .guarded(DefaultBodyLimit::max(64 << 20))
}

#[derive(Template)]
#[template(path = "console/import.html")]
struct Page {
    shell: Shell,
    report: Option<Report>,
}

fn page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    outcome: Option<Result<Report, Refused>>,
) -> Response {
    let shell = shell(directory, caller, csrf, "Import", "/console/import");
    let (status, banner, report) = match outcome {
        None => (StatusCode::OK, None, None),
        Some(Ok(report)) => {
            let title = if report.dry_run { "This is what an import would do" } else { "Imported" };
            (StatusCode::OK, Some(Banner::new(Tone::Success, title, "")), Some(report))
        }
        Some(Err(error)) => (error.code().1, Some(refused(&error)), None),
    };
    render_with(status, &Page { shell: with(shell, banner), report })
}

/// GET /console/import
async fn show(State(directory): State<Directory>, caller: Caller, csrf: Csrf) -> Response {
    page(&directory, &caller, &csrf, None)
}

/// POST /console/import
async fn upload(State(directory): State<Directory>, caller: Caller, csrf: Csrf, upload: Upload) -> Response {
    let outcome = match files(&upload) {
        Ok(files) => run(&directory, &caller, &files, upload.fields.text("action") != "import").await,
        Err(error) => Err(error),
    };
    page(&directory, &caller, &csrf, Some(outcome))
}

fn files(upload: &Upload) -> Result<Files, Refused> {
    let text = |name: &'static str| -> Result<Option<String>, Refused> {
        Ok(upload.file(name).map(|file| text_of(name, &file.bytes)).transpose()?)
    };
    let files = Files { users: text("users")?, groups: text("groups")?, members: text("members")? };
    if files.users.is_none() && files.groups.is_none() && files.members.is_none() {
        return Err(Refused::invalid("files", "at least one CSV file", ""));
    }
    Ok(files)
}
