//! The pages of comparisons: ask for one, read what it found and what became of that.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::StoreError;
use web::form::Form;
use web::page::{Banner, Crumb, Shell, Tone, render};

use super::comparison::{self, Comparison, Difference, Fate, Outcome, Wish, store as comparisons};
use super::job::{Job, ProvisioningError};
use super::pages::{PageError, Subject, TAB, Tab, Visit, error_banner};
use crate::Directory;
use crate::applications::Application;

#[derive(Template)]
#[template(path = "provisioning/comparisons.html")]
struct ComparisonsPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    configured: bool,
    every: Option<i64>,
    comparisons: Vec<Comparison>,
}

pub(super) async fn list(Visit { directory, caller, csrf, subject }: Visit) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Comparisons", &caller, &csrf);
    comparisons_page(&directory, &subject, shell).await
}

async fn comparisons_page(
    directory: &Directory,
    subject: &Subject,
    shell: Shell,
) -> Result<Response, PageError> {
    let configured = subject.job.as_ref().is_some_and(Job::is_configured);
    let every = subject.job.as_ref().and_then(|job| job.compare_every);
    let comparisons = match subject.job.clone() {
        Some(job) => directory.store.read(move |tx| comparisons::list(tx, &job)).await?,
        None => Vec::new(),
    };
    let (tabs, base) = (subject.tabs("comparisons"), subject.path("comparisons"));
    let application = subject.application.clone();
    Ok(render(&ComparisonsPage { shell, tab: TAB, application, tabs, base, configured, every, comparisons }))
}

pub(super) async fn make(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    // The number that was on the page: what is lost after that was not looked at.
    let allowed = fields.text("allowed").parse().unwrap_or(0);
    let wish = Wish { dry_run: fields.text("what") == "dry-run", allowed };
    match comparison::ask(&directory, &caller.actor, &job, wish).await {
        Ok(asked) => {
            Ok(Redirect::to(&format!("{}/{}", subject.path("comparisons"), asked.id)).into_response())
        }
        Err(error @ ProvisioningError::Store(_)) => Err(error.into()),
        Err(error) => {
            let shell = subject.shell(&directory, "Comparisons", &caller, &csrf);
            let shell = shell.with(error_banner("Nothing was compared", &error));
            comparisons_page(&directory, &subject, shell).await
        }
    }
}

#[derive(Template)]
#[template(path = "provisioning/comparison.html")]
struct ComparisonPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    comparison: Comparison,
    differences: Vec<(Difference, Fate)>,
    refused: bool,
}

pub(super) async fn show(
    Visit { directory, caller, csrf, subject }: Visit,
    Path((_, comparison)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    let wanted = comparison.clone();
    let found = directory.store.read(move |tx| {
        let Some(found) = comparisons::find(tx, &job, &wanted)? else { return Ok(None) };
        let fates = comparisons::fates(tx, &job, &found)?;
        Ok::<_, StoreError>(Some((found, fates)))
    });
    let (found, fates) = found.await?.ok_or(ProvisioningError::NoComparison(comparison))?;
    let base = subject.path("comparisons");
    let mut shell = subject.shell(&directory, "Comparison", &caller, &csrf);
    shell.crumbs.push(Crumb { label: "Comparisons".to_owned(), href: base.clone() });
    shell.banners.extend(found.ended.as_ref().and_then(|(_, outcome)| banner(outcome)));
    let differences = found.report.differences.iter().cloned().zip(fates).collect();
    let refused = matches!(found.ended, Some((_, Outcome::Refused(_))));
    let (tabs, application) = (subject.tabs("comparisons"), subject.application.clone());
    let comparison = found;
    Ok(render(&ComparisonPage { shell, tab: TAB, application, tabs, base, comparison, differences, refused }))
}

fn banner(outcome: &Outcome) -> Option<Banner> {
    let (title, why) = match outcome {
        Outcome::Done => return None,
        Outcome::Incomplete(code, why) => (format!("The target was not read completely: {code}"), why),
        Outcome::Refused(why) => ("Too much is missing in the target".to_owned(), why),
    };
    Some(Banner::new(Tone::Danger, title, format!("Nothing was changed. {why}.")))
}
