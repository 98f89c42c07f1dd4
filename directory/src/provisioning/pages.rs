//! The provisioning pages of an application: overview and its actions, and what all of them share.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{FromRequestParts, Path, Query};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use store::StoreError;
use web::form::{Csrf, Form};
use web::page::{Banner, Crumb, Shell, Tone, message, render};
use web::routes::Routes;

use super::job::{Job, ProvisioningError, State as JobState};
use super::pages_status::Live;
use super::settings::{self, Restart};
use super::status::Status;
use super::{
    pages_comparisons, pages_expression, pages_lint, pages_log_download, pages_logs, pages_mappings,
    pages_plans, pages_provenance, pages_scope, pages_settings, pages_status, store as jobs,
};
use crate::Directory;
use crate::access::{self, Caller};
use crate::applications::{self, Application};
use crate::console::application_shell;

/// The routes for administrators.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications/{id}/provisioning", overview)
        .get("/console/applications/{id}/provisioning/status", pages_status::show)
        .post("/console/applications/{id}/provisioning/start", start)
        .post("/console/applications/{id}/provisioning/pause", pause)
        .post("/console/applications/{id}/provisioning/restart", restart)
        .post("/console/applications/{id}/provisioning/allow-removals", allow)
        .get("/console/applications/{id}/provisioning/connectivity", pages_settings::connectivity)
        .post("/console/applications/{id}/provisioning/connectivity", pages_settings::save_connectivity)
        .get("/console/applications/{id}/provisioning/mappings", pages_mappings::list)
        .get("/console/applications/{id}/provisioning/mappings/edit", pages_mappings::edit)
        .post("/console/applications/{id}/provisioning/mappings/edit", pages_mappings::save)
        .post("/console/applications/{id}/provisioning/mappings/delete", pages_mappings::delete)
        .post("/console/applications/{id}/provisioning/mappings/reset", pages_mappings::reset)
        .get("/console/applications/{id}/provisioning/mappings/scope", pages_scope::show)
        .post("/console/applications/{id}/provisioning/mappings/scope", pages_scope::save)
        .get("/console/applications/{id}/provisioning/expression", pages_expression::show)
        .post("/console/applications/{id}/provisioning/expression", pages_expression::run)
        .get("/console/applications/{id}/provisioning/settings", pages_settings::settings)
        .post("/console/applications/{id}/provisioning/settings", pages_settings::save_settings)
        .get("/console/applications/{id}/provisioning/lint", pages_lint::show)
        .get("/console/applications/{id}/provisioning/logs", pages_logs::list)
        .get("/console/applications/{id}/provisioning/logs/download", pages_log_download::download)
        .get("/console/applications/{id}/provisioning/logs/{entry}", pages_logs::show)
        .get("/console/applications/{id}/provisioning/plans", pages_plans::list)
        .post("/console/applications/{id}/provisioning/plans", pages_plans::make)
        .get("/console/applications/{id}/provisioning/plans/{plan}", pages_plans::show)
        .post("/console/applications/{id}/provisioning/plans/{plan}/approve", pages_plans::approve)
        .get("/console/applications/{id}/provisioning/comparisons", pages_comparisons::list)
        .post("/console/applications/{id}/provisioning/comparisons", pages_comparisons::make)
        .get("/console/applications/{id}/provisioning/comparisons/{comparison}", pages_comparisons::show)
        .get("/console/applications/{id}/provisioning/provenance", pages_provenance::show)
        .get("/console/applications/{id}/provisioning/on-demand", pages_logs::on_demand)
        .post("/console/applications/{id}/provisioning/on-demand", pages_logs::run_on_demand)
        .guarded(from_fn_with_state(directory.form_guard.clone(), web::form::guard))
        .guarded(from_fn_with_state(directory.clone(), access::administrator))
}

/// Which of the application's tabs these pages are in.
pub(super) const TAB: &str = "provisioning";

/// The application that a page is about, and its job where it has one.
pub(super) struct Subject {
    pub id: String,
    pub application: Application,
    pub job: Option<Job>,
}

impl Subject {
    pub async fn find(directory: &Directory, id: &str) -> Result<Self, PageError> {
        let (tenant, wanted) = (directory.tenant_id.clone(), id.to_owned());
        let found = directory.store.read(move |tx| {
            let Some((id, _)) = settings::application(tx, &tenant, &wanted)? else {
                return Ok::<_, StoreError>(None);
            };
            let job = jobs::find(tx, &tenant, &id)?;
            let application = applications::find(tx, &tenant, &id)?;
            Ok(application.map(|application| Self { id, application, job }))
        });
        found.await?.ok_or_else(|| PageError(ProvisioningError::NoApplication(id.to_owned())))
    }

    pub fn path(&self, page: &str) -> String {
        let base = format!("/console/applications/{}/provisioning", self.id);
        if page.is_empty() { base } else { format!("{base}/{page}") }
    }

    /// The shell of the console, with the way here over the application's overview of provisioning.
    pub fn shell(&self, directory: &Directory, title: &str, caller: &Caller, csrf: &Csrf) -> Shell {
        let mut shell = application_shell(directory, caller, csrf, &self.application, title);
        shell.crumbs.push(Crumb { label: "Provisioning".to_owned(), href: self.path("") });
        shell
    }

    pub fn tabs(&self, current: &str) -> Vec<Tab> {
        let pages = [
            ("", "Overview"),
            ("connectivity", "Connectivity"),
            ("mappings", "Attribute mapping"),
            ("settings", "Settings"),
            ("lint", "Check for AWS"),
            ("plans", "Dry runs"),
            ("comparisons", "Comparisons"),
            ("provenance", "Why in scope"),
            ("on-demand", "Provision on demand"),
            ("logs", "Provisioning logs"),
        ];
        let tab = |(page, label): (&str, &'static str)| Tab {
            label,
            href: self.path(page),
            current: page == current,
        };
        pages.into_iter().map(tab).collect()
    }
}

/// An administrator at a page about an application, which is the `id` of the route.
pub(super) struct Visit {
    pub directory: Directory,
    pub caller: Caller,
    pub csrf: Csrf,
    pub subject: Subject,
}

impl FromRequestParts<Directory> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, directory: &Directory) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, directory).await;
        let caller = caller.map_err(IntoResponse::into_response)?;
        let csrf = Csrf::from_request_parts(parts, directory).await;
        let csrf = csrf.map_err(IntoResponse::into_response)?;
        let named = Path::<HashMap<String, String>>::from_request_parts(parts, directory).await;
        let Path(named) = named.map_err(IntoResponse::into_response)?;
        let id = named.get("id").map_or("", String::as_str);
        let subject = Subject::find(directory, id).await.map_err(IntoResponse::into_response)?;
        Ok(Self { directory: directory.clone(), caller, csrf, subject })
    }
}

/// A way to another page of the same application.
pub(super) struct Tab {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

/// An error as a page.
pub(super) struct PageError(pub ProvisioningError);

impl<E: Into<ProvisioningError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        use ProvisioningError as E;
        match self.0 {
            E::NoApplication(_) | E::NoObject(..) | E::NoPlan(_) | E::NoComparison(_) => {
                message(StatusCode::NOT_FOUND, "Not found", &format!("{}.", self.0))
            }
            E::Store(error) => {
                tracing::error!(%error, "a provisioning page failed");
                message(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong",
                    "Nothing was changed. Try again.",
                )
            }
            other => message(StatusCode::BAD_REQUEST, "That did not work", &format!("{other}.")),
        }
    }
}

/// A banner for an error that belongs to the page itself.
pub(super) fn error_banner(title: &str, error: &ProvisioningError) -> Banner {
    let text = match error {
        ProvisioningError::Target(error) => {
            format!(
                "Tried: {}. Came back: {}. What to do: {}",
                error.request,
                error.reason,
                error.problem.fix()
            )
        }
        other => other.to_string(),
    };
    Banner::new(Tone::Danger, title, text)
}

#[derive(Template)]
#[template(path = "provisioning/overview.html")]
struct Overview {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    status: Option<Status>,
    /// What changes by itself while the page is open; none where nothing does.
    live: Option<Live>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    done: String,
}

async fn overview(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let mut shell = subject.shell(&directory, "Provisioning", &caller, &csrf);
    shell.crumbs.pop();
    let status = match subject.job.clone() {
        Some(job) => {
            let now = directory.clock.now();
            Some(directory.store.read(move |tx| Status::read(tx, job.clone(), now)).await?)
        }
        None => None,
    };
    if let Some(text) = done_text(&said.done) {
        shell.banners.push(Banner::new(Tone::Success, text, ""));
    }
    if let Some(JobState::Quarantine(q)) = status.as_ref().map(|s| &s.job.state) {
        let title = format!("Quarantine: {}", q.reason.as_str());
        let next = format!(
            "{}. Since {}, looked at again {}.",
            q.detail,
            q.since.readable(),
            q.next_attempt.readable()
        );
        shell.banners.push(Banner::new(Tone::Danger, title, next));
    }
    let live = status.as_ref().filter(|s| s.job.state.runs()).map(Live::of);
    let (tabs, base) = (subject.tabs(""), subject.path(""));
    let application = subject.application;
    Ok(render(&Overview { shell, tab: TAB, application, tabs, base, status, live }))
}

fn done_text(done: &str) -> Option<&'static str> {
    Some(match done {
        "started" => "Provisioning was started",
        "paused" => "Provisioning is paused",
        "restarted" => "Provisioning was restarted: everything is looked at again",
        "allowed" => "The removals on the list were allowed",
        "saved" => "Saved",
        _ => return None,
    })
}

async fn start(
    Visit { directory, caller, subject, .. }: Visit,
    Form(_): Form,
) -> Result<Response, PageError> {
    settings::start(&directory, &caller.actor, &subject.id).await?;
    Ok(back(&subject, "", "started"))
}

async fn pause(
    Visit { directory, caller, subject, .. }: Visit,
    Form(_): Form,
) -> Result<Response, PageError> {
    settings::pause(&directory, &caller.actor, &subject.id).await?;
    Ok(back(&subject, "", "paused"))
}

async fn restart(
    Visit { directory, caller, subject, .. }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let how = if fields.has("compare") { Restart::Compare } else { Restart::Look };
    settings::restart(&directory, &caller.actor, &subject.id, how).await?;
    Ok(back(&subject, "", "restarted"))
}

async fn allow(
    Visit { directory, caller, subject, .. }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    // The number that was on the page: whoever leaves after that was not looked at.
    let count = fields.text("count").parse().map_err(|_| ProvisioningError::Invalid {
        field: "count",
        why: "the number on the page is expected".to_owned(),
    })?;
    settings::allow_removals(&directory, &caller.actor, &subject.id, count).await?;
    Ok(back(&subject, "", "allowed"))
}

/// Back to a page, which then says what was done.
pub(super) fn back(subject: &Subject, page: &str, done: &str) -> Response {
    Redirect::to(&format!("{}?done={done}", subject.path(page))).into_response()
}
