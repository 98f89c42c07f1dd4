//! The page that says whom AWS would refuse.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use web::form::Csrf;
use web::page::{Shell, render};

use super::lint_report::LintReport;
use super::pages::{PageError, Subject, TAB, Tab};
use super::personality::Personality;
use crate::Directory;
use crate::access::Caller;
use crate::applications::Application;

#[derive(Template)]
#[template(path = "provisioning/lint.html")]
struct LintPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    settings: String,
    report: Option<LintReport>,
    aws: bool,
}

pub(super) async fn show(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let subject = Subject::find(&directory, &id).await?;
    let shell = subject.shell(&directory, "Check for AWS", &caller, &csrf);
    let report = match &subject.job {
        Some(job) => Some(LintReport::of(&directory, job).await?),
        None => None,
    };
    let aws = report.as_ref().is_some_and(|report| report.personality == Personality::Aws);
    let (tabs, settings) = (subject.tabs("lint"), subject.path("settings"));
    Ok(render(&LintPage { shell, tab: TAB, application: subject.application, tabs, settings, report, aws }))
}
