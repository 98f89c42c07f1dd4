//! The pages of dry runs: make one, read it as a diff, approve it.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use web::form::Form;
use web::page::{Banner, Crumb, Shell, Tone, render};

use super::Pace;
use super::cycle::Engine;
use super::dry_run::{AttributeChange, DryRun, store as runs};
use super::effect::Outcome;
use super::job::{Job, ProvisioningError};
use super::pages::{PageError, Subject, TAB, Tab, Visit, error_banner};
use crate::Directory;
use crate::applications::Application;

#[derive(Template)]
#[template(path = "provisioning/plans.html")]
struct PlansPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    configured: bool,
    runs: Vec<DryRun>,
}

pub(super) async fn list(Visit { directory, caller, csrf, subject }: Visit) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Dry runs", &caller, &csrf);
    plans_page(&directory, &subject, shell).await
}

async fn plans_page(directory: &Directory, subject: &Subject, shell: Shell) -> Result<Response, PageError> {
    let configured = subject.job.as_ref().is_some_and(Job::is_configured);
    let runs = match subject.job.clone() {
        Some(job) => directory.store.read(move |tx| runs::list(tx, &job)).await?,
        None => Vec::new(),
    };
    let (tabs, base) = (subject.tabs("plans"), subject.path("plans"));
    let application = subject.application.clone();
    Ok(render(&PlansPage { shell, tab: TAB, application, tabs, base, configured, runs }))
}

pub(super) async fn make(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(_): Form,
) -> Result<Response, PageError> {
    let job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    match Engine::new(&directory, Pace::default()).dry_run(job, &caller.actor).await {
        Ok(run) => Ok(Redirect::to(&format!("{}/{}", subject.path("plans"), run.id)).into_response()),
        Err(error @ ProvisioningError::Store(_)) => Err(error.into()),
        Err(error) => {
            let shell = subject.shell(&directory, "Dry runs", &caller, &csrf);
            plans_page(&directory, &subject, shell.with(error_banner("No plan was made", &error))).await
        }
    }
}

#[derive(Template)]
#[template(path = "provisioning/plan.html")]
struct PlanPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    run: DryRun,
    can_be_approved: bool,
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    failed: Option<usize>,
}

pub(super) async fn show(
    Visit { directory, caller, csrf, subject }: Visit,
    Path((_, plan)): Path<(String, String)>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let mut shell = subject.shell(&directory, "Plan", &caller, &csrf);
    match said.failed {
        None => {}
        Some(0) => shell.banners.push(Banner::new(Tone::Success, "The plan was carried out", "")),
        Some(n) => {
            let text = format!("{n} of its steps did not end well. The provisioning logs say why.");
            shell.banners.push(Banner::new(Tone::Danger, "The plan was carried out in part", text));
        }
    }
    plan_page(&directory, &subject, shell, plan).await
}

async fn plan_page(
    directory: &Directory,
    subject: &Subject,
    mut shell: Shell,
    plan: String,
) -> Result<Response, PageError> {
    let job: Job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    let wanted = plan.clone();
    let run = directory.store.read(move |tx| runs::find(tx, &job, &wanted)).await?;
    let run = run.ok_or(ProvisioningError::NoPlan(plan))?;
    let base = subject.path("plans");
    shell.crumbs.push(Crumb { label: "Dry runs".to_owned(), href: base.clone() });
    let can_be_approved = run.approved.is_none()
        && run.expires_at > directory.clock.now()
        && !run.changes.truncated
        && !run.changes.changes.is_empty();
    let (tabs, application) = (subject.tabs("plans"), subject.application.clone());
    Ok(render(&PlanPage { shell, tab: TAB, application, tabs, base, run, can_be_approved }))
}

pub(super) async fn approve(
    Visit { directory, caller, csrf, subject }: Visit,
    Path((_, plan)): Path<(String, String)>,
    Form(_): Form,
) -> Result<Response, PageError> {
    let job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    match Engine::new(&directory, Pace::default()).approve(job, &plan, &caller.actor).await {
        Ok(effects) => {
            let failed = effects.iter().filter(|e| e.outcome != Outcome::Done).count();
            let place = format!("{}/{plan}?failed={failed}", subject.path("plans"));
            Ok(Redirect::to(&place).into_response())
        }
        Err(error @ (ProvisioningError::Store(_) | ProvisioningError::NoPlan(_))) => Err(error.into()),
        Err(error) => {
            let shell = subject.shell(&directory, "Plan", &caller, &csrf);
            let shell = shell.with(error_banner("The plan was not carried out", &error));
            plan_page(&directory, &subject, shell, plan).await
        }
    }
}
