//! The page that says whom AWS would refuse.

use askama::Template;
use axum::response::Response;
use web::page::{Shell, render};

use super::lint_report::LintReport;
use super::pages::{PageError, TAB, Tab, Visit};
use super::personality::Personality;
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

pub(super) async fn show(Visit { directory, caller, csrf, subject }: Visit) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Check for AWS", &caller, &csrf);
    let report = match &subject.job {
        Some(job) => Some(LintReport::of(&directory, job).await?),
        None => None,
    };
    let aws = report.as_ref().is_some_and(|report| report.personality == Personality::Aws);
    let (tabs, settings) = (subject.tabs("lint"), subject.path("settings"));
    Ok(render(&LintPage { shell, tab: TAB, application: subject.application, tabs, settings, report, aws }))
}
